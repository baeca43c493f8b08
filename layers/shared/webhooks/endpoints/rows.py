"""Endpoints and deliveries as rows of the Catalog.

An endpoint lies in its tenant's partition, its deliveries in one of their own, from which DynamoDB drops them by
`ttl`, the only attribute that it ages rows by.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from knowledge.actors import Author, author_value
from knowledge.environments import Environment
from knowledge.storage.catalog import ordered

from webhooks.endpoints.model import DisabledReason, Disabling, Endpoint, EventType, Secret

ENDPOINT = "webhook"


def endpoint_sk(endpoint_id: str) -> str:
    """The sort key of an endpoint."""
    return f"{ENDPOINT}#{endpoint_id}"


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
        "environment": endpoint.environment,
        "createdBy": author_value(endpoint.created_by),
        "updatedAt": endpoint.updated_at,
    }


def settings_told(endpoint: Endpoint) -> dict[str, Any]:
    """What a tenant sets of an endpoint, as the audit has it."""
    return {
        "url": endpoint.url,
        "description": endpoint.description,
        "events": None if endpoint.event_types is None else list(endpoint.event_types),
        "sourceIds": None if endpoint.source_ids is None else list(endpoint.source_ids),
        "enabled": endpoint.disabled is None,
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
        probe_at=row.get("probeUntil"),
        slow=row.get("slow", False),
        environment=Environment(row["environment"]),
        created_by=Author.from_value(row.get("createdBy")),
    )
