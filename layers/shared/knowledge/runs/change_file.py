"""The files of a plan: numbered parts of changes, and the packs that hold the contents they bring. Pure.

A part is gzipped NDJSON. Its first line is a header `{format, part, packs: [[key, digest]], older: [key], covered:
[entryId]}`; each further line is a list of up to 1 000 changes `[externalItemId, kind, rev, title, entry, was]`:

- `entry` is as in a leaf after its title, its pack one of the header's packs by number, or null where the content stays
  where it `was`;
- `was` is `[contentHash, pack, offset, length]`, its pack one of the older ones by number.

`covered` stands in the last part alone.
"""

from __future__ import annotations

import gzip
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from knowledge.index.trie import Entry
from knowledge.model import ChangeKind, ObjectRef
from knowledge.storage.format import FORMAT, UnknownFormatError

DROP = "drop"
_CHANGES_PER_LINE = 1000
# A plan lives for days and is written with every change: half the time of level 6 for a fifth more bytes.
_LEVEL = 1
# Rows hold no cycles, and looking for them takes a third of the time.
_encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), allow_nan=False, check_circular=False).encode

_KINDS: dict[str, str] = {DROP: DROP, **{str(kind): kind for kind in ChangeKind}}
# What `_make` comes to, in a third of its time: a build reads every change.
_make = tuple.__new__

# `(contentHash, pack, offset, length, contentBytes, removedAt)`.
ServedRow = tuple[str, int | None, int, int, int, int | None]
# `(contentHash, pack, offset, length)`.
WasRow = tuple[str, int, int, int]
# A change as a part has it: `(externalItemId, kind, rev, title, entry, was)`.
ChangeRow = tuple[str, str, int | None, str, ServedRow | None, WasRow | None]


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


def encode_part(
    number: int, packs: Sequence[ObjectRef], older: Sequence[str], covered: Sequence[str], rows: Sequence[ChangeRow]
) -> bytes:
    """Write a part, which `decode_part` reads; `packs` are its own, `older` the keys of those that changes name."""
    header = {
        "format": FORMAT,
        "part": number,
        "packs": [[pack.key, pack.digest] for pack in packs],
        "older": older,
        "covered": covered,
    }
    lines = [_encode(header)]
    # Encoding a thousand changes at once takes a quarter of the time that each takes by itself.
    lines += [_encode(rows[start : start + _CHANGES_PER_LINE]) for start in range(0, len(rows), _CHANGES_PER_LINE)]
    lines.append("")
    return gzip.compress("\n".join(lines).encode(), _LEVEL, mtime=0)


def decode_part(data: bytes) -> ChangePart:
    """Read a part. Raises UnknownFormatError when code of another format wrote it."""
    lines = gzip.decompress(data).decode().split("\n")
    header: dict[str, Any] = json.loads(lines[0])
    if header["format"] != FORMAT:
        message = f"format {header['format']!r} is not {FORMAT}"
        raise UnknownFormatError(message)
    packs = tuple(ObjectRef(key, digest) for key, digest in header["packs"])
    keys, older = [pack.key for pack in packs], header["older"]
    return ChangePart(
        number=header["part"],
        packs=packs,
        covered=tuple(header["covered"]),
        lines=[_line(row, keys, older) for line in lines[1:-1] for row in json.loads(line)],
    )


def _line(row: list[Any], packs: Sequence[str], older: Sequence[str]) -> ChangeLine:
    external_item_id, kind, rev, title, packed, was = row
    entry = None
    if was is not None:
        was[1] = older[was[1]]
        was = _make(Was, was)
    if packed is not None:
        content_hash, pack, offset, length, content_bytes, removed_at = packed
        key = was.pack if pack is None else packs[pack]
        entry = _make(Entry, (external_item_id, content_hash, title, key, offset, length, content_bytes, removed_at))
    return _make(ChangeLine, (external_item_id, _KINDS[kind], rev, title, entry, was))
