"""The rows of runs. What a run found lies in objects; its row holds the plan that names them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from typing import Any, NamedTuple

from knowledge.actors import Author, author_value
from knowledge.audit import AuditEntry
from knowledge.errors import RunInProgressError, RunNotFoundError
from knowledge.events import Event, event_row
from knowledge.limits import EARLIER_PLANS_KEPT
from knowledge.model import Failure
from knowledge.pages import Page
from knowledge.runs.model import Plan, Run, RunMode, RunState, plan_from
from knowledge.runs.turns import PlanningTurns
from knowledge.storage.catalog import Action, Catalog, RefusedWriteError, ordered
from knowledge.storage.transactions import RefusedTransactionError

# When a run's row may move, by its state and the plan it was read with:
#
#   created         planned            planned again        expired (7 days after its last plan)
#   |-- planning ---|-- ready v1 ------|-- ready v2 --------|
#       set_failed,     note_failure, set_published: while it is ready, the latter on the plan it was read with
#       plan_again,     set_plan: the plan before it, while it lives
#       set_discarded: at any time, unless it is published; and then none of the others
SAME_PLAN = "planVersion = :version"
_NO_PLAN_YET = f"#state = :planning AND {SAME_PLAN}"
READY = "#state = :ready"
_PLANNABLE = "#state IN (:planning, :ready, :failed)"
_AS_READ = f"#state = :state AND {SAME_PLAN}"
_NOT_OVER = "#state <> :published AND #state <> :discarded"
_EXPIRES = "SET #state = :expired, updatedAt = :now"
_PLAN_LIVES = "(attribute_not_exists(planExpiresAt) OR planExpiresAt > :now)"


def run_sk(run_id: str) -> str:
    """The sort key of a run's row; its pk is the source."""
    return f"run#{run_id}"


class RunKey(NamedTuple):
    """Whose run it is, and which."""

    tenant_id: str
    source_id: str
    run_id: str


class EpochMovedError(Exception):
    """Raised when a snapshot or an import opened or ended while a run was reading."""


