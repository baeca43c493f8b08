"""Stopping everything that writes, and letting it go on: nothing is lost, and a crash at any call is made up for."""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from operations.held_events import HeldEvents
from operations.stack import DeployedStack, RefusedError
from operations.stopping import RECORD, Writers
from testing.faults import Crash
from testing.resources import Resources
from tests.support.deployed_stack import NAME, Deployment
from tests.support.sizes import sized

QUIET = 900
# Dying behind a call is as dying before the next one, so by two each place comes up once in the two.
STEP = sized(6, 2)


class Time:
    """Sleeping lets the clock go on, and `then` happen once."""

    def __init__(self) -> None:
        self.now = 1_000_000.0
        self.then: Callable[[], None] | None = None

    def sleep(self, seconds: float) -> None:
        self.now += seconds
        then, self.then = self.then, None
        if then:
            then()


@pytest.fixture
def deployment(aws_moto: Resources) -> Deployment:
    return Deployment(aws_moto)


def writers(stack: DeployedStack, time: Time | None = None) -> Writers:
    time = time or Time()
    held = HeldEvents(stack, settle_seconds=0, hidden_seconds=0, sleep=time.sleep)
    return Writers(stack, held, lambda _: None, poll_seconds=300, sleep=time.sleep, clock=lambda: time.now)


def ask(deployment: Deployment, number: int) -> None:
    """Put an event that asks for an import on the stack's bus."""
    entry = {"Source": "test", "DetailType": "asked", "Detail": json.dumps({"n": number})}
    answer = deployment.clients["events"].put_events(Entries=[{**entry, "EventBusName": f"{NAME}-knowledge"}])
    assert answer["FailedEntryCount"] == 0


def imports_asked_for(deployment: Deployment) -> set[int]:
    """The events that start_import was invoked with; moto brings it those of the bucket, too, whatever a rule says."""
    name = deployment.stack.physical("StartImportFunction")
    events = [event for invoked, event in deployment.functions.invoked if invoked == name]
    return {event["detail"]["n"] for event in events if event["detail-type"] == "asked"}


def test_stopped_stack_takes_nothing_in_and_goes_on_as_it_was(deployment: Deployment) -> None:
    before, time = deployment.configuration(), Time()
    writers(deployment.stack, time).stop()
    assert time.now >= 1_000_000 + QUIET, "as long as the slowest function may take"
    during = deployment.configuration()
    assert during["throttles"] == (0, 0)
    assert set(during["mappings"].values()) == {"Disabled"}
    assert {name: state for name, (state, _) in during["rules"].items()} == {
        f"{NAME}-Requested": "ENABLED",
        f"{NAME}-Uploaded": "ENABLED",
        f"{NAME}-Nightly": "DISABLED",
        f"{NAME}-Quarterly": "DISABLED",
        f"{NAME}-Unfired": "DISABLED",
    }
    held = [name for name, (_, targets) in during["rules"].items() if ":sqs:" in targets[0]["Arn"]]
    assert held == [f"{NAME}-Requested", f"{NAME}-Uploaded", f"{NAME}-Nightly"]
    # What a schedule asks for is in its target, and is held as it would have been sent.
    assert "InputTransformer" in during["rules"][f"{NAME}-Nightly"][1][0]
    ask(deployment, 1)
    ask(deployment, 2)
    assert imports_asked_for(deployment) == set()
    writers(deployment.stack, time).resume(lambda: None)
    assert deployment.configuration() == before, "what was at rest before rests, and nothing is left behind"
    assert imports_asked_for(deployment) == {1, 2}


def test_nothing_of_it_is_sent_to_a_dead_letter_queue(deployment: Deployment) -> None:
    stack, sqs = deployment.stack, deployment.clients["sqs"]
    writers(stack).stop()
    sqs.send_message(QueueUrl=stack.physical("WebhookDeliveriesQueue"), MessageBody="{}")
    ask(deployment, 1)
    writers(stack).resume(lambda: None)
    assert [stack.count_messages(queue) for queue in ("WebhookDeadLettersQueue", "ImportDeadLettersQueue")] == [0, 0]
    assert stack.count_messages("WebhookDeliveriesQueue") == 1


class Tripping:
    """A client whose n-th call of all dies, before or after it took effect."""

    def __init__(self, client: Any, calls: Any, at: int, *, after: bool) -> None:
        self._client, self._calls, self._at, self._after = client, calls, at, after

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._client, name)
        if name in {"exceptions", "get_paginator"} or name.startswith("_"):
            return found

        def call(**request: Any) -> Any:
            dies = next(self._calls) == self._at
            if dies and not self._after:
                raise Crash
            answer = found(**request)
            if dies:
                raise Crash
            return answer

        return call


def tripping(deployment: Deployment, at: int, *, after: bool) -> DeployedStack:
    calls = itertools.count()
    clients = {name: Tripping(client, calls, at, after=after) for name, client in deployment.clients.items()}
    return replace(deployment.stack, client=clients.__getitem__)


