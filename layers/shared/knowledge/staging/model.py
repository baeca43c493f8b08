"""The staging set and snapshots as values. Times are ms since 1970 (UTC), sizes bytes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from operator import attrgetter
from typing import Any, NamedTuple

from knowledge.items.fields import ItemDetails
from knowledge.revisions import revision_of

# All that is seen of an item and that a write may change.
_SEEN = attrgetter(
    *("state", "content_hash", "source_version", "key_id"),
    *("created_at", "updated_at", "removed_at", "tombstoned_at"),
)


class ItemState(StrEnum):
    """Where an item of the staging set stands between being pushed and being forgotten."""

    ACTIVE = "active"
    REMOVED = "removed"
    TOMBSTONED = "tombstoned"


class PushResult(StrEnum):
    """What one named item of a write came to."""

    CREATED = "created"
    UPDATED = "updated"
    UNCHANGED = "unchanged"
    REMOVED = "removed"
    STALE = "stale"


@dataclass(frozen=True, slots=True)
class StagedItem:
    """An item of the staging set as it is read back; `content` is None unless it was asked for.

    `content_url` stands in for a content that is too large for one response. `key_id` is the key that wrote it last.
    """

    external_item_id: str
    state: ItemState
    title: str
    details: ItemDetails
    content: str | None
    content_url: str | None
    content_hash: str
    content_bytes: int
    source_version: int | None
    created_at: int
    updated_at: int
    removed_at: int | None
    tombstone_due_at: int | None
    tombstoned_at: int | None
    key_id: str | None

    @property
    def revision(self) -> str:
        """What a write of this item may be made to depend on."""
        return item_revision(self)


def item_revision(item: Any) -> str:
    """Name what a staged item is, as a value or as a row: its content by its hash, and its state.

    Not its row's `rev`, which moves with pushes that change nothing and stays when an item is marked as dropped.
    """
    return revision_of(*_SEEN(item))


@dataclass(frozen=True, slots=True)
class ItemResult:
    """What became of one named item of a write."""

    external_item_id: str
    result: PushResult


@dataclass(frozen=True, slots=True)
class StagingCounts:
    """How many named items of a write came to what."""

    created: int = 0
    updated: int = 0
    unchanged: int = 0
    removed: int = 0
    stale: int = 0

    @classmethod
    def of(cls, results: Iterable[PushResult]) -> StagingCounts:
        """Count results."""
        return cls(**Counter(map(str, results)))

    def plus(self, other: StagingCounts) -> StagingCounts:
        """Add two counts up."""
        return StagingCounts(
            self.created + other.created,
            self.updated + other.updated,
            self.unchanged + other.unchanged,
            self.removed + other.removed,
            self.stale + other.stale,
        )


class Pending(NamedTuple):
    """How many items were written to that no publication covers yet, and when the first of those writes was (ms).

    With `more`, there are at least so many. `staged_items` is how many items are active; None when it can't be told.
    """

    changes: int
    more: bool
    oldest_at: int | None
    staged_items: int | None


class SnapshotState(StrEnum):
    """The life of a snapshot in parts; once it is completing it can only go on to completed."""

    OPEN = "open"
    COMPLETING = "completing"
    COMPLETED = "completed"
    ABORTED = "aborted"
    EXPIRED = "expired"


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A staging set that is sent in parts; what no part names is removed when it is completed.

    `epoch` is the source's since it was opened. `parts` and `items` count what was acknowledged, `counts` what that
    and the completion came to. `slots_done` tells how far a completion has come.
    """

    tenant_id: str
    source_id: str
    snapshot_id: str
    state: SnapshotState
    epoch: int
    parts: int
    items: int
    counts: StagingCounts
    slots_done: int
    opened_at: int
    expires_at: int
    ended_at: int | None
