"""What the error report of an import is made of: rows of the Items table that forget themselves after some days.

Each is written in the transaction that moves the import past the lines it is about, so no fault is lost or told twice.
"""

from __future__ import annotations

import gzip
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from knowledge.imports.model import Import
from knowledge.limits import IMPORT_PROBLEMS_KEPT_MS
from knowledge.storage.clients import query_rows
from knowledge.storage.partitions import delete_rows

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient


@dataclass(frozen=True, slots=True)
class ImportRejects:
    """The parts of error reports, in the order of their lines."""

    dynamodb: DynamoDBClient
    table: str

    def action(self, job: Import, offset: int, report: bytes, now: int) -> dict[str, Any]:
        """The action that puts a gzipped part of the report, on the lines that end at `offset`."""
        item = {
            "pk": {"S": rejects_partition(job.source_id, job.import_id)},
            "sk": {"S": f"{offset:015d}"},
            "report": {"B": report},
            "expiresAt": {"N": str((now + IMPORT_PROBLEMS_KEPT_MS) // 1000)},
        }
        return {"Put": {"TableName": self.table, "Item": item}}

    def read_report(self, job: Import) -> bytes:
        """The whole report: NDJSON."""
        query: dict[str, Any] = {
            "TableName": self.table,
            "KeyConditionExpression": "pk = :pk",
            "ExpressionAttributeValues": {":pk": {"S": rejects_partition(job.source_id, job.import_id)}},
            "ConsistentRead": True,
        }
        rows = query_rows(self.dynamodb, query)
        return b"".join(gzip.decompress(row["report"]["B"]) for row in rows)

    def forget_rejects(self, source_id: str, import_id: str) -> None:
        """Delete what the report of an import was written from."""
        delete_rows(self.dynamodb, self.table, rejects_partition(source_id, import_id), lambda: True)


def rejects_partition(source_id: str, import_id: str) -> str:
    """The partition of the parts of a report."""
    return f"{source_id}#rejects#{import_id}"
