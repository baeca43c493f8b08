"""Calls a function with a batch of a stream's records until every one is done or given up.

https://docs.aws.amazon.com/lambda/latest/dg/services-dynamodb-eventsourcemapping.html
"""

from __future__ import annotations

import threading
import time
import uuid
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from local.events.calls import DeadLetters, Invoke, LineSink, failed_items, reason_of, timestamp
from local.events.mappings import EventSourceMapping
from local.template.load import ACCOUNT_ID, REGION
from local.workers.functions import Outcome

_FIRST_WAIT_SECONDS = 0.2
_LONGEST_WAIT_SECONDS = 10.0

Record = dict[str, Any]


@dataclass(frozen=True)
class _Part:
    records: list[Record]
    failures: int = 0


class BatchDelivery:
    """Delivers the batches of one mapping; used by one thread."""

    def __init__(
        self,
        mapping: EventSourceMapping,
        invoke: Invoke,
        dead_letters: DeadLetters,
        sink: LineSink,
        stopping: threading.Event,
    ) -> None:
        self._mapping = mapping
        self._invoke = invoke
        self._dead_letters = dead_letters
        self._sink = sink
        self.stopping = stopping

    def deliver(self, shard_id: str, records: list[Record]) -> bool:
        """Return True when no record of a batch is left to be delivered, False when the stack stopped before."""
        parts = [_Part(records)]
        while parts:
            if self.stopping.is_set():
                return False
            part = parts.pop()
            outcome = self._invoke(self._mapping.function_name, {"Records": part.records})
            done = self._done(part.records, outcome)
            if done == len(part.records):
                continue
            if self.stopping.is_set():
                return False
            # Progress makes it a new batch, whose failures are counted anew.
            failures = part.failures + 1 if done == 0 else 1
            rest = part.records[done:]
            reason = reason_of(outcome) if outcome.failed else "it reported failed items"
            if self._is_hopeless(rest, failures):
                self._give_up(shard_id, rest, failures, outcome, reason)
            elif self._mapping.bisects and len(rest) > 1:
                # Splitting does not count as a retry.
                half = len(rest) // 2
                parts += [_Part(rest[half:], failures - 1), _Part(rest[:half], failures - 1)]
                self._sink(self._mapping.logical_id, f"{len(rest)} records failed, split in two: {reason}")
            else:
                parts.append(_Part(rest, failures))
                self._sink(self._mapping.logical_id, f"{len(rest)} records failed, tried again: {reason}")
                self.stopping.wait(min(_FIRST_WAIT_SECONDS * 2 ** (failures - 1), _LONGEST_WAIT_SECONDS))
        return True

    def _done(self, records: list[Record], outcome: Outcome) -> int:
        """Return how many records, from the first, need not be delivered again."""
        if outcome.failed:
            return 0
        if not self._mapping.reports_item_failures:
            return len(records)
        numbers = [record["dynamodb"]["SequenceNumber"] for record in records]
        failed = failed_items(outcome, numbers)
        return next((place for place, number in enumerate(numbers) if number in failed), len(numbers))

    def _is_hopeless(self, records: list[Record], failures: int) -> bool:
        if self._mapping.bisects and len(records) > 1:
            return False
        if 0 <= self._mapping.maximum_retries < failures:
            return True
        return 0 <= self._mapping.maximum_age_seconds < time.time() - _written_at(records[0])

    def _give_up(self, shard_id: str, records: list[Record], failures: int, outcome: Outcome, reason: str) -> None:
        mapping = self._mapping
        self._sink(mapping.logical_id, f"{len(records)} records failed {failures} times: {reason}")
        document = {
            "requestContext": {
                "requestId": str(uuid.uuid4()),
                "functionArn": f"arn:aws:lambda:{REGION}:{ACCOUNT_ID}:function:{mapping.function_name}",
                "condition": "RetryAttemptsExhausted",
                "approximateInvokeCount": failures,
            },
            "responseContext": {
                "statusCode": 200,
                "executedVersion": "$LATEST",
                "functionError": "Unhandled" if outcome.failed else None,
            },
            "version": "1.0",
            "timestamp": timestamp(),
            "DDBStreamBatchInfo": {
                "shardId": shard_id,
                "startSequenceNumber": records[0]["dynamodb"]["SequenceNumber"],
                "endSequenceNumber": records[-1]["dynamodb"]["SequenceNumber"],
                "approximateArrivalOfFirstRecord": _arrival(records[0]),
                "approximateArrivalOfLastRecord": _arrival(records[-1]),
                "batchSize": len(records),
                "streamArn": mapping.source_arn,
            },
        }
        self._dead_letters.send(mapping.logical_id, mapping.on_failure_arn, document)


def _written_at(record: Record) -> float:
    return float(record["dynamodb"].get("ApproximateCreationDateTime", time.time()))


def _arrival(record: Record) -> str:
    return timestamp(datetime.fromtimestamp(_written_at(record), UTC))
