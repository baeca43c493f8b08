"""What the services are given from outside, so that tests can hold the clock and run the machine in process."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from enum import StrEnum
from typing import Any, Protocol

from knowledge.actors import Actor

Clock = Callable[[], int]
NewId = Callable[[str], str]
# Whether a call has time for more of what it may leave to another.
HasTime = Callable[[], bool]
# Told why a provider of answers gave none, so that another one is asked.
TellFailure = Callable[[str], None]
# The items of a source whose erasure was opened at or after a moment (ms).
ErasedSince = Callable[[str, int], frozenset[str]]


class Action(StrEnum):
    """What the state machine is asked to do with a run."""

    DIFF = "diff"
    APPLY = "apply"
    DIFF_AND_APPLY = "diff_and_apply"


class StillRunningError(Exception):
    """Raised when the machine has not answered in time; its work goes on."""


class Machine(Protocol):
    """Runs the tasks of `statemachines/diff_and_apply.asl.json` for one run."""

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
        """Do it and return the machine's last state. Raises the domain error that ended it, or StillRunningError."""


class ExportPermission(Protocol):
    """Knows whether who asked for an export may still read items."""

    def find_end(self, tenant_id: str, source_id: str, by: Actor) -> str | None:
        """Say in a sentence why they may not read a source's items any more; None while they may."""


class ImportPermission(Protocol):
    """Knows whether who asked for an import may still import; keys are none of the lifecycle's business."""

    def find_end(self, tenant_id: str, source_id: str, by: Actor, *, apply: bool) -> str | None:
        """Say in a sentence why they may not import into a source any more (and apply it); None while they may."""
