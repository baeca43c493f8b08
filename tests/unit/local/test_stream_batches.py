"""Batches of a stream's records: order, retries, halves, reported items, and giving up."""

import json
import threading
from typing import Any

import pytest

from local.events.calls import DeadLetters
from local.events.mappings import EventSourceMapping
from local.events.stream_batches import BatchDelivery
from local.workers.functions import Outcome
from tests.unit.local.background_doubles import FAILED, Console, Function, Queues, done


def records(*numbers: int) -> list[dict[str, Any]]:
    return [
        {"dynamodb": {"SequenceNumber": str(number), "ApproximateCreationDateTime": 1_700_000_000}}
        for number in numbers
    ]


def numbers_of(event: Any) -> list[int]:
    return [int(record["dynamodb"]["SequenceNumber"]) for record in event["Records"]]


class Delivering:
    """A delivery to a function that behaves as told, with everything it touches."""

    def __init__(self, behave: Any, **settings: Any) -> None:
        fixed = {
            "logical_id": "FStream",
            "function_name": "local-F",
            "source_arn": "arn:stream",
            "table": "T",
            "queue": None,
            "batch_size": 10,
            "filters": (),
            "reports_item_failures": False,
        }
        self.function, self.queues, self.console = Function(behave), Queues(), Console()
        self.stopping = threading.Event()
        self.delivery = BatchDelivery(
            EventSourceMapping(**{**fixed, **settings}),
            self.function.as_invoke,
            DeadLetters(self.queues, self.console),
            self.console,
            self.stopping,
        )

    def deliver(self, *numbers: int) -> bool:
        return self.delivery.deliver("shard-1", records(*numbers))

    @property
    def calls(self) -> list[list[int]]:
        return [numbers_of(event) for event in self.function.events]


@pytest.fixture(autouse=True)
def _no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("local.events.stream_batches._FIRST_WAIT_SECONDS", 0)


def times_out_first(times: int) -> Any:
    left = iter([FAILED] * times)
    return lambda _: next(left, done())


def fails_on(*poison: int) -> Any:
    return lambda event: FAILED if set(poison) & set(numbers_of(event)) else done()


def reports(*poison: int) -> Any:
    def behave(event: Any) -> Outcome:
        failed = [str(number) for number in numbers_of(event) if number in poison]
        return done({"batchItemFailures": [{"itemIdentifier": number} for number in failed]})

    return behave


def test_batch_is_tried_again_until_it_succeeds() -> None:
    run = Delivering(times_out_first(4))
    assert run.deliver(1, 2)
    assert run.calls == [[1, 2]] * 5
    assert run.console.says("FStream | 2 records failed, tried again: ValueError: no")


def test_batch_is_given_up_after_its_retries_and_told_of() -> None:
    run = Delivering(fails_on(1), maximum_retries=2, on_failure_arn="arn:aws:sqs:r:1:lost")
    assert run.deliver(1, 2)
    assert run.calls == [[1, 2]] * 3
    told = json.loads(run.queues.sent[0]["MessageBody"])
    assert run.queues.sent[0]["QueueUrl"] == "https://sqs/lost"
    assert told["requestContext"]["condition"] == "RetryAttemptsExhausted"
    information = told["DDBStreamBatchInfo"]
    assert (information["startSequenceNumber"], information["endSequenceNumber"]) == ("1", "2")
    assert (information["shardId"], information["batchSize"]) == ("shard-1", 2)


def test_batch_is_halved_until_the_bad_record_stands_alone() -> None:
    run = Delivering(fails_on(3), maximum_retries=1, bisects=True)
    assert run.deliver(1, 2, 3, 4)
    assert run.calls == [[1, 2, 3, 4], [1, 2], [3, 4], [3], [3], [4]]
    assert run.console.says("given up: it is dropped")


def test_reported_record_is_where_the_next_call_begins() -> None:
    run = Delivering(reports(3), maximum_retries=1, reports_item_failures=True)
    assert run.deliver(1, 2, 3, 4)
    # The first failure of the rest is that of a new batch; after one retry it is given up whole, since it is not split.
    assert run.calls == [
        [1, 2, 3, 4],
        [3, 4],
    ]


def test_progress_makes_a_new_batch_with_retries_of_its_own() -> None:
    answers = iter([{"batchItemFailures": [{"itemIdentifier": number}]} for number in "123"])
    run = Delivering(lambda _: done(next(answers, None)), maximum_retries=1, reports_item_failures=True)
    assert run.deliver(1, 2, 3)
    assert run.calls == [[1, 2, 3], [1, 2, 3], [2, 3], [3]]
    assert run.queues.sent == []


def test_reported_failures_mean_nothing_without_the_setting() -> None:
    run = Delivering(reports(1))
    assert run.deliver(1)
    assert run.calls == [[1]]


def test_answer_that_names_an_unknown_record_fails_the_batch() -> None:
    answers = iter([done({"batchItemFailures": [{"itemIdentifier": "99"}]}), done({"batchItemFailures": []})])
    run = Delivering(lambda _: next(answers), reports_item_failures=True)
    assert run.deliver(1, 2)
    assert run.calls == [[1, 2]] * 2


def test_old_records_are_given_up() -> None:
    run = Delivering(fails_on(1), maximum_age_seconds=60)
    assert run.deliver(1)
    assert run.calls == [[1]]


def test_stopping_leaves_the_batch_for_the_next_start() -> None:
    run = Delivering(lambda _: (run.stopping.set(), FAILED)[1])
    assert not run.deliver(1)
    assert run.calls == [[1]]
    assert run.console.lines == []
