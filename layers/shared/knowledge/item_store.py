"""The Items table: the rows of staging sets and the journals that name what changed in them.

A row is keyed by `sourceId#slot` and its externalItemId; the slot is the first hex digit of SHA-256(externalItemId),
so a slot is a child of the index trie's root. A journal entry is keyed by `sourceId#journal` and its own id.
"""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

from botocore.exceptions import ClientError

from knowledge.aws import Fanout, backoff, error_code, translated
from knowledge.content import canonical_json
from knowledge.errors import ServiceUnavailableError
from knowledge.model import ItemState
from knowledge.trie import path_of

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient

SLOTS = "0123456789abcdef"
ROWS_PER_TRANSACTION = 99
BYTES_PER_TRANSACTION = 3_500_000
_KEYS_PER_READ = 100
_KEYS_PER_DELETE = 25
_TRIES = 8


class StagedRow(NamedTuple):
    """One row of a staging set.

    `rev` grows with every write of the item. `member` is the whole item while it fits in the row; else `head` is the
    item without content and `content_key` names the member's object. `tombstone_expires_at` is in seconds.
    """

    external_item_id: str
    rev: int
    state: ItemState
    title: str
    content_hash: str
    content_bytes: int
    member: bytes | None
    head: bytes | None
    content_key: str | None
    source_version: int | None
    epoch: int
    created_at: int
    updated_at: int
    removed_at: int | None = None
    tombstoned_at: int | None = None
    expires_at: int | None = None

    @property
    def size(self) -> int:
        """About how many bytes the row takes in a transaction."""
        return 512 + 2 * len(self.external_item_id) + len(self.title) * 4 + len(self.member or self.head or b"")


@dataclass(frozen=True, slots=True)
class RowWrite:
    """A row to put, on condition that the stored one still has `expected_rev` (None: that there is none)."""

    row: StagedRow
    expected_rev: int | None


@dataclass(frozen=True, slots=True)
class JournalEntry:
    """What one transaction changed: (externalItemId, rev) pairs, and when (ms)."""

    entry_id: str
    written_at: int
    revs: tuple[tuple[str, int], ...]


class RowChangedError(Exception):
    """Raised when a row of a transaction is no longer as it was read; nothing of it was written."""


