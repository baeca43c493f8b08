"""Calls of functions on behalf of an event, what their answers mean, and where what they could not do is sent."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from local.workers.functions import Function, Outcome

# Prints a line under the name of a function or another resource.
LineSink = Callable[[str, str], None]
Invoke = Callable[[str, dict[str, Any]], Outcome]


def invoker(pools: dict[str, Function]) -> Invoke:
    """Make the call of a function by its name."""

    def invoke(name: str, event: dict[str, Any]) -> Outcome:
        return pools[name].invoke(json.dumps(event).encode())

    return invoke


def reason_of(outcome: Outcome) -> str:
    """Say in one line why an invocation failed."""
    error = json.loads(outcome.payload)
    message = " ".join(str(error.get("errorMessage", "")).split())
    return f"{error.get('errorType', 'Error')}: {message[:500]}"


def failed_items(outcome: Outcome, identifiers: Iterable[str]) -> set[str]:
    """Return the identifiers that an answer reports as failed: all of them when the answer is not well-formed.

    https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-errorhandling.html#services-sqs-batchfailurereporting
    """
    everything = set(identifiers)
    answer = json.loads(outcome.payload)
    if answer is None or answer == {}:
        return set()
    failures = answer.get("batchItemFailures") if isinstance(answer, dict) else None
    if failures is None and isinstance(answer, dict):
        return set()
    if not isinstance(failures, list):
        return everything
    reported = {entry.get("itemIdentifier") if isinstance(entry, dict) else None for entry in failures}
    return reported if reported <= everything else everything  # type: ignore[return-value]


class DeadLetters:
    """Sends what could not be done to a queue; whatever happens, it is said on the console."""

    def __init__(self, queues: Any, sink: LineSink) -> None:
        """Take an SQS client."""
        self._queues = queues
        self._sink = sink

    def send(self, source: str, arn: str | None, document: Any, attributes: dict[str, str] | None = None) -> None:
        """Send a document to the queue with an ARN; without one it is dropped."""
        if arn is None:
            self._sink(source, "given up: it is dropped, since no dead-letter queue or destination is set")
            return
        name = arn.rpartition(":")[2]
        try:
            url = self._queues.get_queue_url(QueueName=name)["QueueUrl"]
            self._queues.send_message(
                QueueUrl=url,
                MessageBody=json.dumps(document),
                MessageAttributes={
                    key: {"DataType": "String", "StringValue": value} for key, value in (attributes or {}).items()
                },
            )
            self._sink(source, f"given up: sent to {name}")
        except (ClientError, BotoCoreError) as error:
            self._sink(source, f"given up, and {name} did not take it: {error}")


def timestamp(now: datetime | None = None) -> str:
    """Return a time, by default now, as events of AWS write it."""
    return (now or datetime.now(UTC)).strftime("%Y-%m-%dT%H:%M:%SZ")
