"""The queue of events that started no import, each with its reason; an alarm watches how many lie there."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from knowledge.storage.clients import translated

if TYPE_CHECKING:
    from types_boto3_sqs import SQSClient

_EVENT_CHARACTERS = 100_000


@dataclass(frozen=True, slots=True)
class DeadLetters:
    """A queue that operators read."""

    sqs: SQSClient
    queue_url: str

    def put_event(self, reason: str, event: Mapping[str, Any]) -> None:
        """Keep an event with the reason for which it was refused."""
        text = json.dumps(event)
        kept: Any = event if len(text) <= _EVENT_CHARACTERS else text[:_EVENT_CHARACTERS]
        with translated():
            self.sqs.send_message(QueueUrl=self.queue_url, MessageBody=json.dumps({"reason": reason, "event": kept}))
