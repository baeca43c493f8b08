"""Keys as rows of the Keys table, and back. Pure.

`key_to_row` writes all that a change of a key can touch; `lastUsedAt`, `suspendedAt` and `creationToken` stand beside
it in the row, and are written by themselves. Absent attributes stand for None.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from knowledge.actors import Author
from knowledge.environments import Environment
from knowledge.storage.attributes import from_attribute, to_attribute
from knowledge.times import optional_timestamp

from httpapi.keys.model import Key, KeyKind, KeySpec
from httpapi.keys.scopes import Scope

# Conditions on a row that more than one module writes or reads under.
EXISTS = "attribute_exists(keyId)"
UNREVOKED = "attribute_not_exists(revokedAt)"


def key_to_row(key: Key) -> dict[str, Any]:
    """Write a key as a row."""
    leaves_at = key.share_leaves_at
    numbers = {
        "createdAt": key.created_at,
        "revokedAt": key.revoked_at,
        "disabledAt": key.disabled_at,
        "share": key.share,
        "shareLeavesAt": leaves_at,
        "overlapUntil": key.overlap_until,
        "revision": key.revision,
        # What DynamoDB drops rows by; in seconds.
        "ttl": None if key.forgotten_at is None else key.forgotten_at // 1000,
    }
    texts = {
        "keyId": key.key_id,
        "tenantId": key.tenant_id,
        "secretHash": key.secret_hash,
        "lineId": key.line,
        "rotatedFrom": key.rotated_from,
        "rotatedTo": key.rotated_to,
        # The index of shares that leave has the rows with it.
        "leavingTenantId": None if leaves_at is None else key.tenant_id,
    }
    row = spec_attributes(key.spec) | attributes_of(numbers, texts)
    if key.sessions:
        row["sessions"] = {"M": {session_id: {"N": str(ends)} for session_id, ends in key.sessions.items()}}
    if key.created_by is not None:
        row["createdBy"] = to_attribute(key.created_by.to_value())
    return row


def spec_attributes(spec: KeySpec) -> dict[str, Any]:
    """Write what a key is to be, as attributes of a row."""
    numbers = {
        "rateLimitPerMinute": spec.rate_limit_per_minute,
        "addressLimitPerMinute": spec.address_limit_per_minute,
        "requestsPerDay": spec.requests_per_day,
        "answersPerDay": spec.answers_per_day,
        "expiresAt": spec.expires_at,
    }
    texts = {
        "name": spec.name,
        "description": spec.description,
        "environment": spec.environment,
        # Rows of secret keys say nothing of it.
        "kind": None if spec.kind is KeyKind.SECRET else spec.kind,
    }
    row = attributes_of(numbers, texts)
    row["scopes"] = {"L": [{"S": scope} for scope in spec.scopes]}
    for name, listed in (("sourceIds", spec.source_ids), ("allowedOrigins", spec.allowed_origins)):
        if listed is not None:
            row[name] = {"L": [{"S": each} for each in listed]}
    return row


def spec_from(row: dict[str, Any]) -> KeySpec:
    """Read what a key is to be."""
    return KeySpec(
        name=row["name"]["S"],
        scopes=tuple(Scope(scope["S"]) for scope in row["scopes"]["L"]),
        source_ids=_texts(row, "sourceIds"),
        rate_limit_per_minute=int(row["rateLimitPerMinute"]["N"]),
        expires_at=_number(row, "expiresAt"),
        environment=Environment(row["environment"]["S"]),
        description=_text(row, "description"),
        kind=KeyKind(_text(row, "kind") or KeyKind.SECRET),
        allowed_origins=_texts(row, "allowedOrigins"),
        address_limit_per_minute=_number(row, "addressLimitPerMinute"),
        requests_per_day=_number(row, "requestsPerDay"),
        answers_per_day=_number(row, "answersPerDay"),
    )


def attributes_of(numbers: Mapping[str, int | None], texts: Mapping[str, str | None]) -> dict[str, Any]:
    """Write numbers and texts as attributes; None is left out."""
    row: dict[str, Any] = {name: {"N": str(number)} for name, number in numbers.items() if number is not None}
    return row | {name: {"S": text} for name, text in texts.items() if text is not None}


def key_from_row(row: dict[str, Any]) -> Key:
    """Read a row of the table or of its index."""
    return Key(
        key_id=row["keyId"]["S"],
        tenant_id=row["tenantId"]["S"],
        spec=spec_from(row),
        secret_hash=row["secretHash"]["S"],
        created_at=int(row["createdAt"]["N"]),
        revoked_at=_number(row, "revokedAt"),
        last_used_at=_number(row, "lastUsedAt"),
        disabled_at=_number(row, "disabledAt"),
        rotated_from=_text(row, "rotatedFrom"),
        rotated_to=_text(row, "rotatedTo"),
        suspended="suspendedAt" in row,
        line=_text(row, "lineId"),
        share=int(row["share"]["N"]),
        share_leaves_at=_number(row, "shareLeavesAt"),
        overlap_until=_number(row, "overlapUntil"),
        revision=int(row["revision"]["N"]),
        created_by=Author.from_value(from_attribute(row["createdBy"])) if "createdBy" in row else None,
        sessions={session_id: int(ends["N"]) for session_id, ends in row.get("sessions", {"M": {}})["M"].items()},
    )


def settings_told(key: Key) -> dict[str, Any]:
    """The settings of a key as the audit has them."""
    spec = key.spec
    return {
        "name": spec.name,
        "description": spec.description,
        "kind": spec.kind,
        "environment": spec.environment,
        "scopes": list(spec.scopes),
        "sourceIds": None if spec.source_ids is None else list(spec.source_ids),
        "allowedOrigins": None if spec.allowed_origins is None else list(spec.allowed_origins),
        "rateLimitPerMinute": spec.rate_limit_per_minute,
        "addressLimitPerMinute": spec.address_limit_per_minute,
        "requestsPerDay": spec.requests_per_day,
        "answersPerDay": spec.answers_per_day,
        "expiresAt": optional_timestamp(spec.expires_at),
        "enabled": key.disabled_at is None,
    }


def session_told(session: Key) -> dict[str, Any]:
    """What a session may do, as the audit has it."""
    spec = session.spec
    return {
        "scopes": list(spec.scopes),
        "sourceIds": None if spec.source_ids is None else list(spec.source_ids),
        "expiresAt": optional_timestamp(spec.expires_at),
    }


def row_changes(before: Key, after: Key) -> tuple[dict[str, Any], list[str]]:
    """Say what a change writes into a key's row, and which attributes it takes out of it."""
    old, new = key_to_row(before), key_to_row(after)
    written = {name: value for name, value in new.items() if old.get(name) != value}
    return written, sorted(old.keys() - new.keys())


def _number(row: dict[str, Any], name: str) -> int | None:
    return int(row[name]["N"]) if name in row else None


def _texts(row: dict[str, Any], name: str) -> tuple[str, ...] | None:
    return tuple(each["S"] for each in row[name]["L"]) if name in row else None


def _text(row: dict[str, Any], name: str) -> str | None:
    return str(row[name]["S"]) if name in row else None
