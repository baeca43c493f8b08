"""The Keys table: one row a key, and one row a tenant with what its keys add up to.

A tenant's row (`tenant#<tenantId>`) counts its lasting admin keys and sums the limits of the keys that are not revoked.
It changes in the same transaction as the key, so that neither rule can be broken by two requests at once.
The tenant's row has no `tenantId`, which keeps it out of the index.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError
from knowledge.model import Page

from httpapi.aws_errors import busy_as_unavailable, is_refused, refused_actions
from httpapi.errors import LastAdminKeyError, TenantNotFoundError, invalid_field
from httpapi.keys.model import TENANT_RATE_LIMIT_PER_MINUTE, Key
from httpapi.keys.rows import key_from_row, key_to_row

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient

_BY_TENANT = "ByTenant"


class KeyStore:
    """Reads and writes keys; every read that decides about access is consistent."""

    def __init__(self, client: DynamoDBClient, table: str) -> None:
        self._client = client
        self._table = table

    def find(self, key_id: str) -> Key | None:
        """Find a key by its id, whoever's it is."""
        with busy_as_unavailable():
            row = self._client.get_item(TableName=self._table, Key={"keyId": {"S": key_id}}, ConsistentRead=True)
        return key_from_row(row["Item"]) if "Item" in row else None

    def put_tenant(self, tenant_id: str, name: str, now: int) -> None:
        """Set a tenant up, unless it is already there."""
        try:
            with busy_as_unavailable():
                self._client.put_item(
                    TableName=self._table,
                    Item={
                        "keyId": _tenant_key(tenant_id),
                        "name": {"S": name},
                        "createdAt": {"N": str(now)},
                        "adminKeys": {"N": "0"},
                        "rateLimitSum": {"N": "0"},
                    },
                    ConditionExpression="attribute_not_exists(keyId)",
                )
        except ClientError as error:
            if not is_refused(error):
                raise

    def create(self, key: Key, creation_token: str | None) -> bool:
        """Put a new key; False when its id is taken. Raises TenantNotFoundError, ValidationFailedError."""
        row = key_to_row(key)
        if creation_token:
            row["creationToken"] = {"S": creation_token}
        put: Any = {"TableName": self._table, "Item": row, "ConditionExpression": "attribute_not_exists(keyId)"}
        room = TENANT_RATE_LIMIT_PER_MINUTE - key.spec.rate_limit_per_minute
        count = self._count(key, +1, "rateLimitSum <= :bound", room)
        try:
            with busy_as_unavailable():
                self._client.transact_write_items(TransactItems=[{"Put": put}, {"Update": count}])
        except ClientError as error:
            refused = refused_actions(error)
            if 0 in refused:
                return False
            if not refused:
                raise
            self._refuse_limit(key)
        return True

    def replace_secret(self, key: Key, creation_token: str, created_after: int) -> bool:
        """Give a key that was never handed out another secret; False unless it is exactly such a key.

        It is one when the same request made it, lately, and nobody has used it: its answer was lost in a crash.
        """
        return self._update(
            key.key_id,
            "SET secretHash = :hash",
            "creationToken = :token AND createdAt > :after"
            " AND attribute_not_exists(lastUsedAt) AND attribute_not_exists(revokedAt)",
            {
                ":hash": {"S": key.secret_hash},
                ":token": {"S": creation_token},
                ":after": {"N": str(created_after)},
            },
        )

    def revoke(self, key: Key, now: int) -> None:
        """Mark a key revoked, once. Raises LastAdminKeyError."""
        mark: Any = {
            "TableName": self._table,
            "Key": {"keyId": {"S": key.key_id}},
            "UpdateExpression": "SET revokedAt = :now",
            "ConditionExpression": "attribute_exists(keyId) AND attribute_not_exists(revokedAt)",
            "ExpressionAttributeValues": {":now": {"N": str(now)}},
        }
        condition = "adminKeys > :bound" if key.lasting_admin else "adminKeys >= :bound"
        count = self._count(key, -1, condition, 1 if key.lasting_admin else 0)
        try:
            with busy_as_unavailable():
                self._client.transact_write_items(TransactItems=[{"Update": mark}, {"Update": count}])
        except ClientError as error:
            refused = refused_actions(error)
            if 0 in refused:
                return  # It was revoked a moment ago, which is what was asked for.
            if refused:
                raise LastAdminKeyError from error
            raise

    def touch(self, key_id: str, now: int, unless_after: int) -> None:
        """Note that a key is being used, unless that was noted lately."""
        self._update(
            key_id,
            "SET lastUsedAt = :now",
            "attribute_exists(keyId) AND (attribute_not_exists(lastUsedAt) OR lastUsedAt < :after)",
            {":now": {"N": str(now)}, ":after": {"N": str(unless_after)}},
        )

    def list(self, tenant_id: str, *, limit: int, position: Any) -> Page[Key]:
        """Read a page of a tenant's keys, oldest first; a position is `[createdAt, keyId]`."""
        start: dict[str, Any] = {}
        if position is not None:
            created_at, key_id = position
            start = {"ExclusiveStartKey": {**_index_key(tenant_id, created_at), "keyId": {"S": key_id}}}
        with busy_as_unavailable():
            found = self._client.query(
                TableName=self._table,
                IndexName=_BY_TENANT,
                KeyConditionExpression="tenantId = :tenant",
                ExpressionAttributeValues={":tenant": {"S": tenant_id}},
                Limit=limit,
                **start,
            )
        keys = [key_from_row(row) for row in found["Items"]]
        more = "LastEvaluatedKey" in found and keys
        return Page(keys, [keys[-1].created_at, keys[-1].key_id] if more else None)

    def _count(self, key: Key, sign: int, condition: str, bound: int) -> Any:
        return {
            "TableName": self._table,
            "Key": {"keyId": _tenant_key(key.tenant_id)},
            "UpdateExpression": "ADD adminKeys :admins, rateLimitSum :limit",
            "ConditionExpression": condition,
            "ExpressionAttributeValues": {
                ":admins": {"N": str(sign if key.lasting_admin else 0)},
                ":limit": {"N": str(sign * key.spec.rate_limit_per_minute)},
                ":bound": {"N": str(bound)},
            },
        }

    def _refuse_limit(self, key: Key) -> None:
        with busy_as_unavailable():
            row = self._client.get_item(
                TableName=self._table, Key={"keyId": _tenant_key(key.tenant_id)}, ConsistentRead=True
            )
        if "Item" not in row:
            raise TenantNotFoundError
        raise invalid_field(
            "rateLimitPerMinute",
            f"the limits of all keys that are not revoked may add up to {TENANT_RATE_LIMIT_PER_MINUTE} a minute",
        )

    def _update(self, key_id: str, update: str, condition: str, values: dict[str, Any]) -> bool:
        try:
            with busy_as_unavailable():
                self._client.update_item(
                    TableName=self._table,
                    Key={"keyId": {"S": key_id}},
                    UpdateExpression=update,
                    ConditionExpression=condition,
                    ExpressionAttributeValues=values,
                )
        except ClientError as error:
            if not is_refused(error):
                raise
            return False
        return True


def _tenant_key(tenant_id: str) -> Any:
    return {"S": f"tenant#{tenant_id}"}


def _index_key(tenant_id: str, created_at: int) -> dict[str, Any]:
    return {"tenantId": {"S": tenant_id}, "createdAt": {"N": str(created_at)}}
