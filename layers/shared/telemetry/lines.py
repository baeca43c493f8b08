"""The one way into the log: JSON lines on standard output, with ids, which may carry metrics in CloudWatch's format.

    write_line, count_metric -> a record of Python's logging -> LineHandler -> standard output

Code that may not know this module (`knowledge`, boto3, urllib3) makes records by itself, and they become lines as well:
what `extra` holds are fields. Lines are written once `telemetry.process` has opened the log.

Format: https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html.
Ids are fields of a line and never dimensions: each new value of a dimension is a metric that is paid for.
"""

from __future__ import annotations

import json
import logging
import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

# Without it the process is no function of a stack (a test, a benchmark): only what went wrong is written.
NAMESPACE = "METRICS_NAMESPACE"
DIMENSIONS = frozenset({"code", "operation", "outcome", "task"})
_LEVELS = {"DEBUG": logging.DEBUG, "INFO": logging.INFO, "WARNING": logging.WARNING, "ERROR": logging.ERROR}
# What every record has; anything else is a field that somebody gave.
_OF_EVERY_RECORD = frozenset(logging.makeLogRecord({}).__dict__) | {"message", "asctime", "taskName", "metrics"}
_tracebacks = logging.Formatter()
_log = logging.getLogger("telemetry")
# The handler decides what is too unimportant: a line with metrics never is.
_log.setLevel(logging.DEBUG)


@dataclass(frozen=True, slots=True)
class Metric:
    """One value of a metric, of the whole stack and of each dimension; `unit` is one of CloudWatch's.

    Raises ValueError for a dimension that is not known to have few values.
    """

    name: str
    value: float = 1
    unit: str = "Count"
    dimensions: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if unknown := set(self.dimensions) - DIMENSIONS:
            raise ValueError(f"{', '.join(sorted(unknown))} may have many values: give it as a property")


def count_metric(
    name: str, value: float = 1, *, properties: Mapping[str, Any] | None = None, **dimensions: str
) -> None:
    """Count something, such as `count_metric("Runs", outcome="ready", properties={"tenant_id": ...})`."""
    write_line("counted", Metric(name, value, dimensions=dimensions), **(properties or {}))


def write_line(
    message: str, *metrics: Metric, level: str = "INFO", exc_info: BaseException | None = None, **fields: Any
) -> None:
    """Write a line. `message` is a constant; what varies goes into fields, None for one that is not known.

    A line below the level of `POWERTOOLS_LOG_LEVEL` is only written for its metrics. An `exc_info` is written whole,
    with its text and where it came from.
    """
    known = {name: value for name, value in fields.items() if value is not None}
    _log.log(_LEVELS[level], message, exc_info=exc_info, extra={**known, "metrics": metrics}, stacklevel=2)


class LineHandler(logging.Handler):
    """Writes every record that reaches it as one line, in one write."""

    def emit(self, record: logging.LogRecord) -> None:
        """Write a record, unless it is below the level that the stack asks for."""
        metrics: tuple[Metric, ...] = getattr(record, "metrics", ())
        namespace = os.environ.get(NAMESPACE)
        least = _LEVELS.get(os.environ.get("POWERTOOLS_LOG_LEVEL", ""), logging.INFO)
        if namespace is None:
            metrics, least = (), max(least, logging.WARNING)
        if record.levelno < least and not metrics:
            return
        try:
            line = _line(record)
            if namespace is not None and metrics:
                line |= _embedded(namespace, metrics, int(record.created * 1000))
            sys.stdout.write(json.dumps(line, separators=(",", ":"), default=str) + "\n")
            sys.stdout.flush()
        except Exception:
            self.handleError(record)


def _line(record: logging.LogRecord) -> dict[str, Any]:
    """What a record says, without what it does not know."""
    line: dict[str, Any] = {
        "level": record.levelname,
        "message": record.getMessage(),
        "timestamp": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
        "service": os.environ.get("POWERTOOLS_SERVICE_NAME"),
        "trace_id": os.environ.get("_X_AMZN_TRACE_ID"),
        "logger": None if record.name == _log.name else record.name,
    }
    if record.exc_info and record.exc_info[1] is not None:
        line["error"] = type(record.exc_info[1]).__name__
        line["traceback"] = _tracebacks.formatException(record.exc_info)
    line |= {name: value for name, value in record.__dict__.items() if name not in _OF_EVERY_RECORD}
    return {name: value for name, value in line.items() if value is not None}


def _embedded(namespace: str, metrics: tuple[Metric, ...], now_ms: int) -> dict[str, Any]:
    directives = []
    values: dict[str, Any] = {}
    for metric in metrics:
        values |= {metric.name: metric.value, **metric.dimensions}
        # Alarms watch the sum over all dimensions, which CloudWatch does not make by itself.
        sets = [[], sorted(metric.dimensions)] if metric.dimensions else [[]]
        named = [{"Name": metric.name, "Unit": metric.unit}]
        directives.append({"Namespace": namespace, "Dimensions": sets, "Metrics": named})
    return {**values, "_aws": {"Timestamp": now_ms, "CloudWatchMetrics": directives}}
