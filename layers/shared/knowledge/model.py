"""The words of the lifecycle as values: sources, items, runs, changes, generations.

Times are whole milliseconds since 1970 (UTC); sizes are bytes. Nothing here does I/O.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

DEVELOPER_API = "developer_api"
DEFAULT_GRACE_DAYS = 7


class SourceStatus(StrEnum):
    """Whether a source takes writes."""

    ACTIVE = "active"
    ARCHIVED = "archived"


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


class SnapshotState(StrEnum):
    """The life of a snapshot in parts; once it is completing it can only go on to completed."""

    OPEN = "open"
    COMPLETING = "completing"
    COMPLETED = "completed"
    ABORTED = "aborted"
    EXPIRED = "expired"


class RunMode(StrEnum):
    """Whether a run reads what the journal names, or everything."""

    INCREMENTAL = "incremental"
    FULL = "full"


class RunState(StrEnum):
    """The life of a run."""

    PLANNING = "planning"
    READY = "ready"
    APPLYING = "applying"
    PUBLISHED = "published"
    FAILED = "failed"
    EXPIRED = "expired"


class Discovery(StrEnum):
    """Whether a run read the whole desired state."""

    COMPLETE = "complete"
    INCOMPLETE = "incomplete"


class ChangeKind(StrEnum):
    """What a run does to one item of the published state."""

    ADDED = "added"
    UPDATED = "updated"
    REMOVED = "removed"
    RESTORED = "restored"
    TOMBSTONED = "tombstoned"


class GenerationOrigin(StrEnum):
    """What made a generation: a run, the restore of an older generation, or the compaction of its packs."""

    RUN = "run"
    RESTORE = "restore"
    COMPACTION = "compaction"


@dataclass(frozen=True, slots=True)
class RemovalGuard:
    """How many items one run may drop without being asked again; None means no bound of that kind."""

    max_percent: float | None = None
    max_items: int | None = None


@dataclass(frozen=True, slots=True)
class Lease:
    """The right of one run to publish: a token that only grows, and when it was last renewed."""

    token: int
    run_id: str
    renewed_at: int
    expires_at: int


@dataclass(frozen=True, slots=True)
class ObjectRef:
    """An object of the bucket and the SHA-256 (hex) of its bytes."""

    key: str
    digest: str


@dataclass(frozen=True, slots=True)
class Source:
    """A container of items with a staging set, runs and generations.

    `epoch` moves when a snapshot or import opens or ends; an import that stages is the open snapshot, and `import_id`
    names the one whose turn it is. `settle_run_id` names the last published run while its
    clean-up has not been seen to finish. `full_required` is set by a restore.
    """

    tenant_id: str
    source_id: str
    name: str
    status: SourceStatus
    grace_days: int
    removal_guard: RemovalGuard | None
    settings_version: int
    epoch: int
    open_snapshot_id: str | None
    open_snapshot_expires_at: int | None
    generation_id: str | None
    manifest: ObjectRef | None
    sequence: int
    full_required: bool
    lease: Lease | None
    lease_token: int
    settle_run_id: str | None
    created_at: int
    updated_at: int
    import_id: str | None = None

    @property
    def active(self) -> bool:
        """True while the source takes writes."""
        return self.status is SourceStatus.ACTIVE

    def awaits_more(self, now: int) -> bool:
        """True while part of the desired state is known to be missing; a snapshot that expired is not waited for."""
        if self.open_snapshot_id is None:
            return False
        return self.open_snapshot_expires_at is None or self.open_snapshot_expires_at > now


@dataclass(frozen=True, slots=True)
class ItemDraft:
    """A validated item as a client sent it; the defaults are already filled in."""

    external_item_id: str
    title: str
    content: str
    content_type: str = "text/plain"
    url: str | None = None
    language: str | None = None
    tags: tuple[str, ...] = ()
    metadata: dict[str, Any] | None = None
    source_version: int | None = None


@dataclass(frozen=True, slots=True)
class Removal:
    """A wish to remove one item, with the version it is made at."""

    external_item_id: str
    source_version: int | None = None


@dataclass(frozen=True, slots=True)
class StagedItem:
    """An item of the staging set as it is read back; `content` is None unless it was asked for.

    `content_url` stands in for a content that is too large for one response.
    """

    external_item_id: str
    state: ItemState
    title: str
    content_type: str
    url: str | None
    language: str | None
    tags: tuple[str, ...]
    metadata: dict[str, Any] | None
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

    def plus(self, other: StagingCounts) -> StagingCounts:
        """Add two counts up."""
        return StagingCounts(
            self.created + other.created,
            self.updated + other.updated,
            self.unchanged + other.unchanged,
            self.removed + other.removed,
            self.stale + other.stale,
        )


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

    @property
    def changes(self) -> int:
        """The number of items that differ from the base."""
        return self.added + self.updated + self.removed + self.restored + self.tombstoned


@dataclass(frozen=True, slots=True)
class PlanPart:
    """One numbered file of a plan's changes: how many lines of changes it has, and the object."""

    number: int
    changes: int
    object: ObjectRef


@dataclass(frozen=True, slots=True)
class Plan:
    """What a run found, and what it was found against.

    `drops` counts rows that were removed before they were ever published; they change no generation.
    """

    version: int
    attempt: str
    base_generation_id: str | None
    settings_version: int
    format: int
    parts: tuple[PlanPart, ...]
    counts: Counts
    drops: int
    discovery: Discovery
    planned_at: int
    expires_at: int


@dataclass(frozen=True, slots=True)
class RunError:
    """The last thing that went wrong with a run."""

    code: str
    message: str
    at: int


@dataclass(frozen=True, slots=True)
class Run:
    """A reviewable change set between the staging set and a base generation."""

    tenant_id: str
    source_id: str
    run_id: str
    mode: RunMode
    state: RunState
    plan_version: int
    plan: Plan | None
    generation_id: str | None
    last_error: RunError | None
    deadline_at: int
    created_at: int
    updated_at: int


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


@dataclass(frozen=True, slots=True)
class Generation:
    """An immutable published state of a source.

    `restored_from` names the generation that a restore published anew. Once `retired_at` is set, its objects may go.
    """

    tenant_id: str
    source_id: str
    generation_id: str
    sequence: int
    base_generation_id: str | None
    origin: GenerationOrigin
    run_id: str | None
    root_hash: str
    manifest: ObjectRef
    counts: Counts
    content_bytes: int
    published_at: int
    restored_from: str | None = None
    retired_at: int | None = None


@dataclass(frozen=True, slots=True)
class GenerationItem:
    """An item as a generation serves it; `content` is None unless it was asked for."""

    external_item_id: str
    title: str
    content_hash: str
    content_bytes: int
    removed_at: int | None
    content: str | None = None
    content_type: str | None = None
    url: str | None = None
    language: str | None = None
    tags: tuple[str, ...] = ()
    metadata: dict[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class ApplyOutcome:
    """What an apply came to: the generation that now serves, and what the run changed in it."""

    generation_id: str
    counts: Counts
