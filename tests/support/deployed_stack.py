"""A deployment on moto as far as the operators' tools reach: gateway, functions, mappings, rules, machines, tables."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Callable
from typing import Any

from operations.stack import DeployedStack
from testing.resources import Resources

NAME = "test"
_RESTING = {"StartAt": "Rest", "States": {"Rest": {"Type": "Wait", "Seconds": 86_400, "End": True}}}

UPLOADED = json.dumps({"source": ["aws.s3"], "detail": {"object": {"key": [{"prefix": "imports/"}]}}})
QUEUES = (
    "WebhookDeliveriesQueue",
    "WebhookDeadLettersQueue",
    "ImportDeadLettersQueue",
    "BackgroundDeadLettersQueue",
)
FUNCTIONS = {"StartImportFunction": 60, "DeliverWebhookFunction": 45, "RunUpkeepFunction": 900}


class InvokedLambda:
    """Lambda as moto has it, but for what is invoked: a test says what a function answers."""

    def __init__(self, client: Any) -> None:
        self._client = client
        self.invoked: list[tuple[str, Any]] = []
        self.answer: Callable[[str, Any], Any] = lambda _name, _event: None

    def invoke(self, *, FunctionName: str, Payload: bytes, InvocationType: str = "RequestResponse") -> Any:  # noqa: N803
        self.invoked.append((FunctionName, json.loads(Payload)))
        waits = InvocationType == "RequestResponse"
        answer = self.answer(FunctionName, json.loads(Payload)) if waits else None
        return {"StatusCode": 200 if waits else 202, "Payload": io.BytesIO(json.dumps(answer).encode())}

    def __getattr__(self, name: str) -> Any:
        return getattr(self._client, name)


class Deployment:
    """What CloudFormation would have made, with the names that template.yaml gives; `stack` is how the tools see it."""

    def __init__(self, resources: Resources) -> None:
        self.resources = resources
        services = ("lambda", "apigateway", "events", "stepfunctions", "sqs", "s3", "dynamodb")
        self.clients: dict[str, Any] = {name: resources.client(name) for name in services}
        self.functions = InvokedLambda(self.clients["lambda"])
        self.clients["lambda"] = self.functions
        self.made: dict[str, tuple[str, str]] = {}
        for logical_id in ("CatalogTable", "ItemsTable", "KeysTable"):
            self._note(logical_id, "AWS::DynamoDB::Table", resources.table_name(logical_id))
        self._note("ContentBucket", "AWS::S3::Bucket", resources.bucket)
        self._make_functions()
        self._make_mappings()
        self._make_rules()
        self._make_gateway()

    @property
    def stack(self) -> DeployedStack:
        return DeployedStack(NAME, self.made, self.clients.__getitem__)

    def configuration(self) -> dict[str, Any]:
        """Everything that a stop changes."""
        events, functions = self.clients["events"], self.clients["lambda"]
        rules = [physical.rpartition("|") for physical in self.stack.of_type("AWS::Events::Rule").values()]
        api = {"restApiId": self.made["RestApi"][1], "stageName": "api"}
        settings = self.clients["apigateway"].get_stage(**api)["methodSettings"]["*/*"]
        return {
            "throttles": (settings["throttlingRateLimit"], settings["throttlingBurstLimit"]),
            "mappings": {
                uuid: functions.get_event_source_mapping(UUID=uuid)["State"]
                for uuid in self.stack.of_type("AWS::Lambda::EventSourceMapping").values()
            },
            "rules": {
                name: (
                    events.describe_rule(Name=name, EventBusName=bus or "default")["State"],
                    events.list_targets_by_rule(Rule=name, EventBusName=bus or "default")["Targets"],
                )
                for bus, _, name in rules
            },
            "queues": sorted(self.clients["sqs"].list_queues(QueueNamePrefix=NAME).get("QueueUrls", [])),
            "record": [
                found["Key"]
                for found in self.clients["s3"].list_objects_v2(Bucket=self.resources.bucket).get("Contents", [])
                if found["Key"].startswith("control/")
            ],
        }

    def _note(self, logical_id: str, resource_type: str, physical: str) -> None:
        self.made[logical_id] = (resource_type, physical)

    def _make_functions(self) -> None:
        role = self.resources.client("iam").create_role(RoleName="role", AssumeRolePolicyDocument="{}")["Role"]["Arn"]
        code = io.BytesIO()
        with zipfile.ZipFile(code, "w") as archive:
            archive.writestr("app.py", "")
        for logical_id, seconds in (
            ("StartImportFunction", 60),
            ("DeliverWebhookFunction", 45),
            ("RunUpkeepFunction", 900),
        ):
            name = f"{NAME}-{logical_id}"
            self.clients["lambda"].create_function(
                FunctionName=name,
                Runtime="python3.13",
                Role=role,
                Handler="app.handler",
                Code={"ZipFile": code.getvalue()},
                Timeout=seconds,
            )
            self._note(logical_id, "AWS::Lambda::Function", name)
        for logical_id in ("ImportStateMachine", "ExportStateMachine"):
            machine = self.clients["stepfunctions"].create_state_machine(
                name=f"{NAME}-{logical_id}", definition=json.dumps(_RESTING), roleArn=role
            )
            self._note(logical_id, "AWS::StepFunctions::StateMachine", machine["stateMachineArn"])

    def _make_mappings(self) -> None:
        for logical_id in QUEUES:
            url = self.clients["sqs"].get_queue_url(QueueName=self.resources.resolver.name(logical_id))["QueueUrl"]
            self._note(logical_id, "AWS::SQS::Queue", url)
        for logical_id, queue in (("Due", "WebhookDeliveriesQueue"), ("Unused", "WebhookDeadLettersQueue")):
            mapping = self.clients["lambda"].create_event_source_mapping(
                EventSourceArn=self.resources.resolver.arn(queue),
                FunctionName=self.made["DeliverWebhookFunction"][1],
                Enabled=logical_id == "Due",
            )
            self._note(logical_id, "AWS::Lambda::EventSourceMapping", mapping["UUID"])

    def _make_rules(self) -> None:
        events, bus = self.clients["events"], f"{NAME}-knowledge"
        events.create_event_bus(Name=bus)
        importing, upkeep = (self._arn(name) for name in ("StartImportFunction", "RunUpkeepFunction"))
        nightly = {"InputPathsMap": {"id": "$.id"}, "InputTemplate": '{"id": <id>}'}
        for logical_id, request, target in (
            ("Requested", {"EventBusName": bus, "EventPattern": '{"detail-type": ["asked"]}'}, {"Arn": importing}),
            ("Uploaded", {"EventPattern": UPLOADED}, {"Arn": importing}),
            (
                "Nightly",
                {"ScheduleExpression": "rate(1 day)", "State": "DISABLED"},
                {"Arn": importing, "InputTransformer": nightly},
            ),
            ("Quarterly", {"ScheduleExpression": "rate(15 minutes)"}, {"Arn": upkeep}),
            ("Unfired", {"ScheduleExpression": "rate(15 minutes)", "State": "DISABLED"}, {"Arn": upkeep}),
        ):
            name = f"{NAME}-{logical_id}"
            events.put_rule(Name=name, **request)
            on = request.get("EventBusName", "default")
            events.put_targets(Rule=name, EventBusName=on, Targets=[{"Id": "Target", **target}])
            self._note(logical_id, "AWS::Events::Rule", f"{on}|{name}" if on != "default" else name)

    def _arn(self, function: str) -> str:
        name = self.made[function][1]
        return str(self.clients["lambda"].get_function_configuration(FunctionName=name)["FunctionArn"])

    def _make_gateway(self) -> None:
        gateway = self.clients["apigateway"]
        api = gateway.create_rest_api(name=NAME)["id"]
        root = gateway.get_resources(restApiId=api)["items"][0]["id"]
        gateway.put_method(restApiId=api, resourceId=root, httpMethod="GET", authorizationType="NONE")
        gateway.put_integration(restApiId=api, resourceId=root, httpMethod="GET", type="MOCK")
        gateway.create_deployment(restApiId=api, stageName="api")
        limits = {"rateLimit": "500", "burstLimit": "1000"}
        changes = [{"op": "replace", "path": f"/*/*/throttling/{name}", "value": at} for name, at in limits.items()]
        gateway.update_stage(restApiId=api, stageName="api", patchOperations=changes)
        self._note("RestApi", "AWS::ApiGateway::RestApi", api)
        self._note("Stage", "AWS::ApiGateway::Stage", "api")
