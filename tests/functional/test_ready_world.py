"""The world that each functional test begins with is as if it were built anew: nothing of another test is in it."""

from __future__ import annotations

from moto import mock_aws

from testing.ready_world import put_back
from testing.resources import Resources


def use(resources: Resources) -> tuple[int, int, int, str]:
    """Count the rows, objects and messages that are there, and leave one of each, and a changed key."""
    dynamodb, s3, sqs, kms = (resources.client(service) for service in ("dynamodb", "s3", "sqs", "kms"))
    table, queue = resources.table_name("KeysTable"), sqs.list_queues()["QueueUrls"][0]
    key = resources.environment["CURSOR_KEY_ID"].rpartition("/")[2]
    found = (
        len(dynamodb.scan(TableName=table)["Items"]),
        s3.list_objects_v2(Bucket=resources.bucket)["KeyCount"],
        len(sqs.receive_message(QueueUrl=queue).get("Messages", [])),
        kms.describe_key(KeyId=key)["KeyMetadata"]["KeyState"],
    )
    dynamodb.put_item(TableName=table, Item={"keyId": {"S": "k"}})
    s3.put_object(Bucket=resources.bucket, Key="left", Body=b"left")
    sqs.send_message(QueueUrl=queue, MessageBody="left")
    kms.disable_key(KeyId=key)
    return found


def test_a_world_holds_nothing_that_another_left() -> None:
    resources = Resources(prefix="ready")
    for _ in range(3):
        with mock_aws():
            put_back(resources.prefix, resources.create)
            assert use(resources) == (0, 0, 0, "Enabled")
