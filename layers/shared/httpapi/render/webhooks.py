"""Webhooks and their deliveries, without secrets."""

from __future__ import annotations

from typing import Any

from knowledge.actors import author_value
from knowledge.times import optional_timestamp, timestamp
from webhooks.deliveries.model import Attempt, Delivery
from webhooks.endpoints.model import Endpoint


def render_webhook(endpoint: Endpoint, now: int) -> dict[str, Any]:
    """Write an endpoint; which of its secrets still sign is told as of `now`."""
    disabled = endpoint.disabled
    expiring = [secret.expires_at for secret in endpoint.signing(now) if secret.expires_at is not None]
    return {
        "id": endpoint.endpoint_id,
        "url": endpoint.url,
        "environment": endpoint.environment,
        "description": endpoint.description,
        "events": None if endpoint.event_types is None else list(endpoint.event_types),
        "sourceIds": None if endpoint.source_ids is None else list(endpoint.source_ids),
        "enabled": disabled is None,
        "disabled": None if disabled is None else {"reason": disabled.reason, "at": timestamp(disabled.at)},
        "failingSince": optional_timestamp(endpoint.failing_since),
        "previousSecretExpiresAt": optional_timestamp(max(expiring, default=None)),
        "createdAt": timestamp(endpoint.created_at),
        "createdBy": author_value(endpoint.created_by),
        "updatedAt": timestamp(endpoint.updated_at),
    }


def render_delivery(delivery: Delivery) -> dict[str, Any]:
    """Write a delivery with its attempts, oldest first."""
    return {
        "id": delivery.delivery_id,
        "webhookId": delivery.endpoint_id,
        "eventId": delivery.event_id,
        "eventType": delivery.event_type,
        "sourceId": delivery.source_id,
        "state": delivery.state,
        "failure": delivery.failure,
        "attempts": [_attempt(attempt) for attempt in delivery.attempts],
        "nextAttemptAt": optional_timestamp(delivery.next_attempt_at),
        "createdAt": timestamp(delivery.created_at),
    }


def _attempt(attempt: Attempt) -> dict[str, Any]:
    return {
        "at": timestamp(attempt.at),
        "status": attempt.status,
        "latencyMilliseconds": attempt.latency_ms,
        "responseSnippet": attempt.snippet,
        "failure": attempt.failure,
    }
