"""The transactions that make and end keys. Each moves the tenant's figures, and writes the outbox row if it has one.

    create          put the key                                       event, audit  figures up
    rotate          put the key   old one: successor and expiry       event, audit  figures up, and down for overlap 0
    revoke                        mark it revoked                     event, audit  figures down
    release                       mark it uncounted                                 figures down

What is known of the old key is a condition of the write, so whoever comes second reads again and decides again.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from botocore.exceptions import ClientError
from knowledge.audit import AuditEntry
from knowledge.events import Event, event_key, event_row, notice_row
from knowledge.storage.catalog import Catalog
from knowledge.storage.clients import is_refused, translated
from knowledge.storage.transactions import RefusedTransactionError, transact

from httpapi.errors import KeySuspendedError, TenantNotFoundError
from httpapi.keys.model import Key
from httpapi.keys.rows import COUNTED, EXISTS, UNREVOKED, key_to_row
from httpapi.keys.tenant_row import FiguresDelta, new_tenant_row, tenant_key

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient

_NEW = "attribute_not_exists(keyId)"
# What was known of an old key when it was decided on; each pair is one attribute, there or not (`COUNTED`, too).
_LASTS, _SAME_EXPIRY = "attribute_not_exists(expiresAt)", "expiresAt = :read"
_UNCOUNTED = "attribute_exists(uncounted)"
_UNROTATED, _ROTATED = "attribute_not_exists(rotatedTo)", "attribute_exists(rotatedTo)"


class IdTakenError(Exception):
    """Raised when the id of a new key is in use."""


class KeyChangedError(Exception):
    """Raised when a key is no longer what was read: it was revoked, rotated or released meanwhile."""


class FiguresRefusedError(Exception):
    """Raised when the tenant's figures would break a rule; which one follows from what was asked."""


class Told(NamedTuple):
    """What is written beside a change: its event, its row in the audit, and notices that are given or taken back."""

    event: Event | None = None
    recorded: AuditEntry | None = None
    given: Sequence[Event] = ()
    taken_back: Sequence[Event] = ()


NOT_TOLD = Told()


