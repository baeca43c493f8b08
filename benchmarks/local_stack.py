"""Times the local stack: p50 and p95 in milliseconds of its parts and of what a developer waits for.

make bench, or: python -m benchmarks.local_stack
"""

from __future__ import annotations

import argparse
import os
import statistics
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import httpx

from benchmarks.findings import Figure, Findings, Table, conclude, parser
from local.stack import Stack

SYNC_MACHINE_P50_MS = 100.0
ROUNDS = {"small": 20, "usual": 100, "full": 200}
# A stack of its own for the machine: three tasks that do nothing, so that only the stack itself is timed.
IDLE_TEMPLATE = """
Transform: AWS::Serverless-2016-10-31
Resources:
  IdleFunction:
    Type: AWS::Serverless::Function
    Properties: {CodeUri: ., Handler: app.handler, Runtime: python3.13}
  IdleMachine:
    Type: AWS::Serverless::StateMachine
    Properties:
      Type: EXPRESS
      Role: arn:aws:iam::123456789012:role/benchmark
      DefinitionSubstitutions: {IdleFunctionArn: !GetAtt IdleFunction.Arn}
      Definition:
        StartAt: One
        States:
          One: &idle
            Type: Task
            Resource: arn:aws:states:::lambda:invoke
            Parameters: {FunctionName: "${IdleFunctionArn}"}
            Next: Two
          Two: {<<: *idle, Next: Three}
          Three: {<<: *idle, Next: Last}
          Last: {Type: Succeed}
  RestApi:
    Type: AWS::Serverless::Api
    Properties: {StageName: api, DefinitionBody: {openapi: 3.0.1, paths: {}}}
"""
IDLE_MACHINE = "arn:aws:states:us-east-1:123456789012:stateMachine:local-IdleMachine"


def timed(act: Callable[[], Any], rounds: int) -> tuple[float, float]:
    """Return p50 and p95 in milliseconds of an act, after a first one that is not counted."""
    act()
    times = []
    for _ in range(rounds):
        began = time.perf_counter()
        act()
        times.append((time.perf_counter() - began) * 1000)
    cuts = statistics.quantiles(times, n=20)
    return statistics.median(times), cuts[18]


def three_states(folder: Path, rounds: int) -> tuple[float, float]:
    """Return p50 and p95 of StartSyncExecution of a machine of three Lambda tasks."""
    (folder / "app.py").write_text("def handler(event, context):\n    return {}\n")
    (folder / "template.yaml").write_text(IDLE_TEMPLATE)
    stack = Stack(port=0, template_path=folder / "template.yaml", sink=lambda *_: None)
    try:
        states = stack.services.client("stepfunctions")

        def run() -> None:
            answer = states.start_sync_execution(stateMachineArn=IDLE_MACHINE, input="{}")
            assert answer["status"] == "SUCCEEDED", answer

        return timed(run, rounds)
    finally:
        stack.stop()


def data_services(stack: Stack) -> dict[str, Callable[[], Any]]:
    """Return single calls of DynamoDB and S3, made from this process."""
    dynamodb, s3 = stack.services.client("dynamodb"), stack.services.client("s3")
    key = {"pk": {"S": "benchmark"}, "sk": {"S": "benchmark"}}
    bucket, table = "local-contentbucket", "local-CatalogTable"
    body = b"x" * 2048

    def read_object() -> bytes:
        content: bytes = s3.get_object(Bucket=bucket, Key="benchmark")["Body"].read()
        return content

    return {
        "DynamoDB PutItem": lambda: dynamodb.put_item(TableName=table, Item={**key, "body": {"S": "x" * 500}}),
        "DynamoDB GetItem": lambda: dynamodb.get_item(TableName=table, Key=key),
        "S3 PutObject, 2 KB": lambda: s3.put_object(Bucket=bucket, Key="benchmark", Body=body),
        "S3 GetObject, 2 KB": read_object,
    }


def requests(api: httpx.Client) -> dict[str, Callable[[], Any]]:
    """Return what users wait for, over HTTP."""
    source = _checked(api.post("v1/sources", json={"name": "Benchmark"}))["source"]["id"]
    counter = iter(range(10**9))

    def push() -> None:
        item = {"externalItemId": "item", "title": "Item", "content": f"Version {next(counter)}"}
        _checked(api.post(f"v1/sources/{source}/items", json=item))

    def publish() -> None:
        push()
        run = _checked(api.post(f"v1/sources/{source}/runs"))["run"]["id"]
        _checked(api.post(f"v1/sources/{source}/runs/{run}/apply"))

    return {
        "GET whoami": lambda: _checked(api.get("v1/whoami")),
        "push of one item": push,
        "push, run and apply of 1 change": publish,
    }


def _checked(answer: httpx.Response) -> dict[str, Any]:
    answer.raise_for_status()
    document: dict[str, Any] = answer.json()
    return document


def _unlimited_key(stack: Stack) -> str:
    body = {"name": "Benchmark", "rateLimitPerMinute": 6_000}
    headers = {"Authorization": f"Bearer {stack.credentials().admin_key}"}
    answer = httpx.post(f"{stack.base_url}/v1/admin/keys", json=body, headers=headers, timeout=60, trust_env=False)
    return str(_checked(answer)["secret"])


def measure(arguments: argparse.Namespace) -> Findings:
    """Start stacks of its own and time them."""
    # Host prefixes would turn 127.0.0.1 into sync-127.0.0.1.
    os.environ["AWS_DISABLE_HOST_PREFIX_INJECTION"] = "true"
    rounds = ROUNDS[arguments.size]
    with TemporaryDirectory() as folder:
        times = {"StartSyncExecution, 3 states": three_states(Path(folder), rounds)}
    began = time.perf_counter()
    stack = Stack(port=0, sink=lambda *_: None)
    try:
        headers = {"Authorization": f"Bearer {_unlimited_key(stack)}"}
        started_seconds = time.perf_counter() - began
        times |= {name: timed(act, rounds * 2) for name, act in data_services(stack).items()}
        with httpx.Client(base_url=stack.base_url + "/", headers=headers, timeout=60, trust_env=False) as api:
            for name, act in requests(api).items():
                times[name] = timed(act, rounds // 5 if "apply" in name else rounds)
    finally:
        stack.stop()
    return Findings(
        title="The local stack",
        intro=f"From nothing to a tenant with keys: {started_seconds:.1f} s.",
        figures=judged({name: p50 for name, (p50, _) in times.items()}),
        tables=[
            Table(["", "p50 ms", "p95 ms"], [[name, *(f"{each:.1f}" for each in pair)] for name, pair in times.items()])
        ],
    )


def judged(p50: Mapping[str, float]) -> list[Figure]:
    """Hold the median milliseconds of a synchronous execution against its figure."""
    return [
        Figure(f"local stack: p50 of {name}", SYNC_MACHINE_P50_MS, milliseconds, "ms", counted=False)
        for name, milliseconds in p50.items()
        if name.startswith("StartSync")
    ]


def main() -> int:
    """Run the benchmark."""
    arguments = parser(__doc__).parse_args()
    return conclude(measure(arguments), arguments)


if __name__ == "__main__":
    sys.exit(main())
