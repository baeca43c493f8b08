"""From the queue to the receiver: one attempt a message, recorded, and the next one asked for."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, replace

from knowledge.events import WEBHOOK_DISABLED, Event
from knowledge.ports import Clock, NewId
from telemetry.lines import count_metric, write_line

from webhooks.deliveries.model import Attempt, Delivery, DeliveryState
from webhooks.deliveries.queue import DeliveryQueue, Message
from webhooks.deliveries.schedule import FAILURES_BEFORE_PROBING, next_attempt_at, probe_wait_seconds, to_be_disabled
from webhooks.deliveries.store import DeliveryStore, NotClaimedError
from webhooks.endpoints.model import DisabledReason, Disabling, Endpoint
from webhooks.endpoints.secrets import EndpointSecrets
from webhooks.endpoints.store import EndpointStore
from webhooks.sending.posting import Poster
from webhooks.sending.replies import Reply
from webhooks.sending.signing import signature_headers

CLAIM_MS = 60_000
"""Longer than any attempt takes, and shorter than it takes for a message to come back."""

ATTEMPTS_SHOWN = 10
_GONE = 410
_PLAIN_HEADERS = {"Content-Type": "application/json", "User-Agent": "knowledge-webhooks/1.0"}


@dataclass(frozen=True, slots=True)
class Deliverer:
    """Attempts deliveries. `chance` draws the jitter, from 0 to 1."""

    endpoints: EndpointStore
    deliveries: DeliveryStore
    secrets: EndpointSecrets
    poster: Poster
    queue: DeliveryQueue
    clock: Clock
    new_id: NewId
    chance: Callable[[], float] = random.random

    def attempt(self, message: Message) -> Delivery | None:
        """Do what a message asks; returns the delivery after its attempt, None when there was none.

        A message is done with when this returns: what is still to come has a message of its own then. When it raises,
        the message comes back.
        """
        now = self.clock()
        if message.due_at > now:
            self._ask_again(message, message.due_at)
            return None
        endpoint = self.endpoints.find_endpoint(message.tenant_id, message.endpoint_id)
        # A deleted endpoint is told nothing more, and its deliveries age away unseen.
        if endpoint is None or not self._has_turn(endpoint, message, now):
            return None
        try:
            delivery = self.deliveries.claim(message.endpoint_id, message.delivery_id, now, now + CLAIM_MS)
        except NotClaimedError as refusal:
            self._let_go(message, refusal.delivery, now)
            return None
        if endpoint.disabled is not None and not delivery.is_test:
            after = _given_up(delivery, "the webhook was disabled")
            self.deliveries.record(after)
            return after
        return self._attempt(endpoint, delivery)

    def _has_turn(self, endpoint: Endpoint, message: Message, now: int) -> bool:
        """Tell whether an attempt may be made: an endpoint that keeps failing gets one now and then.

        So one that hangs holds up a single worker for 15 s in a while, whatever its backlog, and nobody else's
        deliveries.
        """
        if message.urgent or endpoint.failures < FAILURES_BEFORE_PROBING or endpoint.disabled is not None:
            return True
        if self.endpoints.take_probe(endpoint, now, now + CLAIM_MS):
            return True
        self._ask_again(message, now + 1000 * self._probe_wait_seconds(endpoint, now, self.chance()))
        return False

    @staticmethod
    def _probe_wait_seconds(endpoint: Endpoint, now: int, chance: float) -> int:
        return probe_wait_seconds(now - (endpoint.failing_since or now), chance)

    def _let_go(self, message: Message, delivery: Delivery | None, now: int) -> None:
        """Drop the message of a delivery that is over, and keep any other: it may be the only one left.

        A claim by another message may be our own, whose answer was lost.
        """
        if delivery is None or not delivery.pending:
            return
        self._ask_again(message, max(now, delivery.next_attempt_at or now, delivery.claimed_until or now))

    def _attempt(self, endpoint: Endpoint, delivery: Delivery) -> Delivery:
        started = self.clock()
        reply = self._post(endpoint, delivery, started)
        after = self._after(delivery, reply, started)
        delivered = after.state is DeliveryState.DELIVERED
        properties = {"tenant_id": endpoint.tenant_id, "webhook_id": endpoint.endpoint_id, "status": reply.status}
        outcome = "to_be_repeated" if after.pending else str(after.state)
        count_metric("WebhookAttempts", outcome=outcome, properties=properties)
        # First what the endpoint is like: once the attempt is recorded no message comes back to make up for it.
        if not delivery.is_test:
            self._note_health(endpoint, reply.status, delivered=delivered)
        # A claim that ran out leaves the outcome to whoever has it now.
        if self.deliveries.record(after) and after.next_attempt_at is not None:
            self.queue.send([Message.of(after, after.next_attempt_at)], self.clock())
        return after

    def _after(self, delivery: Delivery, reply: Reply, started: int) -> Delivery:
        """What a delivery is after an attempt."""
        attempt = Attempt(started, reply.status, reply.latency_ms, reply.snippet, reply.failure)
        tries = delivery.tries + 1
        attempted = replace(delivery, tries=tries, attempts=(*delivery.attempts, attempt)[-ATTEMPTS_SHOWN:])
        if reply.status is not None and 200 <= reply.status < 300:
            return replace(attempted, state=DeliveryState.DELIVERED, next_attempt_at=None, failure=None)
        again = next_attempt_at(tries, self.clock(), reply.retry_after_seconds, self.chance())
        if again is None or (reply.status == _GONE and not delivery.is_test):
            return _given_up(attempted, _failure(reply, tries))
        return replace(attempted, next_attempt_at=again)

    def _post(self, endpoint: Endpoint, delivery: Delivery, now: int) -> Reply:
        body = delivery.payload.encode()
        secrets = (
            self.secrets.unseal_secret(secret.sealed, endpoint.tenant_id, endpoint.endpoint_id)
            for secret in endpoint.signing(now)
        )
        headers = signature_headers(delivery.event_id, now // 1000, body, secrets)
        return self.poster.post(endpoint.url, {**_PLAIN_HEADERS, **headers}, body)

    def _note_health(self, endpoint: Endpoint, status: int | None, *, delivered: bool) -> None:
        if delivered:
            if endpoint.failures:
                self.endpoints.note_success(endpoint)
            return
        now = self.clock()
        noted = self.endpoints.note_failure(endpoint, now, now + 1000 * self._probe_wait_seconds(endpoint, now, 0))
        if noted is None or noted.disabled is not None:
            return
        reason = DisabledReason.GONE if status == _GONE else DisabledReason.FAILING
        if reason is DisabledReason.GONE or to_be_disabled(noted.failing_since, now):
            data = {"webhookId": endpoint.endpoint_id, "reason": str(reason)}
            event = Event(self.new_id("evt"), WEBHOOK_DISABLED, endpoint.tenant_id, None, now, data)
            self.endpoints.disable_endpoint(endpoint, Disabling(reason, now), event)
            write_line(
                "webhook_disabled",
                level="WARNING",
                tenant_id=endpoint.tenant_id,
                webhook_id=endpoint.endpoint_id,
                reason=str(reason),
            )

    def _ask_again(self, message: Message, due_at: int) -> None:
        self.queue.send(
            [replace(message, due_at=due_at, urgent=message.urgent and due_at == message.due_at)], self.clock()
        )


def _given_up(delivery: Delivery, failure: str) -> Delivery:
    return replace(delivery, state=DeliveryState.FAILED, next_attempt_at=None, failure=failure)


def _failure(reply: Reply, tries: int) -> str:
    if reply.status == _GONE:
        return "the receiver answered 410 Gone"
    return f"{tries} attempts failed"
