"""What is stored of a tenant's keys, and what must be true of it at any moment."""

from __future__ import annotations

import os
from typing import Any

import boto3
from httpapi.keys import tokens
from httpapi.keys.model import Key
from httpapi.keys.rows import key_from_row
from httpapi.keys.session_rows import is_session, session_from_row
from knowledge.limits import ENDED_KEY_COUNTED_MS
from knowledge.storage.attributes import from_row

from testing.edge import TENANT_LIMIT, Edge


def key_id(token: str) -> str:
    """The id of a key, from its text."""
    return tokens.parse(token).key_id


def whoami(edge: Edge, token: str) -> tuple[int, str | None]:
    """Ask who a key is: the status, and the code of a refusal."""
    reply = edge.request("GET", "/v1/whoami", key=token)
    return reply.status, reply.body.get("code")


def stored_keys(tenant_id: str) -> list[Key]:
    """Read the tenant's keys from the table itself."""
    rows = boto3.client("dynamodb").scan(TableName=os.environ["KEYS_TABLE"], ConsistentRead=True)["Items"]
    return [key_from_row(row) for row in rows if row.get("tenantId") == {"S": tenant_id} and not is_session(row)]


def stored_sessions(token: str) -> list[Key]:
    """Read the sessions of a key from the table itself."""
    rows = boto3.client("dynamodb").scan(TableName=os.environ["KEYS_TABLE"], ConsistentRead=True)["Items"]
    return [session_from_row(row) for row in rows if row.get("parentKeyId") == {"S": key_id(token)}]


def stored_figures(tenant_id: str) -> tuple[int, int]:
    """Read how many lasting admin keys the tenant's row counts, and what it sums the limits up to."""
    row = boto3.client("dynamodb").get_item(
        TableName=os.environ["KEYS_TABLE"], Key={"keyId": {"S": f"tenant#{tenant_id}"}}, ConsistentRead=True
    )["Item"]
    return int(row["adminKeys"]["N"]), int(row["rateLimitSum"]["N"])


def check_figures(tenant_id: str, now: int) -> None:
    """Hold the tenant's row against its keys: exact, an admin key left, and every line within its share of the sum.

    A line asks by each of its keys that can be used, or could a moment ago, and one counter counts them all.
    """
    keys = stored_keys(tenant_id)
    admins = [key for key in keys if key.lasting_admin]
    assert stored_figures(tenant_id) == (len(admins), sum(key.share for key in keys))
    assert admins, "no lasting key that may manage keys is left"
    assert sum(key.share for key in keys) <= TENANT_LIMIT
    for line in {key.line_id for key in keys}:
        members = [key for key in keys if key.line_id == line]
        asked = [key.spec.rate_limit_per_minute for key in members if _lately_usable(key, now)]
        assert max(asked, default=0) <= sum(key.share for key in members)
        assert sum(key.share > 0 for key in members) <= 1, "a line has one share"
    for key in keys:
        ends = [at for at in (key.spec.expires_at, key.revoked_at) if at is not None]
        assert bool(key.share and (ends or key.share > key.spec.rate_limit_per_minute)) == (
            key.share_leaves_at is not None
        )


def _lately_usable(key: Key, now: int) -> bool:
    ends = [at for at in (key.spec.expires_at, key.revoked_at) if at is not None]
    return min(ends, default=now + 1) > now - ENDED_KEY_COUNTED_MS


def outbox(tenant_id: str) -> list[dict[str, Any]]:
    """Read what tells of an end: events of the tenant itself, but those of new keys, and notices that may come."""
    rows = boto3.client("dynamodb").query(
        TableName=os.environ["CATALOG_TABLE"],
        KeyConditionExpression="pk = :pk AND begins_with(sk, :event)",
        ExpressionAttributeValues={":pk": {"S": tenant_id}, ":event": {"S": "event#"}},
        ConsistentRead=True,
    )["Items"]
    return [row for row in map(from_row, rows) if row["kind"] == "event" and row["eventType"] != "key.created"]
