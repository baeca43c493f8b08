"""Portal sessions and sign-in links as rows of the Keys table, and back. Pure.

Such a row has the key's id as `parentKeyId`, by which it is told from a key's. It lies in the index of its tenant like
one, so that what is done to all keys of a tenant is done to it. It goes when the session is ended, so there are no more
than `KEY_SESSIONS` for a key; `lastUsedAt` and `suspendedAt` stand beside what is written here, as they do for keys.
"""

from __future__ import annotations

from typing import Any

from httpapi.keys.model import Key, Session
from httpapi.keys.roles import Role
from httpapi.keys.rows import attributes_of, spec_attributes, spec_from

_FORGOTTEN_AFTER_SECONDS = 24 * 3_600


def is_session(row: dict[str, Any]) -> bool:
    """Tell whether a row is a session's."""
    return "parentKeyId" in row


def session_to_row(key: Key, session: Session) -> dict[str, Any]:
    """Write what a session has of its key as a row of its own."""
    ends = key.spec.expires_at or 0
    numbers = {
        "createdAt": session.created_at,
        "keyCreatedAt": key.created_at,
        "lastsMs": session.lasts_ms,
        "ttl": ends // 1000 + _FORGOTTEN_AFTER_SECONDS,
    }
    texts = {
        "keyId": session.session_id,
        "parentKeyId": key.key_id,
        "tenantId": key.tenant_id,
        "lineId": key.line,
        "sessionName": session.name,
        "role": session.role,
        "secretHash": key.secret_hash,
    }
    return spec_attributes(key.spec) | attributes_of(numbers, texts)


def session_from_row(row: dict[str, Any]) -> Key:
    """Read what a session has of its key; an operator may have revoked it with all keys of its tenant."""
    return Key(
        key_id=row["parentKeyId"]["S"],
        tenant_id=row["tenantId"]["S"],
        spec=spec_from(row),
        secret_hash=row["secretHash"]["S"],
        created_at=int(row["keyCreatedAt"]["N"]),
        revoked_at=int(row["revokedAt"]["N"]) if "revokedAt" in row else None,
        last_used_at=int(row["lastUsedAt"]["N"]) if "lastUsedAt" in row else None,
        suspended="suspendedAt" in row,
        line=row["lineId"]["S"] if "lineId" in row else None,
        session=Session(
            row["keyId"]["S"],
            row["sessionName"]["S"],
            Role(row["role"]["S"]) if "role" in row else None,
            int(row["createdAt"]["N"]),
            int(row["lastsMs"]["N"]) if "lastsMs" in row else None,
        ),
    )
