"""The parts of an export's file, made from packs in the order of the index.

Where a part ends follows from the members alone, and where it begins from the one before. So a part that is made again,
by whomever, is the same.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from knowledge.exports.members import NO_ITEMS, FileMember, file_member
from knowledge.index.blocks import Place
from knowledge.index.entries import Entry
from knowledge.index.store import PublishedIndex
from knowledge.index.walking import Position
from knowledge.storage.format import ObjectGoneError

# S3 takes 10 000 parts of at least 5 MiB: so a file has up to 156 GiB.
PART_BYTES = 16 * 1_048_576
MOST_PARTS = 10_000
# Of packs, that are read at once.
_READ_BYTES = 8 * 1_048_576
_READ_ENTRIES = 5_000

Found = tuple[str, Entry]


@dataclass(slots=True)
class Part:
    """A part: its bytes, what it holds, and the `[path, id]` of its last item. The `last` one may be of any size."""

    body: bytearray = field(default_factory=bytearray)
    items: int = 0
    plain_bytes: int = 0
    position: Any = None
    last: bool = False

    def add(self, member: FileMember, path: str, external_item_id: str) -> None:
        """Put a member behind the others."""
        self.body += member.data
        self.plain_bytes += member.plain_bytes
        self.items += 1
        self.position = [path, external_item_id]


def parts_behind(index: PublishedIndex, position: Any) -> Iterator[Part]:
    """Make the parts behind a position, None for all; there is one at least.

    Raises ObjectGoneError when something that the state names is missing, or is not what was written.
    """
    part = Part(position=position)
    for path, entry, data in _members(index, None if position is None else Position(*position)):
        if len(part.body) >= PART_BYTES:
            yield part
            part = Part()
        try:
            part.add(file_member(data, entry.content_hash), path, entry.external_item_id)
        except ValueError as error:
            raise ObjectGoneError(index.key(entry.pack)) from error
    if position is None and part.position is None:
        part.body += NO_ITEMS.data
    part.last = True
    yield part


def _members(index: PublishedIndex, after: Position | None) -> Iterator[tuple[str, Entry, bytes]]:
    batch: list[Found] = []
    size = 0
    for path, entry in index.trie.entries_from(index.trie.walk(after)):
        if after is not None and (path, entry.external_item_id) <= after:
            continue
        batch.append((path, entry))
        size += entry.length
        if size >= _READ_BYTES or len(batch) == _READ_ENTRIES:
            yield from _read(index, batch)
            batch, size = [], 0
    yield from _read(index, batch)


def _read(index: PublishedIndex, batch: list[Found]) -> Iterator[tuple[str, Entry, bytes]]:
    datas = index.read([Place(entry.pack, entry.offset, entry.length) for _, entry in batch])
    for (path, entry), data in zip(batch, datas, strict=True):
        yield path, entry, data
