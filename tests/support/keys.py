"""What is stored of a tenant's keys, and what must be true of it at any moment."""

from __future__ import annotations

import os
from typing import Any

import boto3
from httpapi.keys.model import Key
from httpapi.keys.rows import key_from_row
from knowledge.storage.attributes import from_row

from testing.edge import TENANT_LIMIT


def stored_keys(tenant_id: str) -> list[Key]:
    """Read the tenant's keys from the table itself."""
    rows = boto3.client("dynamodb").scan(TableName=os.environ["KEYS_TABLE"], ConsistentRead=True)["Items"]
    return [key_from_row(row) for row in rows if row.get("tenantId") == {"S": tenant_id}]


def stored_figures(tenant_id: str) -> tuple[int, int]:
    """Read how many lasting admin keys the tenant's row counts, and what it sums the limits up to."""
    row = boto3.client("dynamodb").get_item(
        TableName=os.environ["KEYS_TABLE"], Key={"keyId": {"S": f"tenant#{tenant_id}"}}, ConsistentRead=True
    )["Item"]
    return int(row["adminKeys"]["N"]), int(row["rateLimitSum"]["N"])


def check_figures(tenant_id: str, now: int) -> None:
    """Hold the tenant's row against its keys: exact, an admin key left, and every live key within the sum."""
    keys = [key for key in stored_keys(tenant_id) if key.revoked_at is None]
    admins = [key for key in keys if key.lasting_admin]
    counted = [key for key in keys if key.counted]
    assert stored_figures(tenant_id) == (len(admins), sum(key.spec.rate_limit_per_minute for key in counted))
    assert admins, "no lasting key that may manage keys is left"
    assert {key.key_id for key in keys if key.status(now) == "active"} <= {key.key_id for key in counted}
    assert sum(key.spec.rate_limit_per_minute for key in counted) <= TENANT_LIMIT


def outbox(tenant_id: str) -> list[dict[str, Any]]:
    """Read what tells of an end: events of the tenant itself, but those of new keys, and notices that may come."""
    rows = boto3.client("dynamodb").query(
        TableName=os.environ["CATALOG_TABLE"],
        KeyConditionExpression="pk = :pk AND begins_with(sk, :event)",
        ExpressionAttributeValues={":pk": {"S": tenant_id}, ":event": {"S": "event#"}},
        ConsistentRead=True,
    )["Items"]
    return [row for row in map(from_row, rows) if row["kind"] == "event" and row["eventType"] != "key.created"]
