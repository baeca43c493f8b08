"""A small template with one of everything that happens without a request, and a stack that runs it."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from local.stack import Stack
from tests.support.stack import eventually

QUEUE_URL = "https://sqs.us-east-1.amazonaws.com/123456789012/local-{}"
MACHINE_ARN = "arn:aws:states:us-east-1:123456789012:stateMachine:local-Machine"

TEMPLATE = """
Transform: AWS::Serverless-2016-10-31
Globals:
  Function:
    Runtime: python3.13
    Handler: app.handler
    Timeout: 60
    Environment: {Variables: {RECORDS: RECORDS_PATH}}
Resources:
  RestApi:
    Type: AWS::Serverless::Api
    Properties: {StageName: api, DefinitionBody: {openapi: 3.0.1, info: {title: none, version: "1"}, paths: {}}}
  Rows:
    Type: AWS::DynamoDB::Table
    Properties:
      BillingMode: PAY_PER_REQUEST
      StreamSpecification: {StreamViewType: NEW_IMAGE}
      AttributeDefinitions: [{AttributeName: pk, AttributeType: S}]
      KeySchema: [{AttributeName: pk, KeyType: HASH}]
  Work:
    Type: AWS::SQS::Queue
    Properties: {VisibilityTimeout: 5, RedrivePolicy: {deadLetterTargetArn: !GetAtt Dead.Arn, maxReceiveCount: 2}}
  Dead: {Type: AWS::SQS::Queue}
  Copies: {Type: AWS::SQS::Queue}
  Bus: {Type: AWS::Events::EventBus, Properties: {Name: !Sub "${AWS::StackName}-knowledge"}}
  Bucket:
    Type: AWS::S3::Bucket
    Properties: {NotificationConfiguration: {EventBridgeConfiguration: {EventBridgeEnabled: true}}}
  StreamFunction:
    Type: AWS::Serverless::Function
    Properties:
      CodeUri: record/
      Events:
        Stream:
          Type: DynamoDB
          Properties:
            Stream: !GetAtt Rows.StreamArn
            StartingPosition: TRIM_HORIZON
            BatchSize: 10
            MaximumRetryAttempts: 20
            BisectBatchOnFunctionError: true
            DestinationConfig: {OnFailure: {Type: SQS, Destination: !GetAtt Dead.Arn}}
            FilterCriteria: {Filters: [{Pattern: '{"dynamodb": {"NewImage": {"kind": {"S": ["event"]}}}}'}]}
  QueueFunction:
    Type: AWS::Serverless::Function
    Properties:
      CodeUri: record/
      Timeout: 5
      Events:
        Queue:
          Type: SQS
          Properties: {Queue: !GetAtt Work.Arn, BatchSize: 10, FunctionResponseTypes: [ReportBatchItemFailures]}
  EventFunction:
    Type: AWS::Serverless::Function
    Properties:
      CodeUri: record/
      EventInvokeConfig:
        MaximumRetryAttempts: 1
        DestinationConfig: {OnFailure: {Type: SQS, Destination: !GetAtt Dead.Arn}}
      Events:
        Asked: {Type: EventBridgeRule, Properties: {EventBusName: !Ref Bus, Pattern: {source: [test]}}}
        Nightly: {Type: Schedule, Properties: {Schedule: "cron(0 3 * * ? *)"}}
  CopyRule:
    Type: AWS::Events::Rule
    Properties:
      EventPattern: {source: [test], detail: {n: [{numeric: [">", 5]}]}}
      Targets: [{Id: copies, Arn: !GetAtt Copies.Arn, InputPath: $.detail}]
  Machine:
    Type: AWS::Serverless::StateMachine
    Properties:
      Role: arn:aws:iam::123456789012:role/none
      Definition:
        StartAt: Count
        States:
          Count:
            Type: Task
            Resource: arn:aws:states:::lambda:invoke
            Parameters: {FunctionName: !GetAtt EventFunction.Arn, Payload.$: $}
            ResultSelector: {n.$: $.Payload.n}
            ResultPath: $.count
            Next: Enough
          Enough:
            Type: Choice
            Choices: [{Variable: $.count.n, NumericLessThanPath: $.until, Next: Count}]
            Default: Pause
          Pause: {Type: Wait, Seconds: 1, End: true}
      Events:
        Uploaded:
          Type: EventBridgeRule
          Properties:
            Pattern:
              source: [aws.s3]
              detail-type: [Object Created]
              detail: {bucket: {name: [!Ref Bucket]}, object: {key: [{prefix: imports/}]}}
            InputTransformer:
              InputPathsMap: {key: $.detail.object.key, reason: $.detail.reason, object: $.detail.object}
              InputTemplate: '{"until": 1, "label": "<reason> <key>", "object": <object>}'
        Weekly:
          Type: ScheduleV2
          Properties: {ScheduleExpression: rate(7 days), Input: '{"until": 2, "label": "weekly"}'}
