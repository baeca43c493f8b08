"""Delivering events: to functions, machines and queues, and what happens when that fails."""

from typing import Any

import pytest
from botocore.exceptions import ClientError

from local.events.calls import DeadLetters
from local.events.targets import Delivery, Targets, check_target
from local.failures import TemplateError
from tests.support.stack import eventually
from tests.unit.local.background_doubles import Console, Queues

EVENT = {"id": "event-1", "time": "2026-01-01T00:00:00Z", "detail": {"n": 1}}
MACHINE = "arn:aws:states:us-east-1:123456789012:stateMachine:local-M"
RULE = "arn:aws:events:us-east-1:123456789012:rule/local-Rule"


class Receivers:
    """A function and a machine that keep what they get; the machine refuses a number of times first."""

    def __init__(self, refusals: int = 0) -> None:
        self.invoked: list[tuple[str, bytes]] = []
        self.started: list[dict[str, Any]] = []
        self.tries = 0
        self._refusals = refusals

    def invoke(self, name: str, event: bytes) -> None:
        if name != "local-F":
            raise KeyError(name)
        self.invoked.append((name, event))

    def start_execution(self, **request: Any) -> None:
        self.tries += 1
        if self.tries <= self._refusals:
            raise ClientError({"Error": {"Code": "ExecutionLimitExceeded", "Message": "no"}}, "StartExecution")
        self.started.append(request)


class Delivering:
    """The targets of a stack with everything they touch."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, refusals: int = 0) -> None:
        monkeypatch.setattr("local.events.targets._WAIT_SECONDS", 0)
        self.receivers, self.queues, self.console = Receivers(refusals), Queues(), Console()
        dead_letters = DeadLetters(self.queues, self.console)
        self.targets = Targets(self.receivers, self.receivers, self.queues, dead_letters, self.console)

    def accept(self, **target: Any) -> None:
        self.targets.accept(Delivery(RULE, target, EVENT))


def test_function_is_invoked_with_the_input(monkeypatch: pytest.MonkeyPatch) -> None:
    run = Delivering(monkeypatch)
    run.accept(Arn="arn:aws:lambda:us-east-1:123456789012:function:local-F", InputPath="$.detail")
    assert eventually(lambda: run.receivers.invoked) == [("local-F", b'{"n": 1}')]


def test_machine_is_started_under_a_name_of_the_event(monkeypatch: pytest.MonkeyPatch) -> None:
    run = Delivering(monkeypatch, refusals=1)
    run.accept(Arn=MACHINE, Input="{}")
    (started,) = eventually(lambda: run.receivers.started)
    assert (started["stateMachineArn"], started["input"]) == (MACHINE, "{}")
    assert started["name"].startswith("event-1_")
    assert run.console.says("local-Rule | an event was not delivered")


def test_queue_gets_a_message(monkeypatch: pytest.MonkeyPatch) -> None:
    run = Delivering(monkeypatch)
    run.accept(Arn="arn:aws:sqs:r:1:q.fifo", InputPath="$.id", SqsParameters={"MessageGroupId": "g"})
    (sent,) = eventually(lambda: run.queues.sent)
    assert (sent["MessageBody"], sent["MessageGroupId"]) == ("event-1", "g")


def test_undeliverable_event_goes_to_the_dead_letter_queue_with_its_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    run = Delivering(monkeypatch, refusals=9)
    run.accept(Arn=MACHINE, DeadLetterConfig={"Arn": "arn:aws:sqs:r:1:dead"})
    (sent,) = eventually(lambda: run.queues.sent)
    assert run.receivers.tries == 3
    attributes = {name: value["StringValue"] for name, value in sent["MessageAttributes"].items()}
    assert (attributes["ERROR_CODE"], attributes["TARGET_ARN"]) == ("ExecutionLimitExceeded", MACHINE)
    assert attributes["RULE_ARN"] == RULE


def test_retries_are_the_rules_own(monkeypatch: pytest.MonkeyPatch) -> None:
    run = Delivering(monkeypatch, refusals=9)
    run.accept(Arn=MACHINE, RetryPolicy={"MaximumRetryAttempts": 0})
    eventually(lambda: run.console.says("given up: it is dropped"))
    assert run.receivers.tries == 1


@pytest.mark.parametrize(
    "target",
    [
        {"Arn": "arn:aws:sns:us-east-1:123456789012:topic"},
        {"Arn": MACHINE, "EcsParameters": {}},
        {"Arn": MACHINE, "InputPath": "$..x"},
    ],
)
def test_target_that_is_not_known_is_refused(target: dict) -> None:
    with pytest.raises(TemplateError, match=r"^Rule: "):
        check_target("Rule", target)
