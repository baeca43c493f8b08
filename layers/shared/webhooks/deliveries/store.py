"""Deliveries in the Catalog. What came of an attempt is recorded on the condition that none was recorded meanwhile."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from knowledge.pages import Page
from knowledge.storage.attributes import from_row, to_row
from knowledge.storage.catalog import ORDER_INDEX, Catalog, RefusedWriteError
from knowledge.storage.clients import query_rows

from webhooks.deliveries.model import Delivery, DeliveryState
from webhooks.deliveries.rows import (
    DELIVERY,
    attempt_rows,
    delivery_from,
    delivery_row,
    delivery_sk,
    ttl_after,
    waiting_attributes,
    waiting_shard,
)
from webhooks.deliveries.schedule import OVERDUE_MS
from webhooks.errors import DeliveryNotFoundError

# No attempt was recorded, and no new round begun, since the delivery was read.
_UNMOVED = "#state = :pending AND tries = :triesBefore AND nextAttemptAt = :dueBefore"


@dataclass(frozen=True, slots=True)
class DeliveryStore:
    """The deliveries of all endpoints."""

    catalog: Catalog

    def create(self, delivery: Delivery) -> bool:
        """Store a delivery unless it is there already; tell whether it was stored."""
        return self.catalog.put_new(delivery_row(delivery))

    def find(self, endpoint_id: str, delivery_id: str) -> Delivery | None:
        """Read a delivery."""
        row = self.catalog.find(endpoint_id, delivery_sk(delivery_id))
        return None if row is None else delivery_from(row)

    def get(self, endpoint_id: str, delivery_id: str) -> Delivery:
        """Read a delivery. Raises DeliveryNotFoundError."""
        delivery = self.find(endpoint_id, delivery_id)
        if delivery is None:
            raise DeliveryNotFoundError
        return delivery

    def list(self, endpoint_id: str, state: DeliveryState | None, *, limit: int, position: Any) -> Page[Delivery]:
        """List the deliveries of an endpoint, newest first, of one state if it is given.

        Raises InvalidPositionError.
        """
        keep = None if state is None else lambda delivery: delivery.state is state
        return self.catalog.list(endpoint_id, DELIVERY, delivery_from, limit=limit, position=position, keep=keep)

    def failed_since(self, endpoint_id: str, since: int, limit: int) -> Sequence[Delivery]:
        """Find the oldest deliveries made since a time that failed."""
        query = {
            "TableName": self.catalog.table,
            "IndexName": ORDER_INDEX,
            "KeyConditionExpression": "pk = :pk AND #order BETWEEN :since AND :last",
            "FilterExpression": "#state = :failed",
            "ExpressionAttributeNames": {"#order": "order", "#state": "state"},
            "ExpressionAttributeValues": to_row(
                {
                    ":pk": endpoint_id,
                    ":since": f"{DELIVERY}#{since:015d}",
                    ":last": f"{DELIVERY}#~",
                    ":failed": DeliveryState.FAILED,
                }
            ),
            "ConsistentRead": True,
        }
        found: list[Delivery] = []
        for row in query_rows(self.catalog.dynamodb, query):
            found.append(delivery_from(from_row(row)))
            if len(found) == limit:
                break
        return found

    def record(self, before: Delivery, after: Delivery) -> bool:
        """Store what came of an attempt, if the delivery is as it was; False when another attempt was faster."""
        values: dict[str, Any] = {
            ":state": after.state,
            ":tries": after.tries,
            ":attempts": attempt_rows(after.attempts),
            ":pending": DeliveryState.PENDING,
            ":triesBefore": before.tries,
            ":dueBefore": before.next_attempt_at,
        }
        kept = {"nextAttemptAt": after.next_attempt_at, "failure": after.failure, **waiting_attributes(after)}
        sets, removes = "SET #state = :state, tries = :tries, attempts = :attempts", []
        for name in ("nextAttemptAt", "failure", "waiting", "remindAt"):
            value = kept.get(name)
            if value is None:
                removes.append(name)
            else:
                sets, values[f":{name}"] = f"{sets}, {name} = :{name}", value
        try:
            self.catalog.update(
                after.endpoint_id,
                delivery_sk(after.delivery_id),
                sets + (f" REMOVE {', '.join(removes)}" if removes else ""),
                _UNMOVED,
                values,
            )
        except RefusedWriteError as error:
            # Its answer was lost and the write sent again, or somebody else made an attempt.
            stored = None if error.row is None else delivery_from(error.row)
            return stored is not None and stored.attempts == after.attempts
        return True

    def begin_again(self, delivery: Delivery, now: int) -> Delivery:
        """Begin a new round of attempts now; a delivery that is due or under way comes back as it is."""
        try:
            row = self.catalog.update(
                delivery.endpoint_id,
                delivery_sk(delivery.delivery_id),
                "SET #state = :pending, nextAttemptAt = :now, tries = :none, #ttl = :ttl,"
                " waiting = :shard, remindAt = :remindAt REMOVE failure",
                "attribute_exists(pk) AND (#state <> :pending OR nextAttemptAt > :now)",
                {
                    ":pending": DeliveryState.PENDING,
                    ":now": now,
                    ":none": 0,
                    ":ttl": ttl_after(now),
                    ":shard": waiting_shard(delivery.endpoint_id),
                    # Its message is on its way; the sweep stands by, should nobody send it.
                    ":remindAt": now + OVERDUE_MS,
                },
            )
        except RefusedWriteError as error:
            if error.row is None:
                raise DeliveryNotFoundError from error
            return delivery_from(error.row)
        return delivery_from(row)
