"""Reading a stream: filters, batches, where a restart goes on, and what LATEST passes over."""

import threading
from pathlib import Path
from typing import Any

from local.events.mappings import EventSourceMapping
from local.events.patterns import Pattern
from local.events.streams import Positions, StreamReader, lambda_record


class Streams:
    """A DynamoDB Streams client with one shard; it stops the reader when everything was read."""

    def __init__(self, stopping: threading.Event) -> None:
        self.records: list[dict[str, Any]] = []
        self._stopping = stopping

    def add(self, number: int, kind: str = "event") -> None:
        image = {"kind": {"S": kind}, "blob": {"B": b"\x00\xff"}}
        change = {"SequenceNumber": str(number), "NewImage": image}
        self.records.append({"eventName": "INSERT", "awsRegion": "elsewhere", "dynamodb": change})

    def list_streams(self, **_: Any) -> Any:
        return {"Streams": [{"StreamArn": "arn:emulated"}]}

    def describe_stream(self, **_: Any) -> Any:
        return {"StreamDescription": {"Shards": [{"ShardId": "shard-1"}]}}

    def get_shard_iterator(self, ShardIteratorType: str, SequenceNumber: str = "0", **_: Any) -> Any:  # noqa: N803
        assert (ShardIteratorType == "AFTER_SEQUENCE_NUMBER") == (SequenceNumber != "0")
        return {"ShardIterator": SequenceNumber}

    def get_records(self, ShardIterator: str, **_: Any) -> Any:  # noqa: N803
        later = [entry for entry in self.records if int(entry["dynamodb"]["SequenceNumber"]) > int(ShardIterator)]
        if not later:
            self._stopping.set()
        last = later[-1]["dynamodb"]["SequenceNumber"] if later else ShardIterator
        return {"Records": later, "NextShardIterator": last}


class Delivery:
    """Keeps the batches that it gets; refuses from the one that holds a record on."""

    def __init__(self, refuses: int | None = None) -> None:
        self.stopping = threading.Event()
        self.batches: list[list[int]] = []
        self._refuses = refuses

    def deliver(self, shard_id: str, batch: list[dict[str, Any]]) -> bool:
        assert shard_id == "shard-1"
        numbers = [int(record["dynamodb"]["SequenceNumber"]) for record in batch]
        if self._refuses in numbers:
            self.stopping.set()
            return False
        self.batches.append(numbers)
        return True


def read(streams_of: Any, path: Path, *, latest: bool = False, refuses: int | None = None) -> list[list[int]]:
    delivery = Delivery(refuses)
    streams = Streams(delivery.stopping)
    streams_of(streams)
    only_events = Pattern({"dynamodb": {"NewImage": {"kind": {"S": ["event"]}}}}, "FStream")
    mapping = EventSourceMapping(
        "FStream", "local-F", "arn:stream", "T", None, 2, (only_events,), False, from_latest=latest
    )
    StreamReader(mapping, streams, "local-T", Positions(path), delivery).run()
    return delivery.batches


def three_events(streams: Streams) -> None:
    for number, kind in enumerate(["event", "other", "event", "other", "event", "other"], 1):
        streams.add(number, kind)


def test_wanted_records_come_in_batches_and_in_order(tmp_path: Path) -> None:
    assert read(three_events, tmp_path / "p.json") == [[1, 3], [5]]


def test_restart_goes_on_after_what_was_done(tmp_path: Path) -> None:
    assert read(three_events, tmp_path / "p.json", refuses=5) == [[1, 3]]
    assert read(three_events, tmp_path / "p.json") == [[5]]
    assert read(three_events, tmp_path / "p.json") == []


def test_latest_passes_over_what_was_there_and_nothing_later(tmp_path: Path) -> None:
    assert read(three_events, tmp_path / "p.json", latest=True) == []

    def one_more(streams: Streams) -> None:
        three_events(streams)
        streams.add(7)

    assert read(one_more, tmp_path / "p.json", latest=True) == [[7]]


def test_latest_on_an_empty_stream_reads_what_comes_while_the_stack_is_down(tmp_path: Path) -> None:
    assert read(lambda _: None, tmp_path / "p.json", latest=True) == []
    assert read(three_events, tmp_path / "p.json", latest=True) == [[1, 3], [5]]


def test_record_is_what_a_function_gets_on_aws() -> None:
    streams = Streams(threading.Event())
    streams.add(1)
    record = lambda_record(streams.records[0], "arn:stream")
    assert record["dynamodb"]["NewImage"]["blob"] == {"B": "AP8="}
    assert (record["eventSourceARN"], record["awsRegion"]) == ("arn:stream", "us-east-1")
