"""The operators' way back to an earlier moment, rehearsed: rows from a restored table, objects from under markers."""

from __future__ import annotations

import argparse
import importlib.util
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from local.template.tables import table_requests
from testing.resources import Resources, project_template


def load_tool() -> Any:
    path = Path(__file__).parents[2] / "operations" / "restore.py"
    found = importlib.util.spec_from_file_location("restore_tool", path)
    assert found
    assert found.loader
    module = importlib.util.module_from_spec(found)
    found.loader.exec_module(module)
    return module


tool = load_tool()


def test_table_holds_exactly_the_restored_rows(aws_moto: Resources) -> None:
    dynamodb, live = aws_moto.client("dynamodb"), aws_moto.table_name("CatalogTable")
    request = table_requests(project_template(), aws_moto.resolver)["CatalogTable"]
    request.pop("StreamSpecification", None)
    dynamodb.create_table(**{**request, "TableName": "restored"})

    def put(table: str, sk: str, value: str) -> None:
        dynamodb.put_item(TableName=table, Item={"pk": {"S": "t"}, "sk": {"S": sk}, "v": {"S": value}})

    for sk, then, now in (("same", "1", "1"), ("changed", "1", "2"), ("gone", "1", None), ("new", None, "2")):
        if then:
            put("restored", sk, then)
        if now:
            put(live, sk, now)
    assert tool.restore_rows(dynamodb, "restored", live) == (2, 1)
    rows = {row["sk"]["S"]: row["v"]["S"] for row in dynamodb.scan(TableName=live)["Items"]}
    assert rows == {"same": "1", "changed": "1", "gone": "1"}
    assert tool.restore_rows(dynamodb, "restored", live) == (0, 0)


def test_objects_deleted_since_come_back_and_others_stay_deleted(aws_moto: Resources) -> None:
    s3, bucket = aws_moto.client("s3"), aws_moto.bucket
    s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    for key in ("index/kept", "index/deleted"):
        s3.put_object(Bucket=bucket, Key=key, Body=key.encode())
    s3.delete_object(Bucket=bucket, Key="index/deleted")
    now = datetime.now(UTC)
    assert tool.restore_objects(s3, bucket, now + timedelta(hours=1)) == 0
    assert tool.restore_objects(s3, bucket, now - timedelta(hours=1)) == 1
    assert s3.get_object(Bucket=bucket, Key="index/deleted")["Body"].read() == b"index/deleted"
    assert tool.restore_objects(s3, bucket, now - timedelta(hours=1)) == 0


def test_moment_needs_its_zone() -> None:
    with pytest.raises(argparse.ArgumentTypeError, match="zone"):
        tool._moment("2026-11-20T09:00:00")
    assert tool._moment("2026-11-20T09:00:00Z").tzinfo is not None
