"""The log of deliveries as tenants use it: reading it, delivering again, sending a test."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from knowledge.events import Event
from knowledge.ids import derived_id
from knowledge.limits import REDELIVERED_AT_ONCE
from knowledge.pages import Page
from knowledge.ports import Clock

from webhooks.deliveries.model import WEBHOOK_TEST, Delivery, DeliveryState
from webhooks.deliveries.payload import payload_of
from webhooks.deliveries.queue import DeliveryQueue, Message
from webhooks.deliveries.schedule import OVERDUE_MS
from webhooks.deliveries.store import DeliveryStore
from webhooks.endpoints.model import Endpoint
from webhooks.endpoints.store import EndpointStore
from webhooks.errors import WebhookDisabledError


def new_delivery(endpoint: Endpoint, event: Event, now: int) -> Delivery:
    """Begin the delivery of an event to an endpoint; its id follows from the two, so that it is begun once.

    For a disabled endpoint it has failed from the start: it can be delivered again once the endpoint is enabled.
    """
    disabled = endpoint.disabled is not None and event.event_type != WEBHOOK_TEST
    return Delivery(
        tenant_id=event.tenant_id,
        endpoint_id=endpoint.endpoint_id,
        delivery_id=derived_id("dlv", endpoint.endpoint_id, event.event_id, 0),
        event_id=event.event_id,
        event_type=event.event_type,
        source_id=event.source_id,
        payload=payload_of(event),
        state=DeliveryState.FAILED if disabled else DeliveryState.PENDING,
        created_at=now,
        next_attempt_at=None if disabled else now,
        failure="the webhook was disabled" if disabled else None,
    )


@dataclass(frozen=True, slots=True)
class DeliveryService:
    """What tenants can do with deliveries. Raises WebhookNotFoundError for a foreign endpoint."""

    endpoints: EndpointStore
    store: DeliveryStore
    queue: DeliveryQueue
    clock: Clock

    def list(
        self, tenant_id: str, endpoint_id: str, state: DeliveryState | None, *, limit: int, position: Any
    ) -> Page[Delivery]:
        """List the deliveries of an endpoint, newest first. Raises InvalidPositionError."""
        self.endpoints.get_endpoint(tenant_id, endpoint_id)
        return self.store.list(endpoint_id, state, limit=limit, position=position)

    def get(self, tenant_id: str, endpoint_id: str, delivery_id: str) -> Delivery:
        """Read a delivery. Raises DeliveryNotFoundError."""
        self.endpoints.get_endpoint(tenant_id, endpoint_id)
        return self.store.get(endpoint_id, delivery_id)

    def test(self, tenant_id: str, endpoint_id: str, event_id: str) -> Delivery:
        """Send a test event to one endpoint, whatever it subscribes to, and even if it is disabled."""
        endpoint = self.endpoints.get_endpoint(tenant_id, endpoint_id)
        now = self.clock()
        event = Event(event_id, WEBHOOK_TEST, tenant_id, None, now, {"webhookId": endpoint_id})
        # No outbox stands behind it: the sweep does, should this end before its message is sent.
        delivery = replace(new_delivery(endpoint, event, now), remind_at=now + OVERDUE_MS)
        if not self.store.create(delivery):
            delivery = self.store.get(endpoint_id, delivery.delivery_id)
        self._send([delivery], now)
        return delivery

    def redeliver(self, tenant_id: str, endpoint_id: str, delivery_id: str) -> Delivery:
        """Deliver again what was delivered or given up; what is pending is tried at once.

        Raises DeliveryNotFoundError, and WebhookDisabledError.
        """
        endpoint = self._enabled(tenant_id, endpoint_id)
        now = self.clock()
        delivery = self.store.begin_again(self.store.get(endpoint.endpoint_id, delivery_id), now)
        self._send([delivery], now)
        return delivery

    def redeliver_failed(self, tenant_id: str, endpoint_id: str, since: int) -> tuple[int, bool]:
        """Deliver again what failed since a time (ms), the oldest first; how many, and whether there may be more.

        A call takes a bounded number; the next one goes on with what is left. Raises WebhookDisabledError.
        """
        endpoint = self._enabled(tenant_id, endpoint_id)
        now = self.clock()
        failed = self.store.failed_since(endpoint.endpoint_id, since, REDELIVERED_AT_ONCE)
        self._send([self.store.begin_again(delivery, now) for delivery in failed], now)
        return len(failed), len(failed) == REDELIVERED_AT_ONCE

    def _enabled(self, tenant_id: str, endpoint_id: str) -> Endpoint:
        endpoint = self.endpoints.get_endpoint(tenant_id, endpoint_id)
        if endpoint.disabled is not None:
            raise WebhookDisabledError
        return endpoint

    def _send(self, deliveries: Sequence[Delivery], now: int) -> None:
        """Ask for the attempts. A message too many does nothing: what is not due, or under way, is let go."""
        self.queue.send([Message.of(delivery, now, urgent=True) for delivery in deliveries], now)
