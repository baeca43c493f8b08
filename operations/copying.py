"""Brings tables and the bucket back to an earlier moment: copies of the tables, their rows, what was deleted.

Everything can be repeated, and goes on where it was cut off: a copy that is being made is waited for, and a row that is
the same already is not written again.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from operations.stack import DeployedStack, RefusedError

# What holds the truth. Recorded answers and counters are of use for a day and a minute.
TABLES = ("CatalogTable", "ItemsTable", "KeysTable")
# Ranges of a table that are read side by side, and what DynamoDB takes in one call.
_SEGMENTS = 16
_READ_ROWS = 100
_WRITE_ROWS = 25
_WAITS_SECONDS = 20.0
_THROTTLED_SECONDS = 0.2

Row = dict[str, Any]
Say = Callable[[str], None]


@dataclass(frozen=True)
class Copies:
    """Copies of the stack's tables as they were at a moment, and the way back from them."""

    stack: DeployedStack
    at: datetime
    say: Say
    sleep: Callable[[float], None] = time.sleep

    def name_of(self, table: str) -> str:
        """The name of the copy of a table, which is the same at each call."""
        return f"{self.stack.physical(table)}-at-{self.at.astimezone(UTC):%Y%m%dT%H%M%SZ}"

    def make(self) -> None:
        """Have DynamoDB restore the tables beside the stack's own, and wait for that, however long it takes."""
        for table in TABLES:
            if self._status(self.name_of(table)) is None:
                self._dynamodb.restore_table_to_point_in_time(
                    SourceTableName=self.stack.physical(table),
                    TargetTableName=self.name_of(table),
                    RestoreDateTime=self.at,
                    # They would take hours more, and nobody reads them.
                    GlobalSecondaryIndexOverride=[],
                    LocalSecondaryIndexOverride=[],
                )
        began = time.monotonic()
        while waiting := [table for table in TABLES if self._status(self.name_of(table)) != "ACTIVE"]:
            minutes = (time.monotonic() - began) / 60
            self.say(f"DynamoDB is restoring {', '.join(waiting)}, since {minutes:.0f} min")
            self.sleep(_WAITS_SECONDS)
        self.say(f"{', '.join(map(self.name_of, TABLES))} are there")

    def copy_back(self) -> None:
        """Make the stack's tables hold exactly the rows of the copies. Raises RefusedError when there are none."""
        if missing := [table for table in TABLES if self._status(self.name_of(table)) != "ACTIVE"]:
            raise RefusedError(f"say `tables` first: there is no copy of {', '.join(missing)}")
        for key in self._revoked_since():
            self.say(f"{key} was revoked, disabled or suspended since, and is valid again: do it again")
        for table in TABLES:
            live = self.stack.physical(table)
            written, deleted = restore_rows(self._dynamodb, self.name_of(table), live, self.say)
            self.say(f"{live}: {written} rows written, {deleted} deleted")

    def drop(self) -> None:
        """Delete the copies, which cost as much as the tables themselves."""
        for table in TABLES:
            if self._status(self.name_of(table)) is not None:
                self._dynamodb.delete_table(TableName=self.name_of(table))
                self.say(f"{self.name_of(table)} is deleted")

    def _revoked_since(self) -> Iterator[str]:
        live, since = self.stack.physical("KeysTable"), int(self.at.timestamp() * 1000)
        for row in _rows(self._dynamodb, live):
            marks = [
                int(row[name]["N"]) for name in ("revokedAt", "disabledAt", "suspendedAt") if "N" in row.get(name, {})
            ]
            if any(mark >= since for mark in marks):
                yield row["keyId"]["S"]

    def _status(self, table: str) -> str | None:
        try:
            return str(self._dynamodb.describe_table(TableName=table)["Table"]["TableStatus"])
        except self._dynamodb.exceptions.ResourceNotFoundException:
            return None

    @property
    def _dynamodb(self) -> Any:
        return self.stack.client("dynamodb")


