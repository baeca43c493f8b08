"""Reads the stream of a table and calls a function with its records: in order, at least once, with retries."""

from __future__ import annotations

import base64
import json
import threading
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from local.events.mappings import EventSourceMapping
from local.events.stream_batches import BatchDelivery
from local.events.valves import Valve
from local.template.load import REGION

_IDLE_SECONDS = 0.1
_TROUBLE_SECONDS = 1.0
_READ_RECORDS = 1000

Record = dict[str, Any]


class Positions:
    """The sequence number up to which a mapping is done with each shard, kept in a file."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._numbers: dict[str, str] = json.loads(path.read_text("utf-8")) if path.exists() else {}

    def find(self, shard_id: str) -> str | None:
        """Return how far a shard was read, None when it never was."""
        return self._numbers.get(shard_id)

    def store(self, shard_id: str, number: str) -> None:
        """Note how far a shard was read; the file is replaced whole."""
        self._numbers[shard_id] = number
        self._path.parent.mkdir(parents=True, exist_ok=True)
        part = self._path.with_suffix(".part")
        part.write_text(json.dumps(self._numbers), "utf-8")
        part.replace(self._path)


class StreamReader(threading.Thread):
    """A thread that reads one stream for one mapping until it is told to stop."""

    def __init__(
        self,
        mapping: EventSourceMapping,
        client: Any,
        table_name: str,
        positions: Positions,
        delivery: BatchDelivery,
        valve: Valve | None = None,
    ) -> None:
        """Take a DynamoDB Streams client that does not check shard ids, which are shorter here than on AWS."""
        super().__init__(name=mapping.logical_id, daemon=True)
        self._mapping = mapping
        self._client = client
        self._table_name = table_name
        self._positions = positions
        self._delivery = delivery
        self._stopping = delivery.stopping
        self._valve = valve or Valve()

    def run(self) -> None:
        """Read until the stack stops; an emulator that fails to answer is asked again."""
        while not self._stopping.is_set():
            try:
                self._read_shards()
            except (ClientError, BotoCoreError):
                self._stopping.wait(_TROUBLE_SECONDS)

    def _read_shards(self) -> None:
        stream_arn = self._client.list_streams(TableName=self._table_name)["Streams"][0]["StreamArn"]
        described = self._client.describe_stream(StreamArn=stream_arn)["StreamDescription"]
        for shard in described["Shards"]:
            self._read_shard(stream_arn, shard["ShardId"])
        if not described["Shards"]:
            self._stopping.wait(_IDLE_SECONDS)

    def _read_shard(self, stream_arn: str, shard_id: str) -> None:
        """Read a shard to its end: the last one has none."""
        iterator = self._iterator(stream_arn, shard_id)
        # What was there before the mapping is passed over, and noted so that a restart passes over no more than that.
        skipping = self._mapping.from_latest and self._positions.find(shard_id) is None
        while iterator and not self._stopping.is_set():
            answer = self._client.get_records(ShardIterator=iterator, Limit=_READ_RECORDS)
            records = [lambda_record(record, self._mapping.source_arn) for record in answer["Records"]]
            if skipping:
                skipping = bool(records)
                number = records[-1]["dynamodb"]["SequenceNumber"] if records else self._positions.find(shard_id) or "0"
                self._positions.store(shard_id, number)
            elif not self._deliver(shard_id, records):
                return
            iterator = answer.get("NextShardIterator")
            if not records:
                self._stopping.wait(_IDLE_SECONDS)

    def _iterator(self, stream_arn: str, shard_id: str) -> str:
        number = self._positions.find(shard_id)
        start = {"ShardIteratorType": "TRIM_HORIZON"}
        if number is not None and number != "0":
            start = {"ShardIteratorType": "AFTER_SEQUENCE_NUMBER", "SequenceNumber": number}
        answer = self._client.get_shard_iterator(StreamArn=stream_arn, ShardId=shard_id, **start)
        return str(answer["ShardIterator"])

    def _deliver(self, shard_id: str, records: list[Record]) -> bool:
        """Deliver what the function wants; False when the stack stopped first, which leaves the rest for next time."""
        for batch, last in _batches(self._mapping, records):
            with self._valve.passing(self._stopping) as passes:
                if not passes or (batch and not self._delivery.deliver(shard_id, batch)):
                    return False
            self._positions.store(shard_id, last["dynamodb"]["SequenceNumber"])
        return True


def _batches(mapping: EventSourceMapping, records: list[Record]) -> Iterator[tuple[list[Record], Record]]:
    """Yield batches of wanted records, each with the last record, wanted or not, that it takes the reader past."""
    batch: list[Record] = []
    for record in records:
        if mapping.wants(record):
            batch.append(record)
        if len(batch) == mapping.batch_size:
            yield batch, record
            batch = []
    if records and (batch or not mapping.wants(records[-1])):
        yield batch, records[-1]


def lambda_record(record: Record, stream_arn: str) -> Record:
    """Return a record of GetRecords as a function gets it: JSON, with the names that AWS gives the stream."""
    document: Record = _json_of(record)
    document["awsRegion"] = REGION
    document["eventSourceARN"] = stream_arn
    return document


def _json_of(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _json_of(entry) for key, entry in value.items()}
    if isinstance(value, list):
        return [_json_of(entry) for entry in value]
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    if isinstance(value, datetime):
        return value.timestamp()
    return value
