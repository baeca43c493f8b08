"""Puts webhooks together. Each part is made, and imported, when it is first used."""

from __future__ import annotations

import os
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from knowledge.ids import new_id
from knowledge.ports import Clock, NewId
from knowledge.storage.catalog import Catalog
from knowledge.storage.clients import Clients
from knowledge.storage.sealing import Sealer
from knowledge.times import system_clock

from webhooks.deliveries.queue import DeliveryQueue
from webhooks.deliveries.store import DeliveryStore
from webhooks.endpoints.store import EndpointStore

if TYPE_CHECKING:
    from webhooks.deliveries.delivering import Deliverer
    from webhooks.deliveries.reminding import Reminder
    from webhooks.deliveries.service import DeliveryService
    from webhooks.endpoints.secrets import EndpointSecrets
    from webhooks.endpoints.service import EndpointService
    from webhooks.outbox.relaying import Relay
    from webhooks.sending.posting import Poster


@dataclass(frozen=True, slots=True)
class WebhookSettings:
    """The names of what the stack made; `loopback` lets targets be on this machine, for development."""

    catalog_table: str
    queue_url: str = ""
    bus_name: str = ""
    key_id: str = ""
    loopback: bool = False
    audit_table: str = ""

    @classmethod
    def from_environment(cls) -> WebhookSettings:
        """Read the variables that the template sets; some functions have only some of them."""
        return cls(
            catalog_table=os.environ["CATALOG_TABLE"],
            audit_table=os.environ.get("AUDIT_TABLE", ""),
            queue_url=os.environ.get("WEBHOOK_QUEUE_URL", ""),
            bus_name=os.environ.get("EVENT_BUS", ""),
            key_id=os.environ.get("WEBHOOK_KEY_ID", ""),
            loopback=os.environ.get("WEBHOOK_LOOPBACK", "false") == "true",
        )


class WebhookServices:
    """The webhooks of one deployment."""

    def __init__(
        self,
        settings: WebhookSettings,
        *,
        clients: Clients | None = None,
        clock: Clock = system_clock,
        new_id: NewId = new_id,
        poster: Poster | None = None,
    ) -> None:
        self.settings = settings
        self.clients = clients or Clients()
        self.clock = clock
        self.new_id = new_id
        self._given_poster = poster

    @cached_property
    def endpoints(self) -> EndpointService:
        """Managing endpoints."""
        from webhooks.endpoints.service import EndpointService

        return EndpointService(self.endpoint_store, self._secrets, self._check_url, self.clock)

    @cached_property
    def deliveries(self) -> DeliveryService:
        """The log of deliveries."""
        from webhooks.deliveries.service import DeliveryService

        return DeliveryService(self.endpoint_store, self.delivery_store, self._queue, self.clock)

    @cached_property
    def relay(self) -> Relay:
        """From the outbox to the bus and the queue."""
        from knowledge.sources.store import SourceStore

        from webhooks.outbox.bus import EventBus
        from webhooks.outbox.relaying import Relay
        from webhooks.outbox.store import OutboxStore

        outbox, sources = OutboxStore(self._catalog), SourceStore(self._catalog)
        bus = EventBus(lambda: self.clients.events, self.settings.bus_name)
        return Relay(outbox, self.endpoint_store, self.delivery_store, self._queue, bus, sources, self.clock)

    @cached_property
    def reminder(self) -> Reminder:
        """From the index of what waits to the queue."""
        from webhooks.deliveries.reminding import Reminder
        from webhooks.deliveries.waiting import WaitingStore

        return Reminder(self.endpoint_store, WaitingStore(self._catalog), self._queue, self.clock)

    @cached_property
    def deliverer(self) -> Deliverer:
        """From the queue to the receiver."""
        from webhooks.deliveries.delivering import Deliverer
        from webhooks.deliveries.slots import Slots
        from webhooks.deliveries.waiting import WaitingStore

        return Deliverer(
            self.endpoint_store,
            self.delivery_store,
            WaitingStore(self._catalog),
            Slots(self._catalog),
            self._secrets,
            self._poster,
            self._queue,
            self.clock,
            self.new_id,
        )

    @cached_property
    def endpoint_store(self) -> EndpointStore:
        """The rows of endpoints."""
        return EndpointStore(self._catalog)

    @cached_property
    def delivery_store(self) -> DeliveryStore:
        """The rows of deliveries."""
        return DeliveryStore(self._catalog)

    def _check_url(self, url: str) -> None:
        # What only reads endpoints makes no poster.
        self._poster.check_url(url)

    @cached_property
    def _catalog(self) -> Catalog:
        return Catalog(self.clients.dynamodb, self.settings.catalog_table, self.settings.audit_table)

    @cached_property
    def _queue(self) -> DeliveryQueue:
        return DeliveryQueue(lambda: self.clients.sqs, self.settings.queue_url)

    @cached_property
    def _secrets(self) -> EndpointSecrets:
        from webhooks.endpoints.secrets import EndpointSecrets

        return EndpointSecrets(Sealer(lambda: self.clients.kms, self.settings.key_id))

    @cached_property
    def _poster(self) -> Poster:
        if self._given_poster is not None:
            return self._given_poster
        from webhooks.sending.posting import Poster

        return Poster(loopback=self.settings.loopback)
