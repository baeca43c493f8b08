"""The outbox as the relay sees it: which events are still to be relayed, and which were."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass

from knowledge.events import UNRELAYED, Event, event_from, event_key
from knowledge.storage.attributes import from_row, to_row
from knowledge.storage.catalog import Catalog, RefusedWriteError
from knowledge.storage.clients import query_rows

from webhooks.deliveries.rows import ttl_after

INDEX = "Unrelayed"


@dataclass(frozen=True, slots=True)
class OutboxStore:
    """The events of all tenants. A sparse index lists those that were not relayed yet."""

    catalog: Catalog

    def mark_relayed(self, event: Event, now: int) -> None:
        """Take an event out of the index; its row stays for 30 days."""
        with suppress(RefusedWriteError):
            self.catalog.update(
                *event_key(event),
                "SET relayedAt = :now, #ttl = :ttl REMOVE unrelayed",
                "attribute_exists(unrelayed)",
                {":now": now, ":ttl": ttl_after(now)},
            )

    def is_unrelayed(self, event: Event) -> bool:
        """Read whether an event is still to be relayed."""
        row = self.catalog.find(*event_key(event))
        return row is not None and "unrelayed" in row

    def unrelayed(self, before: int) -> Iterator[Event]:
        """Go through the events from before a time that were not relayed, as the index shows them."""
        for shard in UNRELAYED:
            query = {
                "TableName": self.catalog.table,
                "IndexName": INDEX,
                "KeyConditionExpression": "unrelayed = :shard AND occurredAt < :before",
                "ExpressionAttributeValues": to_row({":shard": shard, ":before": before}),
            }
            for row in query_rows(self.catalog.dynamodb, query):
                yield event_from(from_row(row))
