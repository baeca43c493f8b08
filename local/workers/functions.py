"""A function as the stack invokes it, wherever it runs, and what an invocation comes to."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

MAX_PAYLOAD_BYTES = 6 * 1024 * 1024


@dataclass(frozen=True)
class FunctionSpec:
    """A function of the template as its workers need it."""

    logical_id: str
    name: str
    arn: str
    timeout_seconds: int
    environment: dict[str, str]
    folder: Path


@dataclass(frozen=True)
class Outcome:
    """What an invocation came to: a JSON payload, which describes an error when `failed` is set."""

    payload: bytes
    failed: bool = False


def failure(error_type: str, message: str) -> Outcome:
    """Build the outcome of an invocation that the runtime itself failed."""
    return Outcome(json.dumps({"errorType": error_type, "errorMessage": message}).encode(), failed=True)


class Function(Protocol):
    """What the stack invokes: a pool of workers, or a function that runs elsewhere."""

    spec: FunctionSpec
    size: int

    def invoke(self, event: bytes, request_id: str | None = None) -> Outcome:
        """Run the function with a JSON document."""
        ...

    def worker_pids(self) -> list[int]:
        """Return the ids of its processes on this machine."""
        ...

    def end_idle(self) -> None:
        """End what it does not need."""
        ...

    def close(self) -> None:
        """End what runs it."""
        ...
