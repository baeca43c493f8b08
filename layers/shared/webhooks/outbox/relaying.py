"""From the outbox to the bus and the queue: every event becomes one delivery for each endpoint that wants it.

    put on the bus what is told there -> put deliveries -> send their messages -> mark the event relayed

A crash before the mark leaves the event in the index of unrelayed ones: the stream brings it again, and after its
retries, or when the stream lost it, the sweep does. Deliveries have ids of their own event and endpoint, so that none
is made twice; a message too many finds its delivery under way, done or not due. On the bus an event may come twice; its
id tells. Neither way waits for the other: a bus that takes nothing holds up no webhook, and the mark demands both.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from botocore.exceptions import ClientError
from knowledge.environments import Environment
from knowledge.errors import KnowledgeError
from knowledge.events import Event
from knowledge.ports import Clock, HasTime
from knowledge.sources.store import SourceStore
from telemetry.lines import write_line

from webhooks.deliveries.queue import DeliveryQueue, Message
from webhooks.deliveries.service import new_delivery
from webhooks.deliveries.store import DeliveryStore
from webhooks.endpoints.model import Endpoint
from webhooks.endpoints.store import EndpointStore
from webhooks.outbox.bus import EventBus
from webhooks.outbox.store import OutboxStore

SWEPT_AFTER_MS = 120_000
"""How old an event is before the sweep takes it for one that the stream missed."""

# Of how many sources a process remembers the environment.
_SOURCES_KNOWN = 1_000


@dataclass(frozen=True, slots=True)
class Relay:
    """Relays events."""

    outbox: OutboxStore
    endpoints: EndpointStore
    deliveries: DeliveryStore
    queue: DeliveryQueue
    bus: EventBus
    sources: SourceStore
    clock: Clock
    # A source stays in its environment, so it is read once a process.
    _environments: dict[tuple[str, str], Environment] = field(default_factory=dict, repr=False)

    def relay(self, events: Sequence[Event]) -> list[Event]:
        """Relay events; the ones that failed are returned, and no other waits for them."""
        refused = self.bus.put(events)
        known: dict[str, list[Endpoint]] = {}
        failed: list[Event] = []
        for event in events:
            try:
                self._relay(event, known, on_bus=event.event_id not in refused)
            except (KnowledgeError, ClientError) as error:
                write_line(
                    "relay_failed", level="ERROR", exc_info=error, tenant_id=event.tenant_id, event_id=event.event_id
                )
                failed.append(event)
            else:
                if event.event_id in refused:
                    failed.append(event)
        return failed

    def sweep(self, has_time: HasTime) -> int:
        """Relay what the stream missed, while there is time; returns how many events that were."""
        swept = 0
        for event in self.outbox.unrelayed(self.clock() - SWEPT_AFTER_MS):
            if not has_time():
                break
            # The index shows a row a little longer than it is true.
            if self.outbox.is_unrelayed(event):
                swept += len(self.relay([event])) == 0
        return swept

    def _environment(self, event: Event) -> Environment | None:
        """In whose environment an event is to be heard of; None for both, when its source is gone."""
        if event.environment is not None or event.source_id is None:
            return event.environment
        place = (event.tenant_id, event.source_id)
        known = self._environments.get(place)
        if known is None:
            known = self.sources.find_environment(*place)
            if known is not None and len(self._environments) < _SOURCES_KNOWN:
                self._environments[place] = known
        return known

    def _relay(self, event: Event, known: dict[str, list[Endpoint]], *, on_bus: bool) -> None:
        if event.tenant_id not in known:
            known[event.tenant_id] = self.endpoints.list_all(event.tenant_id)
        now = self.clock()
        wanting = [endpoint for endpoint in known[event.tenant_id] if endpoint.wants(event)]
        where = self._environment(event) if wanting else None
        begun = [new_delivery(each, event, now) for each in wanting if where in (None, each.environment)]
        made = [self.deliveries.create(delivery) for delivery in begun]
        # Brought again: whether the messages went out before is known from the mark alone.
        if all(made) or self.outbox.is_unrelayed(event):
            pending = [delivery for delivery in begun if delivery.pending]
            self.queue.send([Message.of(delivery, now) for delivery in pending], now)
            if on_bus:
                self.outbox.mark_relayed(event, now)