"""

# Records every event; fails for as long as there is a file named like what the event speaks of.
CODE = """
import json, os, pathlib
records = pathlib.Path(os.environ["RECORDS"])
def asks_to_fail(text):
    return any(path.name in text for path in records.parent.glob("fail-*"))
def handler(event, context):
    line = json.dumps([context.function_name.removeprefix("local-"), event]) + "\\n"
    with records.open("a") as file:
        file.write(line)
    if "QueueFunction" in context.function_name:
        failed = [r["messageId"] for r in event["Records"] if asks_to_fail(r["body"])]
        return {"batchItemFailures": [{"itemIdentifier": name} for name in failed]}
    if asks_to_fail(line):
        raise ValueError("asked to fail")
    return {"n": (event.get("count") or {}).get("n", 0) + 1}
"""


class BackgroundStack:
    """A running stack of that template, in this process; `folder` holds what its functions record."""

    def __init__(self, folder: Path, *, durable: bool = False) -> None:
        self._folder = folder
        self._records = folder / "records"
        (folder / "record").mkdir(exist_ok=True)
        (folder / "record" / "app.py").write_text(CODE)
        (folder / "template.yaml").write_text(TEMPLATE.replace("RECORDS_PATH", str(self._records)))
        self.lines: list[str] = []
        self.stack = Stack(
            port=0,
            data_directory=folder / "data" if durable else None,
            template_path=folder / "template.yaml",
            sink=lambda source, line: self.lines.append(f"{source} | {line}"),
        )

    def client(self, service: str) -> Any:
        """Make a client of a service of the stack."""
        return self.stack.services.client(service)

    def events_of(self, function: str) -> list[Any]:
        """Return the events that a function was called with, in order."""
        lines = self._records.read_text().splitlines() if self._records.exists() else []
        return [event for name, event in map(json.loads, lines) if name == function]

    def failing(self, name: str, *, fails: bool = True) -> None:
        """Have the functions fail for events that hold `fail-NAME`, or no longer."""
        path = self._folder / f"fail-{name}"
        path.touch() if fails else path.unlink()

    def says(self, text: str) -> bool:
        """Tell whether a line on the console has a text."""
        return any(text in line for line in self.lines)

    def messages(self, queue: str) -> list[Any]:
        """Take what is in a queue."""
        answer = self.client("sqs").receive_message(
            QueueUrl=QUEUE_URL.format(queue),
            MaxNumberOfMessages=10,
            VisibilityTimeout=600,
        )
        return [json.loads(message["Body"]) for message in answer.get("Messages", [])]


def put_rows(stack: BackgroundStack, *names: str, kind: str = "event") -> None:
    puts = [
        {"Put": {"TableName": "local-Rows", "Item": {"pk": {"S": name}, "kind": {"S": kind}, "raw": {"B": b"\x00"}}}}
        for name in names
    ]
    stack.client("dynamodb").transact_write_items(TransactItems=puts)


def streamed(stack: BackgroundStack) -> list[list[str]]:
    return [
        [record["dynamodb"]["Keys"]["pk"]["S"] for record in event["Records"]]
        for event in stack.events_of("StreamFunction")
    ]


def without_repeats(delivered: Iterable[Any]) -> list[Any]:
    """What was delivered, each the first time it was: queues, streams and rules deliver at least once."""
    firsts: list[Any] = []
    for each in delivered:
        if each not in firsts:
            firsts.append(each)
    return firsts


def delivered_rows(stack: BackgroundStack) -> list[str]:
    return [name for batch in streamed(stack) for name in batch]


def ended(stack: BackgroundStack, execution_arn: str) -> dict[str, Any]:
    states = stack.client("stepfunctions")

    def look() -> Any:
        execution = states.describe_execution(executionArn=execution_arn)
        return execution["status"] != "RUNNING" and execution

    return dict(eventually(look))
