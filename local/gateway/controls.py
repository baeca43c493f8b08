"""The calls of CloudFormation, Lambda and API Gateway that operators' tools make, as far as this machine can follow.

| call | what comes of it |
|---|---|
| DescribeStacks, ListStackResources | the template's outputs and resources, under the names that they have here |
| GetEventSourceMapping, UpdateEventSourceMapping | a mapping's readers rest, or read on |
| GetFunctionConfiguration | a function's name and time-out |
| GetStage, UpdateStage | a throttle of 0 has the gateway refuse everything; any other lets everything through |
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qs
from xml.sax.saxutils import escape

from local.events.valves import Valve
from local.failures import TemplateError
from local.gateway.events import Response
from local.gateway.front import Front
from local.template import Template
from local.template.resolve import STACK_NAME, Resolver

_API_ID = "local"
_MAPPING = re.compile(r"^/2015-03-31/event-source-mappings/([^/]+)$")
_FUNCTION = re.compile(r"^/2015-03-31/functions/([^/]+)/configuration$")
_STAGE = re.compile(rf"^/restapis/{_API_ID}/stages/([^/]+)$")
_THROTTLES = {"rateLimit": "throttlingRateLimit", "burstLimit": "throttlingBurstLimit"}
_NAMESPACE = "http://cloudformation.amazonaws.com/doc/2010-05-15/"


class Controls:
    """Answers for the services that own what the stack runs by itself."""

    def __init__(self, template: Template, resolver: Resolver, front: Front, valves: Mapping[str, Valve]) -> None:
        self._template = template
        self._resolver = resolver
        self._front = front
        self._valves = valves
        self._throttles: dict[str, float] = {}
        own = set()
        for _, properties in template.of_type("AWS::ApiGateway::Stage"):
            for settings in resolver.resolve(properties.get("MethodSettings", [])):
                if settings["ResourcePath"] == "/*":
                    self._throttles = {each: settings[f"{each[0].upper()}{each[1:]}"] for each in _THROTTLES.values()}
                else:
                    own.add(settings["ResourcePath"].replace("~1", "/").replace("//", "/"))
        self._own_throttles = frozenset(own)

    def environment(self, origin: str) -> dict[str, str]:
        """The settings under which an AWS client asks here."""
        services = ("CLOUDFORMATION", "LAMBDA", "API_GATEWAY")
        return {f"AWS_ENDPOINT_URL_{service}": origin for service in services}

    def answer(self, method: str, path: str, body: bytes) -> Response | None:
        """Answer a request of one of these services; None for any other."""
        if method == "POST" and path == "/":
            return self._cloudformation(parse_qs(body.decode(errors="replace")))
        if found := _MAPPING.match(path):
            return self._mapping(found[1], json.loads(body) if method == "PUT" else {})
        if found := _FUNCTION.match(path):
            return self._function(found[1])
        if _STAGE.match(path):
            return self._stage(json.loads(body)["patchOperations"] if method == "PATCH" else [])
        return None

    def _mapping(self, name: str, change: dict[str, Any]) -> Response:
        valve = self._valves.get(name)
        if valve is None:
            return _json(404, {"Type": "User", "Message": f"there is no mapping {name}"}, "ResourceNotFoundException")
        if "Enabled" in change:
            valve.turn(opened=change["Enabled"])
        return _json(200, {"UUID": name, "State": valve.state})

    def _function(self, name: str) -> Response:
        for logical_id, properties in self._template.of_type("AWS::Lambda::Function"):
            if self._resolver.name(logical_id) == name:
                configuration = {"FunctionName": name, "FunctionArn": self._resolver.arn(logical_id)}
                return _json(200, {**configuration, "Timeout": properties.get("Timeout", 3)})
        return _json(404, {"Type": "User", "Message": f"there is no function {name}"}, "ResourceNotFoundException")

    def _stage(self, changes: list[dict[str, str]]) -> Response:
        for change in changes:
            self._throttles[_THROTTLES[change["path"].rpartition("/")[2]]] = float(change["value"])
        closed = bool(self._throttles) and not any(self._throttles.values())
        self._front.lets_through = self._own_throttles if closed else None
        return _json(200, {"stageName": self._front.stage, "methodSettings": {"*/*": self._throttles}})

    def _cloudformation(self, asked: dict[str, list[str]]) -> Response | None:
        action = asked.get("Action", [""])[0]
        if action not in {"DescribeStacks", "ListStackResources"}:
            return None
        if asked.get("StackName") != [STACK_NAME]:
            message = f"Stack with id {asked.get('StackName', [''])[0]} does not exist"
            return _xml(400, f"<ErrorResponse><Error><Code>ValidationError</Code><Message>{escape(message)}</Message>")
        result = self._outputs() if action == "DescribeStacks" else self._resources()
        return _xml(200, f'<{action}Response xmlns="{_NAMESPACE}"><{action}Result>{result}')

    def _outputs(self) -> str:
        outputs = {}
        for name, output in self._template.outputs.items():
            try:
                outputs[name] = self._resolver.resolve(output["Value"])
            except TemplateError:
                # Of what only AWS makes.
                continue
        members = "".join(_member({"OutputKey": name, "OutputValue": str(value)}) for name, value in outputs.items())
        stack = f"<StackName>{STACK_NAME}</StackName><StackStatus>CREATE_COMPLETE</StackStatus>"
        created = "<CreationTime>2026-01-01T00:00:00Z</CreationTime>"
        return f"<Stacks><member>{stack}{created}<Outputs>{members}</Outputs></member></Stacks>"

    def _resources(self) -> str:
        members = (
            _member(
                {
                    "LogicalResourceId": logical_id,
                    "PhysicalResourceId": self._physical(logical_id, resource["Type"]),
                    "ResourceType": resource["Type"],
                    "ResourceStatus": "CREATE_COMPLETE",
                    "LastUpdatedTimestamp": "2026-01-01T00:00:00Z",
                }
            )
            for logical_id, resource in self._template.resources.items()
            if "Condition" not in resource or self._resolver.resolve({"Fn::If": [resource["Condition"], True, False]})
        )
        return f"<StackResourceSummaries>{''.join(members)}</StackResourceSummaries>"

    def _physical(self, logical_id: str, resource_type: str) -> str:
        """What CloudFormation calls the resource: mostly what Ref gives."""
        if resource_type == "AWS::ApiGateway::RestApi":
            return _API_ID
        if resource_type == "AWS::ApiGateway::Stage":
            return self._front.stage
        name = self._resolver.name(logical_id)
        if resource_type == "AWS::Events::Rule":
            bus = self._resolver.resolve(self._template.resources[logical_id]["Properties"]).get("EventBusName")
            return f"{bus}|{name}" if bus else name
        referred = self._resolver.resolve({"Ref": logical_id})
        return str(referred)


def _member(fields: dict[str, str]) -> str:
    inside = "".join(f"<{name}>{escape(value)}</{name}>" for name, value in fields.items())
    return f"<member>{inside}</member>"


def _xml(status: int, opened: str) -> Response:
    """Answer a document whose elements that are still open are closed."""
    ends: list[str] = []
    for slash, name in re.findall(r"<(/?)(\w+)[^>]*>", opened):
        if slash:
            ends.pop()
        else:
            ends.append(f"</{name}>")
    return Response(status, [("Content-Type", "text/xml")], (opened + "".join(reversed(ends))).encode())


def _json(status: int, document: dict[str, Any], error: str | None = None) -> Response:
    headers = [("Content-Type", "application/json"), *([("x-amzn-ErrorType", error)] if error else [])]
    return Response(status, headers, json.dumps(document).encode())
