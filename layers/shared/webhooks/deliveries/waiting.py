"""Deliveries that wait for longer than a message is trusted with: they carry `waiting`, which lists them in an index.

The attribute is set and removed by the very write that says what is to come of a delivery, so none is lost between the
two. The index is sparse, sorted by time, and spread over a few partitions, each with all of an endpoint's.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from knowledge.storage.attributes import from_row, to_row
from knowledge.storage.catalog import WAITING_INDEX, Catalog, RefusedWriteError
from knowledge.storage.clients import query_rows

from webhooks.deliveries.model import DeliveryState
from webhooks.deliveries.rows import delivery_sk, waiting_shard

# Where a sweep that ran out of time stopped: one row of the whole stack.
_PLACE = ("webhooks", "sweep")


@dataclass(frozen=True, slots=True)
class Waiting:
    """A delivery as the index shows it, which may be a little late. Times are ms."""

    tenant_id: str
    endpoint_id: str
    delivery_id: str
    next_attempt_at: int
    remind_at: int


@dataclass(frozen=True, slots=True)
class WaitingStore:
    """The waiting deliveries of all endpoints."""

    catalog: Catalog

    def list_due(self, shard: str, before: int, after: Waiting | None = None) -> Iterator[Waiting]:
        """Go through what is to be reminded of before a time, the longest overdue first, from behind one on."""
        query: dict[str, Any] = {
            "TableName": self.catalog.table,
            "IndexName": WAITING_INDEX,
            "KeyConditionExpression": "waiting = :shard AND remindAt < :before",
            "ExpressionAttributeValues": to_row({":shard": shard, ":before": before}),
        }
        if after is not None:
            key = {"pk": after.endpoint_id, "sk": delivery_sk(after.delivery_id), "remindAt": after.remind_at}
            query["ExclusiveStartKey"] = to_row({"waiting": shard, **key})
        for row in map(from_row, query_rows(self.catalog.dynamodb, query)):
            delivery_id = row["sk"].partition("#")[2]
            yield Waiting(row["tenantId"], row["pk"], delivery_id, row["nextAttemptAt"], row["remindAt"])

    def put_off(self, endpoint_id: str, delivery_id: str, remind_at: int) -> None:
        """Have the sweep remind of a delivery, if it has attempts to come."""
        self._update(
            endpoint_id,
            delivery_id,
            "SET waiting = :shard, remindAt = :at",
            "#state = :pending",
            {":shard": waiting_shard(endpoint_id), ":at": remind_at, ":pending": DeliveryState.PENDING},
        )

    def note_sent(self, waiting: Waiting, remind_at: int) -> None:
        """Note that a message was sent for a delivery: another one is, at a time, if nothing came of it."""
        values = {":at": remind_at, ":read": waiting.remind_at}
        self._update(waiting.endpoint_id, waiting.delivery_id, "SET remindAt = :at", "remindAt = :read", values)

    def drop_waiting(self, waiting: Waiting) -> None:
        """Wait no more: the endpoint is gone."""
        self._update(
            waiting.endpoint_id, waiting.delivery_id, "REMOVE waiting, remindAt", "attribute_exists(waiting)", {}
        )

    def read_place(self) -> Waiting | None:
        """Where the last sweep stopped, None when it came to its end."""
        row = self.catalog.find(*_PLACE)
        if row is None or "webhookId" not in row:
            return None
        return Waiting(row["tenantId"], row["webhookId"], row["deliveryId"], row["nextAttemptAt"], row["lastRemindAt"])

    def keep_place(self, place: Waiting | None) -> None:
        """Note where a sweep stopped. Two at once may overwrite each other's: then something is looked at twice."""
        pk, sk = _PLACE
        named: dict[str, Any] = {}
        if place is not None:
            named = {
                "tenantId": place.tenant_id,
                "webhookId": place.endpoint_id,
                "deliveryId": place.delivery_id,
                "nextAttemptAt": place.next_attempt_at,
                "lastRemindAt": place.remind_at,
            }
        self.catalog.put({"pk": pk, "sk": sk, **named})

    def _update(self, endpoint_id: str, delivery_id: str, expression: str, condition: str, values: Any) -> None:
        with suppress(RefusedWriteError):
            self.catalog.update(endpoint_id, delivery_sk(delivery_id), expression, condition, values)
