"""Rows that are put into a table as they are, many at once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import boto3

_ROWS_A_WRITE = 25


def put_rows(table: str, rows: Sequence[dict[str, Any]]) -> None:
    """Put rows, as DynamoDB has them, into a table."""
    client = boto3.client("dynamodb")
    for start in range(0, len(rows), _ROWS_A_WRITE):
        puts: Any = [{"PutRequest": {"Item": row}} for row in rows[start : start + _ROWS_A_WRITE]]
        assert not client.batch_write_item(RequestItems={table: puts})["UnprocessedItems"]
