"""The event buses, rules and schedules of the template, as EventBridge is told of them and as the ticker keeps them."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from local.events.patterns import Pattern
from local.events.targets import check_target
from local.failures import TemplateError
from local.template.load import Template
from local.template.resolve import Resolver

_RULE = {"Description", "EventBusName", "EventPattern", "Name", "RoleArn", "ScheduleExpression", "State", "Targets"}
_PLAIN = ("EventBusName", "ScheduleExpression", "State")
_SCHEDULE = {
    "Description",
    "FlexibleTimeWindow",
    "KmsKeyArn",
    "Name",
    "ScheduleExpression",
    "ScheduleExpressionTimezone",
    "State",
    "Target",
}


@dataclass(frozen=True)
class Schedule:
    """A rule or schedule that fires by the clock; `enabled` is False for one that only fires by hand."""

    logical_id: str
    arn: str
    expression: str
    timezone: str
    enabled: bool
    targets: tuple[Mapping[str, Any], ...]


@dataclass(frozen=True)
class Rule:
    """A rule with an event pattern or a schedule, as EventBridge is told of it."""

    logical_id: str
    request: dict[str, Any]
    targets: list[dict[str, Any]]


def create_buses(client: Any, template: Template, resolver: Resolver) -> None:
    """Create every bus of the template."""
    for logical_id, _ in template.of_type("AWS::Events::EventBus"):
        client.create_event_bus(Name=resolver.name(logical_id))


def create_rules(client: Any, template: Template, resolver: Resolver) -> None:
    """Create every rule of the template with its targets."""
    for rule in rules_of(template, resolver):
        client.put_rule(**rule.request)
        bus = rule.request.get("EventBusName", "default")
        client.put_targets(Rule=rule.request["Name"], EventBusName=bus, Targets=rule.targets)


def rules_of(template: Template, resolver: Resolver) -> list[Rule]:
    """Return every rule; TemplateError for a pattern or target that the local stack does not know."""
    rules = []
    for logical_id, properties in template.of_type("AWS::Events::Rule"):
        resolved = _known(logical_id, resolver.resolve(properties), _RULE)
        request: dict[str, Any] = {name: resolved[name] for name in _PLAIN if name in resolved}
        if "EventPattern" in resolved:
            request["EventPattern"] = json.dumps(Pattern(resolved["EventPattern"], logical_id).document)
        targets = resolved.get("Targets", [])
        for target in targets:
            check_target(logical_id, target)
        rules.append(Rule(logical_id, {"Name": resolver.name(logical_id), **request}, targets))
    return rules


def schedules_of(template: Template, resolver: Resolver) -> list[Schedule]:
    """Return what fires by the clock, rules of EventBridge and schedules of its Scheduler alike."""
    return [*_scheduled_rules(template, resolver), *_schedules(template, resolver)]


def standing_schedule(client: Any, schedule: Schedule) -> Schedule:
    """Look how a rule of EventBridge stands by now: an operator may have disabled it, or given it other targets."""
    if ":rule/" not in schedule.arn:
        return schedule
    name = schedule.arn.rpartition("/")[2]
    enabled = client.describe_rule(Name=name)["State"] == "ENABLED"
    return replace(schedule, enabled=enabled, targets=tuple(client.list_targets_by_rule(Rule=name)["Targets"]))


def _scheduled_rules(template: Template, resolver: Resolver) -> Iterator[Schedule]:
    for rule in rules_of(template, resolver):
        if expression := rule.request.get("ScheduleExpression"):
            yield Schedule(
                logical_id=rule.logical_id,
                arn=resolver.arn(rule.logical_id),
                expression=expression,
                timezone="UTC",
                enabled=rule.request.get("State") != "DISABLED",
                targets=tuple(rule.targets),
            )


def _schedules(template: Template, resolver: Resolver) -> Iterator[Schedule]:
    for logical_id, properties in template.of_type("AWS::Scheduler::Schedule"):
        resolved = _known(logical_id, resolver.resolve(properties), _SCHEDULE)
        check_target(logical_id, resolved["Target"])
        yield Schedule(
            logical_id=logical_id,
            arn=resolver.arn(logical_id),
            expression=resolved["ScheduleExpression"],
            timezone=resolved.get("ScheduleExpressionTimezone", "UTC"),
            enabled=resolved.get("State") != "DISABLED",
            targets=(resolved["Target"],),
        )


def _known(logical_id: str, properties: dict[str, Any], known: set[str]) -> dict[str, Any]:
    if unknown := set(properties) - known:
        raise TemplateError(f"{logical_id}: the local stack does not know {', '.join(sorted(unknown))}")
    return properties
