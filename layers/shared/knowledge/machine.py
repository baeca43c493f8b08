"""The state machine as the services call it: one synchronous Express execution, awaited for 25 s."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ReadTimeoutError

from knowledge.aws import translated
from knowledge.errors import BuildFailedError, RunFailedError
from knowledge.failures import TaskFailure, domain_error
from knowledge.ports import Action, StillRunningError

if TYPE_CHECKING:
    from types_boto3_stepfunctions import SFNClient


def execution_input(
    action: Action,
    tenant_id: str,
    source_id: str,
    run_id: str,
    approve_removals: int | None,
    plan_version: int | None,
) -> dict[str, Any]:
    """The state that an execution starts with; see `knowledge.tasks`."""
    state = {
        "action": action,
        "tenantId": tenant_id,
        "sourceId": source_id,
        "runId": run_id,
        "approveRemovals": approve_removals,
        "planVersion": plan_version,
    }
    return {name: value for name, value in state.items() if value is not None}


@dataclass(frozen=True, slots=True)
class StepFunctionsMachine:
    """Starts executions of `diff_and_apply`."""

    stepfunctions: SFNClient
    arn: str

    def run(
        self,
        action: Action,
        tenant_id: str,
        source_id: str,
        run_id: str,
        *,
        approve_removals: int | None = None,
        plan_version: int | None = None,
    ) -> None:
        """See `ports.Machine.run`. The answer is HTTP 200 for a failed execution too, so `status` decides."""
        state = execution_input(action, tenant_id, source_id, run_id, approve_removals, plan_version)
        with translated():
            try:
                answer = self.stepfunctions.start_sync_execution(stateMachineArn=self.arn, input=json.dumps(state))
            except ReadTimeoutError as error:
                raise StillRunningError from error
        if answer["status"] == "SUCCEEDED":
            return
        failure = TaskFailure(answer.get("error", answer["status"]), answer.get("cause", ""))
        raise domain_error(failure, RunFailedError if action is Action.DIFF else BuildFailedError)