class KeyLedger:
    """Writes keys to the Keys table and their events to the outbox in the Catalog."""

    def __init__(self, client: DynamoDBClient, table: str, catalog: Catalog, tenant_limit: int) -> None:
        """Bind it; the limits of all live keys of a tenant may come to `tenant_limit` requests a minute."""
        self._client = client
        self._table = table
        self._catalog = catalog
        self.tenant_limit = tenant_limit

    def put_tenant(self, tenant_id: str, name: str, now: int) -> None:
        """Set a tenant up, unless it is already there."""
        try:
            with translated():
                self._client.put_item(
                    TableName=self._table,
                    Item=new_tenant_row(tenant_id, name, now),
                    ConditionExpression=_NEW,
                )
        except ClientError as error:
            if not is_refused(error):
                raise

    def create_key(self, key: Key, creation_token: str | None, told: Told = NOT_TOLD, *, bounded: bool = True) -> None:
        """Put a new key, within the tenant's sum if it is `bounded`.

        Raises IdTakenError, FiguresRefusedError, TenantNotFoundError, KeySuspendedError.
        """
        figures = FiguresDelta.adding(key).action(
            self._table, key.tenant_id, bound=self.tenant_limit if bounded else None, brings_key=True
        )
        refused = self._transact([self._new_key(key, creation_token), {"Update": figures}, *self._telling(told)])
        if 0 in refused:
            raise IdTakenError
        if refused:
            self._check_tenant(key.tenant_id)
            raise FiguresRefusedError

    def rotate_key(self, old: Key, new: Key, creation_token: str | None, expires_at: int, told: Told) -> None:
        """Put the key that replaces an old one, which ends at `expires_at`; the old one leaves the sum if it is over.

        Raises KeyChangedError, IdTakenError, FiguresRefusedError.
        """
        at_once = expires_at <= new.created_at
        leaving = FiguresDelta.removing(old)
        change = FiguresDelta.adding(new) + FiguresDelta(leaving.admins, leaving.limit if at_once else 0)
        update = "SET rotatedTo = :new, expiresAt = :expiry" + (", uncounted = :yes" if at_once else "")
        values: dict[str, Any] = {":new": {"S": new.key_id}, ":expiry": {"N": str(expires_at)}}
        if at_once:
            values[":yes"] = {"BOOL": True}
        refused = self._transact(
            [
                self._old_key(old, update, values),
                self._new_key(new, creation_token),
                self._figures(old, change, brings_key=True),
                *self._telling(told),
            ]
        )
        if 0 in refused:
            raise KeyChangedError
        if 1 in refused:
            raise IdTakenError
        if refused:
            self._check_tenant(old.tenant_id)
        if refused:
            raise FiguresRefusedError

    def revoke_key(self, key: Key, now: int, told: Told) -> None:
        """Mark a key revoked. Raises KeyChangedError, FiguresRefusedError."""
        refused = self._transact(
            [
                self._old_key(key, "SET revokedAt = :now", {":now": {"N": str(now)}}),
                self._figures(key, FiguresDelta.removing(key)),
                *self._telling(told),
            ]
        )
        if 0 in refused:
            raise KeyChangedError
        if refused:
            raise FiguresRefusedError

    def release_key(self, key: Key) -> bool:
        """Take an expired key's limit out of its tenant's sum; False when somebody else has."""
        mark = self._old_key(key, "SET uncounted = :yes", {":yes": {"BOOL": True}})
        change = FiguresDelta(limit=FiguresDelta.removing(key).limit)
        return not self._transact([mark, self._figures(key, change)])

    def _transact(self, actions: list[Any]) -> frozenset[int]:
        """Carry out all actions; return the numbers of those that were refused, none when it is done.

        Transactions of one tenant meet in its row, so one that collides is tried again.
        """
        try:
            transact(self._client, actions)
        except RefusedTransactionError as error:
            return error.failed
        return frozenset()

    def _check_tenant(self, tenant_id: str) -> None:
        with translated():
            row = self._client.get_item(TableName=self._table, Key=tenant_key(tenant_id), ConsistentRead=True)
        if "Item" not in row:
            raise TenantNotFoundError
        if "suspendedAt" in row["Item"]:
            raise KeySuspendedError

    def _new_key(self, key: Key, creation_token: str | None) -> Any:
        row = key_to_row(key)
        if creation_token:
            row["creationToken"] = {"S": creation_token}
        return {"Put": {"TableName": self._table, "Item": row, "ConditionExpression": _NEW}}

    def _old_key(self, key: Key, update: str, values: dict[str, Any]) -> Any:
        as_it_was_read = [
            _LASTS if key.spec.expires_at is None else _SAME_EXPIRY,
            COUNTED if key.counted else _UNCOUNTED,
            _UNROTATED if key.rotated_to is None else _ROTATED,
        ]
        if key.spec.expires_at is not None:
            values = {**values, ":read": {"N": str(key.spec.expires_at)}}
        return {
            "Update": {
                "TableName": self._table,
                "Key": {"keyId": {"S": key.key_id}},
                "UpdateExpression": update,
                "ConditionExpression": " AND ".join([EXISTS, UNREVOKED, *as_it_was_read]),
                "ExpressionAttributeValues": values,
            }
        }

    def _figures(self, key: Key, change: FiguresDelta, *, brings_key: bool = False) -> Any:
        return {"Update": change.action(self._table, key.tenant_id, bound=self.tenant_limit, brings_key=brings_key)}

    def _telling(self, told: Told) -> list[Any]:
        events = [] if told.event is None else [self._catalog.putting_new(event_row(told.event))]
        notices = [self._catalog.putting(notice_row(notice)) for notice in told.given]
        notices += [self._catalog.deleting(*event_key(notice)) for notice in told.taken_back]
        return [*events, *notices, *self._catalog.recording(told.recorded)]
