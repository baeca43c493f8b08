"""Reading a queue: batches, what is deleted, and what is left to come back."""

import threading
from typing import Any

import pytest

from local.events.mappings import EventSourceMapping
from local.events.patterns import Pattern
from local.events.queues import QueueReader, lambda_record
from local.workers.functions import Outcome
from tests.unit.local.background_doubles import FAILED, Console, Function, Queues, done

ARN = "arn:aws:sqs:us-east-1:123456789012:local-Q"


def message(name: str, body: str = "{}") -> dict[str, Any]:
    return {"MessageId": name, "ReceiptHandle": f"handle-{name}", "Body": body, "MD5OfBody": "md5"}


class Reading:
    """One pass over a queue that holds these messages."""

    def __init__(self, behave: Any, *messages: dict[str, Any], **settings: Any) -> None:
        fixed = {"batch_size": 10, "filters": (), "reports_item_failures": False}
        mapping = EventSourceMapping("FQueue", "local-F", ARN, None, "Q", **{**fixed, **settings})
        stopping = threading.Event()

        def behave_and_stop(event: Any) -> Outcome:
            if not self.queues.inbox:
                stopping.set()
            return behave(event)

        self.queues, self.console, self.function = Queues(list(messages)), Console(), Function(behave_and_stop)
        reader = QueueReader(
            mapping, self.queues, "https://sqs/local-Q", self.function.as_invoke, self.console, stopping
        )
        reader.run()

    @property
    def calls(self) -> list[list[str]]:
        return [[record["messageId"] for record in event["Records"]] for event in self.function.events]


def test_messages_that_succeed_are_deleted() -> None:
    run = Reading(lambda _: done(), message("a"), message("b"))
    assert run.calls == [["a", "b"]]
    assert run.queues.deleted == ["handle-a", "handle-b"]


def test_batch_is_bounded() -> None:
    run = Reading(lambda _: done(), *(message(str(number)) for number in range(5)), batch_size=2)
    assert run.calls == [["0", "1"], ["2", "3"], ["4"]]


def test_batch_may_be_larger_than_one_receive() -> None:
    run = Reading(lambda _: done(), *(message(str(number)) for number in range(25)), batch_size=20)
    assert [len(call) for call in run.calls] == [20, 5]
    assert len(run.queues.deleted) == 25


def test_only_reported_messages_come_back() -> None:
    answer = done({"batchItemFailures": [{"itemIdentifier": "b"}]})
    run = Reading(lambda _: answer, message("a"), message("b"), reports_item_failures=True)
    assert run.queues.deleted == ["handle-a"]


@pytest.mark.parametrize(
    "answer",
    [
        {"batchItemFailures": [{"itemIdentifier": ""}]},
        {"batchItemFailures": [{"itemIdentifier": None}]},
        {"batchItemFailures": [{"wrong": "a"}]},
        {"batchItemFailures": [{"itemIdentifier": "unknown"}]},
        {"batchItemFailures": "a"},
        "done",
    ],
)
def test_answer_that_is_not_well_formed_keeps_the_whole_batch(answer: Any) -> None:
    run = Reading(lambda _: done(answer), message("a"), message("b"), reports_item_failures=True)
    assert run.queues.deleted == []


@pytest.mark.parametrize("answer", [None, {}, {"batchItemFailures": []}, {"batchItemFailures": None}])
def test_answer_without_failures_deletes_the_batch(answer: Any) -> None:
    run = Reading(lambda _: done(answer), message("a"), reports_item_failures=True)
    assert run.queues.deleted == ["handle-a"]


def test_message_that_no_filter_wants_is_deleted_unseen() -> None:
    wanted = Pattern({"body": {"kind": ["wanted"]}}, "FQueue")
    messages = [message("a", '{"kind": "wanted"}'), message("b", '{"kind": "other"}'), message("c", "no json")]
    run = Reading(lambda _: done(), *messages, filters=(wanted,))
    assert run.calls == [["a"]]
    assert sorted(run.queues.deleted) == ["handle-a", "handle-b", "handle-c"]


def test_record_is_what_a_function_gets_on_aws() -> None:
    received = {
        **message("a"),
        "Attributes": {"ApproximateReceiveCount": "1"},
        "MessageAttributes": {"x": {"StringValue": "1", "DataType": "Number"}},
    }
    record = lambda_record(received, ARN)
    assert record["attributes"] == {"ApproximateReceiveCount": "1"}
    assert record["messageAttributes"]["x"]["stringValue"] == "1"
    assert (record["eventSource"], record["eventSourceARN"]) == ("aws:sqs", ARN)


def test_failure_is_said_on_the_console() -> None:
    outcomes = iter([FAILED, done()])
    run = Reading(lambda _: next(outcomes), message("a"), message("b"), batch_size=1)
    assert run.queues.deleted == ["handle-b"]
    assert run.console.lines == ["FQueue | 1 messages failed: ValueError: no"]
