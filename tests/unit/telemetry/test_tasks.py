"""What a function that serves no requests tells of an invocation, and which metrics its end stands for."""

from __future__ import annotations

import json
from types import SimpleNamespace
from typing import Any

import pytest
from knowledge.errors import (
    BuildFailedError,
    ExportFailedError,
    ExportKeyEndedError,
    ImportFailedError,
    ImportKeyEndedError,
    ImportTooLargeError,
    RemovalGuardError,
    RunFailedError,
    ServiceUnavailableError,
    SourceInactiveError,
    StaleBaseError,
)
from telemetry import outcomes, tasks
from telemetry.lines import Metric

IDS = {"tenantId": "ten_1", "sourceId": "src_1", "runId": "run_1"}
CONTEXT = SimpleNamespace(aws_request_id="r-1")


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, list[Metric], dict[str, Any]]]:
    """What was told: message, metrics, fields."""
    found: list[tuple[str, list[Metric], dict[str, Any]]] = []
    monkeypatch.setattr(
        tasks, "write_line", lambda message, *metrics, **fields: found.append((message, [*metrics], fields))
    )
    return found


def test_done_task_tells_its_ids_its_time_and_its_outcome(told: Any) -> None:
    done = Metric("Runs", dimensions={"outcome": "ready"})
    handler = tasks.observed("diff_run", done=lambda event, result: [done])(
        lambda event, context: {"importId": "imp_1"}
    )
    assert handler({"phase": "completed", "state": IDS}, CONTEXT) == {"importId": "imp_1"}
    ((message, metrics, fields),) = told
    assert (message, metrics) == ("task_done", [done])
    assert fields.pop("duration_ms") >= 0
    assert fields == {
        "task": "diff_run",
        "request_id": "r-1",
        "tenant_id": "ten_1",
        "source_id": "src_1",
        "run_id": "run_1",
        "import_id": "imp_1",
    }


def test_refusal_goes_on_to_the_machine_and_counts_as_no_crash(told: Any) -> None:
    def refuse(_event: Any, _context: Any) -> None:
        raise StaleBaseError

    with pytest.raises(StaleBaseError) as raised:
        tasks.observed("build_generation")(refuse)(IDS, CONTEXT)
    # The test's own frame, and the one that raised it again: none of where a refusal came from.
    assert [entry.name for entry in raised.traceback] == [
        "test_refusal_goes_on_to_the_machine_and_counts_as_no_crash",
        "observed_handler",
    ]
    ((message, metrics, fields),) = told
    assert (message, metrics, fields["error"]) == ("task_refused", [], "StaleBaseError")


def test_anything_else_counts_as_a_crash_without_its_text(told: Any) -> None:
    def crash(_event: Any, _context: Any) -> None:
        raise ValueError("a secret")

    with pytest.raises(ValueError, match="a secret"):
        tasks.observed("build_generation")(crash)(IDS, CONTEXT)
    ((message, metrics, fields),) = told
    assert (message, fields["level"], fields["error"]) == ("task_crashed", "ERROR", "ValueError")
    assert metrics == [Metric("TaskCrashes", dimensions={"task": "build_generation"})]
    assert "a secret" not in str(fields)


def test_secrets_in_events_and_answers_are_not_told(told: Any) -> None:
    made = {"tenantId": "ten_1", "key": {"id": "k"}, "secret": "sk_live_x"}
    tasks.observed("bootstrap_tenant")(lambda event, context: made)({"name": "Acme"}, CONTEXT)
    assert "sk_live_x" not in str(told)
    assert "Acme" not in str(told)


def names(metrics: list[Metric]) -> list[str]:
    return [f"{metric.name} {metric.dimensions.get('outcome', metric.value)}" for metric in metrics]


@pytest.mark.parametrize(
    ("state", "error", "expected"),
    [
        ({"action": "diff"}, RunFailedError(), "Runs failed"),
        ({"action": "diff"}, SourceInactiveError(), "Runs refused"),
        ({"action": "apply"}, BuildFailedError(), "Applies failed"),
        ({"action": "apply"}, ServiceUnavailableError(), "Applies failed"),
        ({"action": "apply"}, StaleBaseError(), "Applies refused"),
        ({"build": {"value": {"status": "built"}}}, BuildFailedError(), "Applies failed"),
        ({"build": {}}, RunFailedError(), "Runs failed"),
    ],
)
def test_recorded_failure_is_told_apart_from_a_refusal(state: Any, error: Exception, expected: str) -> None:
    assert names(outcomes.of_record_failure(state, error)) == [expected]


