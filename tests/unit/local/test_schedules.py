"""Schedules of the template: fired by the clock, or by hand."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from local.events.rules import Schedule, schedules_of, standing_schedule
from local.events.schedules import Ticker, UnknownScheduleError
from local.events.targets import Delivery
from local.failures import TemplateError
from tests.unit.local.background_doubles import resolver_of

FUNCTION = {"Fn::GetAtt": ["F", "Arn"]}
BEGAN = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)


def rule(expression: str, **more: Any) -> dict[str, Any]:
    targets = [{"Arn": FUNCTION, "Id": "one"}]
    return {"Type": "AWS::Events::Rule", "Properties": {"ScheduleExpression": expression, "Targets": targets, **more}}


def schedule(expression: str, **target: Any) -> dict[str, Any]:
    properties = {
        "ScheduleExpression": expression,
        "FlexibleTimeWindow": {"Mode": "OFF"},
        "Target": {"Arn": FUNCTION, "RoleArn": "arn:role", **target},
    }
    return {"Type": "AWS::Scheduler::Schedule", "Properties": properties}


class Clock:
    """A ticker over some schedules, and what it sent."""

    def __init__(self, **resources: dict[str, Any]) -> None:
        self.now = BEGAN
        self.sent: list[Delivery] = []
        template, resolver = resolver_of({"F": {"Type": "AWS::Lambda::Function"}, **resources})
        self.standing: Callable[[Schedule], Schedule] = lambda schedule: schedule
        self.ticker = Ticker(
            schedules_of(template, resolver),
            resolver,
            self.sent.append,
            lambda: self.now,
            standing=self._stands,
        )

    def _stands(self, schedule: Schedule) -> Schedule:
        return self.standing(schedule)

    def tick(self, **later: int) -> list[str]:
        self.now += timedelta(**later)
        self.sent.clear()
        self.ticker.tick()
        return [delivery.name for delivery in self.sent]


def test_schedules_fire_when_they_are_due_and_once() -> None:
    clock = Clock(Often=rule("rate(5 minutes)"), Nightly=schedule("cron(30 8 * * ? *)"))
    assert clock.tick(minutes=4) == []
    assert clock.tick(minutes=1) == ["local-Often"]
    assert clock.tick(seconds=1) == []
    assert clock.tick(minutes=25) == ["local-Often", "local-Nightly"]
    assert clock.tick(days=3) == ["local-Often", "local-Nightly"]
    assert clock.tick(seconds=1) == []


def test_disabled_schedule_fires_by_hand_only() -> None:
    clock = Clock(Often=rule("rate(1 minute)", State="DISABLED"))
    assert clock.tick(minutes=9) == []
    assert clock.ticker.fire("Often") == ["Often"]
    assert len(clock.sent) == 1


def test_schedules_of_a_function_fire_by_its_name() -> None:
    clock = Clock(Often=rule("rate(1 minute)"), Nightly=schedule("cron(30 8 * * ? *)"))
    assert clock.ticker.fire("F") == ["Often", "Nightly"]
    with pytest.raises(UnknownScheduleError, match="the template has: Nightly, Often"):
        clock.ticker.fire("G")


def test_rule_sends_a_scheduled_event() -> None:
    clock = Clock(Often=rule("rate(1 minute)"))
    clock.tick(minutes=1)
    event = clock.sent[0].event
    assert (event["detail-type"], event["source"], event["detail"]) == ("Scheduled Event", "aws.events", {})
    assert event["time"] == "2026-11-23T08:01:00Z"
    assert event["resources"] == ["arn:aws:events:us-east-1:123456789012:rule/local-Often"]


def test_scheduler_replaces_keywords_in_its_input() -> None:
    clock = Clock(Nightly=schedule("rate(1 hour)", Input='{"at": "<aws.scheduler.scheduled-time>"}'))
    clock.tick(hours=1)
    assert clock.sent[0].target["Input"] == '{"at": "2026-11-23T09:00:00Z"}'


@pytest.mark.parametrize(
    "resource",
    [
        rule("rate(1 fortnight)"),
        rule("rate(1 minute)", Targets=[{"Arn": "arn:aws:sns:r:1:topic", "Id": "one"}]),
        schedule("rate(1 minute)", EcsParameters={}),
        schedule("rate(1 minute)", Arn="arn:aws:scheduler:::aws-sdk:s3:listBuckets"),
    ],
)
def test_schedule_that_is_not_known_is_refused(resource: dict) -> None:
    with pytest.raises(TemplateError):
        Clock(Odd=resource)


def test_rule_that_was_disabled_or_pointed_elsewhere_since_fires_as_it_stands() -> None:
    clock = Clock(Often=rule("rate(5 minutes)"))
    clock.standing = lambda schedule: replace(schedule, enabled=False)
    assert clock.tick(minutes=5) == []
    clock.standing = lambda schedule: replace(schedule, targets=({"Id": "held", "Arn": "arn:queue"},))
    clock.tick(minutes=5)
    assert [delivery.target["Arn"] for delivery in clock.sent] == ["arn:queue"]
    clock.standing = lambda schedule: replace(schedule, enabled=False)
    clock.ticker.fire("Often")
    assert len(clock.sent) == 2, "by hand all the same"


def test_how_a_rule_stands_is_what_eventbridge_says() -> None:
    class Events:
        def describe_rule(self, **_: str) -> dict[str, str]:
            return {"State": "DISABLED"}

        def list_targets_by_rule(self, **_: str) -> dict[str, list[dict[str, str]]]:
            return {"Targets": [{"Id": "held"}]}

    template, resolver = resolver_of({"F": {"Type": "AWS::Lambda::Function"}, "R": rule("rate(5 minutes)")})
    [schedule] = schedules_of(template, resolver)
    stands = standing_schedule(Events(), schedule)
    assert (stands.enabled, stands.targets) == (False, ({"Id": "held"},))
    assert standing_schedule(None, replace(schedule, arn="arn:aws:scheduler:r:a:schedule/default/R")).enabled
