"""The event source mappings of a template: which function is called with what a stream or a queue holds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from local.events.patterns import Pattern
from local.failures import TemplateError
from local.template import Template
from local.template.resolve import Resolver

_COMMON = {"BatchSize", "Enabled", "EventSourceArn", "FilterCriteria", "FunctionName", "FunctionResponseTypes"}
# How long to wait for a fuller batch changes how often a function is called and nothing else, and so does how many
# calls run at once, which the number of workers bounds here.
_WITHOUT_EFFECT = {"MaximumBatchingWindowInSeconds", "ParallelizationFactor", "ScalingConfig", "Tags", "LoggingConfig"}
_OF_STREAMS = {
    "BisectBatchOnFunctionError",
    "DestinationConfig",
    "MaximumRecordAgeInSeconds",
    "MaximumRetryAttempts",
    "StartingPosition",
}
_POSITIONS = {"TRIM_HORIZON", "LATEST"}
_FOREVER = -1


@dataclass(frozen=True)
class EventSourceMapping:
    """A mapping from a source to a function; `table` or `queue` is the source's logical id, the other is None.

    A negative number of retries or seconds means no bound.
    """

    logical_id: str
    function_name: str
    source_arn: str
    table: str | None
    queue: str | None
    batch_size: int
    filters: tuple[Pattern, ...]
    reports_item_failures: bool
    from_latest: bool = False
    bisects: bool = False
    maximum_retries: int = _FOREVER
    maximum_age_seconds: int = _FOREVER
    on_failure_arn: str | None = None

    def wants(self, record: Mapping[str, Any]) -> bool:
        """Tell whether a record or message passes one of the filters, or there is none."""
        return not self.filters or any(pattern.matches(record) for pattern in self.filters)


def mappings_of(template: Template, resolver: Resolver) -> list[EventSourceMapping]:
    """Return every enabled mapping; TemplateError for a source or a property that the local stack does not know."""
    return [
        _mapping(template, resolver, logical_id, properties)
        for logical_id, properties in template.of_type("AWS::Lambda::EventSourceMapping")
        if properties.get("Enabled", True)
    ]


def _mapping(template: Template, resolver: Resolver, logical_id: str, properties: dict[str, Any]) -> EventSourceMapping:
    resolved = resolver.resolve(properties)
    source_arn = resolved["EventSourceArn"]
    table, queue = _source(template, resolver, source_arn)
    if table is None and queue is None:
        raise TemplateError(f"{logical_id}: the local stack reads no events from {source_arn}")
    known = _COMMON | _WITHOUT_EFFECT | (_OF_STREAMS if table else set())
    if unknown := set(resolved) - known:
        raise TemplateError(f"{logical_id}: the local stack does not know {', '.join(sorted(unknown))}")
    position = resolved.get("StartingPosition", "LATEST")
    if position not in _POSITIONS:
        raise TemplateError(f"{logical_id}: the local stack does not start at {position}")
    if queue:
        _check_visibility(template, logical_id, queue, resolver.logical_id(resolved["FunctionName"]))
    return EventSourceMapping(
        logical_id=logical_id,
        function_name=resolved["FunctionName"],
        source_arn=source_arn,
        table=table,
        queue=queue,
        batch_size=resolved.get("BatchSize", 100 if table else 10),
        filters=tuple(
            Pattern(entry["Pattern"], logical_id) for entry in resolved.get("FilterCriteria", {}).get("Filters", [])
        ),
        reports_item_failures="ReportBatchItemFailures" in resolved.get("FunctionResponseTypes", []),
        from_latest=position == "LATEST",
        bisects=resolved.get("BisectBatchOnFunctionError", False),
        maximum_retries=resolved.get("MaximumRetryAttempts", _FOREVER),
        maximum_age_seconds=resolved.get("MaximumRecordAgeInSeconds", _FOREVER),
        on_failure_arn=resolved.get("DestinationConfig", {}).get("OnFailure", {}).get("Destination"),
    )


def _source(template: Template, resolver: Resolver, source_arn: str) -> tuple[str | None, str | None]:
    for logical_id, properties in template.of_type("AWS::DynamoDB::Table"):
        if "StreamSpecification" in properties and source_arn.startswith(f"{resolver.arn(logical_id)}/stream/"):
            return logical_id, None
    for logical_id, _ in template.of_type("AWS::SQS::Queue"):
        if source_arn == resolver.arn(logical_id):
            return None, logical_id
    return None, None


def _check_visibility(template: Template, logical_id: str, queue: str, function: str) -> None:
    """Refuse what AWS refuses: messages that become visible again while the function still works on them."""
    visible_again = template.resources[queue].get("Properties", {}).get("VisibilityTimeout", 30)
    longest = template.resources[function]["Properties"].get("Timeout", 3)
    if visible_again < longest:
        raise TemplateError(
            f"{logical_id}: the visibility time-out of {queue} ({visible_again} s) is less than the time-out of "
            f"{function} ({longest} s)"
        )
