"""Fires the schedules of the template by this machine's clock, and any of them by hand.

What fell due while the stack was down is not made up for; a rate counts from the start of the stack.
"""

from __future__ import annotations

import threading
import uuid
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from local.events.calls import timestamp
from local.events.cron import Expression
from local.events.rules import Schedule
from local.events.targets import Delivery
from local.template.load import ACCOUNT_ID, REGION
from local.template.resolve import Resolver

_LONGEST_SLEEP_SECONDS = 1.0

Accept = Callable[[Delivery], None]


class UnknownScheduleError(Exception):
    """Raised when nothing fires under a name; the message lists what does."""


class Ticker(threading.Thread):
    """A thread that fires what is due until it is told to stop."""

    def __init__(
        self,
        schedules: Sequence[Schedule],
        resolver: Resolver,
        accept: Accept,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        *,
        standing: Callable[[Schedule], Schedule] = lambda schedule: schedule,
    ) -> None:
        """Take the schedules, and how to learn what became of one; TemplateError when one of them can't be kept."""
        super().__init__(name="schedules", daemon=True)
        self._schedules = {schedule.logical_id: schedule for schedule in schedules}
        self._resolver = resolver
        self._accept = accept
        self._now = now
        self._standing = standing
        self._stopping = threading.Event()
        self._expressions = {
            schedule.logical_id: Expression(schedule.expression, schedule.timezone, schedule.logical_id)
            for schedule in schedules
        }
        began = now()
        self._due = {
            logical_id: self._expressions[logical_id].after(began)
            for logical_id, schedule in self._schedules.items()
            if schedule.enabled
        }

    def run(self) -> None:
        """Fire what is due, a second late at most."""
        while not self._stopping.wait(_LONGEST_SLEEP_SECONDS):
            self.tick()

    def tick(self) -> None:
        """Fire what has fallen due by now; what did so more than once meanwhile fires once."""
        now = self._now()
        for logical_id, due in list(self._due.items()):
            if due is not None and due <= now:
                self._due[logical_id] = self._expressions[logical_id].after(now)
                schedule = self._standing(self._schedules[logical_id])
                if schedule.enabled:
                    self._fire(schedule, due)

    def fire(self, name: str) -> list[str]:
        """Fire now what a logical id names: a schedule, or every schedule of a function or state machine.

        Returns the logical ids that were fired; UnknownScheduleError when there are none.
        """
        named = [
            schedule for schedule in self._schedules.values() if name in {schedule.logical_id, *self._ids(schedule)}
        ]
        if not named:
            known = ", ".join(sorted(self._schedules)) or "none"
            raise UnknownScheduleError(f"no schedule is named {name}, or starts {name}; the template has: {known}")
        for schedule in named:
            # By hand one fires that is disabled, too.
            self._fire(self._standing(schedule), self._now())
        return [schedule.logical_id for schedule in named]

    def stop(self) -> None:
        """Fire nothing more."""
        self._stopping.set()

    def _ids(self, schedule: Schedule) -> list[str]:
        names = [target["Arn"].rpartition(":")[2] for target in schedule.targets]
        return [self._resolver.logical_id(name) for name in names]

    def _fire(self, schedule: Schedule, due: datetime) -> None:
        for target in schedule.targets:
            if ":scheduler:" in schedule.arn:
                self._accept(_scheduler_delivery(schedule, target, due))
            else:
                self._accept(Delivery(schedule.arn, target, _scheduled_event(schedule, due, "aws.events", {})))


def _scheduled_event(schedule: Schedule, due: datetime, source: str, detail: Any) -> dict[str, Any]:
    return {
        "version": "0",
        "id": str(uuid.uuid4()),
        "detail-type": "Scheduled Event",
        "source": source,
        "account": ACCOUNT_ID,
        "time": timestamp(due.astimezone(UTC)),
        "region": REGION,
        "resources": [schedule.arn],
        "detail": detail,
    }


def _scheduler_delivery(schedule: Schedule, target: Mapping[str, Any], due: datetime) -> Delivery:
    """Build what EventBridge Scheduler sends: its own event, or the input with its keywords replaced."""
    event = _scheduled_event(schedule, due, "aws.scheduler", "{}")
    if "Input" in target:
        keywords = {
            "<aws.scheduler.schedule-arn>": schedule.arn,
            "<aws.scheduler.scheduled-time>": event["time"],
            "<aws.scheduler.execution-id>": event["id"],
            "<aws.scheduler.attempt-number>": "1",
        }
        text = target["Input"]
        for keyword, value in keywords.items():
            text = text.replace(keyword, value)
        target = {**target, "Input": text}
    return Delivery(schedule.arn, target, event)
