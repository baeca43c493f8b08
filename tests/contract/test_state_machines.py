"""The state machines: valid Amazon States Language, tied to the template, caught, retried, small in what they carry."""

from __future__ import annotations

import importlib
import json
import pkgutil
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import knowledge
import pytest

from local.template import ROOT
from local.template.load import read_template
from testing.resources import continuous_integration

_INVOKE = "arn:${Partition}:states:::lambda:invoke"
_EXPRESS_SECONDS = 300
# https://docs.aws.amazon.com/step-functions/latest/dg/concepts-error-handling.html
_ERRORS_OF_AWS = re.compile(r"^(States\.(ALL|Timeout|TaskFailed)|Lambda\.[A-Z]\w+)$")
_TEMPLATE = read_template()
_MACHINES = dict(_TEMPLATE.of_type("AWS::Serverless::StateMachine"))


@pytest.fixture(params=_MACHINES)
def logical_id(request: pytest.FixtureRequest) -> str:
    name: str = request.param
    return name


@pytest.fixture
def machine(logical_id: str) -> dict[str, Any]:
    return _MACHINES[logical_id]


@pytest.fixture
def definition(machine: dict[str, Any]) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(path_of(machine).read_text("utf-8"))
    return document


def path_of(machine: dict[str, Any]) -> Path:
    return ROOT / str(machine["DefinitionUri"])


