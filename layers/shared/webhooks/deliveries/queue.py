"""The queue of deliveries: one message a delivery, which comes back until the delivery is over."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from knowledge.errors import ServiceUnavailableError
from knowledge.storage.clients import translated

from webhooks.deliveries.model import Delivery

if TYPE_CHECKING:
    from types_boto3_sqs import SQSClient

# What SQS takes at most: a message waits so long, and so many go at once.
LONGEST_WAIT_SECONDS = 900
_BATCH = 10


@dataclass(frozen=True, slots=True)
class Message:
    """Asks for an attempt of a delivery, not before `due_at` (ms).

    An `urgent` one was asked for by the tenant: it is made however badly the endpoint has been doing.
    """

    tenant_id: str
    endpoint_id: str
    delivery_id: str
    due_at: int
    urgent: bool = False

    @classmethod
    def of(cls, delivery: Delivery, due_at: int, *, urgent: bool = False) -> Message:
        """Ask for an attempt of this delivery."""
        return cls(delivery.tenant_id, delivery.endpoint_id, delivery.delivery_id, due_at, urgent)

    @classmethod
    def read(cls, text: str) -> Message:
        """Read a message of the queue. Raises ValueError, KeyError or TypeError for what is none."""
        body = json.loads(text)
        return cls(body["tenantId"], body["webhookId"], body["deliveryId"], int(body["dueAt"]), bool(body["urgent"]))

    def write(self) -> str:
        """Write the message's body."""
        return json.dumps(
            {
                "tenantId": self.tenant_id,
                "webhookId": self.endpoint_id,
                "deliveryId": self.delivery_id,
                "dueAt": self.due_at,
                "urgent": self.urgent,
            }
        )


@dataclass(frozen=True, slots=True)
class DeliveryQueue:
    """The queue; `sqs` makes the client when the first message is sent."""

    sqs: Callable[[], SQSClient]
    url: str

    def send(self, messages: Sequence[Message], now: int) -> None:
        """Send messages, each with as much of its wait as SQS takes. Raises ServiceUnavailableError."""
        for start in range(0, len(messages), _BATCH):
            entries: Any = [
                {
                    "Id": str(place),
                    "MessageBody": message.write(),
                    "DelaySeconds": max(0, min(LONGEST_WAIT_SECONDS, -((now - message.due_at) // 1000))),
                    # A fair queue serves other endpoints first while one of them takes long.
                    "MessageGroupId": message.endpoint_id,
                }
                for place, message in enumerate(messages[start : start + _BATCH])
            ]
            with translated():
                answer = self.sqs().send_message_batch(QueueUrl=self.url, Entries=entries)
            if answer.get("Failed"):
                raise ServiceUnavailableError
