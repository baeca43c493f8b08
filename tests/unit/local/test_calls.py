"""Which permissions a call takes, and the record that is kept of them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from local.workers.calls import EVERY_ATTRIBUTE, UNNAMED_KEY, Recorder, asked


def permissions(service: str, operation: str, parameters: Mapping[str, Any]) -> set[tuple[str, str]]:
    return {(action, resource) for action, resource, _ in asked(service, operation, parameters)}


def test_transaction_takes_the_actions_of_its_items() -> None:
    items = [
        {"Put": {"TableName": "t-Items"}},
        {"Update": {"TableName": "t-Catalog"}},
        {"Delete": {"TableName": "t-Catalog"}},
        {"ConditionCheck": {"TableName": "t-Catalog"}},
    ]
    assert permissions("dynamodb", "TransactWriteItems", {"TransactItems": items}) == {
        ("dynamodb:PutItem", "t-Items"),
        ("dynamodb:UpdateItem", "t-Catalog"),
        ("dynamodb:DeleteItem", "t-Catalog"),
        ("dynamodb:ConditionCheckItem", "t-Catalog"),
    }


def test_query_of_an_index_is_on_the_index_alone() -> None:
    assert permissions("dynamodb", "Query", {"TableName": "t", "IndexName": "ByOrder"}) == {
        ("dynamodb:Query", "t/index/ByOrder")
    }
    assert permissions("dynamodb", "BatchGetItem", {"RequestItems": {"t": {}}}) == {("dynamodb:BatchGetItem", "t")}


@pytest.mark.parametrize(
    ("operation", "parameters", "expected"),
    [
        ("HeadObject", {"Key": "imports/t/s/upload"}, {("s3:GetObject", "b/imports/*")}),
        ("PutObject", {"Key": "content/t/x"}, {("s3:PutObject", "b/content/*")}),
        ("ListObjectsV2", {"Prefix": "runs/"}, {("s3:ListBucket", "b")}),
        ("ListObjectVersions", {"Prefix": "runs/"}, {("s3:ListBucketVersions", "b")}),
        ("GetObject", {"Key": "runs/a", "VersionId": "1"}, {("s3:GetObjectVersion", "b/runs/*")}),
        ("HeadObject", {"Key": "content/a", "VersionId": "1"}, {("s3:GetObjectVersion", "b/content/*")}),
        (
            "DeleteObjects",
            {"Delete": {"Objects": [{"Key": "imports/a", "VersionId": "1"}]}},
            {("s3:DeleteObjectVersion", "b/imports/*")},
        ),
        (
            "DeleteObjects",
            {"Delete": {"Objects": [{"Key": "runs/1"}, {"Key": "index/2"}]}},
            {("s3:DeleteObject", "b/runs/*"), ("s3:DeleteObject", "b/index/*")},
        ),
    ],
)
def test_objects_are_named_by_their_first_folder(
    operation: str, parameters: dict[str, object], expected: set[tuple[str, str]]
) -> None:
    assert permissions("s3", operation, {"Bucket": "b", **parameters}) == expected


def test_other_services(monkeypatch: pytest.MonkeyPatch) -> None:
    arn = "arn:aws:states:us-east-1:1:stateMachine:local-Machine"
    assert permissions("stepfunctions", "StartExecution", {"stateMachineArn": arn}) == {
        ("states:StartExecution", "local-Machine")
    }
    assert permissions("sqs", "SendMessageBatch", {"QueueUrl": "https://q/1/local-Queue"}) == {
        ("sqs:SendMessage", "local-Queue")
    }
    entry = {"EventBusName": "local-knowledge", "DetailType": "happened", "Source": "us"}
    monkeypatch.setenv("EVENT_BUS", "local-knowledge")
    assert set(asked("events", "PutEvents", {"Entries": [entry]})) == {
        ("events:PutEvents", "EVENT_BUS", ("events:detail-type=happened", "events:source=us"))
    }
    monkeypatch.setenv("SOME_KEY_ID", "arn:aws:kms:us-east-1:1:key/1-2")
    named = {"KeyId": "arn:aws:kms:us-east-1:1:key/1-2"}
    assert permissions("kms", "Encrypt", named) == {("kms:Encrypt", "SOME_KEY_ID")}
    assert permissions("kms", "Decrypt", {}) == {("kms:Decrypt", UNNAMED_KEY)}


def test_a_read_names_the_attributes_that_it_asks_for() -> None:
    read = {"TableName": "t", "Key": {"keyId": {}}}
    projected = {**read, "ProjectionExpression": "#name, rest", "ExpressionAttributeNames": {"#name": "name"}}
    assert asked("dynamodb", "GetItem", read) == {("dynamodb:GetItem", "t", (EVERY_ATTRIBUTE,))}
    assert asked("dynamodb", "GetItem", projected) == {("dynamodb:GetItem", "t", ("keyId", "name", "rest"))}


def test_an_update_names_every_attribute_that_a_condition_may_judge() -> None:
    update = {
        "TableName": "t",
        "Key": {"pk": {}, "sk": {}},
        "UpdateExpression": "SET #status = :status, seen = if_not_exists(seen, :none) REMOVE gone ADD hits :one",
        "ConditionExpression": "attribute_exists(pk) AND (rev < :rev OR NOT #n IN (:a, :b))",
        "ExpressionAttributeNames": {"#status": "status", "#n": "name"},
    }
    keys = ("gone", "hits", "name", "pk", "rev", "seen", "sk", "status")
    assert asked("dynamodb", "UpdateItem", update) == {("dynamodb:UpdateItem", "t", keys)}
    in_transaction = {"TransactItems": [{"Update": update}, {"Put": {"TableName": "t", "Item": {"pk": {}}}}]}
    assert asked("dynamodb", "TransactWriteItems", in_transaction) == {
        ("dynamodb:UpdateItem", "t", keys),
        ("dynamodb:PutItem", "t", ()),
    }


def test_a_secret_is_opened_in_its_context() -> None:
    given = {"EncryptionContext": {"webhookId": "w", "tenantId": "t"}}
    keys = ("kms:EncryptionContext:tenantId", "kms:EncryptionContext:webhookId")
    assert asked("kms", "Decrypt", given) == {("kms:Decrypt", UNNAMED_KEY, keys)}


def test_each_fact_is_written_once_and_at_once(tmp_path: Path) -> None:
    recorder = Recorder(str(tmp_path / "calls"))
    for _ in range(3):
        recorder.note("DiffRunFunction", "dynamodb", "PutItem", {"TableName": "local-CatalogTable"})
    (path,) = (tmp_path / "calls").iterdir()
    (line,) = path.read_text("utf-8").splitlines()
    assert json.loads(line) == {
        "function": "DiffRunFunction",
        "action": "dynamodb:PutItem",
        "resource": "local-CatalogTable",
    }
