"""What operators' tools ask of CloudFormation, Lambda and the gateway, as botocore reads the answers."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import boto3
import pytest
from botocore.awsrequest import AWSResponse
from botocore.exceptions import ClientError

from local.events.valves import Valve
from local.gateway.controls import Controls
from local.gateway.front import Front
from tests.unit.local.background_doubles import resolver_of

FUNCTION = {"Type": "AWS::Lambda::Function", "Properties": {"Timeout": 45}}
SETTINGS = [
    {"HttpMethod": "*", "ResourcePath": "/*", "ThrottlingRateLimit": 500, "ThrottlingBurstLimit": 1000},
    {"HttpMethod": "GET", "ResourcePath": "/~1health", "ThrottlingRateLimit": 5, "ThrottlingBurstLimit": 10},
]
RESOURCES = {
    "F": FUNCTION,
    "Api": {"Type": "AWS::ApiGateway::RestApi", "Properties": {}},
    "Stage": {"Type": "AWS::ApiGateway::Stage", "Properties": {"StageName": "api", "MethodSettings": SETTINGS}},
    "Bus": {"Type": "AWS::Events::EventBus", "Properties": {"Name": "bus"}},
    "Rule": {"Type": "AWS::Events::Rule", "Properties": {"EventBusName": {"Ref": "Bus"}}},
    "Mapping": {"Type": "AWS::Lambda::EventSourceMapping", "Properties": {}},
    "Table": {"Type": "AWS::DynamoDB::Table", "Properties": {}},
}


class Raw:
    """A body as botocore reads it off a connection."""

    def __init__(self, body: bytes) -> None:
        self._body = body

    def stream(self, **_: Any) -> Any:
        yield self._body

    def read(self, *_: Any) -> bytes:
        return self._body


@pytest.fixture
def asked() -> tuple[Front, dict[str, Valve], Callable[[str], Any]]:
    """The front, the valves, and clients whose requests are answered here."""
    template, resolver = resolver_of(RESOURCES)
    front = Front({"paths": {}}, "api", {})
    valves = {resolver.name("Mapping"): Valve()}
    controls = Controls(template, resolver, front, valves)

    def client(service: str) -> Any:
        made = boto3.client(service, region_name="us-east-1", aws_access_key_id="a", aws_secret_access_key="b")

        def send(request: Any, **_: Any) -> AWSResponse:
            body = request.body or b""
            sent = body.encode() if isinstance(body, str) else body
            answer = controls.answer(request.method, request.url.split(".com", 1)[1], sent)
            assert answer is not None
            return AWSResponse(request.url, answer.status, dict(answer.headers), Raw(answer.body))

        made.meta.events.register("before-send", send)
        return made

    return front, valves, client


def test_stack_is_described_by_the_names_of_this_machine(asked: Any) -> None:
    _, valves, client = asked
    pages = client("cloudformation").get_paginator("list_stack_resources").paginate(StackName="local")
    found = {
        each["LogicalResourceId"]: (each["ResourceType"], each["PhysicalResourceId"])
        for page in pages
        for each in page["StackResourceSummaries"]
    }
    assert found["Table"] == ("AWS::DynamoDB::Table", "local-Table")
    assert found["Rule"] == ("AWS::Events::Rule", "bus|local-Rule")
    assert found["Stage"][1] == "api"
    assert [found["Mapping"][1]] == list(valves)
    with pytest.raises(ClientError, match="does not exist"):
        client("cloudformation").describe_stacks(StackName="other")
    [stack] = client("cloudformation").describe_stacks(StackName="local")["Stacks"]
    assert stack["StackStatus"] == "CREATE_COMPLETE"


def test_mapping_rests_and_works(asked: Any) -> None:
    _, valves, client = asked
    ((uuid, valve),) = valves.items()
    functions = client("lambda")
    assert functions.update_event_source_mapping(UUID=uuid, Enabled=False)["State"] == "Disabled"
    assert valve.state == functions.get_event_source_mapping(UUID=uuid)["State"] == "Disabled"
    assert functions.update_event_source_mapping(UUID=uuid, Enabled=True)["State"] == "Enabled"
    with pytest.raises(functions.exceptions.ResourceNotFoundException):
        functions.get_event_source_mapping(UUID=uuid[::-1])
    assert functions.get_function_configuration(FunctionName="local-F")["Timeout"] == 45


def test_throttle_of_nothing_closes_the_gateway(asked: Any) -> None:
    front, _, client = asked
    gateway, stage = client("apigateway"), {"restApiId": "local", "stageName": "api"}
    assert gateway.get_stage(**stage)["methodSettings"]["*/*"] == {
        "throttlingRateLimit": 500.0,
        "throttlingBurstLimit": 1000,
    }
    for rate, through in (("0", frozenset({"/health"})), ("500.0", None)):
        changes = [
            {"op": "replace", "path": f"/*/*/throttling/{name}", "value": rate} for name in ("rateLimit", "burstLimit")
        ]
        gateway.update_stage(**stage, patchOperations=changes)
        assert front.lets_through == through, "what has a throttle of its own goes on"
    assert json.dumps(gateway.get_stage(**stage)["methodSettings"]["*/*"]["throttlingRateLimit"]) == "500.0"
