"""Which metrics the end of a task stands for: values in, metrics out."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

from knowledge.errors import (
    BuildFailedError,
    ExportFailedError,
    ImportFailedError,
    KnowledgeError,
    RunFailedError,
    ServiceUnavailableError,
)
from knowledge.runs.failures import TaskFailure, domain_error

from telemetry.lines import Metric

State = Mapping[str, Any]
_MALFUNCTIONS = (RunFailedError, BuildFailedError, ServiceUnavailableError)


def of_diff_run(state: State, result: Any) -> list[Metric]:
    """A plan that is stored; `replanned` when an apply asked for it."""
    if not result["done"]:
        return []
    return [_outcome("Runs", "replanned" if state.get("action") == "apply" else "ready")]


def of_build_generation(_state: State, result: Any) -> list[Metric]:
    """An apply that had nothing to publish, or nothing any more."""
    return [_outcome("Applies", "unchanged")] if result["status"] == "published" else []


def of_publish_generation(state: State, _result: Any) -> list[Metric]:
    """An apply that published, and how long after its beginning (ms)."""
    latency_ms = time.time_ns() // 1_000_000 - _built(state)["beganAt"]
    return [_outcome("Applies", "published"), Metric("PublishLatency", latency_ms, "Milliseconds")]


def of_record_failure(state: State, error: Exception) -> list[Metric]:
    """A run or an apply that failed, or that was refused for what its source or its run is like."""
    name = "Applies" if state.get("action") == "apply" or _built(state) else "Runs"
    return [_outcome(name, "failed" if isinstance(error, _MALFUNCTIONS) else "refused")]


def of_start_import(_event: State, result: Any) -> list[Metric]:
    """An event that was refused."""
    return [_outcome("Imports", "rejected")] if "rejected" in result else []


def of_finish_import(call: State, _result: Any) -> list[Metric]:
    """An import that ended; `refused` when its file, its key or its source was why."""
    if call["phase"] == "completed":
        return [_outcome("Imports", "completed")]
    return [_outcome("Imports", _of_end(call, ImportFailedError))] if call["phase"] == "failed" else []


def of_write_export(call: State, result: Any) -> list[Metric]:
    """An export that ended; `refused` when its key, its size or what it was of was why."""
    if not result["ended"]:
        return []
    return [_outcome("Exports", _of_end(call, ExportFailedError) if call["phase"] == "failed" else "completed")]


def of_run_upkeep(_event: State, report: Any) -> list[Metric]:
    """Sources that were left out, full rounds, and the age of the oldest change that no generation holds."""
    age_seconds = report["oldest_unapplied_seconds"]
    ages = [] if age_seconds is None else [Metric("OldestUnappliedAge", age_seconds, "Seconds")]
    return [Metric("UpkeepFailures", report["failed"]), Metric("UpkeepRounds", int(report["ended"])), *ages]


def _built(state: State) -> State:
    value: State = state.get("build", {}).get("value", {})
    return value


def _of_end(call: State, unexplained: type[KnowledgeError]) -> str:
    """Whether the end that a machine caught is ours. A failure that its tenant brought about has a text of its own."""
    error = domain_error(TaskFailure.caught(call["state"]["error"]), unexplained)
    ours = isinstance(error, _MALFUNCTIONS) or (type(error) is unexplained and str(error) == unexplained.message)
    return "failed" if ours else "refused"


def _outcome(name: str, outcome: str) -> Metric:
    return Metric(name, dimensions={"outcome": outcome})