@dataclass(frozen=True, slots=True)
class ItemStore:
    """Staged rows and journals of all sources."""

    dynamodb: DynamoDBClient
    table: str
    fanout: Fanout

    def read(self, source_id: str, external_item_ids: Sequence[str], now: int) -> dict[str, StagedRow]:
        """Read rows by id, consistently; absent and expired ones are left out."""
        chunks = [
            external_item_ids[start : start + _KEYS_PER_READ]
            for start in range(0, len(external_item_ids), _KEYS_PER_READ)
        ]
        found: dict[str, StagedRow] = {}
        for rows in self.fanout.map(lambda chunk: self._read_chunk(source_id, chunk), chunks):
            for attributes in rows:
                row = _from_attributes(attributes)
                if row.expires_at is None or row.expires_at * 1000 > now:
                    found[row.external_item_id] = row
        return found

    def write(self, source_id: str, writes: Sequence[RowWrite], journal: JournalEntry | None) -> None:
        """Put rows and the journal entry that names them in one transaction, or raise RowChangedError.

        At most 99 rows. A conflict with a transaction that is under way is tried again; ServiceUnavailableError when
        it does not end.
        """
        actions: list[Any] = [{"Put": self._conditional_put(source_id, write)} for write in writes]
        if journal is not None:
            actions.append({"Put": {"TableName": self.table, "Item": _journal_attributes(source_id, journal)}})
        for attempt in range(_TRIES):
            try:
                with translated():
                    self.dynamodb.transact_write_items(TransactItems=actions)
            except ClientError as error:
                if error_code(error) != "TransactionCanceledException":
                    raise
                reasons = {reason.get("Code") for reason in error.response.get("CancellationReasons", [])}
                if "ConditionalCheckFailed" in reasons:
                    raise RowChangedError from error
                if not reasons & {"TransactionConflict", "ThrottlingError", "ProvisionedThroughputExceeded"}:
                    raise
                backoff(attempt)
            else:
                return
        raise ServiceUnavailableError

    def list_slot(
        self, source_id: str, slot: str, *, prefix: str = "", after: str | None = None, limit: int | None = None
    ) -> Iterator[StagedRow]:
        """Walk over the rows of a slot in id order (bytes of UTF-8), consistently, expired ones included.

        `limit` is the size of the first read, not a bound on what is yielded.
        """
        names = {"#pk": "pk"}
        values: dict[str, Any] = {":pk": {"S": f"{source_id}#{slot}"}}
        condition = "#pk = :pk"
        if prefix:
            names["#sk"] = "sk"
            values[":prefix"] = {"S": prefix}
            condition += " AND begins_with(#sk, :prefix)"
        query: dict[str, Any] = {
            "TableName": self.table,
            "KeyConditionExpression": condition,
            "ExpressionAttributeNames": names,
            "ExpressionAttributeValues": values,
            "ConsistentRead": True,
        }
        if limit is not None:
            query["Limit"] = limit
        if after is not None:
            query["ExclusiveStartKey"] = self._key(source_id, after, slot)
        while True:
            with translated():
                page = self.dynamodb.query(**query)
            for attributes in page["Items"]:
                yield _from_attributes(attributes)
            if "LastEvaluatedKey" not in page:
                return
            query["ExclusiveStartKey"] = page["LastEvaluatedKey"]

    def list_journal(self, source_id: str) -> list[JournalEntry]:
        """Read the whole journal, consistently."""
        query: dict[str, Any] = {
            "TableName": self.table,
            "KeyConditionExpression": "pk = :pk",
            "ExpressionAttributeValues": {":pk": {"S": f"{source_id}#journal"}},
            "ConsistentRead": True,
        }
        entries: list[JournalEntry] = []
        while True:
            with translated():
                page = self.dynamodb.query(**query)
            entries.extend(_journal_entry(attributes) for attributes in page["Items"])
            if "LastEvaluatedKey" not in page:
                return entries
            query["ExclusiveStartKey"] = page["LastEvaluatedKey"]

    def forget_journal(self, source_id: str, entry_ids: Sequence[str]) -> None:
        """Delete journal entries; ones that are gone already are fine."""
        chunks = [entry_ids[start : start + _KEYS_PER_DELETE] for start in range(0, len(entry_ids), _KEYS_PER_DELETE)]
        self.fanout.map(lambda chunk: self._forget_chunk(source_id, chunk), chunks)

    def mark_tombstoned(self, source_id: str, external_item_id: str, rev: int, at: int, expires_at: int) -> None:
        """Mark a dropped row, if it is still the one that was planned; a row that was written since stays as it is.

        `expires_at` is in seconds. The first marking stands, so a repeat does not lengthen the row's life.
        """
        try:
            with translated():
                self.dynamodb.update_item(
                    TableName=self.table,
                    Key=self._key(source_id, external_item_id),
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
            if error_code(error) != "ConditionalCheckFailedException":
                raise

    def _read_chunk(self, source_id: str, external_item_ids: Sequence[str]) -> list[dict[str, Any]]:
        keys: list[Any] = [self._key(source_id, external_item_id) for external_item_id in external_item_ids]
        rows: list[dict[str, Any]] = []
        for attempt in range(_TRIES):
            with translated():
                answer: Any = self.dynamodb.batch_get_item(
                    RequestItems={self.table: {"Keys": keys, "ConsistentRead": True}}
                )
            got = answer["Responses"].get(self.table, [])
            rows.extend(got)
            keys = list(answer.get("UnprocessedKeys", {}).get(self.table, {}).get("Keys", []))
            if not keys:
                return rows
            # A page ends at 16 MB, which is no reason to wait; one that brought nothing was throttled.
            if not got:
                backoff(attempt)
        raise ServiceUnavailableError

    def _forget_chunk(self, source_id: str, entry_ids: Sequence[str]) -> None:
        requests: list[Any] = [
            {"DeleteRequest": {"Key": {"pk": {"S": f"{source_id}#journal"}, "sk": {"S": entry_id}}}}
            for entry_id in entry_ids
        ]
        for attempt in range(_TRIES):
            with translated():
                answer = self.dynamodb.batch_write_item(RequestItems={self.table: requests})
            requests = list(answer.get("UnprocessedItems", {}).get(self.table, []))
            if not requests:
                return
            backoff(attempt)
        raise ServiceUnavailableError

    def _conditional_put(self, source_id: str, write: RowWrite) -> dict[str, Any]:
        put: dict[str, Any] = {"TableName": self.table, "Item": self._attributes(source_id, write.row)}
        if write.expected_rev is None:
            # A row past its expiry may still be lying there; it counts as absent.
            put["ConditionExpression"] = "attribute_not_exists(pk) OR expiresAt <= :now"
            put["ExpressionAttributeValues"] = {":now": {"N": str(write.row.updated_at // 1000)}}
        else:
            put["ConditionExpression"] = "rev = :rev"
            put["ExpressionAttributeValues"] = {":rev": {"N": str(write.expected_rev)}}
        return put

    def _attributes(self, source_id: str, row: StagedRow) -> dict[str, Any]:
        attributes: dict[str, Any] = self._key(source_id, row.external_item_id)
        attributes |= {
            "rev": {"N": str(row.rev)},
            "state": {"S": str(row.state)},
            "title": {"S": row.title},
            "hash": {"S": row.content_hash},
            "bytes": {"N": str(row.content_bytes)},
            "epoch": {"N": str(row.epoch)},
            "createdAt": {"N": str(row.created_at)},
            "updatedAt": {"N": str(row.updated_at)},
        }
        for name, blob in (("member", row.member), ("head", row.head)):
            if blob is not None:
                attributes[name] = {"B": blob}
        if row.content_key is not None:
            attributes["contentKey"] = {"S": row.content_key}
        for name, number in (
            ("sourceVersion", row.source_version),
            ("removedAt", row.removed_at),
            ("tombstonedAt", row.tombstoned_at),
            ("expiresAt", row.expires_at),
        ):
            if number is not None:
                attributes[name] = {"N": str(number)}
        return attributes

    @staticmethod
    def _key(source_id: str, external_item_id: str, slot: str | None = None) -> dict[str, Any]:
        slot = slot or path_of(external_item_id)[0]
        return {"pk": {"S": f"{source_id}#{slot}"}, "sk": {"S": external_item_id}}


def _number(attributes: dict[str, Any], name: str) -> int | None:
    attribute = attributes.get(name)
    return None if attribute is None else int(attribute["N"])


def _from_attributes(attributes: dict[str, Any]) -> StagedRow:
    member, head, key = attributes.get("member"), attributes.get("head"), attributes.get("contentKey")
    return StagedRow(
        external_item_id=attributes["sk"]["S"],
        rev=int(attributes["rev"]["N"]),
        state=ItemState(attributes["state"]["S"]),
        title=attributes["title"]["S"],
        content_hash=attributes["hash"]["S"],
        content_bytes=int(attributes["bytes"]["N"]),
        member=None if member is None else member["B"],
        head=None if head is None else head["B"],
        content_key=None if key is None else key["S"],
        source_version=_number(attributes, "sourceVersion"),
        epoch=int(attributes["epoch"]["N"]),
        created_at=int(attributes["createdAt"]["N"]),
        updated_at=int(attributes["updatedAt"]["N"]),
        removed_at=_number(attributes, "removedAt"),
        tombstoned_at=_number(attributes, "tombstonedAt"),
        expires_at=_number(attributes, "expiresAt"),
    )


def _journal_attributes(source_id: str, entry: JournalEntry) -> dict[str, Any]:
    return {
        "pk": {"S": f"{source_id}#journal"},
        "sk": {"S": entry.entry_id},
        "writtenAt": {"N": str(entry.written_at)},
        "revs": {"B": gzip.compress(canonical_json(entry.revs), 6, mtime=0)},
    }


def _journal_entry(attributes: dict[str, Any]) -> JournalEntry:
    return JournalEntry(
        entry_id=attributes["sk"]["S"],
        written_at=int(attributes["writtenAt"]["N"]),
        revs=tuple((name, rev) for name, rev in json.loads(gzip.decompress(attributes["revs"]["B"]))),
    )
