"""Keys as rows of the Keys table, and back."""

from __future__ import annotations

from typing import Any

from knowledge.actors import Author
from knowledge.storage.attributes import from_attribute, to_attribute
from knowledge.times import optional_timestamp

from httpapi.keys.model import Environment, Key, KeySpec, Scope

# Conditions on a row that more than one module writes or reads under.
EXISTS = "attribute_exists(keyId)"
UNREVOKED = "attribute_not_exists(revokedAt)"
COUNTED = "attribute_not_exists(uncounted)"


def key_to_row(key: Key) -> dict[str, Any]:
    """Write a new key as a row; absent attributes stand for None."""
    row: dict[str, Any] = {
        "keyId": {"S": key.key_id},
        "tenantId": {"S": key.tenant_id},
        "name": {"S": key.spec.name},
        "environment": {"S": key.spec.environment},
        "scopes": {"L": [{"S": scope} for scope in key.spec.scopes]},
        "rateLimitPerMinute": {"N": str(key.spec.rate_limit_per_minute)},
        "secretHash": {"S": key.secret_hash},
        "createdAt": {"N": str(key.created_at)},
    }
    if key.spec.source_ids is not None:
        row["sourceIds"] = {"L": [{"S": source_id} for source_id in key.spec.source_ids]}
    if key.spec.expires_at is not None:
        row["expiresAt"] = {"N": str(key.spec.expires_at)}
    if key.line is not None:
        row["lineId"] = {"S": key.line}
    if key.created_by is not None:
        row["createdBy"] = to_attribute(key.created_by.to_value())
    return row


def key_from_row(row: dict[str, Any]) -> Key:
    """Read a row of the table or of its index."""
    source_ids = row.get("sourceIds")
    spec = KeySpec(
        name=row["name"]["S"],
        scopes=tuple(Scope(scope["S"]) for scope in row["scopes"]["L"]),
        source_ids=tuple(source_id["S"] for source_id in source_ids["L"]) if source_ids else None,
        rate_limit_per_minute=int(row["rateLimitPerMinute"]["N"]),
        expires_at=_optional_time(row, "expiresAt"),
        environment=Environment(row["environment"]["S"]),
    )
    return Key(
        key_id=row["keyId"]["S"],
        tenant_id=row["tenantId"]["S"],
        spec=spec,
        secret_hash=row["secretHash"]["S"],
        created_at=int(row["createdAt"]["N"]),
        revoked_at=_optional_time(row, "revokedAt"),
        last_used_at=_optional_time(row, "lastUsedAt"),
        rotated_to=row["rotatedTo"]["S"] if "rotatedTo" in row else None,
        counted="uncounted" not in row,
        suspended="suspendedAt" in row,
        line=row["lineId"]["S"] if "lineId" in row else None,
        created_by=Author.from_value(from_attribute(row["createdBy"])) if "createdBy" in row else None,
    )


def settings_told(spec: KeySpec) -> dict[str, Any]:
    """The settings of a key as the audit has them."""
    return {
        "name": spec.name,
        "environment": spec.environment,
        "scopes": list(spec.scopes),
        "sourceIds": None if spec.source_ids is None else list(spec.source_ids),
        "rateLimitPerMinute": spec.rate_limit_per_minute,
        "expiresAt": optional_timestamp(spec.expires_at),
    }


def _optional_time(row: dict[str, Any], name: str) -> int | None:
    return int(row[name]["N"]) if name in row else None
