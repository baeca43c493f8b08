"""The state machine in process: it interprets the ASL itself, so tests can't drift from the machine that runs."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from knowledge import tasks
from knowledge.actors import Actor
from knowledge.assembly import KnowledgeServices
from knowledge.errors import BuildFailedError, KnowledgeError, RunFailedError
from knowledge.ports import Action
from knowledge.runs.failures import TaskFailure, domain_error
from knowledge.runs.machine import execution_input

from testing.recording import acting

DEFINITION = Path(__file__).parents[1] / "statemachines" / "diff_and_apply.asl.json"
# What Step Functions takes as the input or the result of a state, as JSON.
STATE_BYTES = 256 * 1024
Task = Callable[[KnowledgeServices, Mapping[str, Any]], Any]
TASKS: dict[str, Task] = {
    "DiffRunFunctionArn": tasks.diff_run,
    "BuildGenerationFunctionArn": tasks.build_generation,
    "PublishGenerationFunctionArn": tasks.publish_generation,
    "RecordFailureFunctionArn": tasks.record_failure,
}


class InlineMachine:
    """Walks the states with JSON in between, as Step Functions does.

    `retries` bounds each task's Retry, besides what the definition says; `pause` is what happens while it waits before
    another try.
    """

    def __init__(
        self, knowledge: KnowledgeServices, *, retries: int = 0, pause: Callable[[], None] = lambda: None
    ) -> None:
        self.knowledge = knowledge
        self.retries = retries
        self.pause = pause
        self.tries: Counter[str] = Counter()
        self.caught: list[Exception] = []
        self.definition = json.loads(DEFINITION.read_text(encoding="utf-8"))

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
        """See `knowledge.ports.Machine.run_action`."""
        state = execution_input(action, tenant_id, source_id, run_id, approve_removals, plan_version, by, message)
        return self.walk(state, action)

    def walk(self, state: dict[str, Any], action: Action) -> Mapping[str, Any]:
        """Walk from the first state to the end, and return the last; a failed execution raises its domain error."""
        name: str | None = self.definition["StartAt"]
        while name is not None:
            step = self.definition["States"][name]
            if step["Type"] == "Succeed":
                break
            if step["Type"] == "Choice":
                name = next((rule["Next"] for rule in step["Choices"] if _holds(rule, state)), step["Default"])
            elif step["Type"] == "Pass":
                state[step["ResultPath"].removeprefix("$.")] = json.loads(json.dumps(step["Result"]))
                name = step["Next"]
            else:
                name = self._task(step, state, action)
        return state

    def _task(self, step: dict[str, Any], state: dict[str, Any], action: Action) -> str:
        task = TASKS[step["Parameters"]["FunctionName"].strip("${}")]
        allowed = {error: rule["MaxAttempts"] for rule in step["Retry"] for error in rule["ErrorEquals"]}
        for attempt in range(self.retries + 1):
            self.tries[function_of(step)] += 1
            try:
                with acting(function_of(step)):
                    result = task(self.knowledge, json.loads(json.dumps(state)))
            except Exception as error:
                if attempt < min(self.retries, allowed.get(type(error).__name__, 0)):
                    self.pause()
                    continue
                return self._caught(step, state, action, error)
            assert len(json.dumps(result)) < 64 * 1024, "the machine's state holds pointers only"
            state[step["ResultPath"].removeprefix("$.")] = {"value": json.loads(json.dumps(result))}
            assert len(json.dumps(state)) <= STATE_BYTES, "the state is larger than Step Functions passes on"
            return str(step["Next"])
        raise AssertionError

    def _caught(self, step: dict[str, Any], state: dict[str, Any], action: Action, error: Exception) -> str:
        name = type(error).__name__
        if not isinstance(error, KnowledgeError):
            self.caught.append(error)
        cause = json.dumps({"errorMessage": str(error), "errorType": name})
        for rule in step.get("Catch", []):
            if name in rule["ErrorEquals"] or "States.ALL" in rule["ErrorEquals"]:
                state[rule["ResultPath"].removeprefix("$.")] = {"Error": name, "Cause": cause}
                return str(rule["Next"])
        otherwise: type[KnowledgeError] = RunFailedError if action is Action.DIFF else BuildFailedError
        raise domain_error(TaskFailure(name, cause), otherwise) from error


def function_of(step: Mapping[str, Any]) -> str:
    """The logical id of the function that a state invokes."""
    return str(step["Parameters"]["FunctionName"]).strip("${}").removesuffix("Arn")


def _holds(rule: dict[str, Any], state: Mapping[str, Any]) -> bool:
    value: Any = state
    for key in rule["Variable"].removeprefix("$.").split("."):
        if key not in value:
            return False
        value = value[key]
    if "IsPresent" in rule:
        return bool(rule["IsPresent"])
    return bool(value == rule.get("StringEquals", rule.get("BooleanEquals")))
