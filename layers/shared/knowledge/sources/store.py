"""The rows of sources: settings, what is published, and the lease of the apply that is under way."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from knowledge.audit import AuditEntry
from knowledge.environments import Environment
from knowledge.errors import (
    ApplyInProgressError,
    LeaseLostError,
    ServiceUnavailableError,
    SourceInactiveError,
    SourceLimitError,
    SourceNotFoundError,
)
from knowledge.events import Event, event_row
from knowledge.limits import SOURCES
from knowledge.pages import Page
from knowledge.sources.conditions import ACTIVE, NOT_DELETING
from knowledge.sources.labels import claiming, find_claim
from knowledge.sources.model import DEVELOPER_API, Settled, Source, SourceSettings, SourceStatus, Synonyms
from knowledge.sources.rows import settings_row, source_from, source_row, source_sk
from knowledge.sources.synonyms import synonyms_from, synonyms_key, writing_synonyms
from knowledge.storage.catalog import Catalog, RefusedWriteError
from knowledge.storage.transactions import RefusedTransactionError

LEASE_MS = 60_000
# A run may take its own lease over once it has not been renewed for this long: three renewals were missed then.
OWN_TAKEOVER_MS = 15_000

# Who may take the lease of a source, by the time since it was renewed:
#
#   renewed                    15 s                                60 s
#   |--- nobody ---------------|--- the same run (its holder died) ---|--- everybody
#
# The holder may renew or give it back as long as its token is the last one that was given, however late it comes.
_FREE = "attribute_not_exists(leaseRunId)"
_LAPSED = "leaseExpiresAt <= :now"
_OWN_AND_SILENT = "leaseRunId = :run AND leaseRenewedAt <= :silent"
_HELD = "leaseToken = :token AND attribute_exists(leaseRunId)"
# The clean-up after a publication, which the next publication waits for.
_OWED = "settleRunId = :run"
_NOT_BEGUN = "attribute_not_exists(settledPart)"
_NOT_YET_SO_FAR = "settledPart < :part OR (settledPart = :part AND settledSteps < :steps)"

# Counts the sources of a tenant, beside them: whatever puts or deletes one moves it in the same transaction.
TALLY = "sources"
_ROOM_FOR_ONE = "attribute_not_exists(#count) OR #count < :most"


class SourceChangedError(Exception):
    """Raised when the settings of a source are not those that were read."""


@dataclass(frozen=True, slots=True)
class SourceStore:
    """Sources of type developer_api; those of other types are not seen."""

    catalog: Catalog

    def create_source(
        self, source: Source, recorded: AuditEntry | None = None, synonyms: Synonyms | None = None
    ) -> Source:
        """Store a new source with its synonyms, or return the one that has its id (a repeated creation), or its label.

        Raises SourceLimitError when the tenant has as many as it may.
        """
        tally = self.catalog.updating(
            source.tenant_id, TALLY, "ADD #count :one", _ROOM_FOR_ONE, {":one": 1, ":most": SOURCES}
        )
        written = [writing_synonyms(self.catalog, source, synonyms)] if synonyms else []
        try:
            beside = [*claiming(self.catalog, source), *written, *self.catalog.recording(recorded)]
            self.catalog.transact([self.catalog.putting_new(source_row(source)), tally, *beside])
        except RefusedTransactionError as error:
            if 0 in error.failed:
                return self.get_source(source.tenant_id, source.source_id)
            labelled = self.find_labelled(source.tenant_id, source.environment, source.label)
            if labelled is not None:
                return labelled
            if 1 not in error.failed:
                # Whoever had the label gave it back since.
                raise ServiceUnavailableError from error
            raise SourceLimitError from error
        return source

    def get_source(self, tenant_id: str, source_id: str) -> Source:
        """Read a source, consistently. Raises SourceNotFoundError when the tenant has none of that id.

        This is the one place where a source that is being deleted ceases to be there.
        """
        source = self.find_source(tenant_id, source_id)
        if source.deleting:
            raise SourceNotFoundError
        return source

    def find_labelled(self, tenant_id: str, environment: Environment, label: str | None) -> Source | None:
        """Read the source that has a label, consistently; None when there is none."""
        source_id = None if label is None else find_claim(self.catalog, tenant_id, environment, label)
        if source_id is None:
            return None
        with suppress(SourceNotFoundError):
            return self.get_source(tenant_id, source_id)
        return None

    def get_sources(self, tenant_id: str, source_ids: Sequence[str]) -> list[Source]:
        """Read sources as `get_source` does, a hundred a call, in the order they are named, each once.

        Raises SourceNotFoundError when one is not there.
        """
        wanted = list(dict.fromkeys(source_ids))
        rows = self.catalog.find_many([(tenant_id, source_sk(each)) for each in wanted])
        found = {row["sourceId"]: source_from(row) for row in rows if row["type"] == DEVELOPER_API}
        if any(each not in found or found[each].deleting for each in wanted):
            raise SourceNotFoundError
        return [found[each] for each in wanted]

    def find_source(self, tenant_id: str, source_id: str) -> Source:
        """Read a source as `get_source` does, also one that is being deleted."""
        row = self.catalog.find(tenant_id, source_sk(source_id))
        if row is None or row["type"] != DEVELOPER_API:
            raise SourceNotFoundError
        return source_from(row)

    def find_synonyms(self, source_id: str) -> Synonyms:
        """Read the synonyms of a source, consistently; none when it has no row of them any more."""
        row = self.catalog.find(*synonyms_key(source_id))
        return () if row is None else synonyms_from(row)

    def read_synonyms(self, tenant_id: str, source_ids: Sequence[str]) -> dict[str, Synonyms]:
        """Read the synonyms of sources of a tenant, consistently, a hundred sources a call; those that have none lack.

        They are at least as new as the sources' rows that were read before, so what is kept of them under the
        `synonyms.version` of such a row is never older than it.
        """
        rows = self.catalog.find_many([synonyms_key(each) for each in dict.fromkeys(source_ids)])
        return {row["pk"]: synonyms_from(row) for row in rows if row["tenantId"] == tenant_id}

    def find_environment(self, tenant_id: str, source_id: str) -> Environment | None:
        """Say in which environment a source of a tenant is or, while it is deleted, was; None for an unknown id."""
        try:
            return self.find_source(tenant_id, source_id).environment
        except SourceNotFoundError:
            return None

    def list_sources(
        self, tenant_id: str, environment: Environment | None, *, limit: int, position: Any, only: frozenset[str] | None
    ) -> Page[Source]:
        """List a tenant's sources, newest first, of one environment and `only` the named ones if given."""

        def keep(row: dict[str, Any]) -> bool:
            mine = row["type"] == DEVELOPER_API and environment in (None, row["environment"])
            mine = mine and row["status"] != SourceStatus.DELETING
            return mine and (only is None or row["sourceId"] in only)

        page = self.catalog.list(tenant_id, "source", dict, limit=limit, position=position, keep=keep)
        return Page([source_from(row) for row in page.items], page.next_position)

    def change_settings(
        self,
        source: Source,
        settings: SourceSettings,
        now: int,
        recorded: AuditEntry | None = None,
        synonyms: Synonyms | None = None,
    ) -> Source:
        """Give an active source other settings, if it still has those that were read, and other `synonyms` if given.

        A change that shapes plans moves the settings version that they are bound to. Raises SourceInactiveError on an
        archived source, SourceChangedError when its settings were changed meanwhile.
        """
        after = settings_row(settings)
        same, held = _same_settings(source)
        values: dict[str, Any] = {
            **{f":{name}": value for name, value in after.items()},
            **held,
            ":now": now,
            ":active": SourceStatus.ACTIVE,
        }
        # What is None is not in the row.
        sets = [f"#{name} = :{name}" for name, value in after.items() if value is not None]
        gone = [f"#{name}" for name, value in after.items() if value is None]
        expression = f"SET {', '.join(sets)}, updatedAt = :now"
        expression += f" REMOVE {', '.join(gone)}" if gone else ""
        if settings.shape != source.settings.shape:
            expression += " ADD settingsVersion :one"
            values[":one"] = 1
        condition = f"{ACTIVE} AND {same}"
        update = self.catalog.updating(source.tenant_id, source_sk(source.source_id), expression, condition, values)
        written = [] if synonyms is None else [writing_synonyms(self.catalog, source, synonyms)]
        try:
            self.catalog.transact([update, *written, *self.catalog.recording(recorded)])
        except RefusedTransactionError as error:
            if not self.get_source(source.tenant_id, source.source_id).active:
                raise SourceInactiveError from error
            raise SourceChangedError from error
        return self.get_source(source.tenant_id, source.source_id)

    def set_status(
        self,
        source: Source,
        status: SourceStatus,
        now: int,
        *,
        recorded: AuditEntry | None = None,
        event: Event | None = None,
        same_settings: bool = False,
    ) -> Source:
        """Archive or bring back a source; doing it twice is the same as once, and is recorded once.

        With `same_settings` only one whose settings are those that were read: it is returned as it is otherwise.
        """
        key = source.tenant_id, source_sk(source.source_id)
        condition = f"attribute_exists(pk) AND #status <> :status AND {NOT_DELETING}"
        values: dict[str, Any] = {":status": status, ":now": now, ":deleting": SourceStatus.DELETING}
        if same_settings:
            same, held = _same_settings(source)
            condition, values = f"{condition} AND {same}", values | held
        update = self.catalog.updating(*key, "SET #status = :status, updatedAt = :now", condition, values)
        told = [] if event is None else [self.catalog.putting_new(event_row(event))]
        with suppress(RefusedTransactionError):
            self.catalog.transact([update, *told, *self.catalog.recording(recorded)])
        return self.get_source(source.tenant_id, source.source_id)

    def acquire_lease(
        self, tenant_id: str, source_id: str, run_id: str, now: int, *, if_archived: bool = False
    ) -> Source:
        """Take the right to publish, with a token higher than any before it; `if_archived` of an archived source, too.

        Raises ApplyInProgressError unless it is free, expired, or this run's own but not renewed for 15 s (its holder
        is taken to be dead), and SourceInactiveError on an archived source.
        """
        return self._update(
            tenant_id,
            source_id,
            "SET leaseRunId = :run, leaseRenewedAt = :now, leaseExpiresAt = :expires ADD leaseToken :one",
            ("" if if_archived else f"{ACTIVE} AND ") + f"({_FREE} OR {_LAPSED} OR ({_OWN_AND_SILENT}))",
            {
                ":run": run_id,
                ":now": now,
                ":expires": now + LEASE_MS,
                ":silent": now - OWN_TAKEOVER_MS,
                ":one": 1,
                ":active": None if if_archived else SourceStatus.ACTIVE,
            },
        )

    def renew_lease(self, tenant_id: str, source_id: str, token: int, now: int) -> Source:
        """Keep the lease and return the source under it. Raises LeaseLostError when another has it."""
        try:
            row = self.catalog.update(
                tenant_id,
                source_sk(source_id),
                "SET leaseRenewedAt = :now, leaseExpiresAt = :expires",
                _HELD,
                {":token": token, ":now": now, ":expires": now + LEASE_MS},
            )
        except RefusedWriteError as error:
            raise LeaseLostError from error
        return source_from(row)

    def release_lease(self, tenant_id: str, source_id: str, token: int) -> None:
        """Free the lease while its token is the current one; else leave things as they are."""
        try:
            self.catalog.update(
                tenant_id,
                source_sk(source_id),
                "REMOVE leaseRunId, leaseRenewedAt, leaseExpiresAt",
                _HELD,
                {":token": token},
            )
        except RefusedWriteError:
            return

    def mark_settled(self, tenant_id: str, source_id: str, run_id: str, *, lost: bool = False) -> None:
        """Note that the clean-up after a run's publication is done.

        If its plan is `lost`, nobody can tell any more what of the journal it covered.
        """
        try:
            self.catalog.update(
                tenant_id,
                source_sk(source_id),
                "REMOVE settleRunId, settledPart, settledSteps" + (", coveredItems" if lost else ""),
                _OWED,
                {":run": run_id},
            )
        except RefusedWriteError:
            return

    def note_settled(self, tenant_id: str, source_id: str, run_id: str, settled: Settled) -> None:
        """Note how far the clean-up has come; of two that do it side by side the further one stands."""
        values = {":run": run_id, ":part": settled.part, ":steps": settled.steps}
        try:
            self.catalog.update(
                tenant_id,
                source_sk(source_id),
                "SET settledPart = :part, settledSteps = :steps",
                f"{_OWED} AND ({_NOT_BEGUN} OR {_NOT_YET_SO_FAR})",
                values,
            )
        except RefusedWriteError:
            return

    def _update(
        self, tenant_id: str, source_id: str, expression: str, condition: str, values: Mapping[str, Any]
    ) -> Source:
        try:
            row = self.catalog.update(
                tenant_id, source_sk(source_id), expression, f"attribute_exists(pk) AND {condition}", values
            )
        except RefusedWriteError as error:
            if error.row is None:
                raise SourceNotFoundError from error
            if ACTIVE in condition and error.row["status"] != SourceStatus.ACTIVE:
                raise SourceInactiveError from error
            raise ApplyInProgressError from error
        return source_from(row)


def _same_settings(source: Source) -> tuple[str, dict[str, Any]]:
    """The condition that a source's settings are those that were read, with the values it names."""
    before = settings_row(source.settings)
    same = [
        f"attribute_not_exists(#{name})" if value is None else f"#{name} = :{name}Before"
        for name, value in before.items()
    ]
    return " AND ".join(same), {f":{name}Before": value for name, value in before.items()}
