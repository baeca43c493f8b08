"""Times the local stack: `python -m benchmarks.local_stack` starts one and prints p50 and p95 in milliseconds."""

from __future__ import annotations

import os
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import httpx

from local.stack import Stack

SYNC_MACHINE_P50_MS = 100.0
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


def measure(act: Callable[[], Any], rounds: int) -> tuple[float, float]:
    """Return p50 and p95 in milliseconds of an act, after a first one that is not counted."""
    act()
    times = []
    for _ in range(rounds):
        began = time.perf_counter()
        act()
        times.append((time.perf_counter() - began) * 1000)
    cuts = statistics.quantiles(times, n=20)
    return statistics.median(times), cuts[18]


def three_states(folder: Path) -> tuple[float, float]:
    """Return p50 and p95 of StartSyncExecution of a machine of three Lambda tasks."""
    (folder / "app.py").write_text("def handler(event, context):\n    return {}\n")
    (folder / "template.yaml").write_text(IDLE_TEMPLATE)
    stack = Stack(port=0, template_path=folder / "template.yaml", sink=lambda *_: None)
    try:
        states = stack.services.client("stepfunctions")

        def run() -> None:
            answer = states.start_sync_execution(stateMachineArn=IDLE_MACHINE, input="{}")
            assert answer["status"] == "SUCCEEDED", answer

        return measure(run, 100)
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


def main() -> int:
    """Print the table; the exit code is 1 when the machine of three states is too slow."""
    # Host prefixes would turn 127.0.0.1 into sync-127.0.0.1.
    os.environ["AWS_DISABLE_HOST_PREFIX_INJECTION"] = "true"
    print(f"{'':36} {'p50 ms':>8} {'p95 ms':>8}")
    with TemporaryDirectory() as folder:
        sync_p50, sync_p95 = three_states(Path(folder))
    show("StartSyncExecution, 3 states", sync_p50, sync_p95)
    began = time.perf_counter()
    stack = Stack(port=0, sink=lambda *_: None)
    try:
        headers = {"Authorization": f"Bearer {_unlimited_key(stack)}"}
        started_seconds = time.perf_counter() - began
        for name, act in data_services(stack).items():
            show(name, *measure(act, 200))
        with httpx.Client(base_url=stack.base_url + "/", headers=headers, timeout=60, trust_env=False) as api:
            for name, act in requests(api).items():
                show(name, *measure(act, 20 if "apply" in name else 100))
    finally:
        stack.stop()
    print(f"from nothing to a tenant with keys: {started_seconds:.1f} s")
    if sync_p50 > SYNC_MACHINE_P50_MS:
        print(f"error: a machine of three states must answer within {SYNC_MACHINE_P50_MS:.0f} ms", file=sys.stderr)
        return 1
    return 0


def show(name: str, p50: float, p95: float) -> None:
    """Print one row."""
    print(f"{name:36} {p50:8.1f} {p95:8.1f}", flush=True)


if __name__ == "__main__":
    sys.exit(main())
