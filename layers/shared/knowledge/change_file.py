"""The files of a plan: numbered parts of changes, and the packs that hold the contents they bring.

A part is gzipped NDJSON. Its first line is a header `{format, part, packs: [[key, digest]], covered: [entryId]}`; each
further line is one change `[externalItemId, kind, rev, entry, was]`, with `entry` as in a leaf, its pack a number for
one of the header's packs or the key of an older pack. `covered` stands in the last part alone.
"""

from __future__ import annotations

import gzip
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from knowledge.index_codec import FORMAT, UnknownFormatError
from knowledge.model import ChangeKind, ObjectRef
from knowledge.trie import Entry

DROP = "drop"
_encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode


class Was(NamedTuple):
    """Where the content lies that a change takes the place of. Offset and length are bytes."""

    content_hash: str
    pack: str
    offset: int
    length: int


class ChangeLine(NamedTuple):
    """One change: what kind, the rev of the row it was read from, the entry to serve and the content before it.

    `kind` is a ChangeKind or `drop`: a row that is only to be marked tombstoned.
    """

    external_item_id: str
    kind: str
    rev: int | None
    title: str
    entry: Entry | None
    was: Was | None


@dataclass(frozen=True, slots=True)
class ChangePart:
    """One part of a plan, read back."""

    number: int
    packs: tuple[ObjectRef, ...]
    covered: tuple[str, ...]
    lines: Sequence[ChangeLine]


def encode_part(part: ChangePart) -> bytes:
    """Write a part."""
    numbers = {pack.key: number for number, pack in enumerate(part.packs)}
    header = {
        "format": FORMAT,
        "part": part.number,
        "packs": [[pack.key, pack.digest] for pack in part.packs],
        "covered": part.covered,
    }
    rows = [_encode(header)]
    for external_item_id, kind, rev, title, entry, was in part.lines:
        packed = None if entry is None else (entry[1], numbers.get(entry[3], entry[3]), *entry[4:])
        rows.append(_encode((external_item_id, kind, rev, title, packed, was)))
    rows.append("")
    return gzip.compress("\n".join(rows).encode(), 6, mtime=0)


def decode_part(data: bytes) -> ChangePart:
    """Read a part; UnknownFormatError when code of another format wrote it."""
    rows = gzip.decompress(data).decode().split("\n")
    header: dict[str, Any] = json.loads(rows[0])
    if header["format"] != FORMAT:
        message = f"format {header['format']!r} is not {FORMAT}"
        raise UnknownFormatError(message)
    packs = tuple(ObjectRef(key, digest) for key, digest in header["packs"])
    return ChangePart(
        number=header["part"],
        packs=packs,
        covered=tuple(header["covered"]),
        lines=[_line(json.loads(row), packs) for row in rows[1:-1]],
    )


def _line(row: list[Any], packs: Sequence[ObjectRef]) -> ChangeLine:
    external_item_id, kind, rev, title, packed, was = row
    entry = None
    if packed is not None:
        content_hash, pack, offset, length, content_bytes, removed_at = packed
        key = packs[pack].key if isinstance(pack, int) else pack
        entry = Entry(external_item_id, content_hash, title, key, offset, length, content_bytes, removed_at)
    return ChangeLine(
        external_item_id,
        kind if kind == DROP else ChangeKind(kind),
        rev,
        title,
        entry,
        None if was is None else Was(*was),
    )
