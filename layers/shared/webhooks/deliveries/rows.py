"""Deliveries as rows of the Catalog, each in a partition of its endpoint; DynamoDB drops them by `ttl`."""

from __future__ import annotations

import zlib
from collections.abc import Mapping
from typing import Any

from knowledge.limits import DELIVERY_KEPT_MS
from knowledge.storage.catalog import ordered

from webhooks.deliveries.model import Attempt, Delivery, DeliveryState

DELIVERY = "delivery"

WAITING = tuple(f"{shard}" for shard in range(8))


def waiting_shard(endpoint_id: str) -> str:
    """The partition of the index of waiting deliveries that has all of an endpoint's."""
    return WAITING[zlib.crc32(endpoint_id.encode()) % len(WAITING)]


def delivery_sk(delivery_id: str) -> str:
    """The sort key of a delivery."""
    return f"{DELIVERY}#{delivery_id}"


def delivery_row(delivery: Delivery) -> dict[str, Any]:
    """Write a new delivery."""
    return {
        "pk": delivery.endpoint_id,
        "sk": delivery_sk(delivery.delivery_id),
        "kind": DELIVERY,
        "order": ordered(DELIVERY, delivery.created_at, delivery.delivery_id),
        "tenantId": delivery.tenant_id,
        "webhookId": delivery.endpoint_id,
        "deliveryId": delivery.delivery_id,
        "eventId": delivery.event_id,
        "eventType": delivery.event_type,
        "sourceId": delivery.source_id,
        "payload": delivery.payload,
        "state": delivery.state,
        "failure": delivery.failure,
        "tries": delivery.tries,
        "attempts": attempt_rows(delivery.attempts),
        "createdAt": delivery.created_at,
        "nextAttemptAt": delivery.next_attempt_at,
        # Attributes of an index must not be null: a row without them is not in it.
        **waiting_attributes(delivery),
        "ttl": ttl_after(delivery.created_at),
    }


def waiting_attributes(delivery: Delivery) -> dict[str, Any]:
    """What puts a delivery into the index of those that the sweep is to remind of; nothing when it is not."""
    if delivery.remind_at is None:
        return {}
    return {"waiting": waiting_shard(delivery.endpoint_id), "remindAt": delivery.remind_at}


def attempt_rows(attempts: tuple[Attempt, ...]) -> list[dict[str, Any]]:
    """Write attempts."""
    return [
        {
            "at": attempt.at,
            "status": attempt.status,
            "latencyMs": attempt.latency_ms,
            "snippet": attempt.snippet,
            "failure": attempt.failure,
        }
        for attempt in attempts
    ]


def delivery_from(row: Mapping[str, Any]) -> Delivery:
    """Read a delivery back."""
    return Delivery(
        tenant_id=row["tenantId"],
        endpoint_id=row["webhookId"],
        delivery_id=row["deliveryId"],
        event_id=row["eventId"],
        event_type=row["eventType"],
        source_id=row.get("sourceId"),
        payload=row["payload"],
        state=DeliveryState(row["state"]),
        created_at=row["createdAt"],
        next_attempt_at=row.get("nextAttemptAt"),
        tries=row["tries"],
        attempts=tuple(
            Attempt(made["at"], made["status"], made["latencyMs"], made["snippet"], made["failure"])
            for made in row["attempts"]
        ),
        failure=row.get("failure"),
        remind_at=row.get("remindAt"),
    )


def ttl_after(at: int) -> int:
    """When a row may go that is kept from `at` on: in seconds, as DynamoDB reads it."""
    return (at + DELIVERY_KEPT_MS) // 1000
