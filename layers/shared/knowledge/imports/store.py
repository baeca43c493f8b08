"""The rows of imports, and the transactions that move them together with their source's turn and epoch.

A source's row names the import whose turn it is (`importId`), from the first line to the end of its apply, so there is
one at a time. While that import stages, it stands where an open snapshot does (`openSnapshotId`): a run is incomplete,
pushes leave their mark, and no snapshot can be opened.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from knowledge.audit import AuditEntry
from knowledge.errors import ImportLimitError, ImportNotFoundError
from knowledge.imports.model import Import, ImportState
from knowledge.imports.rows import (
    PLACES,
    TICKETS,
    import_from,
    import_row,
    import_sk,
    place_of,
    reading_values,
    ticket_sk,
)
from knowledge.imports.transitions import UNMOVED, ImportMovedError, ImportTransitions, unmoved
from knowledge.limits import IMPORT_SILENT_MS, IMPORTS_UNDER_WAY
from knowledge.pages import Page
from knowledge.sources.conditions import ACTIVE, EPOCH_BEFORE, NONE_OPEN, OWN_TURN, THIS_ONE_OPEN
from knowledge.sources.model import Source, SourceStatus
from knowledge.sources.places import Place, Places
from knowledge.storage.attributes import from_row, to_row
from knowledge.storage.catalog import Action, Catalog, RefusedWriteError
from knowledge.storage.clients import translated
from knowledge.storage.transactions import RefusedTransactionError

_NEW_OR_AWAITING = "attribute_not_exists(pk) OR #state = :awaiting"
# Of the source.
_NOBODYS_TURN = "attribute_not_exists(importId)"


@dataclass(frozen=True, slots=True)
class ImportStore:
    """Imports of all sources."""

    catalog: Catalog

    def create_import(self, job: Import, recorded: AuditEntry | None = None) -> Import:
        """Store an import that waits for its upload, with its place; one that has its id already is returned.

        Raises ImportLimitError when as many imports of the tenant are under way as may be.
        """
        taking = self._places.taking(job.tenant_id, place_of(job), IMPORTS_UNDER_WAY)
        actions = [self.catalog.putting_new(import_row(job)), taking]
        try:
            self.catalog.transact([*actions, *self.catalog.recording(recorded)])
        except RefusedTransactionError as error:
            if 0 in error.failed:
                return self.get_import(job.source_id, job.import_id)
            raise ImportLimitError from error
        return job

    def list_places(self, tenant_id: str) -> list[Place]:
        """The places of the imports of a tenant that are under way, the oldest first."""
        return self._places.list_places(tenant_id)

    def give_back_places(self, tenant_id: str, places: Sequence[Place]) -> None:
        """Give back the places of imports whose file never came."""
        self._transact(self._places.giving_back(tenant_id, places))

    def get_import(self, source_id: str, import_id: str) -> Import:
        """Read an import, consistently. Raises ImportNotFoundError when the source has none of that id."""
        row = self.catalog.find(source_id, import_sk(import_id))
        if row is None:
            raise ImportNotFoundError
        return import_from(row)

    def list_imports(
        self, source_id: str, *, limit: int, position: Any, keep: Callable[[Import], bool] | None = None
    ) -> Page[Import]:
        """List a source's imports, newest first; those to `keep`, if it is given."""
        return self.catalog.list(source_id, "import", import_from, limit=limit, position=position, keep=keep)

    def enqueue_import(self, job: Import) -> None:
        """Store that the file of an import has come, with a ticket for its turn.

        Raises ImportMovedError on a repeat.
        """
        put = self.catalog.putting(import_row(job), _NEW_OR_AWAITING, {":awaiting": ImportState.AWAITING_UPLOAD})
        ticket = {"pk": job.source_id, "sk": ticket_sk(job), "importId": job.import_id}
        # Its place may have been given back, if it came late.
        place = [self._places.keeping(job.tenant_id, place_of(job))] if job.counted else []
        self._transact(put, self.catalog.putting(ticket), *place)

    def first_waiting(self, source_id: str) -> str | None:
        """The import whose ticket is the oldest; None when there is none."""
        with translated():
            page = self.catalog.dynamodb.query(
                TableName=self.catalog.table,
                KeyConditionExpression="pk = :pk AND begins_with(sk, :tickets)",
                ExpressionAttributeValues=to_row({":pk": source_id, ":tickets": TICKETS}),
                ConsistentRead=True,
                Limit=1,
            )
        return from_row(page["Items"][0])["importId"] if page["Items"] else None

    def revive_import(self, job: Import, now: int) -> Import:
        """Let a new execution take an import over from one that died."""
        return self._update(
            job,
            "SET attempt = :next, aliveUntil = :alive",
            {":next": job.attempt + 1, ":alive": now + IMPORT_SILENT_MS},
        )

    def keep_alive(self, job: Import, now: int) -> Import:
        """Say that somebody works on an import.

        Raises ImportMovedError when another execution does, or it lost its turn.
        """
        if job.state is not ImportState.STAGING:
            return self._update(job, "SET aliveUntil = :alive", {":alive": now + IMPORT_SILENT_MS})
        self._transact(
            self._own_step(job, "SET aliveUntil = :alive", {":alive": now + IMPORT_SILENT_MS}),
            self._transitions.source_step(
                job, "SET openSnapshotExpiresAt = :alive", THIS_ONE_OPEN, {":alive": now + IMPORT_SILENT_MS}
            ),
        )
        return replace(job, alive_until=now + IMPORT_SILENT_MS)

    def take_turn(self, job: Import, source: Source, now: int) -> Import:
        """Begin to stage, with the epoch after the source's.

        Raises ImportMovedError while anything else is under way.
        """
        epoch, alive = source.epoch + 1, now + IMPORT_SILENT_MS
        self._transact(
            self._transitions.source_step(
                job,
                "SET importId = :id, openSnapshotId = :id, openSnapshotExpiresAt = :alive, epoch = :epoch",
                f"{_NOBODYS_TURN} AND {NONE_OPEN} AND {EPOCH_BEFORE} AND {ACTIVE}",
                {":alive": alive, ":epoch": epoch, ":before": source.epoch, ":active": SourceStatus.ACTIVE},
            ),
            self._own_step(
                job,
                "SET #state = :staging, epoch = :epoch, startedAt = :now, aliveUntil = :alive, updatedAt = :now",
                {":staging": ImportState.STAGING, ":epoch": epoch, ":now": now, ":alive": alive},
            ),
        )
        return self.get_import(job.source_id, job.import_id)

    def note_progress(self, before: Import, after: Import, now: int) -> Import:
        """Store how far an import has come, on condition that nobody else moved it since."""
        self._transact(self.checkpoint(before, after, now))
        return replace(after, checkpoint=before.checkpoint + 1, updated_at=now)

    def checkpoint(self, before: Import, after: Import, now: int) -> Action:
        """The action of `note_progress`, to go into the transaction with the rows that it stands for."""
        values = {name: value for name, value in reading_values(after).items() if value is not None}
        sets = ", ".join(f"#{name} = :{name}" for name in values)
        return self._own_step(
            before,
            f"SET {sets}, checkpoint = :next, updatedAt = :now, aliveUntil = :alive",
            {f":{name}": value for name, value in values.items()}
            | {":next": before.checkpoint + 1, ":now": now, ":alive": now + IMPORT_SILENT_MS},
        )

    def note_report(self, job: Import, report_key: str) -> Import:
        """Store where the report on bad lines lies."""
        return self._update(job, "SET reportKey = :report", {":report": report_key})

    def end_staging(self, job: Import, run_id: str, creating: Action, now: int) -> Import:
        """Let runs be complete again; what was staged is the run's to plan, which is made with it (`creating`)."""
        self._transact(
            self._transitions.source_step(
                job,
                "SET epoch = epoch + :one REMOVE openSnapshotId, openSnapshotExpiresAt",
                f"{OWN_TURN} AND {THIS_ONE_OPEN}",
                {":one": 1},
            ),
            self._own_step(
                job,
                "SET #state = :planning, runId = :run, updatedAt = :now",
                {":planning": ImportState.PLANNING, ":run": run_id, ":now": now},
            ),
            creating,
        )
        return self.get_import(job.source_id, job.import_id)

    def move_import(self, job: Import, state: ImportState, replans: int, now: int) -> Import:
        """Show that an import is being planned or applied, and how often it was planned again."""
        try:
            return self._update(
                job,
                "SET #state = :next, replans = :replans, aliveUntil = :alive, updatedAt = :now",
                {":next": state, ":replans": replans, ":alive": now + IMPORT_SILENT_MS, ":now": now},
            )
        except ImportMovedError:
            # The answer was lost and the write sent again: it is where it should go.
            stored = self.get_import(job.source_id, job.import_id)
            if (stored.attempt, stored.state, stored.replans) != (job.attempt, state, replans):
                raise
            return stored

    def _update(self, job: Import, expression: str, values: Mapping[str, Any]) -> Import:
        try:
            row = self.catalog.update(
                job.source_id, import_sk(job.import_id), expression, UNMOVED, {**values, **unmoved(job)}
            )
        except RefusedWriteError as error:
            raise ImportMovedError from error
        return import_from(row)

    def _own_step(self, job: Import, expression: str, values: Mapping[str, Any]) -> Action:
        return self._transitions.own_step(job, expression, values)

    def _transact(self, *actions: Action) -> None:
        self._transitions.transact(*actions)

    @property
    def _transitions(self) -> ImportTransitions:
        return ImportTransitions(self.catalog)

    @property
    def _places(self) -> Places:
        return Places(self.catalog, PLACES)