def every_state(definition: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Each state by its name, those inside Map and Parallel states too."""
    for name, state in definition["States"].items():
        yield name, state
        for inner in [
            *state.get("Branches", []),
            *(state[key] for key in ("Iterator", "ItemProcessor") if key in state),
        ]:
            yield from every_state(inner)


def tasks_of(definition: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {name: state for name, state in every_state(definition) if state["Type"] == "Task"}


def catches_all(state: dict[str, Any]) -> str | None:
    """Where a state goes that fails for any reason, None when it ends the execution."""
    for catcher in state.get("Catch", []):
        if catcher["ErrorEquals"] == ["States.ALL"]:
            target: str = catcher["Next"]
            return target
    return None


def errors_of_the_code() -> set[str]:
    """The names of every exception that a module of the lifecycle defines: a task fails under them."""
    found = set()
    for module in pkgutil.walk_packages(knowledge.__path__, "knowledge."):
        for value in vars(importlib.import_module(module.name)).values():
            if isinstance(value, type) and issubclass(value, Exception) and value.__module__.startswith("knowledge."):
                found.add(value.__name__)
    return found


def test_every_definition_belongs_to_a_machine() -> None:
    assert {path_of(machine) for machine in _MACHINES.values()} == set((ROOT / "statemachines").iterdir())


def test_definition_is_valid_amazon_states_language(machine: dict[str, Any], tmp_path: Path) -> None:
    linter = ROOT / "node_modules" / ".bin" / "asl-validator"
    if not linter.exists() or shutil.which("node") is None:
        (pytest.fail if continuous_integration() else pytest.skip)("asl-validator is not installed: run `npm ci`")
    # As it is after its substitutions; the linter knows the resources of one partition.
    substituted = tmp_path / path_of(machine).name
    substituted.write_text(path_of(machine).read_text("utf-8").replace("${Partition}", "aws"))
    done = subprocess.run([linter, "--json-path", substituted], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_definition_is_in_json_path(definition: dict[str, Any]) -> None:
    # The emulated interpreter has no JSONata.
    assert definition.get("QueryLanguage", "JSONPath") == "JSONPath"
    assert [
        name for name, state in every_state(definition) if state.get("QueryLanguage", "JSONPath") != "JSONPath"
    ] == []


def test_substitutions_are_functions_of_the_template_and_all_used(machine: dict[str, Any]) -> None:
    used = set(re.findall(r"\$\{(\w+)\}", path_of(machine).read_text("utf-8")))
    substitutions = dict(machine["DefinitionSubstitutions"])
    assert used == set(substitutions)
    assert substitutions.pop("Partition") == {"Ref": "AWS::Partition"}
    functions = dict(_TEMPLATE.of_type("AWS::Serverless::Function"))
    for name, value in substitutions.items():
        function, attribute = value["Fn::GetAtt"]
        assert function in functions
        assert (name, attribute) == (f"{function}Arn", "Arn")


def test_machine_may_invoke_its_functions_alone(machine: dict[str, Any]) -> None:
    statements = [statement for policy in machine["Policies"] for statement in policy["Statement"]]
    (invokes,) = [statement for statement in statements if statement["Action"] == "lambda:InvokeFunction"]
    functions = [value for name, value in machine["DefinitionSubstitutions"].items() if name != "Partition"]
    assert sorted(map(str, invokes["Resource"])) == sorted(map(str, functions))


def test_every_task_invokes_a_function_and_outwaits_it(definition: dict[str, Any], machine: dict[str, Any]) -> None:
    functions = dict(_TEMPLATE.of_type("AWS::Serverless::Function"))
    for name, task in tasks_of(definition).items():
        assert task["Resource"] == _INVOKE, name
        (variable,) = re.findall(r"^\$\{(\w+)\}$", task["Parameters"]["FunctionName"])
        function = machine["DefinitionSubstitutions"][variable]["Fn::GetAtt"][0]
        # Else a function would go on that the machine has given up, beside the one that it starts next.
        assert task["TimeoutSeconds"] >= functions[function]["Timeout"], name


def test_every_task_is_retried_with_jitter(definition: dict[str, Any]) -> None:
    for name, task in tasks_of(definition).items():
        retried = [retry for retry in task["Retry"] if retry.get("MaxAttempts") != 0]
        assert retried, name
        for retry in retried:
            assert retry["JitterStrategy"] == "FULL", name
            assert retry["BackoffRate"] > 1, name
            assert retry["MaxDelaySeconds"] <= 60, name
        errors = {error for retry in retried for error in retry["ErrorEquals"]}
        throttles = {"ServiceUnavailableError", "Lambda.TooManyRequestsException"}
        assert "States.ALL" in errors or throttles <= errors, name


def test_every_failure_is_recorded(definition: dict[str, Any]) -> None:
    """A task that fails for any reason leads to one that records it; that one alone may fail the execution."""
    tasks = tasks_of(definition)
    recorders = {target for task in tasks.values() if (target := catches_all(task))}
    assert recorders
    assert recorders <= set(tasks)
    uncaught = {name for name, task in tasks.items() if catches_all(task) is None}
    assert uncaught <= recorders
    for name in uncaught:
        assert definition["States"][tasks[name]["Next"]]["Type"] in {"Succeed", "Fail"}, name
    for name, task in tasks.items():
        assert all(catcher["ResultPath"].startswith("$.") for catcher in task.get("Catch", [])), name


def test_errors_that_are_told_apart_exist(definition: dict[str, Any]) -> None:
    known = errors_of_the_code()
    for name, task in tasks_of(definition).items():
        for rule in [*task["Retry"], *task.get("Catch", [])]:
            unknown = [error for error in rule["ErrorEquals"] if not _ERRORS_OF_AWS.match(error) and error not in known]
            assert unknown == [], name


def test_state_carries_what_tasks_answer_and_nothing_else(definition: dict[str, Any]) -> None:
    """Each answer has its slot, which the next answer replaces: the state does not grow with rounds."""
    for name, state in every_state(definition):
        assert not state.keys() & {"InputPath", "OutputPath"}, name
        if state["Type"] == "Task":
            # Not what Lambda tells beside the answer.
            assert state["ResultSelector"] == {"value.$": "$.Payload"}, name
        if state["Type"] in {"Task", "Pass"}:
            assert re.fullmatch(r"\$\.[a-z]\w*", state["ResultPath"]), name


def test_express_machine_ends_before_aws_ends_it(machine: dict[str, Any], definition: dict[str, Any]) -> None:
    if machine["Type"] == "EXPRESS":
        assert definition["TimeoutSeconds"] < _EXPRESS_SECONDS


def test_no_state_is_unreachable(definition: dict[str, Any]) -> None:
    reached, todo = set(), [definition["StartAt"]]
    while todo:
        name = todo.pop()
        if name not in reached:
            reached.add(name)
            todo += re.findall(r'"(?:Next|Default)": "(\w+)"', json.dumps(definition["States"][name]))
    assert reached == set(definition["States"])
