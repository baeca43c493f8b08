"""From the queue to the receiver: one attempt a message, recorded, with when the next one is to be made."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, replace

from knowledge.events import WEBHOOK_DISABLED, Event
from knowledge.limits import ATTEMPTS_SHOWN
from knowledge.ports import Clock, NewId
from telemetry.lines import count_metric, write_line

from webhooks.deliveries.model import Attempt, Delivery, DeliveryState
from webhooks.deliveries.queue import DeliveryQueue, Message
from webhooks.deliveries.schedule import SLOW_MS, first_reminder_at, next_attempt_at, probe_wait_ms, to_be_disabled
from webhooks.deliveries.slots import EndpointTakenError, Slots
from webhooks.deliveries.store import DeliveryStore
from webhooks.deliveries.waiting import WaitingStore
from webhooks.endpoints.model import DisabledReason, Disabling, Endpoint
from webhooks.endpoints.secrets import EndpointSecrets
from webhooks.endpoints.store import EndpointStore
from webhooks.sending.posting import Poster
from webhooks.sending.replies import Reply
from webhooks.sending.signing import signature_headers

_GONE = 410
_PLAIN_HEADERS = {"Content-Type": "application/json", "User-Agent": "knowledge-webhooks/1.0"}


@dataclass(frozen=True, slots=True)
class Deliverer:
    """Attempts deliveries. `chance` draws the jitter, from 0 to 1."""

    endpoints: EndpointStore
    deliveries: DeliveryStore
    waiting: WaitingStore
    slots: Slots
    secrets: EndpointSecrets
    poster: Poster
    queue: DeliveryQueue
    clock: Clock
    new_id: NewId
    chance: Callable[[], float] = random.random

    def attempt(self, message: Message) -> Delivery | None:
        """Do what a message asks; returns the delivery after its attempt, None when there was none.

        A message is done with when this returns: what is still to come waits in the index then, or has a message of
        its own. When it raises, the message comes back. Raises NoSlotError and DeliveryTakenError.
        """
        now = self.clock()
        endpoint = self.endpoints.find_endpoint(message.tenant_id, message.endpoint_id)
        # A deleted endpoint is told nothing more, and its deliveries age away unseen.
        if endpoint is None:
            return None
        paced = endpoint.paced and endpoint.disabled is None and not message.urgent
        if paced and endpoint.probe_at is not None and endpoint.probe_at > now:
            self.put_off(message)
            return None
        try:
            slot = self.slots.take_slot(message, now, paced=paced)
        except EndpointTakenError:
            self.put_off(message)
            return None
        try:
            after = self._look(endpoint, message, now)
        except Exception:
            self.slots.free_slot(slot)
            raise
        self.slots.free_slot(slot)
        return after

    def put_off(self, message: Message) -> None:
        """Leave a delivery to the sweep, which knows how an endpoint is paced."""
        self.waiting.put_off(message.endpoint_id, message.delivery_id, self.clock())

    def _look(self, endpoint: Endpoint, message: Message, now: int) -> Delivery | None:
        """Attempt a delivery if it is due; nobody else does while we have its slot."""
        delivery = self.deliveries.find(message.endpoint_id, message.delivery_id)
        # None to come: it is over, or a new round has no message yet.
        if delivery is None or delivery.next_attempt_at is None:
            return None
        if delivery.next_attempt_at > now:
            # A copy of a message that was worked on, or one that clocks apart make too early, or none will come.
            if delivery.remind_at != delivery.next_attempt_at:
                self.waiting.put_off(message.endpoint_id, message.delivery_id, delivery.next_attempt_at)
            return None
        if endpoint.disabled is not None and not delivery.is_test:
            after = _given_up(delivery, "the webhook was disabled")
            self.deliveries.record(delivery, after)
            return after
        return self._attempt(endpoint, delivery)

    def _attempt(self, endpoint: Endpoint, delivery: Delivery) -> Delivery:
        started = self.clock()
        reply = self._post(endpoint, delivery, started)
        after = self._after(endpoint, delivery, reply, started)
        delivered = after.state is DeliveryState.DELIVERED
        properties = {"tenant_id": endpoint.tenant_id, "webhook_id": endpoint.endpoint_id, "status": reply.status}
        outcome = "to_be_repeated" if after.pending else str(after.state)
        count_metric("WebhookAttempts", outcome=outcome, properties=properties)
        # First what the endpoint is like: once the attempt is recorded no message comes back to make up for it.
        if not delivery.is_test:
            self._note_health(endpoint, reply, delivered=delivered)
        # The sweep sends all later messages; so a chain through the queue has two rounds, the second being this one.
        if self.deliveries.record(delivery, after) and after.next_attempt_at != after.remind_at:
            self.queue.send([Message.of(after, after.next_attempt_at or 0)], self.clock())
        return after

    def _after(self, endpoint: Endpoint, delivery: Delivery, reply: Reply, started: int) -> Delivery:
        """What a delivery is after an attempt."""
        attempt = Attempt(started, reply.status, reply.latency_ms, reply.snippet, reply.failure)
        tries = delivery.tries + 1
        attempted = replace(delivery, tries=tries, attempts=(*delivery.attempts, attempt)[-ATTEMPTS_SHOWN:])
        if reply.status is not None and 200 <= reply.status < 300:
            return replace(attempted, state=DeliveryState.DELIVERED, next_attempt_at=None, remind_at=None, failure=None)
        now = self.clock()
        again = next_attempt_at(tries, now, reply.retry_after_seconds, self.chance())
        if again is None or (reply.status == _GONE and not delivery.is_test):
            return _given_up(attempted, _failure(reply, tries))
        # A paced endpoint has no turn so soon.
        remind_at = again if endpoint.paced else first_reminder_at(again, now)
        return replace(attempted, next_attempt_at=again, remind_at=remind_at)

    def _post(self, endpoint: Endpoint, delivery: Delivery, now: int) -> Reply:
        body = delivery.payload.encode()
        secrets = (
            self.secrets.unseal_secret(secret.sealed, endpoint.tenant_id, endpoint.endpoint_id)
            for secret in endpoint.signing(now)
        )
        headers = signature_headers(delivery.event_id, now // 1000, body, secrets)
        return self.poster.post(endpoint.url, {**_PLAIN_HEADERS, **headers}, body)

    def _note_health(self, endpoint: Endpoint, reply: Reply, *, delivered: bool) -> None:
        slow = reply.latency_ms >= SLOW_MS
        if delivered:
            if endpoint.failures or endpoint.slow != slow:
                self.endpoints.note_success(endpoint, slow=slow)
            return
        now = self.clock()
        probe_at = now + probe_wait_ms(now - (endpoint.failing_since or now))
        noted = self.endpoints.note_failure(endpoint, now, probe_at, slow=slow)
        if noted is None or noted.disabled is not None:
            return
        reason = DisabledReason.GONE if reply.status == _GONE else DisabledReason.FAILING
        if reason is DisabledReason.GONE or to_be_disabled(noted.failing_since, now):
            data = {"webhookId": endpoint.endpoint_id, "reason": str(reason)}
            where = endpoint.environment
            event = Event(self.new_id("evt"), WEBHOOK_DISABLED, endpoint.tenant_id, None, now, data, where)
            self.endpoints.disable_endpoint(endpoint, Disabling(reason, now), event)
            write_line(
                "webhook_disabled",
                level="WARNING",
                tenant_id=endpoint.tenant_id,
                webhook_id=endpoint.endpoint_id,
                reason=str(reason),
            )


def _given_up(delivery: Delivery, failure: str) -> Delivery:
    return replace(delivery, state=DeliveryState.FAILED, next_attempt_at=None, remind_at=None, failure=failure)


def _failure(reply: Reply, tries: int) -> str:
    if reply.status == _GONE:
        return "the receiver answered 410 Gone"
    return f"{tries} attempts failed"
