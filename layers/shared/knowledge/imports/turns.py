"""The turns of imports: who may stage now, and what becomes of those that died waiting."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from knowledge.errors import ImportFailedError, ImportNotFoundError, SnapshotOpenError, SourceInactiveError
from knowledge.imports.ending import ImportEnder
from knowledge.imports.model import Import
from knowledge.imports.stores import ImportStores
from knowledge.imports.transitions import ImportMovedError
from knowledge.limits import IMPORT_SILENT_MS
from knowledge.ports import Clock
from knowledge.words import duration_words

if TYPE_CHECKING:
    from knowledge.staging.snapshots import SnapshotService

_DIED = f"The import stood still for {duration_words(IMPORT_SILENT_MS)} and gave its turn to the next one."


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
