"""Webhooks with the clock held: an outbox on Dynoxide, a queue that waits in virtual time, receivers that misbehave."""

from __future__ import annotations

import base64
import itertools
import json
import random
import sys
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

from botocore.exceptions import ClientError
from knowledge.events import GENERATION_PUBLISHED, Event, event_row
from knowledge.storage.attributes import to_row
from knowledge.storage.catalog import Catalog
from webhooks.assembly import WebhookServices, WebhookSettings
from webhooks.deliveries.delivering import Deliverer
from webhooks.deliveries.model import Delivery
from webhooks.deliveries.rows import WAITING
from webhooks.deliveries.schedule import SWEEP_MS
from webhooks.deliveries.waiting import Waiting, WaitingStore
from webhooks.endpoints.model import Endpoint
from webhooks.sending.replies import Reply
from webhooks.tasks import deliver_webhooks, relay_events

from testing.event_bus import RefusingBus
from testing.faults import Crash, Faults
from testing.held_clock import HeldClock
from testing.lifecycle import CountedIds
from testing.webhook_queue import DelayQueue

OK = Reply(204, 20, "", None, None, refused=False)


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
        self.bus = RefusingBus("hooks-knowledge")
        self.receiver = Receiver(self.clock)
        self._unwatched = WaitingStore(Catalog(dynamodb, table))
        clients = self.watch.clients(dynamodb, None, sqs=self.queue, kms=SealedKms(), events=self.bus)
        self.hooks = WebhookServices(
            WebhookSettings(table, "hooks-WebhookDeliveriesQueue", self.bus.name, "key"),
            clients=clients,
            clock=self.clock,
            new_id=self.ids,
            poster=self.receiver,
        )
        deliverer = self.hooks.deliverer
        assert isinstance(deliverer, Deliverer)
        self.hooks.deliverer = replace(deliverer, chance=chance)
        self.swept_at = self.clock()
        self.sweeps = 0

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

    def sweep(self, has_time: Callable[[], bool] = lambda: True) -> None:
        """What the schedule does every minute."""
        self.swept_at = self.clock()
        self.sweeps += 1
        relay_events(self.hooks, {}, lambda: 60_000 if has_time() else 0)

    def deliver_next(self) -> bool:
        """Let time pass until a message is visible, and work on it; False when there is none."""
        due = self.queue.next_due()
        if due is None:
            return False
        self.clock.now = max(self.clock.now, due)
        self.deliver_visible()
        return True

    def deliver_visible(self) -> bool:
        """Work on a message that is visible now, as one more invocation of the function; False when there is none."""
        received = self.queue.receive()
        if received is None:
            return False
        try:
            answer = deliver_webhooks(self.hooks, {"Records": [received]})
        except Crash:
            return True
        finally:
            self.queue.end()
        if not answer["batchItemFailures"]:
            self.queue.delete(received)
        return True

    def settle(self) -> None:
        """Go on until every delivery is over, sweeping when it is time to."""
        while True:
            message = self.queue.next_due()
            if message is not None and message < self.swept_at + SWEEP_MS:
                self.deliver_next()
                continue
            sweep = self._next_sweep()
            if message is None and sweep is None:
                return
            if sweep is not None and (message is None or sweep <= message):
                self.clock.now = max(self.clock.now, sweep)
                self.sweep()
            else:
                self.deliver_next()

    def waiting(self) -> list[Waiting]:
        """What waits for a sweep, the next one first."""
        found = [each for shard in WAITING for each in self._unwatched.list_due(shard, sys.maxsize)]
        return sorted(found, key=lambda each: each.remind_at)

    def _next_sweep(self) -> int | None:
        """When a sweep is the next to find something; those before it would find nothing."""
        first = [
            each for shard in WAITING for each in itertools.islice(self._unwatched.list_due(shard, sys.maxsize), 1)
        ]
        if not first:
            return None
        # What it finds is due before the sweep after it.
        found = min(each.remind_at for each in first) - SWEEP_MS + 1
        turns = max(0, -((self.swept_at - found) // SWEEP_MS))
        return self.swept_at + SWEEP_MS * max(1, turns)

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
