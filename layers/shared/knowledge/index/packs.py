"""Packs: contents as gzip members, one after another, each at the place that an index entry names."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from knowledge.index.blocks import Place
from knowledge.index.building import IndexBuilder
from knowledge.index.entries import Entry
from knowledge.index.names import ObjectKind, name_of
from knowledge.index.store import PublishedIndex
from knowledge.items.content import decode_verified
from knowledge.storage.format import ObjectGoneError
from knowledge.storage.objects import ObjectStore

PACK_BYTES = 64 * 1024 * 1024


def read_packed(index: PublishedIndex, entries: Sequence[Entry]) -> list[tuple[bytes, dict[str, Any]]]:
    """Read contents as they are packed, and as their documents.

    Raises ObjectGoneError when one is not that of its hash.
    """
    members = index.read([Place(entry.pack, entry.offset, entry.length) for entry in entries])
    return [(member, _verified(index, member, entry)) for member, entry in zip(members, entries, strict=True)]


def read_documents(index: PublishedIndex, entries: Sequence[Entry]) -> list[dict[str, Any]]:
    """Read contents. Raises ObjectGoneError when one is not that of its hash."""
    return [document for _, document in read_packed(index, entries)]


def _verified(index: PublishedIndex, member: bytes, entry: Entry) -> dict[str, Any]:
    try:
        return decode_verified(member, entry.content_hash)
    except ValueError as error:
        raise ObjectGoneError(index.key(entry.pack)) from error


@dataclass(slots=True)
class PackWriter:
    """Puts members one after another into packs of one attempt, each named in the index that is built beside them.

    `members` are in the open pack, whose `number` the index knows; `size` is theirs in bytes. Its user closes a pack at
    `PACK_BYTES`.
    """

    objects: ObjectStore
    index: IndexBuilder
    kind: ObjectKind
    owner_id: str
    attempt_id: str
    next_number: int = 0
    size: int = 0
    members: list[bytes] = field(default_factory=list)

    @property
    def number(self) -> int:
        """The number of the open pack in the table of names."""
        return self.index.next_number

    def add(self, member: bytes) -> int:
        """Put a member into the open pack and return its offset in bytes."""
        offset = self.size
        self.members.append(member)
        self.size += len(member)
        return offset

    def close(self) -> None:
        """Write and name the open pack, if there is something in it, and begin another."""
        if not self.members:
            return
        name = name_of(self.kind, self.owner_id, self.attempt_id, self.next_number)
        ref = self.objects.put_once(name.key(self.index.tenant_id, self.index.source_id), b"".join(self.members))
        self.index.name_object(name, self.size, ref.digest)
        self.next_number += 1
        self.members, self.size = [], 0
