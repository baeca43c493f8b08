"""The end of an import, and the turn of the next: who may stage now, and what becomes of those that died waiting."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING

from knowledge.errors import (
    ImportFailedError,
    ImportNotFoundError,
    KnowledgeError,
    SnapshotOpenError,
    SourceInactiveError,
    SourceNotFoundError,
)
from knowledge.events import IMPORT_COMPLETED, IMPORT_FAILED, Event
from knowledge.imports.model import Import, ImportState
from knowledge.imports.store import ImportMovedError
from knowledge.imports.stores import ImportStores
from knowledge.limits import IMPORT_SILENT_MS
from knowledge.model import Failure
from knowledge.ports import Clock, NewId
from knowledge.words import duration_words

if TYPE_CHECKING:
    from knowledge.staging.snapshots import SnapshotService

_DIED = f"The import stood still for {duration_words(IMPORT_SILENT_MS)} and gave its turn to the next one."


@dataclass(frozen=True, slots=True)
class ImportEnder:
    """Ends imports; each ends once, together with its turn and its event."""

    stores: ImportStores
    clock: Clock
    new_id: NewId

    def complete(self, job: Import, generation_id: str | None) -> Import:
        """End an import that did all it was asked to, but for lines that were bad."""
        state = ImportState.COMPLETED_WITH_ERRORS if job.rejected else ImportState.COMPLETED
        return self._end(replace(job, generation_id=generation_id), job, state, IMPORT_COMPLETED)

    def fail(self, job: Import, error: KnowledgeError) -> Import:
        """End an import that can't go on; what it staged stays."""
        failed = replace(job, last_error=Failure.of(error, self.clock()))
        return self._end(failed, job, ImportState.FAILED, IMPORT_FAILED)

    def _end(self, after: Import, before: Import, state: ImportState, event_type: str) -> Import:
        now = self.clock()
        after = replace(after, state=state, ended_at=now, updated_at=now)
        try:
            source = self.stores.sources.get_source(before.tenant_id, before.source_id)
        except SourceNotFoundError:
            source = None
        data = {
            "importId": after.import_id,
            "state": str(state),
            "mode": str(after.mode),
            "counts": {**asdict(after.counts), "rejected": after.rejected},
            "runId": after.run_id,
            "generationId": after.generation_id,
        }
        event = Event(self.new_id("evt"), event_type, after.tenant_id, after.source_id, now, data)
        try:
            self.stores.imports.end_import(before, after, source, event)
        except ImportMovedError:
            # Its answer was lost, or another one ended it, or gave its turn away meanwhile.
            stored = self.stores.imports.get_import(before.source_id, before.import_id)
            if stored.ended:
                return stored
            raise
        return after


@dataclass(frozen=True, slots=True)
class ImportTurns:
    """Gives the imports of a source their turns, one at a time, in the order in which their files came."""

    stores: ImportStores
    snapshots: SnapshotService
    ender: ImportEnder
    clock: Clock

    def take_turn(self, job: Import) -> Import:
        """Begin to stage if it is this import's turn; otherwise it stays queued.

        Raises SourceInactiveError on an archived source.
        """
        job = self.stores.imports.keep_alive(job, self.clock())
        source = self.stores.sources.get_source(job.tenant_id, job.source_id)
        if not source.active:
            raise SourceInactiveError
        for other in (self.stores.imports.first_waiting(job.source_id), source.import_id):
            if other not in (None, job.import_id) and not self._cleared(job.source_id, str(other)):
                return job
        source = self.stores.sources.get_source(job.tenant_id, job.source_id)
        try:
            if source.open_snapshot_id is not None:
                source = self.snapshots.clear_way(source)
            return self.stores.imports.take_turn(job, source, self.clock())
        except (SnapshotOpenError, ImportMovedError):
            return self.stores.imports.get_import(job.source_id, job.import_id)

    def _cleared(self, source_id: str, import_id: str) -> bool:
        """End an import that stands before this one if it is dead; tell whether it is out of the way."""
        try:
            other = self.stores.imports.get_import(source_id, import_id)
        except ImportNotFoundError:
            return True
        now = self.clock()
        if not other.dead(now):
            return other.ended
        with suppress(ImportMovedError):
            return self.ender.fail(other, ImportFailedError(_DIED)).ended
        return False
