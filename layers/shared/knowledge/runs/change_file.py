"""The files of a plan: numbered parts of changes, of which a page is read by one or two ranges. Pure.

A part is a row of gzip members, so `zcat` reads it whole. Each but the last few holds up to 1 000 changes as one JSON
list `[[externalItemId, kind, rev, title, contentHash, previousContentHash, removedAt, fields], ...]`; `fields` has a
bit for each field that differs (see `knowledge.items.fingerprints`). Then, in the plan's last part alone, come lists of
the journal entries that the plan covers. The last member is the directory
`{format, part, changes: [[bytes, lines, {kind: lines}, sha256]], covered: [[bytes, entries, sha256]]}` of the others,
in their order. The SHA-256 of the directory names the file.
"""

from __future__ import annotations

import gzip
import hashlib
import json
from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import Any, NamedTuple

from knowledge.model import ChangeKind
from knowledge.storage.format import FORMAT, ObjectGoneError, UnknownFormatError, encode_plain

DROP = "drop"
# A change of which an erasure left the id and the place in the list.
ERASED = "erased"
CHANGES_A_MEMBER = 1000
_ENTRIES_A_MEMBER = 10_000
# A plan lives for days and is written with every change: half the time of level 6 for a fifth more bytes.
_LEVEL = 1

_KINDS: dict[str, str] = {DROP: DROP, ERASED: ERASED, **{str(kind): kind for kind in ChangeKind}}
_make = tuple.__new__


class ChangeLine(NamedTuple):
    """One change: what kind, the rev of the row it was read from, and what is served of the item from then on.

    `kind` is a ChangeKind, `drop`: a row that is only to be marked tombstoned, or `erased`. `content_hash` is None for
    what is not served any more, `previous_content_hash` for what was not before. `fields` has the bits of those that
    differ.
    """

    external_item_id: str
    kind: str
    rev: int | None
    title: str
    content_hash: str | None
    previous_content_hash: str | None
    removed_at: int | None
    fields: int


# A change as it is written.
ChangeRow = tuple[str, str, int | None, str, str | None, str | None, int | None, int]


class ChangeMember(NamedTuple):
    """A member of changes: where it lies in its file (bytes), how many lines of each kind it has, and its digest."""

    offset: int
    length: int
    lines: int
    kinds: dict[str, int]
    digest: str


class CoveredMember(NamedTuple):
    """A member of covered journal entries."""

    offset: int
    length: int
    entries: int
    digest: str


@dataclass(frozen=True, slots=True)
class ChangeDirectory:
    """What lies where in a part."""

    number: int
    changes: list[ChangeMember]
    covered: list[CoveredMember]


class EncodedPart(NamedTuple):
    """A part as bytes; `digest` (hex) is its directory's, which is the last `directory_bytes` of it."""

    data: bytes
    directory_bytes: int
    digest: str


class ErasedPart(NamedTuple):
    """A part that was written anew, and how many changes were erased of it."""

    part: EncodedPart
    erased: int


def encode_part(number: int, covered: Sequence[str], lines: Sequence[ChangeRow]) -> EncodedPart:
    """Write a part."""
    changes, entries, members = [], [], []
    for start in range(0, len(lines), CHANGES_A_MEMBER):
        piece = lines[start : start + CHANGES_A_MEMBER]
        members.append(_member(piece))
        kinds = Counter([line[1] for line in piece])
        changes.append([len(members[-1]), len(piece), kinds, _digest(members[-1])])
    for start in range(0, len(covered), _ENTRIES_A_MEMBER):
        some = covered[start : start + _ENTRIES_A_MEMBER]
        members.append(_member(some))
        entries.append([len(members[-1]), len(some), _digest(members[-1])])
    directory = _member({"format": FORMAT, "part": number, "changes": changes, "covered": entries})
    return EncodedPart(b"".join((*members, directory)), len(directory), _digest(directory))


def decode_directory(data: bytes, digest: str) -> ChangeDirectory:
    """Read the directory of a part. Raises ObjectGoneError when it is not the one of its digest, UnknownFormatError."""
    value = json.loads(_checked(data, digest))
    if value["format"] != FORMAT:
        message = f"format {value['format']!r} is not {FORMAT}"
        raise UnknownFormatError(message)
    places = accumulate([row[0] for row in (*value["changes"], *value["covered"])], initial=0)
    return ChangeDirectory(
        value["part"],
        [ChangeMember(next(places), *row) for row in value["changes"]],
        [CoveredMember(next(places), *row) for row in value["covered"]],
    )


def decode_changes(data: bytes, digest: str) -> list[ChangeLine]:
    """Read a member of changes. Raises ObjectGoneError when it is not the one of its digest."""
    return [_make(ChangeLine, (row[0], _KINDS[row[1]], *row[2:])) for row in json.loads(_checked(data, digest))]


def decode_covered(data: bytes, digest: str) -> list[str]:
    """Read a member of covered journal entries. Raises ObjectGoneError when it is not the one of its digest."""
    entries: list[str] = json.loads(_checked(data, digest))
    return entries


def erase_lines(data: bytes, directory_bytes: int, digest: str, ids: Collection[str]) -> ErasedPart | None:
    """Write a part anew without what it says of some items; None when it says nothing of them.

    Lines keep their places. Raises ObjectGoneError when it is not as it was written.
    """
    directory = decode_directory(data[-directory_bytes:], digest)
    lines: list[ChangeRow] = []
    erased = 0
    for each in directory.changes:
        for line in decode_changes(data[each.offset : each.offset + each.length], each.digest):
            doomed = line.external_item_id in ids and line.kind != ERASED
            erased += doomed and line.kind != DROP
            lines.append((line.external_item_id, ERASED, line.rev, "", None, None, None, 0) if doomed else line)
    if all(isinstance(line, ChangeLine) for line in lines):
        return None
    covered = [
        entry
        for each in directory.covered
        for entry in decode_covered(data[each.offset : each.offset + each.length], each.digest)
    ]
    return ErasedPart(encode_part(directory.number, covered, lines), erased)


def _member(value: Any) -> bytes:
    return gzip.compress(encode_plain(value).encode() + b"\n", _LEVEL, mtime=0)


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def _checked(data: bytes, digest: str) -> bytes:
    if _digest(data) != digest:
        raise ObjectGoneError
    return gzip.decompress(data)