@pytest.mark.long
@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
def test_a_stop_and_a_resume_that_died_anywhere_are_said_again(deployment: Deployment, after: bool) -> None:
    before, crashes = deployment.configuration(), 0

    def say(command: Callable[[Writers], None], at: int) -> bool:
        try:
            command(writers(tripping(deployment, at, after=after)))
        except Crash:
            command(writers(deployment.stack))
            return True
        return False

    for at in itertools.count(int(after), STEP):
        died = say(lambda each: each.stop(), at)
        assert deployment.configuration()["throttles"] == (0, 0)
        writers(deployment.stack, _later()).require_stopped()
        assert events_may_be_sent(deployment)
        ask(deployment, at)
        died |= say(lambda each: each.resume(lambda: None), at)
        assert deployment.configuration() == before, at
        assert imports_asked_for(deployment) == set(range(int(after), at + 1, STEP))
        crashes += died
        if not died:
            break
    assert crashes > 30 // STEP


def events_may_be_sent(deployment: Deployment) -> bool:
    """What EventBridge needs, and moto does not ask for: a policy of the queue."""
    sqs = deployment.clients["sqs"]
    url = sqs.get_queue_url(QueueName=f"{NAME}-held-events")["QueueUrl"]
    policy = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"].get("Policy", "")
    return "events.amazonaws.com" in policy


def _later() -> Time:
    time = Time()
    time.now += 10 * QUIET
    return time


def test_stop_soon_after_a_resume_waits_until_the_queue_may_be_made_again(deployment: Deployment) -> None:
    time, sqs = Time(), deployment.clients["sqs"]
    began = time.now

    class Remembering:
        """SQS, which makes no queue of a name that was deleted in the last minute; moto does."""

        def __getattr__(self, name: str) -> Any:
            return getattr(sqs, name)

        def create_queue(self, **request: Any) -> Any:
            if time.now < began + 60:
                raise sqs.exceptions.QueueDeletedRecently({"Error": {"Code": "QueueDeletedRecently"}}, "CreateQueue")
            return sqs.create_queue(**request)

    deployment.clients["sqs"] = Remembering()
    writers(deployment.stack, time).stop(quiet_seconds=0)
    assert events_may_be_sent(deployment)


@pytest.mark.parametrize("machine", ["ImportStateMachine", "ExportStateMachine"])
def test_execution_that_runs_is_ended_and_waited_for(deployment: Deployment, machine: str) -> None:
    states, machine = deployment.clients["stepfunctions"], deployment.stack.physical(machine)
    first = states.start_execution(stateMachineArn=machine, name="imp_1-1", input="{}")["executionArn"]
    time, late = Time(), []

    def begin_another() -> None:
        """A change of a rule is not known everywhere at once."""
        late.append(states.start_execution(stateMachineArn=machine, name="imp_2-1", input="{}")["executionArn"])

    time.then = begin_another
    writers(deployment.stack, time).stop()
    assert [states.describe_execution(executionArn=arn)["status"] for arn in (first, *late)] == ["ABORTED"] * 2
    assert time.now > 1_000_000 + QUIET, "waited for anew, as of the last one's end"


def test_rows_are_not_touched_before_everything_rests(deployment: Deployment) -> None:
    time = Time()
    with pytest.raises(RefusedError, match="stop"):
        writers(deployment.stack, time).require_stopped()

    class OperatorLeavesError(Exception):
        pass

    def leave() -> None:
        raise OperatorLeavesError

    time.then = leave
    with pytest.raises(OperatorLeavesError):
        writers(deployment.stack, time).stop()
    with pytest.raises(RefusedError, match="wait"):
        writers(deployment.stack, time).require_stopped()
    writers(deployment.stack, time).stop()
    writers(deployment.stack, time).require_stopped()
    with pytest.raises(OperatorLeavesError):
        writers(deployment.stack, time).resume(leave)
    with pytest.raises(RefusedError, match="stop"):
        writers(deployment.stack, time).require_stopped()


def test_the_first_note_of_how_things_were_stands(deployment: Deployment) -> None:
    """A second operator notes what the first one has half stopped: then a resume would leave it so."""
    before, stack = deployment.configuration(), deployment.stack
    first, second = writers(stack), writers(stack)
    record = first._begin_record()
    first._throttle({"rateLimit": 0, "burstLimit": 0})
    assert second._begin_record() == record
    second.stop(quiet_seconds=0)
    second.resume(lambda: None)
    assert deployment.configuration() == before
    second.resume(lambda: None)
    assert deployment.configuration() == before


def test_note_is_no_object_that_a_restore_brings_back(deployment: Deployment) -> None:
    writers(deployment.stack).stop(quiet_seconds=0)
    s3, bucket = deployment.clients["s3"], deployment.resources.bucket
    assert json.loads(s3.get_object(Bucket=bucket, Key=RECORD)["Body"].read())["stage"] == {
        "rateLimit": 500.0,
        "burstLimit": 1000,
    }
