"""The machine `import` in process: its ASL walked state by state, so that executions can take turns and can die."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from knowledge import export_tasks, import_tasks
from knowledge.assembly import KnowledgeServices
from knowledge.imports.machine import import_input
from knowledge.imports.model import Import

from testing.faults import Crash, FunctionCrash
from testing.held_clock import HeldClock
from testing.inline_machine import TASKS, _holds, function_of
from testing.recording import acting

DEFINITION = Path(__file__).parents[1] / "statemachines" / "import.asl.json"
ALL_TASKS = {
    **TASKS,
    "StageImportFunctionArn": import_tasks.stage_import,
    "FinishImportFunctionArn": import_tasks.finish_import,
    "WriteExportFunctionArn": export_tasks.write_export,
}
LARGEST_STATE_BYTES = 64 * 1024


class FunctionDiedError(Exception):
    """What Step Functions tells of a function that died: nothing of ours."""


class Execution:
    """One execution: a walk that stops before each state. `status` is RUNNING, SUCCEEDED or FAILED."""

    def __init__(self, machine: InlineStandardMachine, name: str, state: dict[str, Any]) -> None:
        self.name = name
        self.input = json.dumps(state)
        self.status = "RUNNING"
        self.path: list[str] = []
        self.wakes_at = 0
        self._walk = machine.walk(self, json.loads(self.input))

    def step(self) -> None:
        """Walk through one state; a Crash takes the execution with it."""
        try:
            next(self._walk)
        except StopIteration:
            self.status = self.status.replace("RUNNING", "SUCCEEDED")
        except Crash:
            self.status = "ABORTED"
            raise

    @property
    def ended_event(self) -> dict[str, Any]:
        """What EventBridge tells of an execution that did not succeed."""
        return {
            "id": f"ended-{self.name}",
            "source": "aws.states",
            "detail-type": "Step Functions Execution Status Change",
            "detail": {"name": self.name, "status": self.status, "input": self.input},
        }


class InlineStandardMachine:
    """Keeps executions and walks them with JSON in between, as Step Functions does."""

    def __init__(self, clock: HeldClock, definition: Path) -> None:
        self.clock = clock
        self.knowledge: KnowledgeServices | None = None
        self.executions: dict[str, Execution] = {}
        self.errors: list[Exception] = []
        self.definition = json.loads(definition.read_text(encoding="utf-8"))

    def begin(self, name: str, state: dict[str, Any]) -> None:
        """Begin an execution; a name is taken once."""
        if name not in self.executions:
            self.executions[name] = Execution(self, name, state)

    @property
    def running(self) -> list[Execution]:
        """The executions that have not ended."""
        return [execution for execution in self.executions.values() if execution.status == "RUNNING"]

    def run(self, *, steps: int = 100_000) -> None:
        """Walk all executions in turn, a state each, until all have ended or so many states were walked."""
        while self.running and steps > 0:
            awake = [execution for execution in self.running if execution.wakes_at <= self.clock.now]
            if not awake:
                self.clock.now = min(execution.wakes_at for execution in self.running)
            for execution in awake:
                execution.step()
                steps -= 1
        assert steps > 0 or not self.running, "executions run for ever"

    def run_until(self, state: str) -> None:
        """Walk all executions in turn until one stands before a state for a further time."""
        before = sum(execution.path.count(state) for execution in self.executions.values())
        while sum(execution.path.count(state) for execution in self.executions.values()) == before:
            assert self.running, f"no execution came to {state}"
            self.clock.now = max(self.clock.now, min(execution.wakes_at for execution in self.running))
            for execution in self.running:
                if execution.wakes_at <= self.clock.now:
                    execution.step()

    def abort_all(self) -> list[dict[str, Any]]:
        """End every execution as an operator would, and return the events that tell of it."""
        running = self.running
        for execution in running:
            execution.status = "ABORTED"
        return [execution.ended_event for execution in running]

    def walk(self, execution: Execution, state: dict[str, Any]) -> Iterator[None]:
        """Walk from the first state to the last."""
        name = self.definition["StartAt"]
        while True:
            execution.path.append(name)
            step = self.definition["States"][name]
            yield
            if step["Type"] == "Succeed":
                return
            if step["Type"] == "Choice":
                name = next((rule["Next"] for rule in step["Choices"] if _holds(rule, state)), step["Default"])
                continue
            if step["Type"] == "Wait":
                execution.wakes_at = self.clock.now + 1000 * _at(state, step["SecondsPath"])
            elif step["Type"] == "Pass":
                state[step["ResultPath"].removeprefix("$.")] = json.loads(json.dumps(step["Result"]))
            else:
                following = self._task(step, state)
                if following is None:
                    execution.status = "FAILED"
                    return
                name = following
                continue
            name = step["Next"]

    def _task(self, step: dict[str, Any], state: dict[str, Any]) -> str | None:
        task = ALL_TASKS[step["Parameters"]["FunctionName"].strip("${}")]
        tried: dict[int, int] = {}
        while True:
            try:
                with acting(function_of(step)):
                    result = task(self._product, _payload(step["Parameters"], state))
            except FunctionCrash as crash:
                error: Exception = FunctionDiedError(str(crash))
            except Exception as raised:
                error = raised
            else:
                assert len(json.dumps(result)) < LARGEST_STATE_BYTES, "the machine's state holds pointers only"
                state[step["ResultPath"].removeprefix("$.")] = {"value": json.loads(json.dumps(result))}
                return str(step["Next"])
            self.errors.append(error)
            names = {type(error).__name__, "States.ALL"}
            rule = next((at for at, rule in enumerate(step["Retry"]) if names & set(rule["ErrorEquals"])), None)
            if rule is None or tried.get(rule, 0) >= step["Retry"][rule]["MaxAttempts"]:
                return self._caught(step, state, error, names)
            tried[rule] = tried.get(rule, 0) + 1
            self.clock.advance(seconds=1)

    def _caught(self, step: dict[str, Any], state: dict[str, Any], error: Exception, names: set[str]) -> str | None:
        cause = json.dumps({"errorMessage": str(error), "errorType": type(error).__name__})
        for rule in step.get("Catch", []):
            if names & set(rule["ErrorEquals"]):
                state[rule["ResultPath"].removeprefix("$.")] = {"Error": type(error).__name__, "Cause": cause}
                return str(rule["Next"])
        return None

    @property
    def _product(self) -> KnowledgeServices:
        assert self.knowledge is not None
        return self.knowledge


class InlineImportMachine(InlineStandardMachine):
    """The machine `import`."""

    def __init__(self, clock: HeldClock) -> None:
        super().__init__(clock, DEFINITION)

    def start(self, job: Import) -> None:
        """See `knowledge.imports.machine.ImportMachine`."""
        self.begin(f"{job.import_id}-{job.attempt}", import_input(job))


def _payload(parameters: Mapping[str, Any], state: Mapping[str, Any]) -> Any:
    if "Payload.$" in parameters:
        return json.loads(json.dumps(state))
    payload = dict(parameters["Payload"])
    assert payload.pop("state.$") == "$"
    return json.loads(json.dumps({**payload, "state": state}))


def _at(state: Mapping[str, Any], path: str) -> Any:
    value: Any = state
    for key in path.removeprefix("$.").split("."):
        value = value[key]
    return value