def test_ends_of_tasks() -> None:
    assert outcomes.of_diff_run({}, {"done": False}) == []
    assert names(outcomes.of_diff_run({"action": "diff"}, {"done": True})) == ["Runs ready"]
    assert names(outcomes.of_diff_run({"action": "apply"}, {"done": True})) == ["Runs replanned"]
    assert outcomes.of_build_generation({}, {"status": "built"}) == []
    assert names(outcomes.of_build_generation({}, {"status": "published"})) == ["Applies unchanged"]
    published, latency = outcomes.of_publish_generation({"build": {"value": {"beganAt": 0}}}, {})
    assert (names([published]), latency.name, latency.unit) == (["Applies published"], "PublishLatency", "Milliseconds")
    assert latency.value > 1_700_000_000_000
    assert names(outcomes.of_start_import({}, {"rejected": "no such file"})) == ["Imports rejected"]
    assert outcomes.of_start_import({}, {"importId": "imp_1"}) == []
    assert names(outcomes.of_finish_import({"phase": "completed"}, {})) == ["Imports completed"]
    assert outcomes.of_finish_import({"phase": "planning"}, {}) == []
    assert names(outcomes.of_write_export({"phase": "write"}, {"ended": True})) == ["Exports completed"]
    assert outcomes.of_write_export({"phase": "write"}, {"ended": False}) == []


@pytest.mark.parametrize(
    ("caught", "expected"),
    [
        ({"Error": "States.Timeout"}, "failed"),
        ({"Error": "Sandbox.Timedout", "Cause": '{"errorMessage": "Task timed out after 900.00 seconds"}'}, "failed"),
        ({"Error": "KeyError", "Cause": '{"errorMessage": "x"}'}, "failed"),
        ({"Error": "RunFailedError", "Cause": '{"errorMessage": "The run failed."}'}, "failed"),
        ({"Error": "ServiceUnavailableError", "Cause": "{}"}, "failed"),
        ({"Error": "SourceInactiveError", "Cause": "{}"}, "refused"),
    ],
)
def test_end_that_a_machine_caught_is_ours_or_its_tenants(caught: Any, expected: str) -> None:
    call = {"phase": "failed", "state": {"error": caught}}
    assert names(outcomes.of_finish_import(call, {})) == [f"Imports {expected}"]
    assert names(outcomes.of_write_export(call, {"ended": True})) == [f"Exports {expected}"]


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (ImportFailedError(), "failed"),
        (ImportFailedError("The gzip file ends early."), "refused"),
        (ImportTooLargeError(), "refused"),
        (ImportKeyEndedError(), "refused"),
        (RemovalGuardError(), "refused"),
    ],
)
def test_import_that_its_file_or_key_ended_is_refused(error: Exception, expected: str) -> None:
    assert names(outcomes.of_finish_import(failed_call(error), {})) == [f"Imports {expected}"]


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (ExportFailedError(), "failed"),
        (ExportFailedError("The generation is gone."), "refused"),
        (ExportKeyEndedError(), "refused"),
    ],
)
def test_export_that_its_key_or_generation_ended_is_refused(error: Exception, expected: str) -> None:
    assert names(outcomes.of_write_export(failed_call(error), {"ended": True})) == [f"Exports {expected}"]


def failed_call(error: Exception) -> dict[str, Any]:
    caught = {"Error": type(error).__name__, "Cause": json.dumps({"errorMessage": str(error)})}
    return {"phase": "failed", "state": {"error": caught}}


def test_upkeep_tells_failures_and_the_oldest_change() -> None:
    report = {"failed": 2, "oldest_unapplied_seconds": None, "ended": False}
    assert names(outcomes.of_run_upkeep({}, report)) == ["UpkeepFailures 2", "UpkeepRounds 0"]
    report = {"failed": 0, "oldest_unapplied_seconds": 90, "ended": True}
    assert names(outcomes.of_run_upkeep({}, report)) == ["UpkeepFailures 0", "UpkeepRounds 1", "OldestUnappliedAge 90"]
