"""Webhooks with the clock held: an outbox on Dynoxide, a queue that waits in virtual time, receivers that misbehave."""

from __future__ import annotations

import base64
import json
import random
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

from botocore.exceptions import ClientError
from knowledge.events import GENERATION_PUBLISHED, Event, event_row
from knowledge.storage.attributes import to_row
from webhooks.assembly import WebhookServices, WebhookSettings
from webhooks.deliveries.delivering import Deliverer
from webhooks.deliveries.model import Delivery
from webhooks.endpoints.model import Endpoint
from webhooks.sending.replies import Reply
from webhooks.tasks import deliver_webhooks, relay_events

from testing.faults import Crash, Faults
from testing.lifecycle import CountedIds, HeldClock

VISIBLE_AGAIN_MS = 180_000
SWEEP_MS = 300_000
OK = Reply(204, 20, "", None, None, refused=False)


@dataclass
class DelayQueue:
    """SQS as the functions use it, in virtual time: a message that is not deleted becomes visible again."""

    clock: HeldClock
    messages: dict[int, tuple[int, str]] = field(default_factory=dict)
    sent: int = 0

    def send_message_batch(self, **request: Any) -> dict[str, Any]:
        for entry in request["Entries"]:
            assert 0 <= entry["DelaySeconds"] <= 900
            self.sent += 1
            self.messages[self.sent] = (self.clock() + 1000 * entry["DelaySeconds"], entry["MessageBody"])
        return {"Successful": [{"Id": entry["Id"]} for entry in request["Entries"]]}

    def next_due(self) -> int | None:
        """When the next message becomes visible."""
        return min((at for at, _ in self.messages.values()), default=None)

    def receive(self, limit: int = 1) -> list[tuple[int, str]]:
        """Take visible messages, oldest first."""
        due = sorted((at, number) for number, (at, _) in self.messages.items() if at <= self.clock())
        taken = [(number, self.messages[number][1]) for _, number in due[:limit]]
        for number, body in taken:
            self.messages[number] = (self.clock() + VISIBLE_AGAIN_MS, body)
        return taken


class SealedKms:
    """KMS as far as secrets need it: a seal opens in its own context alone."""

    def encrypt(self, **request: Any) -> dict[str, Any]:
        text = json.dumps([request["EncryptionContext"], base64.b64encode(request["Plaintext"]).decode()])
        return {"CiphertextBlob": text.encode()}

    def decrypt(self, **request: Any) -> dict[str, Any]:
        context, plain = json.loads(request["CiphertextBlob"])
        if context != request["EncryptionContext"]:
            raise ClientError({"Error": {"Code": "InvalidCiphertextException", "Message": ""}}, "Decrypt")
        return {"Plaintext": base64.b64decode(plain)}


@dataclass
class Receiver:
    """Stands in for the network: `answer` says what a URL does with a post. What arrived is kept, by URL and id."""

    clock: HeldClock
    answer: Callable[[str], Reply] = lambda _: OK
    arrived: dict[tuple[str, str], list[tuple[int, bytes]]] = field(default_factory=dict)
    posts: int = 0

    def check_url(self, url: str) -> None:
        """Every URL may be called here."""

    def post(self, url: str, headers: dict[str, str], body: bytes) -> Reply:
        self.posts += 1
        self.arrived.setdefault((url, headers["webhook-id"]), []).append((self.clock(), body))
        reply = self.answer(url)
        self.clock.advance(ms=reply.latency_ms)
        return reply

    def times(self, url: str, event_id: str) -> list[int]:
        """When an event arrived at a URL."""
        return [at for at, _ in self.arrived.get((url, event_id), [])]


