"""The rows of staging sets in the table Items; a write puts the journal entry that names them beside them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, islice
from typing import TYPE_CHECKING, Any, TypeVar

from botocore.exceptions import ClientError

from knowledge.errors import ServiceUnavailableError
from knowledge.staging.model import ItemState
from knowledge.staging.rows import (
    RUN_ATTRIBUTES,
    JournalEntry,
    RunRow,
    StagedRow,
    journal_attributes,
    row_attributes,
    row_from,
    row_key,
    row_keys,
    run_row_from,
)
from knowledge.storage.clients import Fanout, backoff, is_refused, query_rows, translated
from knowledge.storage.transactions import RefusedTransactionError, transact

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient

ROWS_PER_TRANSACTION = 99
BYTES_PER_TRANSACTION = 3_500_000
_KEYS_PER_READ = 100
_TRIES = 8
_FOR_RUN = {
    "ProjectionExpression": ", ".join(f"#{name}" for name in RUN_ATTRIBUTES),
    "ExpressionAttributeNames": {f"#{name}": name for name in RUN_ATTRIBUTES},
}
Row = TypeVar("Row", StagedRow, RunRow)


@dataclass(frozen=True, slots=True)
class RowWrite:
    """A row to put, on condition that the stored one still has `expected_rev` (None: that there is none).

    And that it is in `expected_state`, if one is given.
    """

    row: StagedRow
    expected_rev: int | None
    expected_state: ItemState | None = None


class RowChangedError(Exception):
    """Raised when a row of a transaction is no longer as it was read; nothing of it was written."""


class SideActionRefusedError(Exception):
    """Raised when the condition of an action beside the rows does not hold; nothing of the transaction was written."""


@dataclass(frozen=True, slots=True)
class ItemStore:
    """The staged rows of all sources."""

    dynamodb: DynamoDBClient
    table: str
    fanout: Fanout

    def read_rows(self, source_id: str, external_item_ids: Sequence[str], now: int) -> dict[str, StagedRow]:
        """Read rows by id, consistently; absent and expired ones are left out."""
        return self._read(source_id, external_item_ids, now, row_from, {})

    def read_for_run(self, source_id: str, external_item_ids: Sequence[str], now: int) -> dict[str, RunRow]:
        """Read what a run needs of rows by id, consistently; absent and expired ones are left out."""
        return self._read(source_id, external_item_ids, now, run_row_from, _FOR_RUN)

    def write_rows(
        self,
        source_id: str,
        writes: Sequence[RowWrite],
        journal: JournalEntry | None,
        beside: Sequence[Mapping[str, Any]] = (),
    ) -> None:
        """Put rows and the journal entry that names them in one transaction of 100 actions at most.

        Raises RowChangedError when a row is another by now, SideActionRefusedError when the condition of an action
        `beside` the rows does not hold, ServiceUnavailableError when transactions that are under way stay in conflict.
        """
        actions: list[Any] = [{"Put": self._conditional_put(source_id, write)} for write in writes]
        if journal is not None:
            actions.append({"Put": {"TableName": self.table, "Item": journal_attributes(source_id, journal)}})
        actions.extend(beside)
        try:
            transact(self.dynamodb, actions)
        except RefusedTransactionError as error:
            if max(error.failed) >= len(actions) - len(beside):
                raise SideActionRefusedError from error
            raise RowChangedError from error

    def list_slot(
        self, source_id: str, slot: str, *, prefix: str = "", after: str | None = None, limit: int | None = None
    ) -> Iterator[StagedRow]:
        """Walk over the rows of a slot in id order (bytes of UTF-8), consistently, expired ones included.

        `limit` is the size of the first read, not a bound on what is yielded; each further read is twice as large.
        """
        values: dict[str, Any] = {":pk": {"S": f"{source_id}#{slot}"}}
        condition = "pk = :pk"
        if prefix:
            values[":prefix"] = {"S": prefix}
            condition += " AND begins_with(sk, :prefix)"
        query: dict[str, Any] = {
            "TableName": self.table,
            "KeyConditionExpression": condition,
            "ExpressionAttributeValues": values,
            "ConsistentRead": True,
        }
        if limit is not None:
            query["Limit"] = limit
        if after is not None:
            query["ExclusiveStartKey"] = row_key(source_id, after, slot)
        while True:
            with translated():
                page = self.dynamodb.query(**query)
            for attributes in page["Items"]:
                # Dynoxide's begins_with takes `A` for `a`.
                if attributes["sk"]["S"].startswith(prefix):
                    yield row_from(attributes)
            if "LastEvaluatedKey" not in page:
                return
            query["ExclusiveStartKey"] = page["LastEvaluatedKey"]
            if "Limit" in query:
                query["Limit"] *= 2

    def read_slot_for_run(
        self, source_id: str, slot: str, now: int, *, most_rows: int, most_bytes: int
    ) -> tuple[dict[str, RunRow], str | None]:
        """Read what a run needs of a slot's first rows in id order, consistently; expired ones are left out.

        It ends at so many rows, or so many bytes of contents in them, and returns the last id then, None at the end.
        """
        query = {**_rows_of(self.table, source_id, slot), **_FOR_RUN}
        rows: list[RunRow] = []
        size = 0
        for row in map(run_row_from, query_rows(self.dynamodb, query)):
            rows.append(row)
            size += len(row.member or b"")
            if len(rows) >= most_rows or size >= most_bytes:
                return _living(rows, now), row.external_item_id
        return _living(rows, now), None

    def list_ids(self, source_id: str, slot: str, behind: str, most: int) -> tuple[list[str], str | None]:
        """List the ids of a slot behind one of them, consistently; with the last one when there are `most`, or more."""
        query = {
            **_rows_of(self.table, source_id, slot),
            "ProjectionExpression": "sk",
            "ExclusiveStartKey": row_key(source_id, behind, slot),
        }
        ids = [attributes["sk"]["S"] for attributes in islice(query_rows(self.dynamodb, query), most)]
        return ids, ids[-1] if len(ids) == most else None

    def mark_tombstoned(self, source_id: str, external_item_id: str, rev: int, at: int, expires_at: int) -> None:
        """Mark a dropped row, if it is still the one that was planned; a row that was written since stays as it is.

        `expires_at` is in seconds. The first marking stands, so a repeat does not lengthen the row's life.
        """
        try:
            with translated():
                self.dynamodb.update_item(
                    TableName=self.table,
                    Key=row_key(source_id, external_item_id),
                    UpdateExpression="SET #state = :tombstoned, tombstonedAt = :at, expiresAt = :expires",
                    ConditionExpression="rev = :rev AND #state = :removed",
                    ExpressionAttributeNames={"#state": "state"},
                    ExpressionAttributeValues={
                        ":tombstoned": {"S": ItemState.TOMBSTONED},
                        ":removed": {"S": ItemState.REMOVED},
                        ":at": {"N": str(at)},
                        ":expires": {"N": str(expires_at)},
                        ":rev": {"N": str(rev)},
                    },
                )
        except ClientError as error:
            if not is_refused(error):
                raise

    def _read(
        self, source_id: str, names: Sequence[str], now: int, make: Callable[[dict[str, Any]], Row], options: Any
    ) -> dict[str, Row]:
        def read(chunk: Sequence[str]) -> dict[str, Row]:
            return _living(map(make, self._read_chunk(source_id, chunk, options)), now)

        chunks = [names[start : start + _KEYS_PER_READ] for start in range(0, len(names), _KEYS_PER_READ)]
        return dict(chain.from_iterable(rows.items() for rows in self.fanout.map(read, chunks)))

    def _read_chunk(self, source_id: str, external_item_ids: Sequence[str], options: Any) -> list[dict[str, Any]]:
        keys: list[Any] = row_keys(source_id, external_item_ids)
        rows: list[dict[str, Any]] = []
        for attempt in range(_TRIES):
            with translated():
                asked: Any = {"Keys": keys, "ConsistentRead": True, **options}
                answer: Any = self.dynamodb.batch_get_item(RequestItems={self.table: asked})
            got = answer["Responses"].get(self.table, [])
            rows.extend(got)
            keys = list(answer.get("UnprocessedKeys", {}).get(self.table, {}).get("Keys", []))
            if not keys:
                return rows
            # A page ends at 16 MB, which is no reason to wait; one that brought nothing was throttled.
            if not got:
                backoff(attempt)
        raise ServiceUnavailableError

    def _conditional_put(self, source_id: str, write: RowWrite) -> dict[str, Any]:
        put: dict[str, Any] = {"TableName": self.table, "Item": row_attributes(source_id, write.row)}
        if write.expected_rev is None:
            # A row past its expiry may still be lying there; it counts as absent.
            put["ConditionExpression"] = "attribute_not_exists(pk) OR expiresAt <= :now"
            put["ExpressionAttributeValues"] = {":now": {"N": str(write.row.updated_at // 1000)}}
        else:
            put["ConditionExpression"] = "rev = :rev"
            put["ExpressionAttributeValues"] = {":rev": {"N": str(write.expected_rev)}}
            if write.expected_state is not None:
                put["ConditionExpression"] += " AND #state = :state"
                put["ExpressionAttributeNames"] = {"#state": "state"}
                put["ExpressionAttributeValues"][":state"] = {"S": str(write.expected_state)}
        return put


def _rows_of(table: str, source_id: str, slot: str) -> dict[str, Any]:
    return {
        "TableName": table,
        "KeyConditionExpression": "pk = :pk",
        "ExpressionAttributeValues": {":pk": {"S": f"{source_id}#{slot}"}},
        "ConsistentRead": True,
    }


def _living(rows: Iterable[Row], now: int) -> dict[str, Row]:
    return {row.external_item_id: row for row in rows if row.expires_at is None or row.expires_at * 1000 > now}
