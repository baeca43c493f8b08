"""What the machine does last when a task failed: record it, free the lease, and fail with a domain error."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass

from knowledge.errors import (
    ApplyInProgressError,
    BuildFailedError,
    ConflictError,
    KnowledgeError,
    RunFailedError,
    RunInProgressError,
)
from knowledge.model import Failure
from knowledge.ports import Clock, NewId
from knowledge.runs.events import run_failed
from knowledge.runs.stores import RunStores


@dataclass(frozen=True, slots=True)
class TaskFailure:
    """How a task failed, as the machine reports it: the name of the exception, and a JSON text about it."""

    name: str
    cause: str

    @classmethod
    def caught(cls, error: Mapping[str, str]) -> TaskFailure:
        """Read what a `Catch` puts into the machine's state: `{Error, Cause?}`."""
        return cls(error["Error"], error.get("Cause", ""))


@dataclass(frozen=True, slots=True)
class FailureRecorder:
    """Records failures of runs."""

    stores: RunStores
    clock: Clock
    new_id: NewId

    def record_failure(
        self, tenant_id: str, source_id: str, run_id: str, failure: TaskFailure, lease_token: int | None
    ) -> KnowledgeError:
        """Note a failure on its run and return the error to fail with.

        A run that never got a plan fails; one that has a plan stays ready. A refusal is no failure: it leaves no mark.
        """
        if lease_token is not None:
            self.stores.sources.release_lease(tenant_id, source_id, lease_token)
        run = self.stores.runs.get_run(source_id, run_id)
        error = domain_error(failure, RunFailedError if run.plan is None else BuildFailedError)
        if run.plan is None and not isinstance(error, ApplyInProgressError | RunInProgressError):
            noted = Failure.of(error, self.clock())
            self.stores.runs.set_failed(run, noted, run_failed(self.new_id("evt"), run, noted))
        elif not isinstance(error, ConflictError):
            self.stores.runs.note_failure(run, Failure.of(error, self.clock()))
        return error


def domain_error(failure: TaskFailure, otherwise: type[KnowledgeError]) -> KnowledgeError:
    """Turn a reported failure back into the domain error it was; what is none of ours becomes `otherwise`."""
    kind = _error_named(failure.name)
    if kind is None:
        return otherwise()
    try:
        message = json.loads(failure.cause)["errorMessage"]
    except (ValueError, KeyError, TypeError):
        return kind.reported(None)
    return kind.reported(str(message))


def _error_named(name: str) -> type[KnowledgeError] | None:
    """Find a domain error by the name of its class: Step Functions knows errors by nothing else, for one execution."""
    pending: list[type[KnowledgeError]] = [KnowledgeError]
    while pending:
        candidate = pending.pop()
        if candidate.__name__ == name:
            return candidate
        pending.extend(candidate.__subclasses__())
    return None
