"""Packs: contents as gzip members, one after another, each at the place that an index entry names."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Protocol

from knowledge.items.content import decode_verified
from knowledge.model import ObjectRef
from knowledge.storage.objects import ObjectGoneError, ObjectStore

PACK_BYTES = 64 * 1024 * 1024


class Placed(Protocol):
    """A content and where it lies: the pack's key, offset and length in bytes, and the hash of the content (hex)."""

    @property
    def pack(self) -> str: ...  # noqa: D102

    @property
    def offset(self) -> int: ...  # noqa: D102

    @property
    def length(self) -> int: ...  # noqa: D102

    @property
    def content_hash(self) -> str: ...  # noqa: D102


def read_member(objects: ObjectStore, place: Placed) -> bytes:
    """Read one content as it is packed. Raises ObjectGoneError when it is not the one of its hash."""
    return read_packed(objects, place)[0]


def read_document(objects: ObjectStore, place: Placed) -> dict[str, Any]:
    """Read one content. Raises ObjectGoneError when it is not the one of its hash."""
    return read_packed(objects, place)[1]


def differing_fields(objects: ObjectStore, before: Placed, after: Placed) -> tuple[str, ...]:
    """Name the fields in which two contents differ. Raises ObjectGoneError when one of them can't be read."""
    old, new = (read_document(objects, each) for each in (before, after))
    return tuple(sorted(name for name in new.keys() | old.keys() if new.get(name) != old.get(name)))


def read_packed(objects: ObjectStore, place: Placed) -> tuple[bytes, dict[str, Any]]:
    """Read one content as it is packed, and as its document. Raises ObjectGoneError when it is not that of its hash."""
    member = objects.read_range(place.pack, place.offset, place.length)
    try:
        return member, decode_verified(member, place.content_hash)
    except ValueError as error:
        raise ObjectGoneError(place.pack) from error


@dataclass(slots=True)
class PackWriter:
    """Puts members one after another into packs under `prefix`, whose user closes one at `PACK_BYTES`.

    `members` are in the open pack, `size` is theirs in bytes.
    """

    objects: ObjectStore
    prefix: str
    size: int = 0
    members: list[bytes] = field(default_factory=list)
    _written: int = 0

    @property
    def key(self) -> str:
        """The key of the open pack."""
        return f"{self.prefix}/pack-{self._written:04d}.gz"

    def add(self, member: bytes) -> int:
        """Put a member into the open pack and return its offset in bytes."""
        offset = self.size
        self.members.append(member)
        self.size += len(member)
        return offset

    def close(self) -> ObjectRef | None:
        """Write the open pack and begin another; None when nothing is in it."""
        if not self.members:
            return None
        ref = self.objects.put_once(self.key, b"".join(self.members))
        self._written += 1
        self.members, self.size = [], 0
        return ref