class WebhookWorld:
    """One tenant with endpoints, and what happens to its events."""

    def __init__(
        self, table: str, dynamodb: Any, *, chance: Callable[[], float] = lambda: 0.5, tenant_id: str | None = None
    ) -> None:
        self.watch = Faults()
        self.clock = HeldClock()
        self.ids = CountedIds()
        self.tenant_id = tenant_id or self.ids("tenant")
        self.queue = DelayQueue(self.clock)
        self.receiver = Receiver(self.clock)
        clients = self.watch.clients(dynamodb, None, sqs=self.queue, kms=SealedKms())
        self.hooks = WebhookServices(
            WebhookSettings(table, "hooks-WebhookDeliveriesQueue", "key"),
            clients=clients,
            clock=self.clock,
            new_id=self.ids,
            poster=self.receiver,
        )
        deliverer = self.hooks.deliverer
        assert isinstance(deliverer, Deliverer)
        self.hooks.deliverer = replace(deliverer, chance=chance)
        self.swept_at = self.clock()

    def endpoint(self, url: str, **fields: Any) -> Endpoint:
        """Make an endpoint."""
        given = {"description": None, "event_types": None, "source_ids": None, "enabled": True, **fields}
        return self.hooks.endpoints.create_endpoint(
            self.tenant_id, url=url, endpoint_id=self.ids("whk"), **given
        ).endpoint

    def read(self, endpoint: Endpoint) -> Endpoint:
        """Read an endpoint anew."""
        return self.hooks.endpoints.get_endpoint(self.tenant_id, endpoint.endpoint_id)

    def happen(self, event_type: str = GENERATION_PUBLISHED, source_id: str | None = "src_a") -> Event:
        """Write an event into the outbox, as a fact's own transaction does."""
        event = Event(
            self.ids("evt"), event_type, self.tenant_id, source_id and f"{source_id}-{self.tenant_id}", self.clock(), {}
        )
        self.hooks.delivery_store.catalog.put(event_row(event))
        return event

    def stream(self, *events: Event) -> dict[str, Any]:
        """Bring events to the relay as the table's stream does."""
        records = [
            {"dynamodb": {"SequenceNumber": str(number), "NewImage": to_row(event_row(event))}}
            for number, event in enumerate(events)
        ]
        return relay_events(self.hooks, {"Records": records}, lambda: 60_000)

    def sweep(self) -> None:
        """What the schedule does every five minutes."""
        self.swept_at = self.clock()
        relay_events(self.hooks, {}, lambda: 60_000)

    def deliver_next(self) -> bool:
        """Let time pass until a message is visible, and work on it; False when there is none."""
        due = self.queue.next_due()
        if due is None:
            return False
        self.clock.now = max(self.clock.now, due)
        for number, body in self.queue.receive():
            try:
                answer = deliver_webhooks(self.hooks, {"Records": [{"messageId": str(number), "body": body}]})
            except Crash:
                continue
            if not answer["batchItemFailures"]:
                del self.queue.messages[number]
        return True

    def settle(self) -> None:
        """Go on until every message is worked off, sweeping in between."""
        while self.deliver_next():
            if self.clock() - self.swept_at >= SWEEP_MS:
                self.sweep()

    def deliveries(self, endpoint: Endpoint) -> list[Delivery]:
        """Every delivery of an endpoint, newest first."""
        page = self.hooks.deliveries.list(self.tenant_id, endpoint.endpoint_id, None, limit=1_000_000, position=None)
        return list(page.items)


def moody(dice: random.Random) -> Callable[[str], Reply]:
    """A receiver that fails 30 % of the time, in every way there is, and is slow at others."""

    def failed(latency_ms: int, failure: str) -> Reply:
        return Reply(None, latency_ms, "", None, failure, refused=False)

    def answer(_: str) -> Reply:
        if dice.random() >= 0.3:
            return replace(OK, latency_ms=dice.choice((5, 40, 9_000)))
        return dice.choice(
            (
                Reply(500, 30, "<h1>Oops</h1>", None, None, refused=False),
                Reply(503, 30, "", 60, None, refused=False),
                Reply(302, 30, "", None, None, refused=False),
                failed(15_000, "no answer within 15 s"),
                failed(100, "the connection was reset"),
            )
        )

    return answer
