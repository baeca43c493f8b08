"""Queues, rules, mappings and buckets of a template as what the emulators and readers are told."""

import json
from typing import Any

import pytest

from local.events.mappings import mappings_of
from local.events.rules import rules_of
from local.failures import TemplateError
from local.template.queues import create_queues, queue_requests
from local.template.tables import create_buckets, table_requests
from tests.unit.local.background_doubles import resolver_of

DEAD = {"Fn::GetAtt": ["Dead", "Arn"]}
RESOURCES: dict[str, Any] = {
    "Work": {
        "Type": "AWS::SQS::Queue",
        "Properties": {
            "VisibilityTimeout": 60,
            "DelaySeconds": 5,
            "KmsMasterKeyId": "alias/aws/sqs",
            "RedrivePolicy": {"deadLetterTargetArn": DEAD, "maxReceiveCount": 3},
        },
    },
    "Dead": {"Type": "AWS::SQS::Queue"},
    "Bus": {"Type": "AWS::Events::EventBus", "Properties": {"Name": {"Fn::Sub": "${AWS::StackName}-knowledge"}}},
    "T": {"Type": "AWS::DynamoDB::Table", "Properties": {"StreamSpecification": {"StreamViewType": "NEW_IMAGE"}}},
    "F": {"Type": "AWS::Lambda::Function", "Properties": {"Timeout": 60}},
}
STREAM = {"EventSourceArn": {"Fn::GetAtt": ["T", "StreamArn"]}, "StartingPosition": "TRIM_HORIZON"}
QUEUE = {"EventSourceArn": {"Fn::GetAtt": ["Work", "Arn"]}}


def with_resource(resource_type: str, properties: dict[str, Any]) -> Any:
    return resolver_of({**RESOURCES, "Added": {"Type": resource_type, "Properties": properties}})


def mapping(**properties: Any) -> Any:
    properties = {"FunctionName": {"Ref": "F"}, **properties}
    return mappings_of(*with_resource("AWS::Lambda::EventSourceMapping", properties))


def test_queue_is_created_without_encryption_and_after_its_dead_letter_queue() -> None:
    created = []

    class Client:
        def create_queue(self, **request: Any) -> None:
            created.append(request)

    create_queues(Client(), *resolver_of(RESOURCES))
    assert [request["QueueName"] for request in created] == ["local-Dead", "local-Work"]
    attributes = created[1]["Attributes"]
    policy = json.loads(attributes.pop("RedrivePolicy"))
    assert attributes == {"VisibilityTimeout": "60", "DelaySeconds": "5"}
    assert policy == {"deadLetterTargetArn": "arn:aws:sqs:us-east-1:123456789012:local-Dead", "maxReceiveCount": 3}


def test_ordered_queue_has_its_suffix() -> None:
    (request,) = queue_requests(*resolver_of({"Q": {"Type": "AWS::SQS::Queue", "Properties": {"FifoQueue": True}}}))
    assert request == {"QueueName": "local-Q.fifo", "Attributes": {"FifoQueue": "true"}}


def test_references_to_queues_streams_and_buses_resolve() -> None:
    _, resolver = resolver_of(RESOURCES)
    assert resolver.resolve({"Ref": "Work"}) == "https://sqs.us-east-1.amazonaws.com/123456789012/local-Work"
    assert resolver.resolve({"Fn::GetAtt": ["Work", "QueueName"]}) == "local-Work"
    assert resolver.resolve({"Ref": "Bus"}) == "local-knowledge"
    assert resolver.resolve({"Fn::GetAtt": ["Bus", "Arn"]}).endswith(":event-bus/local-knowledge")
    assert resolver.resolve({"Fn::GetAtt": ["T", "StreamArn"]}).startswith(f"{resolver.arn('T')}/stream/")


def test_table_with_a_stream_is_created_with_one() -> None:
    request = table_requests(*resolver_of(RESOURCES))["T"]
    assert request["StreamSpecification"] == {"StreamEnabled": True, "StreamViewType": "NEW_IMAGE"}


def test_rule_keeps_its_bus_pattern_and_targets() -> None:
    target = {"Arn": {"Fn::GetAtt": ["F", "Arn"]}, "Id": "one"}
    properties = {"EventBusName": {"Ref": "Bus"}, "EventPattern": {"source": ["x"]}, "Targets": [target]}
    (rule,) = rules_of(*with_resource("AWS::Events::Rule", properties))
    assert rule.request == {
        "Name": "local-Added",
        "EventBusName": "local-knowledge",
        "EventPattern": '{"source": ["x"]}',
    }
    assert rule.targets == [{"Arn": "arn:aws:lambda:us-east-1:123456789012:function:local-F", "Id": "one"}]


def test_mapping_of_a_stream_is_read_whole() -> None:
    (found,) = mapping(
        **STREAM,
        BatchSize=5,
        BisectBatchOnFunctionError=True,
        MaximumRetryAttempts=2,
        DestinationConfig={"OnFailure": {"Destination": DEAD}},
        FilterCriteria={"Filters": [{"Pattern": '{"eventName": ["INSERT"]}'}]},
        FunctionResponseTypes=["ReportBatchItemFailures"],
    )
    assert (found.table, found.queue, found.function_name) == ("T", None, "local-F")
    assert (found.batch_size, found.bisects, found.maximum_retries, found.maximum_age_seconds) == (5, True, 2, -1)
    assert found.on_failure_arn == "arn:aws:sqs:us-east-1:123456789012:local-Dead"
    assert found.reports_item_failures
    assert not found.from_latest
    assert found.wants({"eventName": "INSERT"})
    assert not found.wants({"eventName": "MODIFY"})


def test_mapping_of_a_queue_has_its_own_defaults() -> None:
    (found,) = mapping(**QUEUE, ScalingConfig={"MaximumConcurrency": 5})
    assert (found.table, found.queue, found.batch_size, found.filters) == (None, "Work", 10, ())


def test_disabled_mapping_is_left_out() -> None:
    assert mapping(**QUEUE, Enabled=False) == []


@pytest.mark.parametrize(
    ("properties", "complaint"),
    [
        ({"EventSourceArn": "arn:aws:kinesis:us-east-1:123456789012:stream/s"}, "reads no events from"),
        ({**STREAM, "TumblingWindowInSeconds": 5}, "does not know TumblingWindowInSeconds"),
        ({**QUEUE, "BisectBatchOnFunctionError": True}, "does not know BisectBatchOnFunctionError"),
        ({**STREAM, "StartingPosition": "AT_TIMESTAMP"}, "does not start at AT_TIMESTAMP"),
        ({**STREAM, "FilterCriteria": {"Filters": [{"Pattern": '{"a": [{"odd": 1}]}'}]}}, "does not match"),
        ({"EventSourceArn": {"Fn::GetAtt": ["Dead", "Arn"]}}, r"Dead \(30 s\) is less than the time-out of F \(60 s\)"),
    ],
)
def test_mapping_that_is_not_known_is_refused(properties: dict, complaint: str) -> None:
    with pytest.raises(TemplateError, match=complaint):
        mapping(**properties)


def test_bucket_that_notifies_otherwise_is_refused() -> None:
    class Client:
        def create_bucket(self, **_: Any) -> None:
            pass

    configuration = {"NotificationConfiguration": {"QueueConfigurations": []}}
    with pytest.raises(TemplateError, match="does not notify by QueueConfigurations"):
        create_buckets(Client(), *with_resource("AWS::S3::Bucket", configuration))
