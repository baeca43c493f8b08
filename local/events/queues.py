"""Reads a queue and calls a function with its messages; what the function does not do becomes visible again."""

from __future__ import annotations

import json
import threading
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from local.events.calls import Invoke, LineSink, failed_items, reason_of
from local.events.mappings import EventSourceMapping
from local.events.valves import Valve
from local.template.load import REGION

_POLL_SECONDS = 2
_TROUBLE_SECONDS = 1.0
_LARGEST_RECEIVE = 10

Message = dict[str, Any]


class QueueReader(threading.Thread):
    """A thread that polls one queue for one mapping; several may share a queue, as pollers do on AWS.

    A failed message is left alone: its visibility time-out brings it back, and the queue's redrive policy moves it to
    the dead-letter queue when it was received too often.
    """

    def __init__(
        self,
        mapping: EventSourceMapping,
        client: Any,
        queue_url: str,
        invoke: Invoke,
        sink: LineSink,
        stopping: threading.Event,
        valve: Valve | None = None,
    ) -> None:
        super().__init__(name=mapping.logical_id, daemon=True)
        self._mapping = mapping
        self._client = client
        self._url = queue_url
        self._invoke = invoke
        self._sink = sink
        self._stopping = stopping
        self._valve = valve or Valve()

    def run(self) -> None:
        """Poll until the stack stops; an emulator that fails to answer is asked again."""
        while not self._stopping.is_set():
            try:
                with self._valve.passing(self._stopping) as passes:
                    messages = self._receive() if passes else []
                    if messages:
                        self._deliver(messages)
            except (ClientError, BotoCoreError):
                self._stopping.wait(_TROUBLE_SECONDS)

    def _receive(self) -> list[Message]:
        """Receive a batch: what is there, without waiting for more once there is something."""
        messages: list[Message] = []
        while len(messages) < self._mapping.batch_size:
            answer = self._client.receive_message(
                QueueUrl=self._url,
                MaxNumberOfMessages=min(_LARGEST_RECEIVE, self._mapping.batch_size - len(messages)),
                WaitTimeSeconds=0 if messages else _POLL_SECONDS,
                AttributeNames=["All"],
                MessageAttributeNames=["All"],
            )
            received = answer.get("Messages", [])
            messages += received
            if len(received) < _LARGEST_RECEIVE:
                break
        return messages

    def _deliver(self, messages: list[Message]) -> None:
        records = {message["MessageId"]: lambda_record(message, self._mapping.source_arn) for message in messages}
        handles = {message["MessageId"]: message["ReceiptHandle"] for message in messages}
        wanted = {name: record for name, record in records.items() if self._mapping.wants(_filterable(record))}
        failed = self._failed(wanted) if wanted else set()
        # What the filters let through to nobody is deleted too, as on AWS.
        done = [name for name in records if name not in failed]
        for start in range(0, len(done), _LARGEST_RECEIVE):
            names = done[start : start + _LARGEST_RECEIVE]
            entries = [{"Id": str(place), "ReceiptHandle": handles[name]} for place, name in enumerate(names)]
            self._client.delete_message_batch(QueueUrl=self._url, Entries=entries)

    def _failed(self, records: dict[str, Any]) -> set[str]:
        outcome = self._invoke(self._mapping.function_name, {"Records": list(records.values())})
        if self._stopping.is_set() and outcome.failed:
            return set(records)
        if outcome.failed:
            self._sink(self._mapping.logical_id, f"{len(records)} messages failed: {reason_of(outcome)}")
            return set(records)
        if not self._mapping.reports_item_failures:
            return set()
        failed = failed_items(outcome, records)
        if failed:
            self._sink(self._mapping.logical_id, f"{len(failed)} of {len(records)} messages failed: it reported them")
        return failed


def lambda_record(message: Message, queue_arn: str) -> dict[str, Any]:
    """Return a message of ReceiveMessage as a function gets it."""
    return {
        "messageId": message["MessageId"],
        "receiptHandle": message["ReceiptHandle"],
        "body": message["Body"],
        "attributes": message.get("Attributes", {}),
        "messageAttributes": {
            name: _attribute(attribute) for name, attribute in message.get("MessageAttributes", {}).items()
        },
        "md5OfBody": message["MD5OfBody"],
        "eventSource": "aws:sqs",
        "eventSourceARN": queue_arn,
        "awsRegion": REGION,
    }


def _attribute(attribute: dict[str, Any]) -> dict[str, Any]:
    value = {name[0].lower() + name[1:]: entry for name, entry in attribute.items() if name != "BinaryValue"}
    return {"stringListValues": [], "binaryListValues": [], **value}


def _filterable(record: dict[str, Any]) -> dict[str, Any]:
    """Return a record whose body filters can look into, if it is JSON."""
    try:
        return {**record, "body": json.loads(record["body"])}
    except ValueError:
        return record
