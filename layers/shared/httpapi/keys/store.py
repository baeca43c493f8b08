"""The rows of keys in the Keys table: finding, listing, and the changes that concern one row alone."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError
from knowledge.errors import InvalidPositionError
from knowledge.pages import Page
from knowledge.storage.clients import is_refused, query_rows, translated

from httpapi.keys.model import LAST_MOMENT_MS, Key
from httpapi.keys.rows import EXISTS, UNREVOKED, key_from_row
from httpapi.keys.session_rows import is_session, session_from_row
from httpapi.keys.tokens import is_key_id

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient

# How far a page of a list looks for what it shows.
_KEYS_LOOKED_AT, _KEYS_AT_ONCE = 1_000, 250
_BY_TENANT, _LEAVING_SHARES = "ByTenant", "LeavingShares"

_UNUSED, _USED_BEFORE = "attribute_not_exists(lastUsedAt)", "lastUsedAt < :after"
_SAME_CREATION, _MADE_LATELY = "creationToken = :token", "createdAt > :after"


class KeyStore:
    """Reads keys; every read that decides about access is consistent."""

    def __init__(self, client: DynamoDBClient, table: str) -> None:
        self._client = client
        self._table = table

    def find_key(self, key_id: str) -> Key | None:
        """Find a key by its id, whoever's it is."""
        row = self._read(key_id)
        return key_from_row(row) if row is not None and not is_session(row) else None

    def find_session(self, session_id: str) -> Key | None:
        """Find what a portal session has of its key, by the session's id, whoever's it is."""
        row = self._read(session_id)
        return session_from_row(row) if row is not None and is_session(row) else None

    def replace_secret(self, key: Key, creation_token: str, created_after: int) -> bool:
        """Give a key or session that was never handed out another secret; False unless it is exactly such a one.

        It is one when the same request made it, lately, and nobody has used it: its answer was lost in a crash.
        """
        return self._update(
            key.holder_id,
            "SET secretHash = :hash",
            f"{_SAME_CREATION} AND {_MADE_LATELY} AND {_UNUSED} AND {UNREVOKED}",
            {
                ":hash": {"S": key.secret_hash},
                ":token": {"S": creation_token},
                ":after": {"N": str(created_after)},
            },
        )

    def note_use(self, key_id: str, now: int, unless_after: int) -> None:
        """Note that a key is being used, unless that was noted lately."""
        self._update(
            key_id,
            "SET lastUsedAt = :now",
            f"{EXISTS} AND ({_UNUSED} OR {_USED_BEFORE})",
            {":now": {"N": str(now)}, ":after": {"N": str(unless_after)}},
        )

    def list_keys(
        self, tenant_id: str, *, limit: int, position: Any, keep: Callable[[Key], bool] | None = None
    ) -> Page[Key]:
        """Read a page of a tenant's keys, of those that `keep` lets through if it is given, oldest first.

        Raises InvalidPositionError.
        """

        def read(row: dict[str, Any]) -> Key | None:
            key = None if is_session(row) else key_from_row(row)
            return key if key is None or keep is None or keep(key) else None

        return self._list_rows(tenant_id, limit, position, read)

    def list_sessions(self, tenant_id: str, *, limit: int, position: Any, keep: Callable[[Key], bool]) -> Page[Key]:
        """Read a page of those portal sessions of a tenant that `keep` lets through, oldest first.

        Raises InvalidPositionError.
        """

        def read(row: dict[str, Any]) -> Key | None:
            session = session_from_row(row) if is_session(row) else None
            return session if session is not None and keep(session) else None

        return self._list_rows(tenant_id, limit, position, read)

    def _list_rows(
        self, tenant_id: str, limit: int, position: Any, read: Callable[[dict[str, Any]], Key | None]
    ) -> Page[Key]:
        """Read a page of what `read` makes of a tenant's rows, without those that it makes None of.

        A page ends after looking at a bounded number of rows, so it may be short, or empty and have a next one. A
        position is the `[createdAt, keyId]` of the last row that was looked at. Raises InvalidPositionError.
        """
        query: Any = {
            "TableName": self._table,
            "IndexName": _BY_TENANT,
            "KeyConditionExpression": "tenantId = :tenant",
            "ExpressionAttributeValues": {":tenant": {"S": tenant_id}},
            # One more than asked for tells whether the list goes on.
            "Limit": limit + 1,
        }
        found: list[Key] = []
        looked_at = 0
        while True:
            if position is not None:
                query["ExclusiveStartKey"] = _index_key(tenant_id, position)
            with translated():
                page = self._client.query(**query)
            for row in page["Items"]:
                key = read(row)
                if key is not None:
                    if len(found) == limit:
                        return Page(found, position)
                    found.append(key)
                position = [int(row["createdAt"]["N"]), row["keyId"]["S"]]
            looked_at += len(page["Items"])
            if "LastEvaluatedKey" not in page:
                return Page(found, None)
            if looked_at >= _KEYS_LOOKED_AT:
                return Page(found, position)
            query["Limit"] = _KEYS_AT_ONCE

    def keys_with_leaving_shares(self, tenant_id: str, now: int) -> Iterator[Key]:
        """Go through the tenant's keys of whose shares something may leave its sum, those due first before others."""
        query: Any = {
            "TableName": self._table,
            "IndexName": _LEAVING_SHARES,
            "KeyConditionExpression": "leavingTenantId = :tenant AND shareLeavesAt <= :now",
            "ExpressionAttributeValues": {":tenant": {"S": tenant_id}, ":now": {"N": str(now)}},
        }
        for row in query_rows(self._client, query):
            # The index shows a key a little longer than it is true.
            key = self.find_key(row["keyId"]["S"])
            if key is not None and key.share_leaves_at is not None and key.share_leaves_at <= now:
                yield key

    def _read(self, key_id: str) -> dict[str, Any] | None:
        with translated():
            row = self._client.get_item(TableName=self._table, Key={"keyId": {"S": key_id}}, ConsistentRead=True)
        return row.get("Item")

    def _update(self, key_id: str, update: str, condition: str, values: dict[str, Any]) -> bool:
        try:
            with translated():
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


def _index_key(tenant_id: str, position: Any) -> dict[str, Any]:
    match position:
        case [int() as created_at, str() as key_id] if 0 <= created_at <= LAST_MOMENT_MS and is_key_id(key_id):
            return {"tenantId": {"S": tenant_id}, "createdAt": {"N": str(int(created_at))}, "keyId": {"S": key_id}}
    raise InvalidPositionError
