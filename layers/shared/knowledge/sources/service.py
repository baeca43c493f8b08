"""Sources: creating, reading, changing, archiving."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from knowledge.actors import Actor, author_of
from knowledge.audit import AuditEntry, AuditKind, changed_settings, entry_of
from knowledge.earlier_tries import find_earlier
from knowledge.environments import Environment
from knowledge.errors import ServiceUnavailableError
from knowledge.events import SOURCE_ARCHIVED, Event
from knowledge.limits import DEFAULT_TITLE_WEIGHT
from knowledge.pages import Page
from knowledge.ports import Clock, NewId
from knowledge.revisions import Expected
from knowledge.sources.deletion import DeletionStore
from knowledge.sources.model import (
    NO_SYNONYMS,
    Publishing,
    PublishLock,
    QuestionLog,
    RemovalGuard,
    Served,
    Serving,
    Source,
    SourceSettings,
    SourceStatus,
    Synonyms,
    SynonymsHeld,
)
from knowledge.sources.rows import guard_row, source_revision
from knowledge.sources.store import SourceChangedError, SourceStore
from knowledge.storage.clients import backoff
from knowledge.unset import UNSET, Unset

# How often a change is decided anew because another changed the settings meanwhile.
_TRIES = 5
_SOURCES_AT_A_TIME = 1_000


@dataclass(frozen=True, slots=True)
class SourceService:
    """What can be done with sources."""

    store: SourceStore
    clock: Clock
    new_id: NewId

    def create_source(
        self,
        tenant_id: str,
        *,
        name: str,
        grace_days: int,
        removal_guard: RemovalGuard | None,
        source_id: str,
        earlier_id: str | None = None,
        environment: Environment = Environment.LIVE,
        serving: Serving = Serving.ON,
        title_weight: float = DEFAULT_TITLE_WEIGHT,
        default_language: str | None = None,
        synonyms: Synonyms = (),
        question_log: QuestionLog = QuestionLog.OFF,
        label: str | None = None,
        by: Actor | None = None,
    ) -> Source:
        """Create a source; one that has this id already is returned as it is (a repeated creation).

        So is one of the last 24 hours that has `earlier_id`: it was created by a try on the day before; and one of the
        environment that has the label, whatever its settings are, whose id is another then.
        """
        now = self.clock()
        earlier = find_earlier(earlier_id, partial(self.store.get_source, tenant_id), lambda made: made.created_at, now)
        earlier = earlier or self.store.find_labelled(tenant_id, environment, label)
        if earlier is not None:
            return earlier
        source = Source(
            tenant_id=tenant_id,
            source_id=source_id,
            name=name,
            status=SourceStatus.ACTIVE,
            grace_days=grace_days,
            removal_guard=removal_guard,
            settings_version=1,
            epoch=0,
            open_snapshot_id=None,
            open_snapshot_expires_at=None,
            generation_id=None,
            manifest=None,
            sequence=0,
            full_required=False,
            lease=None,
            lease_token=0,
            settle_run_id=None,
            created_at=now,
            updated_at=now,
            created_by=author_of(by),
            environment=environment,
            serving=serving,
            title_weight=title_weight,
            default_language=default_language,
            synonyms=SynonymsHeld(1, len(synonyms)) if synonyms else NO_SYNONYMS,
            question_log=question_log,
            label=label,
            covered_items=0,
        )
        after = _told(source.settings) | ({} if label is None else {"label": label})
        recorded = _recorded(AuditKind.SOURCE_CREATED, source, now, by, after=after)
        return self.store.create_source(source, recorded, synonyms)

    def get_source(self, tenant_id: str, source_id: str) -> Source:
        """Read a source. Raises SourceNotFoundError when the tenant has none of that id."""
        return self.store.get_source(tenant_id, source_id)

    def synonyms_of(self, source: Source) -> Synonyms:
        """Read the synonyms of a source; of one that has none nothing is read."""
        return self.store.find_synonyms(source.source_id) if source.synonyms.groups else ()

    def find_source(self, tenant_id: str, source_id: str) -> Source:
        """Read a source, also one that is being deleted. Raises SourceNotFoundError."""
        return self.store.find_source(tenant_id, source_id)

    def list_sources(
        self, tenant_id: str, environment: Environment, *, limit: int, position: Any, only: frozenset[str] | None
    ) -> Page[Source]:
        """List a tenant's sources of an environment, newest first, `only` the named ones if given."""
        return self.store.list_sources(tenant_id, environment, limit=limit, position=position, only=only)

    def find_labelled(
        self, tenant_id: str, environment: Environment, label: str, only: frozenset[str] | None
    ) -> Page[Source]:
        """List the one source of an environment that has a label, if it is one of `only`."""
        source = self.store.find_labelled(tenant_id, environment, label)
        return Page([source] if source is not None and (only is None or source.source_id in only) else [])

    def served_by_tenant(self, tenant_id: str) -> Served:
        """Add up what a tenant's sources serve, of both environments, archived ones included."""
        total, position = Served(), None
        while True:
            page = self.store.list_sources(tenant_id, None, limit=_SOURCES_AT_A_TIME, position=position, only=None)
            for source in page.items:
                total = Served(
                    total.sources + 1, total.items + source.served_items, total.content_bytes + source.served_bytes
                )
            position = page.next_position
            if position is None:
                return total

    def update_source(
        self,
        tenant_id: str,
        source_id: str,
        *,
        name: str | None = None,
        grace_days: int | None = None,
        removal_guard: RemovalGuard | Unset | None = UNSET,
        serving: Serving | None = None,
        title_weight: float | None = None,
        default_language: str | Unset | None = UNSET,
        synonyms: Synonyms | None = None,
        question_log: QuestionLog | None = None,
        publishing: Publishing | None = None,
        lock_reason: str | None = None,
        by: Actor | None = None,
        expected: Expected | None = None,
    ) -> Source:
        """Change settings of an active source. Raises SourceInactiveError on an archived one.

        Raises PreconditionFailedError when it would change another source than the `expected` one: what is compared is
        what the write is conditional on.

        To lock what is locked changes nothing, unless it is for another reason. Plans are bound to the settings that
        shaped them: after a change of `grace_days` or `removal_guard` an apply of an older plan is refused once and
        planned again. The others shape no plan.
        """
        sent = {"name": name, "grace_days": grace_days, "serving": serving, "title_weight": title_weight}
        sent["question_log"] = question_log
        cleared = {"removal_guard": removal_guard, "default_language": default_language}
        changes: dict[str, Any] = {field: value for field, value in sent.items() if value is not None}
        changes |= {field: value for field, value in cleared.items() if value is not UNSET}
        for attempt in range(_TRIES):
            source = self.store.get_source(tenant_id, source_id)
            before = source.settings
            written = None if synonyms is None or synonyms == self.synonyms_of(source) else synonyms
            after = replace(before, **changes)
            if written is not None:
                after = replace(after, synonyms=SynonymsHeld(before.synonyms.version + 1, len(written)))
            now = self.clock()
            if publishing is not None:
                lock = PublishLock(lock_reason, now, author_of(by))
                after = replace(after, publish_lock=_locked(before.publish_lock, publishing, lock))
            # What changes nothing may be the repeat of a change whose answer was lost.
            if expected is not None and source.active and after != before:
                expected.check(source_revision(source))
            was, became = changed_settings(_told(before), _told(after))
            recorded = (
                _recorded(AuditKind.SOURCE_UPDATED, source, now, by, before=was, after=became) if became else None
            )
            try:
                return self.store.change_settings(source, after, now, recorded, written)
            except SourceChangedError:
                backoff(attempt)
        raise ServiceUnavailableError

    def archive_source(
        self, tenant_id: str, source_id: str, *, by: Actor | None = None, expected: Expected | None = None
    ) -> Source:
        """Take a source out of use; its last generation keeps serving. Twice is the same as once.

        Raises PreconditionFailedError when it is active and not the `expected` one.
        """
        for attempt in range(_TRIES):
            source, now = self.store.get_source(tenant_id, source_id), self.clock()
            if expected is not None and source.active:
                expected.check(source_revision(source))
            data = {"generationId": source.generation_id}
            event = Event(self.new_id("evt"), SOURCE_ARCHIVED, tenant_id, source_id, now, data)
            recorded = _recorded(AuditKind.SOURCE_ARCHIVED, source, now, by)
            archived = self.store.set_status(
                source, SourceStatus.ARCHIVED, now, recorded=recorded, event=event, same_settings=expected is not None
            )
            if expected is None or not archived.active:
                return archived
            # Its settings were changed in between, so it is another one now.
            backoff(attempt)
        raise ServiceUnavailableError

    def restore_source(self, tenant_id: str, source_id: str, *, by: Actor | None = None) -> Source:
        """Bring an archived source back."""
        source, now = self.store.get_source(tenant_id, source_id), self.clock()
        recorded = _recorded(AuditKind.SOURCE_RESTORED, source, now, by)
        return self.store.set_status(source, SourceStatus.ACTIVE, now, recorded=recorded)

    def delete_source(self, source: Source, *, message: str | None = None, by: Actor | None = None) -> Source:
        """Have an archived source deleted with all that is kept of it, for good; the upkeep carries it out.

        From now on it is not there any more. Twice is the same as once. Raises SourceActiveError and
        ErasureInProgressError, and SnapshotOpenError while an import stages or a snapshot is open.
        """
        if not source.deleting:
            now = self.clock()
            before = _told(source.settings)
            recorded = _recorded(AuditKind.SOURCE_DELETED, source, now, by, before=before, message=message)
            DeletionStore(self.store.catalog).begin_deletion(source, now, recorded)
        return self.store.find_source(source.tenant_id, source.source_id)


def _locked(held: PublishLock | None, publishing: Publishing, new: PublishLock) -> PublishLock | None:
    """The lock after a change: the one that is held, unless there is none or the new one is for another reason."""
    if publishing is Publishing.OPEN:
        return None
    return new if held is None or new.reason not in (None, held.reason) else held


def _told(settings: SourceSettings) -> dict[str, Any]:
    """Settings as the audit has them."""
    guard = guard_row(settings.removal_guard)
    return {
        "name": settings.name,
        "graceDays": settings.grace_days,
        "removalGuard": guard,
        "serving": settings.serving,
        "titleWeight": settings.title_weight,
        "defaultLanguage": settings.default_language,
        # The version tells of a change that leaves the number of groups as it was.
        "synonyms": settings.synonyms._asdict(),
        "questionLog": settings.question_log,
        "publishing": Publishing.OPEN if settings.publish_lock is None else Publishing.LOCKED,
        "publishLockReason": None if settings.publish_lock is None else settings.publish_lock.reason,
    }


def _recorded(
    kind: AuditKind,
    source: Source,
    now: int,
    by: Actor | None,
    **settings: Any,
) -> AuditEntry | None:
    return entry_of(by, kind, source.tenant_id, now, {"sourceId": source.source_id}, **settings)
