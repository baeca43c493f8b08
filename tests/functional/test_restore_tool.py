"""The operators' way back to an earlier moment, rehearsed: rows from a restored table, objects from under markers."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from local.template.tables import table_requests
from operations import copying
from operations.copying import Copies, restore_objects, restore_rows
from operations.restore import parse
from operations.stack import RefusedError
from testing.resources import Resources, project_template
from tests.support.deployed_stack import Deployment

AT = datetime(2026, 11, 20, 9, tzinfo=UTC)


def say(_: str) -> None:
    """Nobody listens."""


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
    assert restore_rows(dynamodb, "restored", live, say) == (2, 1)
    rows = {row["sk"]["S"]: row["v"]["S"] for row in dynamodb.scan(TableName=live)["Items"]}
    assert rows == {"same": "1", "changed": "1", "gone": "1"}
    assert restore_rows(dynamodb, "restored", live, say) == (0, 0)


def test_objects_deleted_since_come_back_and_others_stay_deleted(aws_moto: Resources) -> None:
    s3, bucket = aws_moto.client("s3"), aws_moto.bucket
    s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    for key in ("index/kept", "index/deleted"):
        s3.put_object(Bucket=bucket, Key=key, Body=key.encode())
    s3.delete_object(Bucket=bucket, Key="index/deleted")
    now = datetime.now(UTC)
    assert restore_objects(s3, bucket, now + timedelta(hours=1), say) == 0
    assert restore_objects(s3, bucket, now - timedelta(hours=1), say) == 1
    assert s3.get_object(Bucket=bucket, Key="index/deleted")["Body"].read() == b"index/deleted"
    assert restore_objects(s3, bucket, now - timedelta(hours=1), say) == 0


def test_moment_needs_its_zone(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        parse(["--stack", "s", "tables", "--at", "2026-11-20T09:00:00"])
    assert "zone" in capsys.readouterr().err
    assert parse(["--stack", "s", "tables", "--at", "2026-11-20T09:00:00Z"]).at == AT


def test_many_rows_are_copied_whole_and_a_second_time_none(
    aws_moto: Resources, monkeypatch: pytest.MonkeyPatch
) -> None:
    """More than a call of DynamoDB takes, in every segment, and some that it leaves for another call."""
    monkeypatch.setattr(copying, "_SEGMENTS", 2)
    dynamodb, live = aws_moto.client("dynamodb"), aws_moto.table_name("KeysTable")
    request = table_requests(project_template(), aws_moto.resolver)["KeysTable"]
    dynamodb.create_table(**{**request, "TableName": "restored"})
    for number in range(250):
        dynamodb.put_item(TableName="restored", Item={"keyId": {"S": f"k{number}"}, "tenantId": {"S": "t"}})
        dynamodb.put_item(TableName=live, Item={"keyId": {"S": f"k{number + 125}"}, "tenantId": {"S": "new"}})
    assert restore_rows(Halving(dynamodb), "restored", live, say) == (250, 125)
    assert restore_rows(dynamodb, "restored", live, say) == (0, 0)
    assert len(dynamodb.scan(TableName=live)["Items"]) == 250


class Halving:
    """DynamoDB under load: it does half of what a call asks for."""

    def __init__(self, dynamodb: Any) -> None:
        self._dynamodb = dynamodb

    def __getattr__(self, name: str) -> Any:
        return getattr(self._dynamodb, name)

    def batch_get_item(self, RequestItems: Any) -> Any:  # noqa: N803 - AWS's name
        ((table, asked),) = RequestItems.items()
        half = -(-len(asked["Keys"]) // 2)
        answer = self._dynamodb.batch_get_item(RequestItems={table: {**asked, "Keys": asked["Keys"][:half]}})
        rest = {table: {**asked, "Keys": asked["Keys"][half:]}} if asked["Keys"][half:] else {}
        return {**answer, "UnprocessedKeys": rest}

    def batch_write_item(self, RequestItems: Any) -> Any:  # noqa: N803 - AWS's name
        ((table, asked),) = RequestItems.items()
        half = -(-len(asked) // 2)
        self._dynamodb.batch_write_item(RequestItems={table: asked[:half]})
        return {"UnprocessedItems": {table: asked[half:]} if asked[half:] else {}}


def test_copies_are_waited_for_and_made_once(aws_moto: Resources) -> None:
    """A restore of a large table takes hours, and the operator's machine may sleep meanwhile."""
    deployment = Deployment(aws_moto)
    dynamodb = deployment.clients["dynamodb"]
    dynamodb.put_item(TableName=aws_moto.table_name("KeysTable"), Item={"keyId": {"S": "k"}})
    restoring = Restoring(dynamodb)
    deployment.clients["dynamodb"] = restoring
    told: list[str] = []
    tables = dynamodb.list_tables()["TableNames"]
    copies = Copies(deployment.stack, AT, told.append, sleep=lambda _: restoring.go_on())
    with pytest.raises(RefusedError, match="tables"):
        copies.copy_back()
    copies.make()
    assert len(told) == 101
    copies.make()
    assert restoring.restored == [aws_moto.table_name(name) for name in ("CatalogTable", "ItemsTable", "KeysTable")]
    assert copies.name_of("KeysTable") == f"{aws_moto.table_name('KeysTable')}-at-20261120T090000Z"
    copies.copy_back()
    copies.drop()
    copies.drop()
    assert dynamodb.list_tables()["TableNames"] == tables


