"""The queue of deliveries in virtual time, with what SQS and Lambda do to messages that come back or go round."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from testing.held_clock import HeldClock

VISIBLE_AGAIN_MS = 180_000
MOST_RECEIVES = 10
MOST_INVOCATIONS = 16
"""How many invocations of a function a chain of messages may hold before Lambda drops what comes next.

https://docs.aws.amazon.com/lambda/latest/dg/invocation-recursion.html
"""


@dataclass
class Kept:
    """A message in the queue. `lineage` counts the invocations that the chain of messages before it went through."""

    body: str
    visible_at: int
    lineage: int
    receives: int = 0


@dataclass
class DelayQueue:
    """SQS as the functions use it: a message that is not deleted becomes visible again, too often and it is dead.

    A message that is sent during an invocation is its heir. What Lambda drops because the chain is too long is in
    `dropped`, and what was received too often in `dead`.
    """

    clock: HeldClock
    messages: dict[str, Kept] = field(default_factory=dict)
    dropped: list[str] = field(default_factory=list)
    dead: list[str] = field(default_factory=list)
    sent: int = 0
    longest_chain: int = 0
    # The chains of the invocations under way; a later one may begin while an earlier one waits for its receiver.
    _under_way: list[int] = field(default_factory=list)

    def send_message_batch(self, **request: Any) -> dict[str, Any]:
        for entry in request["Entries"]:
            assert 0 <= entry["DelaySeconds"] <= 900
            self.sent += 1
            visible_at = self.clock() + 1000 * entry["DelaySeconds"]
            lineage = self._under_way[-1] if self._under_way else 0
            self.messages[str(self.sent)] = Kept(entry["MessageBody"], visible_at, lineage)
        return {"Successful": [{"Id": entry["Id"]} for entry in request["Entries"]]}

    def change_message_visibility(self, **request: Any) -> dict[str, Any]:
        assert 0 <= request["VisibilityTimeout"] <= 43_200
        self.messages[request["ReceiptHandle"]].visible_at = self.clock() + 1000 * request["VisibilityTimeout"]
        return {}

    def next_due(self) -> int | None:
        """When the next message becomes visible."""
        return min((message.visible_at for message in self.messages.values()), default=None)

    def receive(self) -> dict[str, Any] | None:
        """Begin an invocation with the oldest visible message; None when there is none, or Lambda drops it."""
        visible = [
            (kept.visible_at, int(name)) for name, kept in self.messages.items() if kept.visible_at <= self.clock()
        ]
        if not visible:
            return None
        name = str(min(visible)[1])
        kept = self.messages[name]
        if kept.receives == MOST_RECEIVES or kept.lineage == MOST_INVOCATIONS:
            (self.dropped if kept.lineage == MOST_INVOCATIONS else self.dead).append(kept.body)
            del self.messages[name]
            return None
        kept.receives += 1
        kept.visible_at = self.clock() + VISIBLE_AGAIN_MS
        self._under_way.append(kept.lineage + 1)
        self.longest_chain = max(self.longest_chain, kept.lineage + 1)
        return {
            "messageId": name,
            "receiptHandle": name,
            "body": kept.body,
            "attributes": {"ApproximateReceiveCount": str(kept.receives)},
        }

    def end(self) -> None:
        """End the invocation that began last."""
        self._under_way.pop()

    def delete(self, received: dict[str, Any]) -> None:
        """Delete what an invocation has done."""
        self.messages.pop(received["receiptHandle"], None)
