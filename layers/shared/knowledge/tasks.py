"""The state machine's tasks as JSON in, JSON out. The machine's state carries pointers; contents stay in objects.

State: `{action, tenantId, sourceId, runId, approveRemovals?, planVersion?, by?, message?, diff?, build?, error?,
turn?}`. Each task is given the whole state and returns what becomes `diff` (diff_run) or `build` (build_generation,
publish_generation).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from knowledge.actors import Actor
from knowledge.assembly import KnowledgeServices
from knowledge.generations.eligibility import ApplyRequest
from knowledge.generations.rows import generation_from_value
from knowledge.generations.store import Publication
from knowledge.model import ObjectRef
from knowledge.runs.failures import TaskFailure
from knowledge.runs.model import plan_from

State = Mapping[str, Any]


def diff_run(knowledge: KnowledgeServices, state: State) -> dict[str, Any]:
    """Plan a run, or carry its planning on: `{done, checkpoint, plan?, storedAt?}`."""
    checkpoint = state.get("diff", {}).get("value", {}).get("checkpoint")
    planned = knowledge.planner.plan_run(*_run_of(state), None if checkpoint is None else ObjectRef(**checkpoint))
    answer: dict[str, Any] = {
        "done": planned.done,
        "checkpoint": None if planned.checkpoint is None else asdict(planned.checkpoint),
    }
    if planned.plan is not None:
        answer |= {"plan": asdict(planned.plan), "storedAt": planned.stored_at}
    return answer


def build_generation(knowledge: KnowledgeServices, state: State) -> dict[str, Any]:
    """Take the lease and make the checks: `{status, leaseToken?, publication?, generationId?}`.

    The status is `built`, or `published` when there is nothing to publish any more. `beganAt` (ms), in the first, is
    when the apply began.
    """
    began_at = knowledge.clock()
    request = ApplyRequest(
        *_run_of(state),
        state.get("approveRemovals"),
        state.get("planVersion"),
        Actor.from_value(state.get("by")),
        state.get("message"),
    )
    outcome = knowledge.builder.build_generation(request)
    if outcome.publication is None:
        return {"status": "published", "generationId": outcome.generation_id}
    return {
        "status": "built",
        "beganAt": began_at,
        "leaseToken": outcome.publication.lease_token,
        "publication": asdict(outcome.publication),
    }


def publish_generation(knowledge: KnowledgeServices, state: State) -> dict[str, Any]:
    """Publish what was built: `{status: published, generationId, counts}`."""
    generation = knowledge.publisher.publish_generation(_publication(_build_of(state)["publication"]))
    return {
        "status": "published",
        "generationId": generation.generation_id,
        "counts": asdict(generation.counts),
    }


def record_failure(knowledge: KnowledgeServices, state: State) -> None:
    """Record how a task failed and raise that as a domain error, with which the execution fails.

    What made it plan again is told rather than that its turn did not come.
    """
    failure = TaskFailure.caught(state.get("error") or state["turn"])
    raise knowledge.failures.record_failure(*_run_of(state), failure, _build_of(state).get("leaseToken"))


def _run_of(state: State) -> tuple[str, str, str]:
    return state["tenantId"], state["sourceId"], state["runId"]


def _publication(value: Mapping[str, Any]) -> Publication:
    return Publication(
        **{
            **value,
            "plan": plan_from(value["plan"]),
            "generation": generation_from_value(value["generation"]),
            "by": Actor.from_value(value["by"]),
        }
    )


def _build_of(state: State) -> Mapping[str, Any]:
    value: Mapping[str, Any] = state.get("build", {}).get("value", {})
    return value