def restore_rows(dynamodb: Any, restored: str, into: str, say: Say) -> tuple[int, int]:
    """Make `into` hold exactly the rows of `restored`; returns how many were written and deleted.

    A row that is the same already is not written, so that the table's stream tells of changes alone.
    """
    key_names = [key["AttributeName"] for key in dynamodb.describe_table(TableName=into)["Table"]["KeySchema"]]
    counts = {"written": 0, "deleted": 0, "read": 0}

    def key_of(row: Row) -> Row:
        return {name: row[name] for name in key_names}

    def told(rows: list[Row]) -> None:
        # Of several threads at once one may be left out of the count, which only tells how far it is.
        before, counts["read"] = counts["read"], counts["read"] + len(rows)
        if before // 100_000 != counts["read"] // 100_000:
            say(f"{into}: {counts['read']} rows compared")

    def write(rows: list[Row]) -> int:
        found = {_frozen(key_of(row)): row for row in _get(dynamodb, into, [key_of(row) for row in rows])}
        changed = [row for row in rows if found.get(_frozen(key_of(row))) != row]
        _write(dynamodb, into, [{"PutRequest": {"Item": row}} for row in changed])
        told(rows)
        return len(changed)

    def delete(rows: list[Row]) -> int:
        keys = [key_of(row) for row in rows]
        kept = {_frozen(key_of(row)) for row in _get(dynamodb, restored, keys)}
        gone = [key for key in keys if _frozen(key) not in kept]
        _write(dynamodb, into, [{"DeleteRequest": {"Key": key}} for key in gone])
        told(rows)
        return len(gone)

    return _each(dynamodb, restored, write), _each(dynamodb, into, delete)


def restore_objects(s3: Any, bucket: str, since: datetime, say: Say) -> int:
    """Take away the delete markers that were set at `since` or later; returns how many objects that brought back."""
    brought_back = looked_at = 0
    for page in s3.get_paginator("list_object_versions").paginate(Bucket=bucket):
        for marker in page.get("DeleteMarkers", []):
            if marker["IsLatest"] and marker["LastModified"] >= since:
                s3.delete_object(Bucket=bucket, Key=marker["Key"], VersionId=marker["VersionId"])
                brought_back += 1
        before, looked_at = looked_at, looked_at + len(page.get("Versions", []))
        if before // 100_000 != looked_at // 100_000:
            say(f"{bucket}: {looked_at} versions looked at")
    return brought_back


def _each(dynamodb: Any, table: str, work: Callable[[list[Row]], int]) -> int:
    """Do something with the rows of a table, a call's worth at a time and several side by side; returns the sum."""

    def run(segment: int) -> int:
        done, rows = 0, list[Row]()
        for row in _rows(dynamodb, table, Segment=segment, TotalSegments=_SEGMENTS):
            rows.append(row)
            if len(rows) == _READ_ROWS:
                done, rows = done + work(rows), []
        return done + (work(rows) if rows else 0)

    with ThreadPoolExecutor(_SEGMENTS) as threads:
        return sum(threads.map(run, range(_SEGMENTS)))


def _rows(dynamodb: Any, table: str, **part: int) -> Iterator[Row]:
    for page in dynamodb.get_paginator("scan").paginate(TableName=table, ConsistentRead=True, **part):
        yield from page["Items"]


def _get(dynamodb: Any, table: str, keys: list[Row]) -> list[Row]:
    rows: list[Row] = []
    asked: Any = {table: {"Keys": keys, "ConsistentRead": True}}
    while asked:
        answer = dynamodb.batch_get_item(RequestItems=asked)
        rows += answer["Responses"].get(table, [])
        asked = answer.get("UnprocessedKeys")
        if asked:
            time.sleep(_THROTTLED_SECONDS)
    return rows


def _write(dynamodb: Any, table: str, requests: list[dict[str, Any]]) -> None:
    for start in range(0, len(requests), _WRITE_ROWS):
        asked: Any = {table: requests[start : start + _WRITE_ROWS]}
        while asked:
            asked = dynamodb.batch_write_item(RequestItems=asked).get("UnprocessedItems")
            if asked:
                time.sleep(_THROTTLED_SECONDS)


def _frozen(key: Row) -> tuple[tuple[str, str], ...]:
    return tuple((name, value) for name, typed in sorted(key.items()) for value in typed.values())
