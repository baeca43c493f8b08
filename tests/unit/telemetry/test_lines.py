"""The lines that functions write: ids in fields, metrics in CloudWatch's embedded format."""

from __future__ import annotations

import json
from typing import Any

import pytest
from telemetry.lines import Metric, count, tell


@pytest.fixture
def lines(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Any:
    """What was written since the last call, parsed."""
    monkeypatch.setenv("METRICS_NAMESPACE", "stack")
    monkeypatch.setenv("POWERTOOLS_SERVICE_NAME", "diff_run")
    return lambda: [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def test_line_holds_its_message_and_fields_but_none_that_is_unknown(lines: Any) -> None:
    tell("task_done", tenant_id="ten_1", run_id=None)
    (line,) = lines()
    assert line.pop("timestamp").endswith("+00:00")
    assert line == {"level": "INFO", "message": "task_done", "service": "diff_run", "tenant_id": "ten_1"}


def test_metric_is_embedded_for_its_dimension_and_for_all(lines: Any) -> None:
    count("WebhookAttempts", 2, outcome="delivered", properties={"tenant_id": "ten_1"})
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
    tell(
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
    tell("request_answered")
    count("Runs", outcome="ready")
    tell("task_crashed", level="ERROR")
    assert [line["message"] for line in lines()] == ["counted", "task_crashed"]


def test_nothing_is_written_outside_a_stack(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("METRICS_NAMESPACE", raising=False)
    count("Runs", outcome="ready")
    assert capsys.readouterr().out == ""
