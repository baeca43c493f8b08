"""The state machine as the services call it: one synchronous Express execution, awaited for 25 s."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ReadTimeoutError

from knowledge.actors import Actor
from knowledge.errors import BuildFailedError, RunFailedError
from knowledge.model import Counts
from knowledge.ports import Action, StillRunningError
from knowledge.runs.failures import TaskFailure, domain_error
from knowledge.runs.model import ApplyOutcome, Plan, plan_from
from knowledge.storage.clients import translated

if TYPE_CHECKING:
    from types_boto3_stepfunctions import SFNClient


def execution_input(
    action: Action,
    tenant_id: str,
    source_id: str,
    run_id: str,
    approve_removals: int | None,
    plan_version: int | None,
    by: Actor | None = None,
    message: str | None = None,
) -> dict[str, Any]:
    """The state that an execution starts with; see `knowledge.tasks`."""
    state = {
        "action": action,
        "tenantId": tenant_id,
        "sourceId": source_id,
        "runId": run_id,
        "approveRemovals": approve_removals,
        "planVersion": plan_version,
        "by": None if by is None else asdict(by),
        "message": message,
    }
    return {name: value for name, value in state.items() if value is not None}


def planned_in(state: Mapping[str, Any]) -> tuple[Plan, int] | None:
    """The plan that an execution ended with, and when it was stored (ms); None when the run has to be read."""
    value = state.get("diff", {}).get("value", {})
    return (plan_from(value["plan"]), value["storedAt"]) if "plan" in value else None


def published_in(state: Mapping[str, Any]) -> ApplyOutcome | None:
    """What an execution published; None when the run has to be read."""
    value = state.get("published", {}).get("value")
    return None if value is None else ApplyOutcome(value["generationId"], Counts(**value["counts"]))


@dataclass(frozen=True, slots=True)
class StepFunctionsMachine:
    """Starts executions of `diff_and_apply`."""

    stepfunctions: SFNClient
    arn: str

    def run_action(
        self,
        action: Action,
        tenant_id: str,
        source_id: str,
        run_id: str,
        *,
        approve_removals: int | None = None,
        plan_version: int | None = None,
        by: Actor | None = None,
        message: str | None = None,
    ) -> Mapping[str, Any]:
        """See `ports.Machine.run_action`. The answer is HTTP 200 for a failed execution too, so `status` decides."""
        state = execution_input(action, tenant_id, source_id, run_id, approve_removals, plan_version, by, message)
        with translated():
            try:
                # Its log tells an execution by its name, and leaves out what it was about. Names may come again.
                answer = self.stepfunctions.start_sync_execution(
                    stateMachineArn=self.arn, name=f"{action}-{run_id}", input=json.dumps(state)
                )
            except ReadTimeoutError as error:
                raise StillRunningError from error
        if answer["status"] == "SUCCEEDED":
            last: dict[str, Any] = json.loads(answer["output"])
            return last
        failure = TaskFailure(answer.get("error", answer["status"]), answer.get("cause", ""))
        raise domain_error(failure, RunFailedError if action is Action.DIFF else BuildFailedError)