@dataclass(frozen=True, slots=True)
class RunStore:
    """Runs of all sources."""

    catalog: Catalog

    def create_run(self, run: Run, recorded: AuditEntry | None = None) -> Run:
        """Store a new run, or return the one that has its id already (a repeated creation)."""
        stored = self.catalog.put_new(_row(run), self.catalog.recording(recorded))
        return run if stored else self.get_run(run.source_id, run.run_id)

    def creating(self, run: Run) -> Action:
        """The action that stores a new run."""
        return self.catalog.putting_new(_row(run))

    def expiring(self, run: Run, now: int) -> Action:
        """The action that ends a run, as it was read, so that it can never be applied."""
        return self.catalog.updating(run.source_id, run_sk(run.run_id), _EXPIRES, _AS_READ, _expiry(run, now))

    def withdraw_run(self, run: Run) -> None:
        """Take back a run that was just created and never got to its turn."""
        values = {":planning": RunState.PLANNING, ":version": run.plan_version}
        with suppress(RefusedTransactionError):
            self.catalog.transact([self.catalog.deleting(run.source_id, run_sk(run.run_id), _NO_PLAN_YET, values)])

    def plan_again(self, run: Run, deadline_at: int, now: int) -> Run:
        """Let a run that has no plan be planned once more, until a new deadline; one that has a plan is as it is."""
        begun = self._try(
            run.source_id,
            run.run_id,
            "SET #state = :planning, deadlineAt = :deadline, updatedAt = :now REMOVE lastError",
            f"#state IN (:planning, :failed) AND {SAME_PLAN}",
            {
                ":planning": RunState.PLANNING,
                ":failed": RunState.FAILED,
                ":version": run.plan_version,
                ":deadline": deadline_at,
                ":now": now,
            },
        )
        if not begun:
            return self.get_run(run.source_id, run.run_id)
        return replace(run, state=RunState.PLANNING, deadline_at=deadline_at, last_error=None, updated_at=now)

    def get_run(self, source_id: str, run_id: str) -> Run:
        """Read a run, consistently. Raises RunNotFoundError when the source has none of that id."""
        row = self.catalog.find(source_id, run_sk(run_id))
        if row is None:
            raise RunNotFoundError
        return _run(row)

    def list_runs(
        self, source_id: str, *, limit: int, position: Any, keep: Callable[[Run], bool] | None = None
    ) -> Page[Run]:
        """List a source's runs, newest first; those to `keep`, if it is given."""
        return self.catalog.list(source_id, "run", _run, limit=limit, position=position, keep=keep)

    def set_plan(self, run: RunKey, plan: Plan, ready: Event, now: int, *, epoch: int | None = None) -> bool:
        """Store what a planning found, with its event, and end its turn.

        False when another planning of the run ended first or the run is over. Raises EpochMovedError unless an `epoch`,
        if given, is still the source's and nothing more is awaited, RunInProgressError when another run has the turn or
        an erasure was opened since.
        """
        update = self.catalog.updating(
            run.source_id,
            run_sk(run.run_id),
            "SET #plan = :plan, planVersion = :next, #state = :ready, planExpiresAt = :expires, updatedAt = :now"
            f"{_keeping_earlier(plan.version - 1)}",
            f"{SAME_PLAN} AND {_PLANNABLE} AND {_PLAN_LIVES}",
            {
                ":plan": asdict(plan),
                ":next": plan.version,
                ":version": plan.version - 1,
                ":expires": plan.expires_at,
                ":planning": RunState.PLANNING,
                ":ready": RunState.READY,
                ":failed": RunState.FAILED,
                ":now": now,
            },
        )
        ending = PlanningTurns(self.catalog).ending_turn(
            *run, epoch=epoch, began_at=plan.planned_at, erasures=plan.erasures
        )
        try:
            self.catalog.transact([update, self.catalog.putting_new(event_row(ready)), ending])
        except RefusedTransactionError as error:
            if 0 in error.failed:
                return False
            raise (RunInProgressError if epoch is None else EpochMovedError) from error
        return True

    def replace_files(self, run: Run, plan: Plan) -> bool:
        """Let the plan of a published run name other files of changes; False when it is not as it was read."""
        return self._try(
            run.source_id,
            run.run_id,
            "SET #plan = :plan",
            f"#state = :published AND {SAME_PLAN}",
            {":plan": asdict(plan), ":published": RunState.PUBLISHED, ":version": run.plan_version},
        )

    def set_published(self, run: Run, generation_id: str, now: int, recorded: AuditEntry | None = None) -> bool:
        """Note that a run without changes stands for the generation that is served already."""
        update = self.catalog.updating(
            run.source_id,
            run_sk(run.run_id),
            "SET #state = :published, generationId = :generation, updatedAt = :now REMOVE lastError",
            f"{SAME_PLAN} AND {READY}",
            {
                ":published": RunState.PUBLISHED,
                ":ready": RunState.READY,
                ":generation": generation_id,
                ":version": run.plan_version,
                ":now": now,
            },
        )
        try:
            self.catalog.transact([update, *self.catalog.recording(recorded)])
        except RefusedTransactionError:
            return False
        return True

    def note_failure(self, run: Run, failure: Failure) -> bool:
        """Record the last failure of a run that has a plan; it stays ready."""
        return self._try(
            run.source_id,
            run.run_id,
            "SET lastError = :error, updatedAt = :now",
            READY,
            {":error": asdict(failure), ":ready": RunState.READY, ":now": failure.at},
        )

    def set_failed(self, run: Run, failure: Failure, failed: Event) -> bool:
        """Fail a run that never got a plan, with its event; a run that has one stays ready."""
        update = self.catalog.updating(
            run.source_id,
            run_sk(run.run_id),
            "SET #state = :failed, lastError = :error, updatedAt = :now",
            _NO_PLAN_YET,
            {
                ":failed": RunState.FAILED,
                ":planning": RunState.PLANNING,
                ":error": asdict(failure),
                ":version": run.plan_version,
                ":now": failure.at,
            },
        )
        try:
            self.catalog.transact([update, self.catalog.putting_new(event_row(failed))])
        except RefusedTransactionError:
            return False
        return True

    def set_expired(self, run: Run, now: int) -> bool:
        """Mark a run that can never be applied any more, as it was read; from then on its objects may go."""
        return self._try(run.source_id, run.run_id, _EXPIRES, _AS_READ, _expiry(run, now))

    def set_discarded(self, run: RunKey, now: int, recorded: AuditEntry | None = None) -> bool:
        """Take a run away for good, whatever its plan; False when it is published or discarded, or not there."""
        values = {":discarded": RunState.DISCARDED, ":published": RunState.PUBLISHED, ":now": now}
        update = self.catalog.updating(
            run.source_id,
            run_sk(run.run_id),
            "SET #state = :discarded, updatedAt = :now",
            f"attribute_exists(pk) AND {_NOT_OVER}",
            values,
        )
        try:
            self.catalog.transact([update, *self.catalog.recording(recorded)])
        except RefusedTransactionError:
            return False
        return True

    def _try(self, source_id: str, run_id: str, expression: str, condition: str, values: Mapping[str, Any]) -> bool:
        try:
            self.catalog.update(source_id, run_sk(run_id), expression, f"attribute_exists(pk) AND {condition}", values)
        except RefusedWriteError:
            return False
        return True


