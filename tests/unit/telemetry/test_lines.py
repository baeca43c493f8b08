"""The lines that functions write: ids in fields, metrics in CloudWatch's embedded format."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from typing import Any

import pytest
from telemetry import process
from telemetry.lines import LineHandler, Metric, count_metric, write_line


@pytest.fixture(autouse=True)
def _open_log() -> Iterator[None]:
    """Open the log as a function does, and leave this process as it was."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    process.open_log()
    yield
    root.handlers[:] = handlers
    root.setLevel(level)


@pytest.fixture
def lines(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Any:
    """What was written since the last call, parsed."""
    monkeypatch.setenv("METRICS_NAMESPACE", "stack")
    monkeypatch.setenv("POWERTOOLS_SERVICE_NAME", "diff_run")
    return lambda: [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def test_line_holds_its_message_and_fields_but_none_that_is_unknown(lines: Any) -> None:
    write_line("task_done", tenant_id="ten_1", run_id=None)
    (line,) = lines()
    assert line.pop("timestamp").endswith("+00:00")
    assert line == {"level": "INFO", "message": "task_done", "service": "diff_run", "tenant_id": "ten_1"}


def test_metric_is_embedded_for_its_dimension_and_for_all(lines: Any) -> None:
    count_metric("WebhookAttempts", 2, outcome="delivered", properties={"tenant_id": "ten_1"})
    (line,) = lines()
    assert (line["WebhookAttempts"], line["outcome"], line["tenant_id"]) == (2, "delivered", "ten_1")
    (directive,) = line["_aws"]["CloudWatchMetrics"]
    assert directive == {
        "Namespace": "stack",
        "Dimensions": [[], ["outcome"]],
        "Metrics": [{"Name": "WebhookAttempts", "Unit": "Count"}],
    }
    assert line["_aws"]["Timestamp"] > 1_700_000_000_000


def test_several_metrics_share_a_line(lines: Any) -> None:
    write_line(
        "task_done",
        Metric("Applies", dimensions={"outcome": "published"}),
        Metric("PublishLatency", 12, "Milliseconds"),
    )
    (line,) = lines()
    assert [each["Metrics"][0]["Name"] for each in line["_aws"]["CloudWatchMetrics"]] == ["Applies", "PublishLatency"]
    assert line["_aws"]["CloudWatchMetrics"][1]["Dimensions"] == [[]]


@pytest.mark.parametrize("name", ["tenant_id", "source_id", "key_id", "url"])
def test_what_may_have_many_values_is_no_dimension(name: str) -> None:
    with pytest.raises(ValueError, match="property"):
        Metric("Runs", dimensions={name: "x"})


def test_lines_below_the_level_are_written_for_their_metrics_only(lines: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("POWERTOOLS_LOG_LEVEL", "ERROR")
    write_line("request_answered")
    count_metric("Runs", outcome="ready")
    write_line("task_crashed", level="ERROR")
    assert [line["message"] for line in lines()] == ["counted", "task_crashed"]


def test_nothing_is_written_outside_a_stack(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("METRICS_NAMESPACE", raising=False)
    count_metric("Runs", outcome="ready")
    assert capsys.readouterr().out == ""


def test_what_went_wrong_is_written_outside_a_stack_too(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("METRICS_NAMESPACE", raising=False)
    write_line("task_crashed", Metric("TaskCrashes"), level="ERROR", task="diff_run")
    (line,) = map(json.loads, capsys.readouterr().out.splitlines())
    assert (line["message"], line["task"], "_aws" in line) == ("task_crashed", "diff_run", False)


def test_error_is_written_whole_in_its_line(lines: Any) -> None:
    try:
        raise ValueError("table prod-keys")
    except ValueError as error:
        write_line("request_failed", level="ERROR", exc_info=error, code="internal_error")
    (line,) = lines()
    assert (line["level"], line["error"], line["code"]) == ("ERROR", "ValueError", "internal_error")
    assert line["traceback"].startswith("Traceback (most recent call last):\n")
    assert line["traceback"].endswith("ValueError: table prod-keys")
    assert "test_lines.py" in line["traceback"]


def test_records_of_libraries_become_lines_with_their_fields(lines: Any) -> None:
    log = logging.getLogger("knowledge.upkeep")
    try:
        raise KeyError("gone")
    except KeyError:
        log.exception("upkeep_failed", extra={"tenant_id": "ten_1", "source_id": "src_1"})
    log.info("round_ended")
    logging.getLogger("urllib3.connectionpool").warning("Connection pool is full: %s", "10.0.0.1")
    failed, ended, full = lines()
    assert failed.pop("traceback").endswith("KeyError: 'gone'")
    assert failed.pop("timestamp")
    assert failed == {
        "level": "ERROR",
        "message": "upkeep_failed",
        "service": "diff_run",
        "logger": "knowledge.upkeep",
        "error": "KeyError",
        "tenant_id": "ten_1",
        "source_id": "src_1",
    }
    assert (ended["level"], ended["message"]) == ("INFO", "round_ended")
    assert (full["message"], full["logger"]) == ("Connection pool is full: 10.0.0.1", "urllib3.connectionpool")


def test_level_comes_first_in_a_line(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """The local stack tells by it what its console leaves out (`local.console`)."""
    monkeypatch.setenv("METRICS_NAMESPACE", "stack")
    write_line("task_done", Metric("Runs", dimensions={"outcome": "ready"}), task="diff_run")
    assert capsys.readouterr().out.startswith('{"level":"INFO","message":"task_done",')


def test_field_may_not_take_the_place_of_what_a_record_has() -> None:
    with pytest.raises(KeyError, match="message"):
        logging.getLogger("knowledge").warning("upkeep_failed", extra={"message": "x"})


def test_opening_the_log_twice_writes_once(lines: Any) -> None:
    process.open_log()
    write_line("task_done")
    assert len(lines()) == 1


@pytest.mark.parametrize("level", [logging.DEBUG, logging.ERROR])
def test_runtime_writes_no_line_a_second_time_and_libraries_keep_quiet(
    lines: Any, capsys: pytest.CaptureFixture[str], level: int
) -> None:
    """At DEBUG, which an operator may ask the runtime for, boto3 writes bodies."""

    class LambdaLoggerHandlerWithFrameType(LineHandler):
        def emit(self, record: logging.LogRecord) -> None:
            raise AssertionError(record)

    LambdaLoggerHandlerWithFrameType.__module__ = "awslambdaric.bootstrap"
    root = logging.getLogger()
    root.handlers[:] = [LambdaLoggerHandlerWithFrameType()]
    root.setLevel(level)
    process.open_log()
    logging.getLogger("botocore.endpoint").debug("Making request with body %s", "a secret")
    logging.getLogger("botocore.endpoint").warning("retried")
    write_line("task_done")
    assert [line["message"] for line in lines()] == ["retried", "task_done"]
