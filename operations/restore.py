"""Brings a deployment back to an earlier moment: see "Restore from backup" in docs/operations.md.

    python operations/restore.py rows --restored TABLE --into TABLE
    python operations/restore.py objects --bucket BUCKET --since 2026-11-20T09:00:00Z

`rows` makes a table hold exactly the rows of another: those of the table that DynamoDB restored. `objects` brings back
what was deleted from the bucket since a moment. Both can be repeated; nothing may write meanwhile.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from datetime import datetime
from typing import Any

import boto3


def restore_rows(dynamodb: Any, restored: str, into: str) -> tuple[int, int]:
    """Make `into` hold exactly the rows of `restored`; returns how many were written and deleted.

    A row that is the same already is not written, so that the table's stream tells of changes alone.
    """
    key_names = [key["AttributeName"] for key in dynamodb.describe_table(TableName=into)["Table"]["KeySchema"]]
    written = deleted = 0
    for row in _rows(dynamodb, restored):
        key = {name: row[name] for name in key_names}
        if dynamodb.get_item(TableName=into, Key=key, ConsistentRead=True).get("Item") != row:
            dynamodb.put_item(TableName=into, Item=row)
            written += 1
    for row in _rows(dynamodb, into):
        key = {name: row[name] for name in key_names}
        if "Item" not in dynamodb.get_item(TableName=restored, Key=key, ConsistentRead=True):
            dynamodb.delete_item(TableName=into, Key=key)
            deleted += 1
    return written, deleted


def restore_objects(s3: Any, bucket: str, since: datetime) -> int:
    """Take away the delete markers that were set at `since` or later; returns how many objects that brought back."""
    brought_back = 0
    for page in s3.get_paginator("list_object_versions").paginate(Bucket=bucket):
        for marker in page.get("DeleteMarkers", []):
            if marker["IsLatest"] and marker["LastModified"] >= since:
                s3.delete_object(Bucket=bucket, Key=marker["Key"], VersionId=marker["VersionId"])
                brought_back += 1
    return brought_back


def _rows(dynamodb: Any, table: str) -> Iterator[dict[str, Any]]:
    for page in dynamodb.get_paginator("scan").paginate(TableName=table, ConsistentRead=True):
        yield from page["Items"]


def _moment(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise argparse.ArgumentTypeError("say which zone, such as 2026-11-20T09:00:00Z")
    return moment


def main() -> int:
    """Do what the command line asks, with the credentials and the region of the environment."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(dest="command", required=True)
    rows = commands.add_parser("rows", help="make a table hold exactly the rows of a restored one")
    rows.add_argument("--restored", required=True, help="the table that DynamoDB restored")
    rows.add_argument("--into", required=True, help="the stack's own table")
    objects = commands.add_parser("objects", help="bring back what was deleted from the bucket")
    objects.add_argument("--bucket", required=True)
    objects.add_argument("--since", required=True, type=_moment, help="the moment the tables are restored to")
    chosen = parser.parse_args()
    if chosen.command == "rows":
        written, deleted = restore_rows(boto3.client("dynamodb"), chosen.restored, chosen.into)
        sys.stdout.write(f"{chosen.into}: {written} rows written, {deleted} deleted\n")
    else:
        brought_back = restore_objects(boto3.client("s3"), chosen.bucket, chosen.since)
        sys.stdout.write(f"{chosen.bucket}: {brought_back} objects brought back\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