def _earlier(version: int) -> str:
    """Where the row keeps a plan that another one followed."""
    return f"plan{version}"


def _keeping_earlier(version: int) -> str:
    """Keep the plan of a version, whose place another takes: what the row has before the update is read in it."""
    if version == 0:
        return " REMOVE lastError"
    removed = ["lastError", _earlier(version - EARLIER_PLANS_KEPT)] if version > EARLIER_PLANS_KEPT else ["lastError"]
    return f", {_earlier(version)} = #plan REMOVE {', '.join(removed)}"


def _expiry(run: Run, now: int) -> dict[str, Any]:
    return {":expired": RunState.EXPIRED, ":state": run.state, ":version": run.plan_version, ":now": now}


def _row(run: Run) -> dict[str, Any]:
    return {
        "pk": run.source_id,
        "sk": run_sk(run.run_id),
        "order": ordered("run", run.created_at, run.run_id),
        "tenantId": run.tenant_id,
        "runId": run.run_id,
        "mode": run.mode,
        "state": run.state,
        "planVersion": run.plan_version,
        "deadlineAt": run.deadline_at,
        "createdAt": run.created_at,
        "updatedAt": run.updated_at,
        "createdBy": author_value(run.created_by),
        "message": run.message,
    }


def _run(row: Mapping[str, Any]) -> Run:
    failure = row.get("lastError")
    return Run(
        tenant_id=row["tenantId"],
        source_id=row["pk"],
        run_id=row["runId"],
        mode=RunMode(row["mode"]),
        state=RunState(row["state"]),
        plan_version=row["planVersion"],
        plan=plan_from(row["plan"]) if "plan" in row else None,
        generation_id=row.get("generationId"),
        last_error=None if failure is None else Failure(**failure),
        deadline_at=row["deadlineAt"],
        created_at=row["createdAt"],
        updated_at=row["updatedAt"],
        created_by=Author.from_value(row.get("createdBy")),
        message=row.get("message"),
        earlier_plans=_earlier_plans(row),
    )


def _earlier_plans(row: Mapping[str, Any]) -> tuple[Plan, ...]:
    latest = row["planVersion"]
    names = [_earlier(version) for version in range(max(1, latest - EARLIER_PLANS_KEPT), latest)]
    return tuple(plan_from(row[name]) for name in names if name in row)
