"""The steps of an import's execution: what its row says comes next, and how its run and its apply are followed.

The row is the truth and the execution only walks: an execution that died is followed by another one, which goes on
from the row. One that was followed so finds that it is not the last any more, and ends.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from knowledge.errors import ImportFailedError
from knowledge.imports.ending import ImportEnder
from knowledge.imports.machine import import_run_id
from knowledge.imports.model import Import, ImportState
from knowledge.imports.parts import ImportPermits
from knowledge.imports.stores import ImportStores
from knowledge.imports.transitions import ImportMovedError
from knowledge.imports.turns import ImportTurns
from knowledge.limits import IMPORT_RUN_PLANNED_MS
from knowledge.ports import Clock
from knowledge.runs.failures import TaskFailure, domain_error
from knowledge.runs.model import Run, RunMode, RunState

if TYPE_CHECKING:
    from knowledge.imports.staging import ImportStager

# A run or an apply that others keep getting in the way of is tried so often, with a pause before each.
_REPLANS = 30
_LONGEST_WAIT_SECONDS = 60


class ImportName(NamedTuple):
    """An import, and the attempt that an execution is."""

    tenant_id: str
    source_id: str
    import_id: str
    attempt: int


@dataclass(frozen=True, slots=True)
class ImportSteps:
    """What the tasks of the machine do."""

    stores: ImportStores
    turns: ImportTurns
    stager: ImportStager
    permits: ImportPermits
    ender: ImportEnder
    clock: Clock

    def stage_import(self, name: ImportName) -> Import | None:
        """Do the next part of what comes before the run; None when this execution has nothing to do any more."""
        job = self._own(name)
        if job is None:
            return None
        try:
            if job.state is ImportState.QUEUED:
                self.permits.check(job)
                return self.turns.take_turn(job)
            if job.state is ImportState.STAGING and not self.stager.done(job):
                return self.stager.advance_import(job)
            if job.state is ImportState.STAGING:
                job = self.stager.report(job)
                now = self.clock()
                creating = self.stores.runs.creating(_run_of(job, now))
                return self.stores.imports.end_staging(job, import_run_id(job), creating, now)
        except ImportMovedError:
            return self._own(name)
        except ImportFailedError:
            # What was wrong with its lines is told, whatever ends it.
            self._report(name)
            raise
        return job

    def follow_run(self, name: ImportName, state: ImportState) -> None:
        """Show that the run is being planned or applied, and that somebody is at it.

        Raises ImportMovedError when that is another execution, ImportKeyEndedError when it is to be applied for a key
        that may not do so any more.
        """
        job = self._owned(name)
        if state is ImportState.APPLYING:
            self.permits.check(job)
        self.stores.imports.move_import(job, state, job.replans, self.clock())

    def plan_again(self, name: ImportName, failure: TaskFailure, lease_token: int | None) -> int:
        """Get ready for another planning, and return how long to wait for it, in seconds.

        Raises the domain error that made it necessary when it was tried often enough.
        """
        if lease_token is not None:
            self.stores.sources.release_lease(name.tenant_id, name.source_id, lease_token)
        job = self._owned(name)
        if job.replans >= _REPLANS:
            raise domain_error(failure, ImportFailedError)
        self.stores.imports.move_import(job, ImportState.PLANNING, job.replans + 1, self.clock())
        return min(1 << job.replans, _LONGEST_WAIT_SECONDS)

    def complete_import(self, name: ImportName) -> None:
        """End an import whose run is planned, and published if that was asked for."""
        job = self._owned(name)
        run = self.stores.runs.get_run(job.source_id, import_run_id(job))
        self.ender.complete(job, run.generation_id)

    def fail_import(self, name: ImportName, failure: TaskFailure) -> None:
        """End an import that can't go on."""
        job = self._owned(name)
        self.ender.fail(job, domain_error(failure, ImportFailedError))

    def _own(self, name: ImportName) -> Import | None:
        job = self.stores.imports.get_import(name.source_id, name.import_id)
        if job.ended:
            # Whoever ended it may have died before it cleared up, and this execution may have written a piece since.
            self.ender.clear_up(job)
            return None
        return job if job.attempt == name.attempt else None

    def _report(self, name: ImportName) -> None:
        job = self._own(name)
        if job is not None:
            with suppress(ImportMovedError):
                self.stager.report(job)

    def _owned(self, name: ImportName) -> Import:
        job = self._own(name)
        if job is None:
            raise ImportMovedError
        return job


def _run_of(job: Import, now: int) -> Run:
    return Run(
        tenant_id=job.tenant_id,
        source_id=job.source_id,
        run_id=import_run_id(job),
        mode=RunMode.INCREMENTAL,
        state=RunState.PLANNING,
        plan_version=0,
        plan=None,
        generation_id=None,
        last_error=None,
        deadline_at=now + IMPORT_RUN_PLANNED_MS,
        created_at=now,
        updated_at=now,
        created_by=job.created_by,
        message=job.message,
    )


def seconds_to_wait(job: Import, now: int) -> int:
    """How long a queued import waits before it looks again: ever longer, and at most a minute."""
    queued_seconds = (now - (job.queued_at or now)) // 1000
    return max(1, min(_LONGEST_WAIT_SECONDS, queued_seconds // 4))
