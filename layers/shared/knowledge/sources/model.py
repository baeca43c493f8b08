"""Sources as values. Times are ms since 1970 (UTC)."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

from knowledge.actors import Author
from knowledge.environments import Environment
from knowledge.limits import DEFAULT_TITLE_WEIGHT
from knowledge.model import ObjectRef


class SourceStatus(StrEnum):
    """Whether a source takes writes."""

    ACTIVE = "active"
    ARCHIVED = "archived"
    # For good: nobody sees it any more, and all that is kept of it goes.
    DELETING = "deleting"


class Serving(StrEnum):
    """Whether what a source has published is found by searches."""

    ON = "on"
    OFF = "off"


class QuestionLog(StrEnum):
    """Whether it is kept what a source is asked. Questions are personal data, so somebody has to turn it on."""

    ON = "on"
    OFF = "off"


class Publishing(StrEnum):
    """Whether what a source serves may be changed by an apply or a restore."""

    OPEN = "open"
    LOCKED = "locked"


class PublishLock(NamedTuple):
    """Why nothing may be published from a source, if it was said, since when (ms), and who decided so."""

    reason: str | None
    locked_at: int
    locked_by: Author | None


Synonyms = tuple[tuple[str, ...], ...]
"""Groups of texts that mean the same to a tenant."""


class SynonymsHeld(NamedTuple):
    """Which synonyms a source has: a number that moves with each change of them, and how many groups they are."""

    version: int = 0
    groups: int = 0


NO_SYNONYMS = SynonymsHeld()


@dataclass(frozen=True, slots=True)
class RemovalGuard:
    """How many items one run may drop without being asked again; None means no bound of that kind."""

    max_percent: float | None = None
    max_items: int | None = None


@dataclass(frozen=True, slots=True)
class SourceSettings:
    """What a tenant may change of a source."""

    name: str
    grace_days: int
    removal_guard: RemovalGuard | None
    serving: Serving = Serving.ON
    title_weight: float = DEFAULT_TITLE_WEIGHT
    default_language: str | None = None
    synonyms: SynonymsHeld = NO_SYNONYMS
    question_log: QuestionLog = QuestionLog.OFF
    publish_lock: PublishLock | None = None

    @property
    def shape(self) -> tuple[int, RemovalGuard | None]:
        """What shapes plans, which are bound to it: what is dropped when. What only searches read does not."""
        return self.grace_days, self.removal_guard


@dataclass(frozen=True, slots=True)
class Lease:
    """The right of one run to publish: a token that only grows, and when it was last renewed."""

    token: int
    run_id: str
    renewed_at: int
    expires_at: int


class Settled(NamedTuple):
    """How far the clean-up after a publication has come: parts of the plan that are done, and steps of the one behind.

    After the last part come the entries of the journal, as if they were one more.
    """

    part: int = 0
    steps: int = 0


NOTHING_SETTLED = Settled()


@dataclass(frozen=True, slots=True)
class Source:
    """A container of items with a staging set, runs and generations.

    `epoch` moves when a snapshot or import opens or ends; an import that stages is the open snapshot, and `import_id`
    names the one whose turn it is. `settle_run_id` names the last published run while its
    clean-up has not been seen to finish, and `settled` how far that has come. `full_required` is set by a restore.
    `served_items` and `served_bytes` are what the generation that is served comes to, by its contents.
    `covered_items` is how many active items there would be without what the journal still names; None when it is not
    known (`knowledge.staging.item_count`).
    `erasure_epoch` moves when an erasure is opened; `erasure_id` names the one that is open, and `erasure_opening` is
    true until a generation without its items is served. `title_weight` is how much more a match in the title counts.
    `published_at` is when what is served was last changed, by anything but a compaction, which serves the same.
    `label` is the client's own name of it, of which a tenant has one in an environment (`knowledge.sources.labels`).
    `synonyms` tells which those in a row of their own are (`knowledge.sources.synonyms`).
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
    settled: Settled = NOTHING_SETTLED
    created_by: Author | None = None
    served_items: int = 0
    served_bytes: int = 0
    environment: Environment = Environment.LIVE
    erasure_epoch: int = 0
    erasure_id: str | None = None
    erasure_opening: bool = False
    serving: Serving = Serving.ON
    title_weight: float = DEFAULT_TITLE_WEIGHT
    default_language: str | None = None
    synonyms: SynonymsHeld = NO_SYNONYMS
    question_log: QuestionLog = QuestionLog.OFF
    publish_lock: PublishLock | None = None
    label: str | None = None
    published_at: int | None = None
    covered_items: int | None = None

    @property
    def publishing(self) -> Publishing:
        """Whether what is served may be changed by an apply or a restore."""
        return Publishing.OPEN if self.publish_lock is None else Publishing.LOCKED

    @property
    def settings(self) -> SourceSettings:
        """What may be changed of it."""
        return SourceSettings(
            self.name,
            self.grace_days,
            self.removal_guard,
            self.serving,
            self.title_weight,
            self.default_language,
            self.synonyms,
            self.question_log,
            self.publish_lock,
        )

    @property
    def base_digest(self) -> str | None:
        """The digest of the manifest that is served, which is the base of whatever is built now; None for nothing."""
        return None if self.manifest is None else self.manifest.digest

    @property
    def active(self) -> bool:
        """True while the source takes writes."""
        return self.status is SourceStatus.ACTIVE

    @property
    def deleting(self) -> bool:
        """True from when it is to be deleted on; it is not there any more for anybody but who deletes it."""
        return self.status is SourceStatus.DELETING

    def awaits_more(self, now: int) -> bool:
        """True while part of the desired state is known to be missing; a snapshot that expired is not waited for."""
        if self.open_snapshot_id is None:
            return False
        return self.open_snapshot_expires_at is None or self.open_snapshot_expires_at > now


class Served(NamedTuple):
    """What sources serve together: how many they are, their items, and the bytes of their contents."""

    sources: int = 0
    items: int = 0
    content_bytes: int = 0


DEVELOPER_API = "developer_api"


# Does what is owed after the last publication of a source, which the next one waits for. SettlingUnfinishedError when
# there is more to do than fits into a call; the next call goes on with it.
Settle = Callable[[Source], None]
# A run only helps, and is told of no error: it is told the journal entries that were to be forgotten, if they are not
# yet, and None when nobody can tell which those are.
HelpSettle = Callable[[Source], Collection[str] | None]
