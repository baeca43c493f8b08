"""The Catalog table as every store of it sees it: typed sort keys, and lists in their own order.

Ids derived from an Idempotency-Key say nothing about time, so lists run over the `ByOrder` index (newest first),
whose sort key is `<kind>#<order>`.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

from botocore.exceptions import ClientError

from knowledge.audit import AuditEntry, audit_row
from knowledge.errors import InvalidPositionError, ServiceUnavailableError
from knowledge.pages import Page
from knowledge.storage.attributes import from_row, to_row
from knowledge.storage.clients import backoff, is_refused, translated
from knowledge.storage.transactions import RefusedTransactionError, transact

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient

R = TypeVar("R")
ORDER_INDEX = "ByOrder"
WAITING_INDEX = "Waiting"
Action = dict[str, Any]
# How far a page of a filtered list looks for what it shows.
_ROWS_AT_ONCE = 250
_READS_A_PAGE = 4
_KEYS_PER_READ = 100
_TRIES = 8
_WORD = re.compile(r"#(\w+)")


class RefusedWriteError(Exception):
    """Raised when the condition of a write does not hold; `row` is what is stored, None when nothing is."""

    def __init__(self, row: dict[str, Any] | None) -> None:
        super().__init__("the condition of a write does not hold")
        self.row = row


@dataclass(frozen=True, slots=True)
class Catalog:
    """Rows of the Catalog as plain values."""

    dynamodb: DynamoDBClient
    table: str
    audit_table: str = ""

    def find(self, pk: str, sk: str) -> dict[str, Any] | None:
        """Read one row, consistently."""
        with translated():
            answer = self.dynamodb.get_item(
                TableName=self.table, Key={"pk": {"S": pk}, "sk": {"S": sk}}, ConsistentRead=True
            )
        return from_row(answer["Item"]) if "Item" in answer else None

    def find_many(self, keys: Sequence[tuple[str, str]]) -> list[dict[str, Any]]:
        """Read rows by their keys, consistently and in no order; those that are not there are left out."""
        found: list[dict[str, Any]] = []
        for start in range(0, len(keys), _KEYS_PER_READ):
            wanted: Any = [to_row({"pk": pk, "sk": sk}) for pk, sk in keys[start : start + _KEYS_PER_READ]]
            found.extend(map(from_row, self._read_batch(wanted)))
        return found

    def _read_batch(self, wanted: Any) -> list[dict[str, Any]]:
        rows: list[dict[str, Any]] = []
        for attempt in range(_TRIES):
            with translated():
                asked: Any = {self.table: {"Keys": wanted, "ConsistentRead": True}}
                answer: Any = self.dynamodb.batch_get_item(RequestItems=asked)
            got = answer["Responses"].get(self.table, [])
            rows.extend(got)
            wanted = answer.get("UnprocessedKeys", {}).get(self.table, {}).get("Keys", [])
            if not wanted:
                return rows
            # A page ends at 16 MB, which is no reason to wait; one that brought nothing was throttled.
            if not got:
                backoff(attempt)
        raise ServiceUnavailableError

    def put_new(self, row: Mapping[str, Any], beside: Sequence[Action] = ()) -> bool:
        """Put a row unless its key is taken; tell whether it was put. What is `beside` it has no conditions."""
        if beside:
            try:
                self.transact([self.putting_new(row), *beside])
            except RefusedTransactionError:
                return False
            return True
        try:
            with translated():
                self.dynamodb.put_item(
                    TableName=self.table, Item=to_row(row), ConditionExpression="attribute_not_exists(pk)"
                )
        except ClientError as error:
            if is_refused(error):
                return False
            raise
        return True

    def put(self, row: Mapping[str, Any]) -> None:
        """Put a row whatever stood there before; for notes that may be lost."""
        with translated():
            self.dynamodb.put_item(TableName=self.table, Item=to_row(row))

    def transact(self, actions: Sequence[Action], *, busy: type[Exception] = ServiceUnavailableError) -> None:
        """Carry out all actions or none; see `knowledge.storage.transactions.transact`."""
        transact(self.dynamodb, actions, busy=busy)

    def updating(self, pk: str, sk: str, expression: str, condition: str, values: Mapping[str, Any]) -> Action:
        """The action of a transaction that updates a row on a condition; values that are None are left out."""
        request = self._conditional(condition, values, expression)
        return {"Update": {**request, "Key": to_row({"pk": pk, "sk": sk}), "UpdateExpression": expression}}

    def checking(self, pk: str, sk: str, condition: str, values: Mapping[str, Any]) -> Action:
        """The action that only demands a condition of a row."""
        return {"ConditionCheck": {**self._conditional(condition, values), "Key": to_row({"pk": pk, "sk": sk})}}

    def putting(self, row: Mapping[str, Any], condition: str = "", values: Mapping[str, Any] | None = None) -> Action:
        """The action that puts a row, on a condition if there is one."""
        return {"Put": {**self._conditional(condition, values or {}), "Item": to_row(row)}}

    def putting_new(self, row: Mapping[str, Any]) -> Action:
        """The action that puts a row whose key must be free."""
        return self.putting(row, "attribute_not_exists(pk)")

    def recording(self, entry: AuditEntry | None) -> list[Action]:
        """The action that writes a change into the audit, as a list; an empty one for what nobody asked for."""
        if entry is None:
            return []
        return [{"Put": {"TableName": self.audit_table, "Item": to_row(audit_row(entry))}}]

    def deleting(self, pk: str, sk: str, condition: str = "", values: Mapping[str, Any] | None = None) -> Action:
        """The action that deletes a row, on a condition if there is one."""
        return {"Delete": {**self._conditional(condition, values or {}), "Key": to_row({"pk": pk, "sk": sk})}}

    def _conditional(self, condition: str, values: Mapping[str, Any], expression: str = "") -> dict[str, Any]:
        request: dict[str, Any] = {"TableName": self.table, **_words(f"{condition} {expression}")}
        if condition:
            request["ConditionExpression"] = condition
        if values:
            request["ExpressionAttributeValues"] = to_row(values)
        return request

    def update(self, pk: str, sk: str, expression: str, condition: str, values: Mapping[str, Any]) -> dict[str, Any]:
        """Update a row on a condition and return it as it is then. Raises RefusedWriteError when the condition fails.

        An attribute whose name is a reserved word, such as `status`, stands as `#status` in expressions.
        """
        request = _words(f"{expression} {condition}")
        if values:
            request["ExpressionAttributeValues"] = to_row(values)
        try:
            with translated():
                answer = self.dynamodb.update_item(
                    TableName=self.table,
                    Key={"pk": {"S": pk}, "sk": {"S": sk}},
                    UpdateExpression=expression,
                    ConditionExpression=condition,
                    ReturnValues="ALL_NEW",
                    ReturnValuesOnConditionCheckFailure="ALL_OLD",
                    **request,
                )
        except ClientError as error:
            if is_refused(error):
                stored: Any = error.response.get("Item", {})
                raise RefusedWriteError(from_row(stored) or None) from error
            raise
        return from_row(answer["Attributes"])

    def list(
        self, pk: str, kind: str, read: Callable[[dict[str, Any]], R], *, limit: int, position: Any,
        keep: Callable[[R], bool] | None = None,
    ) -> Page[R]:  # fmt: skip
        """List the rows of a kind, newest first. A position is the `[order, sk]` of the last row that was looked at.

        Rows that are listed by what they belong to have its id behind their kind: `export#gen_...`.
        A page of those to `keep` ends after a bounded number of rows, and may be short then, or empty.
        """
        query: dict[str, Any] = {
            "TableName": self.table,
            "IndexName": ORDER_INDEX,
            "KeyConditionExpression": "pk = :pk AND begins_with(#order, :kind)",
            "ExpressionAttributeNames": {"#order": "order"},
            "ExpressionAttributeValues": {":pk": {"S": pk}, ":kind": {"S": f"{kind}#"}},
            "ScanIndexForward": False,
            "ConsistentRead": True,
            # One more than asked for tells whether the list goes on.
            "Limit": limit + 1 if keep is None else max(limit + 1, _ROWS_AT_ONCE),
        }
        if position is not None:
            order, sk = _checked(position, kind)
            query["ExclusiveStartKey"] = {"pk": {"S": pk}, "sk": {"S": sk}, "order": {"S": order}}
        found: list[tuple[R, list[str]]] = []
        for reads in itertools.count(1):
            with translated():
                page = self.dynamodb.query(**query)
            for attributes in page["Items"]:
                row = from_row(attributes)
                value = read(row)
                if keep is None or keep(value):
                    found.append((value, [row["order"], row["sk"]]))
            if len(found) > limit:
                return Page([value for value, _ in found[:limit]], found[limit - 1][1])
            if "LastEvaluatedKey" not in page:
                return Page([value for value, _ in found], None)
            last = page["LastEvaluatedKey"]
            if keep is not None and reads == _READS_A_PAGE:
                return Page([value for value, _ in found], [last["order"]["S"], last["sk"]["S"]])
            query["ExclusiveStartKey"] = last
        raise AssertionError

    def list_due(self, waiting: str, now: int, most: int) -> Sequence[tuple[str, str]]:
        """The partition and the id of rows that wait as `waiting` and are due, the longest due first.

        The index lags behind the rows, so one of these may have gone on, and others may be left out for now.
        """
        with translated():
            page = self.dynamodb.query(
                TableName=self.table,
                IndexName=WAITING_INDEX,
                KeyConditionExpression="waiting = :waiting AND remindAt <= :now",
                ExpressionAttributeValues=to_row({":waiting": waiting, ":now": now}),
                Limit=most,
            )
        rows = [from_row(row) for row in page["Items"]]
        return [(row["pk"], row["sk"].partition("#")[2]) for row in rows]


def _words(expressions: str) -> dict[str, Any]:
    """Declare the names that stand as `#name` in expressions."""
    names = {f"#{word}": word for word in _WORD.findall(expressions)}
    return {"ExpressionAttributeNames": names} if names else {}


def _checked(position: Any, kind: str) -> tuple[str, str]:
    own = f"{kind.partition('#')[0]}#"
    match position:
        case [str() as order, str() as sk] if order.startswith(f"{kind}#") and sk.startswith(own):
            return order, sk
    raise InvalidPositionError


def ordered(kind: str, at: int, thing_id: str) -> str:
    """The sort key of a thing in its list: by time (ms), then by id."""
    return f"{kind}#{at:015d}#{thing_id}"
