"""Runs as tenants see them: started, read, reviewed and applied. The work itself is the state machine's."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from knowledge.actors import Actor, author_of
from knowledge.audit import AuditEntry, AuditKind, entry_of
from knowledge.earlier_tries import find_earlier
from knowledge.errors import (
    ApplyInProgressError,
    BuildFailedError,
    KnowledgeError,
    RunDiscardedError,
    RunFailedError,
    RunInProgressError,
    RunPublishedError,
    SourceInactiveError,
    TransientApplyError,
)
from knowledge.model import Failure
from knowledge.pages import Page
from knowledge.ports import Action, Clock, Machine, NewId, StillRunningError
from knowledge.runs.events import run_failed
from knowledge.runs.machine import planned_in, published_in
from knowledge.runs.model import ApplyOutcome, Run, RunMode, RunState, check_reviewed
from knowledge.runs.store import RunKey
from knowledge.runs.stores import RunStores
from knowledge.sources.model import Source

# An Express execution ends within 5 minutes; after one more, whoever reads the run may fail it.
DEADLINE_MS = 360_000


@dataclass(frozen=True, slots=True)
class RunService:
    """What can be done with the runs of a source."""

    stores: RunStores
    machine: Machine
    clock: Clock
    new_id: NewId

    def create_run(
        self,
        source: Source,
        mode: RunMode,
        *,
        run_id: str,
        earlier_id: str | None = None,
        by: Actor | None = None,
        message: str | None = None,
    ) -> Run:
        """Start a run and wait for its plan; a run that has this id already and is not planned is planned again.

        So is one of the last 24 hours that has `earlier_id`: it was created by a try on the day before. The run is
        still `planning` when that takes over 25 s. Raises SourceInactiveError on an archived source, RunInProgressError
        when another run of the source is planned for long: that one began before whatever was pushed last, so it is no
        answer to this request.
        """
        if not source.active:
            raise SourceInactiveError
        now = self.clock()
        get = partial(self.stores.runs.get_run, source.source_id)
        new = Run(
            tenant_id=source.tenant_id,
            source_id=source.source_id,
            run_id=run_id,
            mode=mode,
            state=RunState.PLANNING,
            plan_version=0,
            plan=None,
            generation_id=None,
            last_error=None,
            deadline_at=now + DEADLINE_MS,
            created_at=now,
            updated_at=now,
            created_by=author_of(by),
            message=message,
        )
        run = find_earlier(earlier_id, get, lambda made: made.created_at, now)
        run = run or self.stores.runs.create_run(new, _started(new, by))
        if run is not new and run.plan is None:
            run = self.stores.runs.plan_again(run, new.deadline_at, now)
        if run.plan is None and run.state is not RunState.DISCARDED:
            try:
                run = self._plan(source, run)
            except RunInProgressError:
                # Nobody was told of it yet. One that an earlier try made stays: its client may be reading it.
                if run is new:
                    self.stores.runs.withdraw_run(run)
                raise
        return self._present(source, run)

    def _plan(self, source: Source, run: Run) -> Run:
        with suppress(StillRunningError, RunDiscardedError):
            planned = planned_in(self.machine.run_action(Action.DIFF, source.tenant_id, source.source_id, run.run_id))
            if planned is not None:
                plan, at = planned
                return replace(
                    run, state=RunState.READY, plan=plan, plan_version=plan.version, last_error=None, updated_at=at
                )
        return self.stores.runs.get_run(source.source_id, run.run_id)

    def get_run(self, source: Source, run_id: str) -> Run:
        """Read a run; one that is past its deadline without a plan is failed by that."""
        run = self.stores.runs.get_run(source.source_id, run_id)
        now = self.clock()
        if run.state is RunState.PLANNING and now > run.deadline_at:
            failure = Failure.of(
                RunFailedError("Planning did not end in time. Repeat the request that started the run: it goes on."),
                now,
            )
            self.stores.runs.set_failed(run, failure, run_failed(self.new_id("evt"), run, failure))
            run = self.stores.runs.get_run(source.source_id, run_id)
        return self._present(source, run)

    def list_runs(self, source: Source, *, limit: int, position: Any, state: RunState | None = None) -> Page[Run]:
        """List runs, newest first, and of one state, if it is given, as they are shown."""

        def keep(run: Run) -> bool:
            return self._present(source, run).state is state

        page = self.stores.runs.list_runs(
            source.source_id, limit=limit, position=position, keep=None if state is None else keep
        )
        return Page([self._present(source, run) for run in page.items], page.next_position)

    def apply_run(
        self,
        source: Source,
        run_id: str,
        *,
        approve_removals: int | None = None,
        plan_version: int | None = None,
        by: Actor | None = None,
        message: str | None = None,
    ) -> ApplyOutcome:
        """Publish what a run planned and return the generation that serves it; again gives the same generation.

        Raises the refusals of `knowledge.errors`, ApplyInProgressError also when it takes over 25 s and goes on.
        """
        if not source.active:
            raise SourceInactiveError
        refusal: KnowledgeError | None = None
        try:
            last = self.machine.run_action(
                Action.APPLY,
                source.tenant_id,
                source.source_id,
                run_id,
                approve_removals=approve_removals,
                plan_version=plan_version,
                by=by,
                message=message,
            )
            published = published_in(last)
            if published is not None:
                return published
        except StillRunningError:
            message = "The apply is still in progress. Retry it shortly to learn its outcome."
            refusal = ApplyInProgressError(message)
        except (TransientApplyError, BuildFailedError) as error:
            refusal = error
        run = self.stores.runs.get_run(source.source_id, run_id)
        # A run that is published is a success, whatever became of the call that did it, or came after. But not of one
        # that names another plan: that was reviewed, and is not what is served.
        if run.plan is not None and run.generation_id is not None:
            check_reviewed(run, plan_version)
            return ApplyOutcome(run.generation_id, run.plan.counts)
        raise refusal or BuildFailedError()

    def discard_run(self, source: Source, run_id: str, *, by: Actor | None = None, message: str | None = None) -> Run:
        """Decide that a run is not to be published, in whatever state it is; twice is the same as once.

        An apply that is under way is refused, or has published it before: one of the two wins.
        Raises SourceInactiveError on an archived source, RunNotFoundError, RunPublishedError.
        """
        if not source.active:
            raise SourceInactiveError
        key, now = RunKey(source.tenant_id, source.source_id, run_id), self.clock()
        self.stores.runs.set_discarded(key, now, _discarded(key, now, by, message))
        run = self.stores.runs.get_run(source.source_id, run_id)
        if run.state is not RunState.DISCARDED:
            raise RunPublishedError
        if run.plan is None:
            # Whoever plans it may have more parts to plan: the next run need not wait for that.
            self.stores.planning_turns.end_turn(*key)
        return run

    def _present(self, source: Source, run: Run) -> Run:
        """The state of a planned run, as the lease and the clock have it."""
        if run.state is not RunState.READY or run.plan is None:
            return run
        now = self.clock()
        if run.plan.expires_at <= now:
            return replace(run, state=RunState.EXPIRED)
        lease = source.lease
        if lease is not None and lease.run_id == run.run_id and lease.expires_at > now:
            return replace(run, state=RunState.APPLYING)
        return run


def _started(run: Run, by: Actor | None) -> AuditEntry | None:
    subject = {"sourceId": run.source_id, "runId": run.run_id}
    after = {"mode": run.mode}
    return entry_of(by, AuditKind.RUN_CREATED, run.tenant_id, run.created_at, subject, after=after, message=run.message)


def _discarded(run: RunKey, now: int, by: Actor | None, message: str | None) -> AuditEntry | None:
    subject = {"sourceId": run.source_id, "runId": run.run_id}
    return entry_of(by, AuditKind.RUN_DISCARDED, run.tenant_id, now, subject, message=message)
