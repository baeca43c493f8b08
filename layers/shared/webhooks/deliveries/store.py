"""Deliveries in the Catalog. Whoever attempts one claims it first, so that two messages make one attempt.

message A   claim -> POST -> record            the claim ends with the record
message B           claim refused: looks again when the claim has run out
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from knowledge.pages import Page
from knowledge.storage.attributes import from_row, to_row
from knowledge.storage.catalog import ORDER_INDEX, Catalog, RefusedWriteError
from knowledge.storage.clients import query_rows

from webhooks.deliveries.model import Delivery, DeliveryState
from webhooks.deliveries.rows import DELIVERY, attempt_rows, delivery_from, delivery_row, delivery_sk, ttl_after
from webhooks.errors import DeliveryNotFoundError


class NotClaimedError(Exception):
    """Raised when a delivery can't be attempted now; `delivery` is what is stored, None when it is gone."""

    def __init__(self, delivery: Delivery | None) -> None:
        super().__init__("the delivery is not to be attempted now")
        self.delivery = delivery


@dataclass(frozen=True, slots=True)
class DeliveryStore:
    """The deliveries of all endpoints."""

    catalog: Catalog

    def create(self, delivery: Delivery) -> bool:
        """Store a delivery unless it is there already; tell whether it was stored."""
        return self.catalog.put_new(delivery_row(delivery))

    def get(self, endpoint_id: str, delivery_id: str) -> Delivery:
        """Read a delivery. Raises DeliveryNotFoundError."""
        row = self.catalog.find(endpoint_id, delivery_sk(delivery_id))
        if row is None:
            raise DeliveryNotFoundError
        return delivery_from(row)

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

    def claim(self, endpoint_id: str, delivery_id: str, now: int, until: int) -> Delivery:
        """Take a delivery that is due, until a time. Raises NotClaimedError."""
        try:
            row = self.catalog.update(
                endpoint_id,
                delivery_sk(delivery_id),
                "SET claimedUntil = :until",
                "#state = :pending AND nextAttemptAt <= :now"
                " AND (attribute_not_exists(claimedUntil) OR claimedUntil <= :now)",
                {":until": until, ":pending": DeliveryState.PENDING, ":now": now},
            )
        except RefusedWriteError as error:
            raise NotClaimedError(None if error.row is None else delivery_from(error.row)) from error
        return delivery_from(row)

    def record(self, delivery: Delivery) -> bool:
        """Store what came of an attempt and end its claim; False when the claim was lost meanwhile."""
        values: dict[str, Any] = {
            ":state": delivery.state,
            ":tries": delivery.tries,
            ":attempts": attempt_rows(delivery.attempts),
            ":claim": delivery.claimed_until,
        }
        sets, removes = "SET #state = :state, tries = :tries, attempts = :attempts", ["claimedUntil"]
        for name, value in (("nextAttemptAt", delivery.next_attempt_at), ("failure", delivery.failure)):
            if value is None:
                removes.append(name)
            else:
                sets, values[f":{name}"] = f"{sets}, {name} = :{name}", value
        try:
            self.catalog.update(
                delivery.endpoint_id,
                delivery_sk(delivery.delivery_id),
                f"{sets} REMOVE {', '.join(removes)}",
                "claimedUntil = :claim",
                values,
            )
        except RefusedWriteError as error:
            # Its answer was lost and the write sent again, or somebody else has the delivery now.
            stored = None if error.row is None else delivery_from(error.row)
            return stored is not None and stored.attempts == delivery.attempts and stored.claimed_until is None
        return True

    def begin_again(self, delivery: Delivery, now: int) -> Delivery:
        """Begin a new round of attempts now; a delivery that is due or under way comes back as it is."""
        try:
            row = self.catalog.update(
                delivery.endpoint_id,
                delivery_sk(delivery.delivery_id),
                "SET #state = :pending, nextAttemptAt = :now, tries = :none, #ttl = :ttl REMOVE failure, claimedUntil",
                "attribute_exists(pk) AND (#state <> :pending OR (nextAttemptAt > :now"
                " AND (attribute_not_exists(claimedUntil) OR claimedUntil <= :now)))",
                {":pending": DeliveryState.PENDING, ":now": now, ":none": 0, ":ttl": ttl_after(now)},
            )
        except RefusedWriteError as error:
            if error.row is None:
                raise DeliveryNotFoundError from error
            return delivery_from(error.row)
        return delivery_from(row)
