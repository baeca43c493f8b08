"""Portal sessions, without their secrets."""

from __future__ import annotations

from typing import Any

from knowledge.times import optional_timestamp, timestamp

from httpapi.keys.model import Key


def render_session(key: Key) -> dict[str, Any]:
    """Write a session, and what it has of its key."""
    session = key.session
    if session is None:
        message = "this is a key, and no session of one"
        raise ValueError(message)
    return {
        "id": session.session_id,
        "name": session.name,
        "keyId": key.key_id,
        "role": session.role,
        "environment": key.spec.environment,
        "scopes": list(key.spec.scopes),
        "sourceIds": None if key.spec.source_ids is None else list(key.spec.source_ids),
        "createdAt": timestamp(session.created_at),
        "expiresAt": optional_timestamp(key.spec.expires_at),
        "lastUsedAt": optional_timestamp(key.last_used_at),
        "endedAt": optional_timestamp(key.revoked_at),
    }
