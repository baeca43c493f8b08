"""The queue of deliveries: a message asks for one attempt."""

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

BATCH = 10
"""How many messages SQS takes at once."""

# How long SQS lets a message wait at most.
_LONGEST_WAIT_SECONDS = 900


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
        """Send messages, each to be received when it is due. Raises ServiceUnavailableError."""
        for start in range(0, len(messages), BATCH):
            entries: Any = [
                {
                    "Id": str(place),
                    "MessageBody": message.write(),
                    "DelaySeconds": max(0, min(_LONGEST_WAIT_SECONDS, -((now - message.due_at) // 1000))),
                    # A fair queue serves other tenants first while one of them has many under way.
                    "MessageGroupId": message.tenant_id,
                }
                for place, message in enumerate(messages[start : start + BATCH])
            ]
            with translated():
                answer = self.sqs().send_message_batch(QueueUrl=self.url, Entries=entries)
            if answer.get("Failed"):
                raise ServiceUnavailableError

    def return_message(self, handle: str, seconds: int) -> None:
        """Let a message that was received come back after so many seconds."""
        with translated():
            self.sqs().change_message_visibility(QueueUrl=self.url, ReceiptHandle=handle, VisibilityTimeout=seconds)
