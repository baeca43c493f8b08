"""The tasks of the machine `import` as JSON in, JSON out; what they share with `diff_and_apply` is `knowledge.tasks`.

State: `{tenantId, sourceId, importId, attempt, apply, runId, by?, message?, stage?, diff?, build?, wait?, error?}`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from knowledge.assembly import KnowledgeServices
from knowledge.imports.model import ImportState
from knowledge.imports.steps import ImportName, seconds_to_wait
from knowledge.runs.failures import TaskFailure

State = Mapping[str, Any]


def start_import(knowledge: KnowledgeServices, event: State) -> dict[str, Any]:
    """Follow an event: `{importId}`, or `{rejected}` with the reason, in which case it went to the dead letters."""
    # The other tasks read no events.
    from knowledge.imports.events import RejectedEventError

    try:
        return {"importId": knowledge.imports.intake.start_import(event)}
    except RejectedEventError as error:
        knowledge.imports.dead_letters.put_event(str(error), event)
        return {"rejected": str(error)}


def stage_import(knowledge: KnowledgeServices, state: State) -> dict[str, Any]:
    """Do a part of the staging: `{status: queued, staging, staged or ended, waitSeconds}`."""
    job = knowledge.imports.steps.stage_import(_name_of(state))
    if job is None:
        return {"status": "ended", "waitSeconds": 0}
    before = {ImportState.QUEUED, ImportState.STAGING}
    return {
        "status": str(job.state) if job.state in before else "staged",
        "waitSeconds": seconds_to_wait(job, knowledge.clock()),
    }


def finish_import(knowledge: KnowledgeServices, call: State) -> dict[str, Any]:
    """Take `{phase, state}` and note how the run fares, or end the import: `{waitSeconds}`."""
    state = call["state"]
    steps, name = knowledge.imports.steps, _name_of(state)
    wait_seconds = 0
    match call["phase"]:
        case "planning":
            steps.follow_run(name, ImportState.PLANNING)
        case "applying":
            steps.follow_run(name, ImportState.APPLYING)
        case "plan_again":
            token = state.get("build", {}).get("value", {}).get("leaseToken")
            wait_seconds = steps.plan_again(name, _failure_of(state), token)
        case "completed":
            steps.complete_import(name)
        case _:
            steps.fail_import(name, _failure_of(state))
    return {"waitSeconds": wait_seconds}


def _name_of(state: State) -> ImportName:
    return ImportName(state["tenantId"], state["sourceId"], state["importId"], state["attempt"])


def _failure_of(state: State) -> TaskFailure:
    return TaskFailure.caught(state["error"])
