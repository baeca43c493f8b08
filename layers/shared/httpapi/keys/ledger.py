"""The transactions that make, change and end keys.

Each moves the tenant's figures by what its keys come to before and after, and writes its event to the outbox and its
row to the audit if it has them. A key is changed on the condition that its `revision` is the one that was read, so
whoever comes second reads again and decides again.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, NamedTuple

from botocore.exceptions import ClientError
from knowledge.audit import AuditEntry
from knowledge.events import Event, event_key, event_row, notice_row
from knowledge.storage.catalog import Catalog
from knowledge.storage.clients import is_refused, translated
from knowledge.storage.transactions import RefusedTransactionError, transact

from httpapi.errors import KeySuspendedError, LastAdminKeyError, TenantNotFoundError
from httpapi.keys.model import Key
from httpapi.keys.rows import EXISTS, key_to_row, row_changes
from httpapi.keys.session_rows import session_to_row
from httpapi.keys.shares import Change
from httpapi.keys.tenant_row import FiguresDelta, new_tenant_row, tenant_key

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient

_NEW = "attribute_not_exists(keyId)"


class IdTakenError(Exception):
    """Raised when the id of a new key is in use."""


class KeyChangedError(Exception):
    """Raised when a key, or its tenant, is no longer what was read: something else changed it meanwhile."""


class SumRefusedError(Exception):
    """Raised when the limits of the tenant's keys would add up to more than they may."""


class Told(NamedTuple):
    """What is written beside a change: its event, its rows in the audit, and notices that are given or taken back."""

    event: Event | None = None
    recorded: Sequence[AuditEntry] = ()
    given: Sequence[Event] = ()
    taken_back: Sequence[Event] = ()


NOT_TOLD = Told()


@dataclass(frozen=True, slots=True)
class KeyWrite:
    """What one transaction writes: keys before and after they are changed, a new one, and what tells of it.

    The rows of those sessions go that a key has no more after its change; `session` is one that it has since.
    `creation_token` names the request that makes the new key or session. One that is not `bounded` may go over the
    tenant's sum.
    """

    changes: tuple[Change, ...] = ()
    made: Key | None = None
    session: Key | None = None
    creation_token: str | None = None
    told: Told = NOT_TOLD
    bounded: bool = True

    @property
    def tenant_id(self) -> str:
        """Whose keys these are."""
        return (self.made or self.changes[0][0]).tenant_id

    @property
    def figures(self) -> FiguresDelta:
        """By how much it moves the tenant's figures."""
        deltas = [FiguresDelta.between(before, after) for before, after in self.changes]
        return sum(deltas, FiguresDelta.between(None, self.made))


class KeyLedger:
    """Writes keys to the Keys table and their events to the outbox in the Catalog."""

    def __init__(self, client: DynamoDBClient, table: str, catalog: Catalog, tenant_limit: int) -> None:
        """Bind it; the limits of all live keys of a tenant may come to `tenant_limit` requests a minute."""
        self._client = client
        self._table = table
        self.catalog = catalog
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

    def write(self, wanted: KeyWrite) -> None:
        """Carry out all of it or nothing. Transactions of one tenant that collide in its row are tried again.

        Raises KeyChangedError, IdTakenError, SumRefusedError, LastAdminKeyError, TenantNotFoundError,
        KeySuspendedError.
        """
        actions = [self._change(before, after) for before, after in wanted.changes if before != after]
        changed = len(actions)
        brought = wanted.made or wanted.session
        if brought is not None:
            actions.append(self._new_key(brought, wanted.creation_token))
        made = len(actions)
        brings_key = brought is not None
        if brings_key or wanted.figures != FiguresDelta():
            bound = self.tenant_limit if wanted.bounded else None
            figures = wanted.figures.action(self._table, wanted.tenant_id, bound=bound, brings_key=brings_key)
            actions.append({"Update": figures})
        actions += self._ended_sessions(wanted.changes)
        try:
            transact(self._client, [*actions, *self._telling(wanted.told)])
        except RefusedTransactionError as error:
            if any(number < changed for number in error.failed):
                raise KeyChangedError from error
            if any(number < made for number in error.failed):
                raise IdTakenError from error
            raise self._refusal(wanted) from error

    def _refusal(self, wanted: KeyWrite) -> Exception:
        """Say why the tenant's row refused a change, by what it says now."""
        with translated():
            key = tenant_key(wanted.tenant_id)
            row = self._client.get_item(TableName=self._table, Key=key, ConsistentRead=True).get("Item")
        if row is None:
            return TenantNotFoundError()
        if "suspendedAt" in row and (wanted.made or wanted.session) is not None:
            return KeySuspendedError()
        leaving = -wanted.figures.admins
        # What does not raise the sum is refused for nothing but the last admin key.
        if leaving > 0 and (wanted.figures.limit <= 0 or int(row["adminKeys"]["N"]) <= leaving):
            return LastAdminKeyError()
        return SumRefusedError() if wanted.figures.limit > 0 else KeyChangedError()

    def _new_key(self, key: Key, creation_token: str | None) -> Any:
        row = key_to_row(key) if key.session is None else session_to_row(key, key.session)
        if creation_token:
            row["creationToken"] = {"S": creation_token}
        return {"Put": {"TableName": self._table, "Item": row, "ConditionExpression": _NEW}}

    def _change(self, before: Key, after: Key) -> Any:
        written, taken_out = row_changes(before, replace(after, revision=before.revision + 1))
        # A name may be a word that expressions keep for themselves.
        names = {f"#{name}": name for name in [*written, *taken_out, "revision"]}
        expression = "SET " + ", ".join(f"#{name} = :{name}" for name in written)
        if taken_out:
            expression += " REMOVE " + ", ".join(f"#{name}" for name in taken_out)
        values = {f":{name}": value for name, value in written.items()}
        return {
            "Update": {
                "TableName": self._table,
                "Key": {"keyId": {"S": before.key_id}},
                "UpdateExpression": expression,
                "ConditionExpression": f"{EXISTS} AND #revision = :read",
                "ExpressionAttributeNames": names,
                "ExpressionAttributeValues": {**values, ":read": {"N": str(before.revision)}},
            }
        }

    def _ended_sessions(self, changes: Sequence[Change]) -> list[Any]:
        ended = [each for before, after in changes for each in before.sessions.keys() - after.sessions.keys()]
        return [{"Delete": {"TableName": self._table, "Key": {"keyId": {"S": each}}}} for each in ended]

    def _telling(self, told: Told) -> list[Any]:
        events = [] if told.event is None else [self.catalog.putting_new(event_row(told.event))]
        notices = [self.catalog.putting(notice_row(notice)) for notice in told.given]
        notices += [self.catalog.deleting(*event_key(notice)) for notice in told.taken_back]
        return [*events, *notices, *(row for each in told.recorded for row in self.catalog.recording(each))]
