"""One JSON line on standard output: a log line with ids, which may carry metrics in CloudWatch's embedded format.

Format: https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html.
Powertools' Logger and Metrics cost every cold start 55 to 70 ms of processor time; this costs one module.

Ids are fields of the line and never dimensions: each new value of a dimension is a metric that is paid for.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

# Without it the process is no function of a stack (a test, a benchmark), and nothing is written.
NAMESPACE = "METRICS_NAMESPACE"
DIMENSIONS = frozenset({"code", "operation", "outcome", "task"})
_LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR")


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


def count(name: str, value: float = 1, *, properties: Mapping[str, Any] | None = None, **dimensions: str) -> None:
    """Count something, such as `count("WebhookAttempts", outcome="delivered", properties={"tenant_id": ...})`."""
    tell("counted", Metric(name, value, dimensions=dimensions), **(properties or {}))


def tell(message: str, *metrics: Metric, level: str = "INFO", **fields: Any) -> None:
    """Write a line. `message` is a constant; what varies goes into fields, None for one that is not known.

    A line below the level of `POWERTOOLS_LOG_LEVEL` is only written for its metrics.
    """
    namespace = os.environ.get(NAMESPACE)
    least = os.environ.get("POWERTOOLS_LOG_LEVEL", "INFO")
    too_low = least in _LEVELS and _LEVELS.index(level) < _LEVELS.index(least)
    if namespace is None or (too_low and not metrics):
        return
    now_ms = time.time_ns() // 1_000_000
    line = {
        "level": level,
        "message": message,
        "timestamp": datetime.fromtimestamp(now_ms / 1000, UTC).isoformat(timespec="milliseconds"),
        "service": os.environ.get("POWERTOOLS_SERVICE_NAME"),
        "trace_id": os.environ.get("_X_AMZN_TRACE_ID"),
        **fields,
    }
    line = {name: value for name, value in line.items() if value is not None}
    if metrics:
        line |= _embedded(namespace, metrics, now_ms)
    # One write, so that the lines of several threads do not run into each other.
    sys.stdout.write(json.dumps(line, separators=(",", ":"), default=str) + "\n")
    sys.stdout.flush()


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
