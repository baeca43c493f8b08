"""Bounds what moto keeps of the executions that have ended: each holds its history and all that its states said."""

from __future__ import annotations

from typing import Any

from moto.stepfunctions.exceptions import ExecutionAlreadyExists
from moto.stepfunctions.parser.api import StateMachineType
from moto.stepfunctions.parser.models import StepFunctionsParserBackend

# A machine's; AWS keeps them for 90 days.
KEPT_EXECUTIONS = 100


def bound_executions() -> None:
    """Keep the last executions of each machine, those that run, and the names of all Standard ones."""
    backend: Any = StepFunctionsParserBackend
    start = backend.start_execution
    names: dict[str, set[str]] = {}

    def start_execution(self: Any, machine_arn: str, name: str | None = None, *rest: Any, **more: Any) -> Any:
        machine = self.describe_state_machine(machine_arn)
        # A name that was used stays used: who starts an execution twice counts on it.
        if name in names.get(machine.arn, ()):
            raise ExecutionAlreadyExists(f"Execution Already Exists: '{name}'")
        forgotten = _forget(machine.executions)
        if machine.sm_type == StateMachineType.STANDARD:
            names.setdefault(machine.arn, set()).update(forgotten)
        return start(self, machine_arn, name, *rest, **more)

    backend.start_execution = start_execution


def _forget(executions: list[Any]) -> list[str]:
    """Take the oldest ended ones off the list, so that one more is within the bound; return their names."""
    surplus = len(executions) + 1 - KEPT_EXECUTIONS
    doomed = [execution for execution in executions if execution.status != "RUNNING"][: max(0, surplus)]
    for execution in doomed:
        executions.remove(execution)
    return [execution.name for execution in doomed]
