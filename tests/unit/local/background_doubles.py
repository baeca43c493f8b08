"""What the tests of streams, queues, rules and schedules put in the place of functions, queues and the console."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from local.template.load import Template
from local.template.resolve import Resolver
from local.workers.functions import Outcome, failure

FAILED = failure("ValueError", "no")


def done(answer: Any = None) -> Outcome:
    return Outcome(json.dumps(answer).encode())


def resolver_of(resources: dict[str, Any]) -> tuple[Template, Resolver]:
    template = Template(Path("template.yaml"), resources, {}, {})
    return template, Resolver(template)


class Console:
    """A sink that keeps its lines."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    def __call__(self, source: str, line: str) -> None:
        self.lines.append(f"{source} | {line}")

    def says(self, text: str) -> bool:
        return any(text in line for line in self.lines)


class Queues:
    """An SQS client that keeps what is sent and deleted; `inbox` is what it has to give."""

    def __init__(self, inbox: list[dict[str, Any]] | None = None) -> None:
        self.inbox = inbox or []
        self.sent: list[dict[str, Any]] = []
        self.deleted: list[str] = []

    def get_queue_url(self, QueueName: str) -> dict[str, str]:  # noqa: N803
        return {"QueueUrl": f"https://sqs/{QueueName}"}

    def send_message(self, **message: Any) -> None:
        self.sent.append(message)

    def receive_message(self, MaxNumberOfMessages: int, **_: Any) -> dict[str, Any]:  # noqa: N803
        taken, self.inbox = self.inbox[:MaxNumberOfMessages], self.inbox[MaxNumberOfMessages:]
        return {"Messages": taken} if taken else {}

    def delete_message_batch(self, QueueUrl: str, Entries: list[dict[str, str]]) -> None:  # noqa: N803
        self.deleted += [entry["ReceiptHandle"] for entry in Entries]


class Function:
    """Stands in for a function and its workers: answers with what `behave` makes of each event."""

    size = 1

    def __init__(self, behave: Callable[[Any], Outcome]) -> None:
        self.events: list[Any] = []
        self.spec = SimpleNamespace(logical_id="F", arn="arn:aws:lambda:us-east-1:123456789012:function:local-F")
        self._behave = behave

    def invoke(self, event: bytes, request_id: str | None = None) -> Outcome:
        self.events.append(json.loads(event))
        return self._behave(self.events[-1])

    def as_invoke(self, name: str, event: Any) -> Outcome:
        assert name == "local-F"
        return self.invoke(json.dumps(event).encode())
