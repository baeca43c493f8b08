"""The list of the segments in which a state's contents are found, as its manifest has it. Pure.

The list is in the order in which they were written, and short: a run puts small ones together, the compaction all. A
source that is larger than search can serve has none at all, so that publishing it costs no more than it must.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable
from typing import NamedTuple

from knowledge.index.names import NAME_BYTES, ObjectName, decode_name, encode_name

SEGMENTS_MOST = 250
"""More are not listed: the manifest is read with every state."""
_COUNT = struct.Struct("<HB")
_REST = struct.Struct("<32s8s4sIIIB")
SEGMENT_BYTES = NAME_BYTES + _REST.size
_TOO_LARGE = 0xFFFF


class NamedSegment(NamedTuple):
    """A segment: its object, the SHA-256 (hex) of its header, and what is told of it without reading it.

    `bytes` is the size of the object, `head` of its beginning, which a search reads. `format` (16 hex digits) is that
    of the engine and the analysis, `language` (8) of the default language that it was built with.
    """

    name: ObjectName
    digest: str
    format: str
    language: str
    bytes: int
    head: int
    documents: int
    tier: int


class Segments(NamedTuple):
    """The segments of a state, oldest first; `rows` is None for one that is too large to be searched.

    `replaces` is true when not all are there that the state published before has.
    """

    rows: tuple[NamedSegment, ...] | None = ()
    replaces: bool = False

    @property
    def documents(self) -> int:
        """How many documents they have, dead ones among them."""
        return sum(row.documents for row in self.rows or ())


NO_SEGMENTS = Segments()


def encode_segments(segments: Segments) -> bytes:
    """Write a list."""
    rows = segments.rows
    head = _COUNT.pack(_TOO_LARGE if rows is None else len(rows), segments.replaces)
    return head + b"".join(map(_encode_row, rows or ()))


def decode_segments(data: bytes, at: int) -> tuple[Segments, int]:
    """Read the list that begins at `at`; returns where it ends, too. Raises DamagedBlockError."""
    count, replaces = _COUNT.unpack_from(data, at)
    at += _COUNT.size
    if count == _TOO_LARGE:
        return Segments(None, bool(replaces)), at
    end = at + count * SEGMENT_BYTES
    rows = tuple(_decode_row(data, place) for place in range(at, end, SEGMENT_BYTES))
    return Segments(rows, bool(replaces)), end


def segment_keys(rows: Iterable[NamedSegment] | None, tenant_id: str, source_id: str) -> set[str]:
    """The keys of the objects of a source's segments."""
    return {row.name.key(tenant_id, source_id) for row in rows or ()}


def _encode_row(row: NamedSegment) -> bytes:
    hashes = (bytes.fromhex(row.digest), bytes.fromhex(row.format), bytes.fromhex(row.language))
    return encode_name(row.name) + _REST.pack(*hashes, row.bytes, row.head, row.documents, row.tier)


def _decode_row(data: bytes, at: int) -> NamedSegment:
    digest, form, language, *numbers = _REST.unpack_from(data, at + NAME_BYTES)
    return NamedSegment(decode_name(data[at : at + NAME_BYTES]), digest.hex(), form.hex(), language.hex(), *numbers)
