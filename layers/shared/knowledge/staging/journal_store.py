"""The journals in the table Items: what changed in a staging set and is not published yet."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from knowledge.errors import ServiceUnavailableError
from knowledge.staging.rows import JournalEntry, journal_entry_from
from knowledge.storage.clients import Fanout, backoff, query_rows, translated

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient

_KEYS_PER_DELETE = 25
_TRIES = 8


@dataclass(frozen=True, slots=True)
class JournalStore:
    """The journals of all sources."""

    dynamodb: DynamoDBClient
    table: str
    fanout: Fanout

    def list_entries(self, source_id: str) -> list[JournalEntry]:
        """Read the whole journal, consistently."""
        query: dict[str, Any] = {
            "TableName": self.table,
            "KeyConditionExpression": "pk = :pk",
            "ExpressionAttributeValues": {":pk": {"S": f"{source_id}#journal"}},
            "ConsistentRead": True,
        }
        return [journal_entry_from(attributes) for attributes in query_rows(self.dynamodb, query)]

    def read_first(self, source_id: str, most: int) -> tuple[list[JournalEntry], bool]:
        """Read the oldest entries, consistently and in one call, and tell whether there are more."""
        with translated():
            page = self.dynamodb.query(
                TableName=self.table,
                KeyConditionExpression="pk = :pk",
                ExpressionAttributeValues={":pk": {"S": f"{source_id}#journal"}},
                ConsistentRead=True,
                Limit=most + 1,
            )
        entries = [journal_entry_from(attributes) for attributes in page["Items"]]
        return entries[:most], len(entries) > most or "LastEvaluatedKey" in page

    def find_oldest_at(self, source_id: str) -> int | None:
        """Read when the oldest entry that names items was written (ms), None if there is none: one row, consistently.

        Entries are keyed by ids that begin with their time. What an erasure leaves names none, and waits for nobody.
        """
        query: dict[str, Any] = {
            "TableName": self.table,
            "KeyConditionExpression": "pk = :pk",
            "ExpressionAttributeValues": {":pk": {"S": f"{source_id}#journal"}},
            "ConsistentRead": True,
            "Limit": 1,
        }
        entries = map(journal_entry_from, query_rows(self.dynamodb, query))
        return next((entry.written_at for entry in entries if entry.revs), None)

    def forget_entries(self, source_id: str, entry_ids: Sequence[str]) -> None:
        """Delete journal entries; ones that are gone already are fine."""
        chunks = [entry_ids[start : start + _KEYS_PER_DELETE] for start in range(0, len(entry_ids), _KEYS_PER_DELETE)]
        self.fanout.map(lambda chunk: self._forget_chunk(source_id, chunk), chunks)

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
