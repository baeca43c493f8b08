"""Asynchronous invocations: tried again, and where a failure is told."""

import json
from typing import Any

import pytest

from local.events.asynchronous import AsynchronousInvoker, FailurePolicy, failure_policies
from local.events.calls import DeadLetters
from local.failures import TemplateError
from tests.support.stack import eventually
from tests.unit.local.background_doubles import FAILED, Console, Function, Queues, done, resolver_of


class Invoking:
    """An invoker of one function, its waits taken out."""

    def __init__(self, outcomes: list[Any], policy: FailurePolicy | None = None) -> None:
        left = iter(outcomes)
        self.function, self.queues, self.console = Function(lambda _: next(left)), Queues(), Console()
        self.invoker = AsynchronousInvoker(
            {"local-F": self.function},
            {"local-F": policy or FailurePolicy()},
            DeadLetters(self.queues, self.console),
            self.console,
            waits_seconds=(0, 0),
        )
        self.invoker.invoke("local-F", b'{"n": 1}', "request-1")


def test_failure_is_tried_twice_more() -> None:
    run = Invoking([FAILED, FAILED, done()])
    eventually(lambda: len(run.function.events) == 3)
    assert run.console.lines == [
        f"F | asynchronous invocation failed (attempt {attempt} of 3): ValueError: no" for attempt in (1, 2)
    ]


def test_failure_without_a_queue_is_dropped_aloud() -> None:
    run = Invoking([FAILED] * 3)
    eventually(lambda: run.console.says("given up: it is dropped"))
    assert len(run.function.events) == 3


def test_destination_gets_the_event_and_the_error() -> None:
    run = Invoking([FAILED], FailurePolicy(retries=0, on_failure_arn="arn:aws:sqs:r:1:lost"))
    (sent,) = eventually(lambda: run.queues.sent)
    told = json.loads(sent["MessageBody"])
    assert told["requestPayload"] == {"n": 1}
    assert told["responsePayload"]["errorType"] == "ValueError"
    assert told["requestContext"] | {"functionArn": ""} == {
        "requestId": "request-1",
        "functionArn": "",
        "condition": "RetriesExhausted",
        "approximateInvokeCount": 1,
    }


def test_dead_letter_queue_gets_the_event_itself() -> None:
    run = Invoking([FAILED], FailurePolicy(retries=0, dead_letter_arn="arn:aws:sqs:r:1:dead"))
    (sent,) = eventually(lambda: run.queues.sent)
    assert json.loads(sent["MessageBody"]) == {"n": 1}
    assert sent["MessageAttributes"]["ErrorMessage"]["StringValue"] == "ValueError: no"


def test_unknown_function_is_refused() -> None:
    run = Invoking([done()])
    with pytest.raises(KeyError):
        run.invoker.invoke("local-Other", b"{}")


def test_policies_come_from_the_template() -> None:
    dead = {"Fn::GetAtt": ["Dead", "Arn"]}
    resources = {
        "Dead": {"Type": "AWS::SQS::Queue"},
        "F": {"Type": "AWS::Lambda::Function", "Properties": {"DeadLetterConfig": {"TargetArn": dead}}},
        "G": {"Type": "AWS::Lambda::Function"},
        "GConfig": {
            "Type": "AWS::Lambda::EventInvokeConfig",
            "Properties": {
                "FunctionName": {"Ref": "G"},
                "MaximumRetryAttempts": 0,
                "DestinationConfig": {"OnFailure": {"Destination": dead}},
            },
        },
    }
    arn = "arn:aws:sqs:us-east-1:123456789012:local-Dead"
    assert failure_policies(*resolver_of(resources)) == {
        "local-F": FailurePolicy(dead_letter_arn=arn),
        "local-G": FailurePolicy(retries=0, on_failure_arn=arn),
    }
    resources["GConfig"]["Properties"]["DestinationConfig"] = {"OnSuccess": {"Destination": dead}}
    with pytest.raises(TemplateError, match="OnSuccess"):
        failure_policies(*resolver_of(resources))
