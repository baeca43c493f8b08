"""Ending imports: each ends once, together with its turn, its place and its event, and leaves no inflated piece behind.

What would break it, and what stands against it:

- A crash between the end and the clearing up: whoever finds the import ended clears up again, as every later step of
  its execution does, and every repeat of a cancellation.
- A piece is written when the import has ended already: only by an execution that did not know. Its next write is
  refused, and it finds the import ended.
- It is cancelled while it stages: rows are put in one transaction with the checkpoint, which demands the state.
- It is cancelled while its run is planned or applied: the run ends in the same transaction, and what stores a plan or
  publishes demands that it has not.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace

from knowledge.actors import Actor
from knowledge.audit import AuditEntry, AuditKind, entry_of
from knowledge.errors import (
    ImportEndedError,
    KnowledgeError,
    RunNotFoundError,
    ServiceUnavailableError,
    SourceNotFoundError,
)
from knowledge.events import IMPORT_COMPLETED, IMPORT_FAILED, Event
from knowledge.imports.model import Import, ImportState
from knowledge.imports.stores import ImportStores
from knowledge.imports.transitions import ImportMovedError
from knowledge.model import Failure
from knowledge.ports import Clock, NewId
from knowledge.runs.model import RunState
from knowledge.sources.model import Source
from knowledge.storage.catalog import Action
from knowledge.storage.clients import backoff

_TRIES = 8


@dataclass(frozen=True, slots=True)
class ImportEnder:
    """Ends imports."""

    stores: ImportStores
    clock: Clock
    new_id: NewId

    def complete(self, job: Import, generation_id: str | None) -> Import:
        """End an import that did all it was asked to, but for lines that were bad."""
        state = ImportState.COMPLETED_WITH_ERRORS if job.rejected else ImportState.COMPLETED
        return self._end(job, replace(job, generation_id=generation_id), state)

    def fail(self, job: Import, error: KnowledgeError) -> Import:
        """End an import that can't go on; what it staged stays."""
        return self._end(job, replace(job, last_error=Failure.of(error, self.clock())), ImportState.FAILED)

    def cancel(self, job: Import, by: Actor | None) -> Import:
        """End an import wherever it is; nothing is staged or published for it any more. Twice is the same as once.

        Raises ImportEndedError when it ended otherwise, or its generation is published.
        """
        for attempt in range(_TRIES):
            if job.ended:
                break
            after = self._ended(job, ImportState.CANCELLED)
            beside = [*self._ending_run(job, after.updated_at), *self.stores.catalog.recording(_recorded(after, by))]
            try:
                self.stores.import_ends.cancel_import(job, after, self._source(job), self._event(after), beside)
            except ImportMovedError:
                backoff(attempt)
            job = self.stores.imports.get_import(job.source_id, job.import_id)
        if not job.ended:
            raise ServiceUnavailableError
        if job.state is not ImportState.CANCELLED:
            raise ImportEndedError
        self.clear_up(job)
        return job

    def clear_up(self, job: Import) -> None:
        """Take away what an import that has ended may leave behind; a repeat does no harm."""
        if job.state is ImportState.CANCELLED and job.run_id is not None:
            # Whoever planned its run may have died, or have more parts to plan: the next run need not wait for that.
            self.stores.planning_turns.end_turn(job.tenant_id, job.source_id, job.run_id)
        self.stores.files.delete_pieces(job)

    def _end(self, before: Import, after: Import, state: ImportState) -> Import:
        after = self._ended(after, state)
        try:
            self.stores.import_ends.end_import(before, after, self._source(before), self._event(after))
        except ImportMovedError:
            # Its answer was lost, or another one ended it, or gave its turn away meanwhile.
            after = self.stores.imports.get_import(before.source_id, before.import_id)
            if not after.ended:
                raise
        self.clear_up(after)
        return after

    def _ended(self, job: Import, state: ImportState) -> Import:
        now = self.clock()
        return replace(job, state=state, ended_at=now, updated_at=now)

    def _source(self, job: Import) -> Source | None:
        try:
            return self.stores.sources.get_source(job.tenant_id, job.source_id)
        except SourceNotFoundError:
            return None

    def _ending_run(self, job: Import, now: int) -> list[Action]:
        if job.run_id is None:
            return []
        try:
            run = self.stores.runs.get_run(job.source_id, job.run_id)
        except RunNotFoundError:
            return []
        if run.state is RunState.PUBLISHED:
            message = "The import's generation is published already. Restore the one before it to take that back."
            raise ImportEndedError(message)
        over = run.state in {RunState.EXPIRED, RunState.DISCARDED}
        return [] if over else [self.stores.runs.expiring(run, now)]

    def _event(self, after: Import) -> Event:
        data = {
            "importId": after.import_id,
            "state": str(after.state),
            "mode": str(after.mode),
            "counts": {**asdict(after.counts), "rejected": after.rejected},
            "runId": after.run_id,
            "generationId": after.generation_id,
        }
        completed = after.state in {ImportState.COMPLETED, ImportState.COMPLETED_WITH_ERRORS}
        event_type = IMPORT_COMPLETED if completed else IMPORT_FAILED
        return Event(self.new_id("evt"), event_type, after.tenant_id, after.source_id, after.updated_at, data)


def _recorded(after: Import, by: Actor | None) -> AuditEntry | None:
    subject = {"sourceId": after.source_id, "importId": after.import_id}
    return entry_of(by, AuditKind.IMPORT_CANCELLED, after.tenant_id, after.updated_at, subject)
