"""Portal sessions, without their secrets."""

from __future__ import annotations

from typing import Any

from knowledge.times import optional_timestamp, timestamp

from httpapi.keys.model import Key


def render_link(key: Key) -> dict[str, Any]:
    """Write a sign-in link: what it is called, what whoever uses it may do, and until when it can be used."""
    written = render_session(key)
    told = ("id", "name", "keyId", "role", "environment", "scopes", "sourceIds", "createdAt", "expiresAt")
    lasts = 0 if key.session is None else (key.session.lasts_ms or 0) // 1000
    return {**{name: written[name] for name in told}, "sessionExpiresInSeconds": lasts}


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
