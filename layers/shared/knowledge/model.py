"""The words that every room of the lifecycle uses, as values; each room has its own in its `model`.

Times are whole milliseconds since 1970 (UTC); sizes are bytes. Nothing here does I/O.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from knowledge.errors import KnowledgeError


class ChangeKind(StrEnum):
    """What a run does to one item of the published state."""

    ADDED = "added"
    UPDATED = "updated"
    REMOVED = "removed"
    RESTORED = "restored"
    TOMBSTONED = "tombstoned"


@dataclass(frozen=True, slots=True)
class ObjectRef:
    """An object of the bucket and the SHA-256 (hex) of its bytes."""

    key: str
    digest: str


@dataclass(frozen=True, slots=True)
class Counts:
    """How many items a run, an apply or a generation touches; `total` is what is served afterwards."""

    added: int = 0
    updated: int = 0
    removed: int = 0
    restored: int = 0
    tombstoned: int = 0
    unchanged: int = 0
    total: int = 0

    @classmethod
    def of(cls, tally: Mapping[str, int], base_total: int) -> Counts:
        """Sum up how many items changed in which way, against the number of items that the base serves."""
        added, tombstoned = tally.get(ChangeKind.ADDED, 0), tally.get(ChangeKind.TOMBSTONED, 0)
        updated, removed = tally.get(ChangeKind.UPDATED, 0), tally.get(ChangeKind.REMOVED, 0)
        restored = tally.get(ChangeKind.RESTORED, 0)
        return cls(
            added=added,
            updated=updated,
            removed=removed,
            restored=restored,
            tombstoned=tombstoned,
            unchanged=base_total - updated - removed - restored - tombstoned,
            total=base_total + added - tombstoned,
        )

    @property
    def changes(self) -> int:
        """The number of items that differ from the base."""
        return self.added + self.updated + self.removed + self.restored + self.tombstoned


@dataclass(frozen=True, slots=True)
class Failure:
    """What went wrong with a run or an import: the code and the message that clients see, and when (ms)."""

    code: str
    message: str
    at: int

    @classmethod
    def of(cls, error: KnowledgeError, at: int) -> Failure:
        """Note an error for good. Its class is not kept, so that a class can be renamed or moved."""
        return cls(error.code, str(error), at)


@dataclass(frozen=True, slots=True)
class Change:
    """One line of a run's change set. `fields` names what differs, worked out when the change is read."""

    external_item_id: str
    kind: ChangeKind
    title: str
    content_hash: str
    previous_content_hash: str | None
    removed_at: int | None
    fields: tuple[str, ...] = ()
