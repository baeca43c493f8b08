"""Endpoints and deliveries as rows of the Catalog.

An endpoint lies in its tenant's partition, its deliveries in one of their own, from which DynamoDB drops them by
`ttl`, the only attribute that it ages rows by.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from knowledge.catalog import ordered

from webhooks.model import (
    KEPT_MS,
    Attempt,
    Delivery,
    DeliveryState,
    DisabledReason,
    Disabling,
    Endpoint,
    EventType,
    Secret,
)

ENDPOINT = "webhook"
DELIVERY = "delivery"


def endpoint_sk(endpoint_id: str) -> str:
    """The sort key of an endpoint."""
    return f"{ENDPOINT}#{endpoint_id}"


def delivery_sk(delivery_id: str) -> str:
    """The sort key of a delivery."""
    return f"{DELIVERY}#{delivery_id}"


def ttl_after(at: int) -> int:
    """When a row may go that is kept from `at` on: in seconds, as DynamoDB reads it."""
    return (at + KEPT_MS) // 1000


def endpoint_row(endpoint: Endpoint) -> dict[str, Any]:
    """Write a new endpoint."""
    return {
        "pk": endpoint.tenant_id,
        "sk": endpoint_sk(endpoint.endpoint_id),
        "kind": ENDPOINT,
        "order": ordered(ENDPOINT, endpoint.created_at, endpoint.endpoint_id),
        "tenantId": endpoint.tenant_id,
        "webhookId": endpoint.endpoint_id,
        "url": endpoint.url,
        "description": endpoint.description,
        "eventTypes": endpoint.event_types,
        "sourceIds": endpoint.source_ids,
        "disabled": disabling_row(endpoint.disabled),
        "secrets": secret_rows(endpoint.secrets),
        "createdAt": endpoint.created_at,
        "updatedAt": endpoint.updated_at,
    }


def secret_rows(secrets: tuple[Secret, ...]) -> list[dict[str, Any]]:
    """Write sealed secrets."""
    return [{"sealed": secret.sealed, "expiresAt": secret.expires_at} for secret in secrets]


def disabling_row(disabled: Disabling | None) -> dict[str, Any] | None:
    """Write why an endpoint is disabled, if it is."""
    return None if disabled is None else asdict(disabled)


def endpoint_from(row: Mapping[str, Any]) -> Endpoint:
    """Read an endpoint back."""
    types, sources, disabled = row.get("eventTypes"), row.get("sourceIds"), row.get("disabled")
    return Endpoint(
        tenant_id=row["tenantId"],
        endpoint_id=row["webhookId"],
        url=row["url"],
        description=row.get("description"),
        event_types=None if types is None else tuple(map(EventType, types)),
        source_ids=None if sources is None else tuple(sources),
        disabled=None if disabled is None else Disabling(DisabledReason(disabled["reason"]), disabled["at"]),
        secrets=tuple(Secret(secret["sealed"], secret["expiresAt"]) for secret in row["secrets"]),
        created_at=row["createdAt"],
        updated_at=row["updatedAt"],
        rotated_at=row.get("rotatedAt"),
        rotation_token=row.get("rotationToken"),
        failures=row.get("failures", 0),
        failing_since=row.get("failingSince"),
    )


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
        "ttl": ttl_after(delivery.created_at),
    }


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
        claimed_until=row.get("claimedUntil"),
    )