class Restoring:
    """DynamoDB that takes its time to restore: a hundred looks."""

    def __init__(self, dynamodb: Any) -> None:
        self._dynamodb = dynamodb
        self._looks = 100
        self.restored: list[str] = []

    def __getattr__(self, name: str) -> Any:
        return getattr(self._dynamodb, name)

    def go_on(self) -> None:
        self._looks -= 1

    def restore_table_to_point_in_time(self, **request: Any) -> Any:
        assert request["RestoreDateTime"] == AT
        self.restored.append(request["SourceTableName"])
        described = self._dynamodb.describe_table(TableName=request["SourceTableName"])["Table"]
        self._dynamodb.create_table(
            TableName=request["TargetTableName"],
            BillingMode="PAY_PER_REQUEST",
            KeySchema=described["KeySchema"],
            AttributeDefinitions=[
                each
                for each in described["AttributeDefinitions"]
                if each["AttributeName"] in {key["AttributeName"] for key in described["KeySchema"]}
            ],
        )

    def describe_table(self, **request: Any) -> Any:
        answer = self._dynamodb.describe_table(**request)
        if "-at-" in request["TableName"] and self._looks > 0:
            answer["Table"]["TableStatus"] = "CREATING"
        return answer


def test_what_was_revoked_since_is_told_before_it_comes_back(aws_moto: Resources) -> None:
    deployment = Deployment(aws_moto)
    dynamodb, told = deployment.clients["dynamodb"], list[str]()
    copies = Copies(deployment.stack, AT, told.append)
    for table in ("CatalogTable", "ItemsTable", "KeysTable"):
        request = table_requests(project_template(), aws_moto.resolver)[table]
        request.pop("StreamSpecification", None)
        dynamodb.create_table(**{**request, "TableName": copies.name_of(table)})
    at = int(AT.timestamp() * 1000)
    for key, marks in (
        ("old", {"revokedAt": at - 1}),
        ("new", {"revokedAt": at + 1}),
        ("kept", {"suspendedAt": at + 1}),
    ):
        row = {"keyId": {"S": key}, **{name: {"N": f"{value}"} for name, value in marks.items()}}
        dynamodb.put_item(TableName=aws_moto.table_name("KeysTable"), Item=row)
    copies.copy_back()
    assert sorted(line.split()[0] for line in told if "valid again" in line) == ["kept", "new"]
