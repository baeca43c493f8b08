"""API keys, without their secrets."""

from __future__ import annotations

from typing import Any

from knowledge.actors import author_value
from knowledge.times import optional_timestamp, timestamp

from httpapi.keys.model import Key


def render_key(key: Key, now: int) -> dict[str, Any]:
    """Write a key; its status is told as of `now`."""
    return {
        "id": key.key_id,
        "name": key.spec.name,
        "description": key.spec.description,
        "kind": key.spec.kind,
        "environment": key.spec.environment,
        "status": key.status(now),
        "scopes": list(key.spec.scopes),
        "sourceIds": None if key.spec.source_ids is None else list(key.spec.source_ids),
        "allowedOrigins": None if key.spec.allowed_origins is None else list(key.spec.allowed_origins),
        "rateLimitPerMinute": key.spec.rate_limit_per_minute,
        "addressLimitPerMinute": key.spec.address_limit_per_minute,
        "requestsPerDay": key.spec.requests_per_day,
        "answersPerDay": key.spec.answers_per_day,
        "createdAt": timestamp(key.created_at),
        "createdBy": author_value(key.created_by),
        "expiresAt": optional_timestamp(key.spec.expires_at),
        "enabled": key.disabled_at is None,
        "disabledAt": optional_timestamp(key.disabled_at),
        "rotatedFrom": key.rotated_from,
        "rotatedTo": key.rotated_to,
        "revokedAt": optional_timestamp(key.revoked_at),
        "lastUsedAt": optional_timestamp(key.last_used_at),
    }
