"""Streams, queues, rules, schedules and Standard machines of a template, on the running local stack."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from local.credentials import write_private
from local.template import ROOT
from tests.e2e.background_stack import (
    MACHINE_ARN,
    QUEUE_URL,
    BackgroundStack,
    delivered_rows,
    ended,
    put_rows,
    streamed,
    without_repeats,
)
from tests.support.stack import PATIENCE_SECONDS, eventually, require_whole_stack

WORK = QUEUE_URL.format("Work")


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[BackgroundStack]:
    require_whole_stack()
    running = BackgroundStack(tmp_path_factory.mktemp("background"))
    yield running
    running.stack.stop()


def put_event(stack: BackgroundStack, bus: str = "default", **detail: Any) -> None:
    entry = {"Source": "test", "DetailType": "Test", "Detail": json.dumps(detail), "EventBusName": bus}
    assert stack.client("events").put_events(Entries=[entry])["FailedEntryCount"] == 0


def inputs_of_executions(stack: BackgroundStack) -> list[dict[str, Any]]:
    states = stack.client("stepfunctions")
    listed = states.list_executions(stateMachineArn=MACHINE_ARN)["executions"]
    described = [states.describe_execution(executionArn=entry["executionArn"]) for entry in listed]
    return [json.loads(entry["input"]) for entry in described]


def test_stream_calls_its_function_in_order_and_again_after_failures(running: BackgroundStack) -> None:
    put_rows(running, "a", "b")
    put_rows(running, "unwanted", kind="other")
    eventually(lambda: without_repeats(delivered_rows(running)) == ["a", "b"])
    running.failing("stream")
    put_rows(running, "c", "fail-stream", "d")
    eventually(lambda: running.says("StreamFunctionStream | 1 records failed, tried again: ValueError: asked to fail"))
    assert streamed(running)[-1] == ["fail-stream"]
    running.failing("stream", fails=False)
    eventually(lambda: streamed(running)[-1][-1] == "d")
    delivered = delivered_rows(running)
    assert "unwanted" not in delivered
    assert delivered.index("c") < delivered.index("fail-stream") < delivered.index("d")


def access(stack: BackgroundStack) -> dict[str, str]:
    return {"Authorization": f"Bearer {stack.stack.door.key.key_id}"}


def start_processes(stack: BackgroundStack, function: str) -> None:
    """Have a function that has no records to work on started in as many processes as it may have."""
    url = f"{stack.stack.origin}/2015-03-31/functions/local-{function}/invocations"
    with ThreadPoolExecutor(8) as pool:
        calls = [
            pool.submit(
                httpx.post, url, json={"Records": []}, headers=access(stack), timeout=PATIENCE_SECONDS, trust_env=False
            )
            for _ in range(8)
        ]
    assert {call.result().status_code for call in calls} == {200}


def test_queue_gives_every_message_to_its_function_and_the_bad_ones_to_the_dead_letter_queue(
    running: BackgroundStack,
) -> None:
    def bodies() -> list[Any]:
        events = running.events_of("QueueFunction")
        return [json.loads(record["body"])["n"] for event in events for record in event["Records"]]

    # A message that waits longer for a process to start than it is invisible comes again, and is soon a dead letter.
    start_processes(running, "QueueFunction")
    running.failing("message")
    queues = running.client("sqs")
    for start in range(0, 100, 10):
        entries = [{"Id": str(n), "MessageBody": json.dumps({"n": n})} for n in range(start, start + 10)]
        queues.send_message_batch(QueueUrl=WORK, Entries=entries)
    queues.send_message(QueueUrl=WORK, MessageBody='{"n": "fail-message"}')
    queues.send_message(QueueUrl=WORK, MessageBody='{"n": "late"}', DelaySeconds=2)

    eventually(lambda: set(range(100)) <= set(bodies()))
    eventually(lambda: "late" in bodies())
    # Twice received, with the visibility time-out between.
    dead = eventually(lambda: [body for body in running.messages("Dead") if "n" in body])
    assert without_repeats(dead) == [{"n": "fail-message"}]
    received = Counter(bodies())
    assert received.keys() == {*range(100), "late", "fail-message"}
    assert received["fail-message"] == 2
    # A queue delivers at least once, and no more often than its redrive policy lets it.
    assert max(received.values()) <= 2

    def left() -> set[str]:
        attributes = queues.get_queue_attributes(QueueUrl=WORK, AttributeNames=["All"])["Attributes"]
        return {attributes["ApproximateNumberOfMessages"], attributes["ApproximateNumberOfMessagesNotVisible"]}

    eventually(lambda: left() == {"0"})


def test_events_reach_the_targets_of_the_rules_that_match(running: BackgroundStack) -> None:
    put_event(running, bus="local-knowledge", n=1)
    put_event(running, n=5)
    put_event(running, n=6)
    assert without_repeats(eventually(lambda: running.messages("Copies"))) == [{"n": 6}]
    events = eventually(lambda: [e for e in running.events_of("EventFunction") if e.get("source") == "test"])
    (event,) = without_repeats(events)
    assert event["detail"] == {"n": 1}
    assert event["detail-type"] == "Test"


def test_failed_invocation_is_tried_again_said_and_sent_on(running: BackgroundStack) -> None:
    running.failing("event")
    put_event(running, bus="local-knowledge", name="fail-event")
    (told, *_) = eventually(lambda: [body for body in running.messages("Dead") if "requestPayload" in body])
    assert told["requestPayload"]["detail"] == {"name": "fail-event"}
    assert running.says("EventFunction | asynchronous invocation failed (attempt 2 of 2): ValueError: asked to fail")
    assert running.says("EventFunction | given up: sent to local-Dead")


def test_objects_start_the_machine_that_waits_for_them(running: BackgroundStack) -> None:
    objects = running.client("s3")
    objects.put_object(Bucket="local-bucket", Key="elsewhere/x", Body=b"no")
    objects.put_object(Bucket="local-bucket", Key="imports/a ü", Body=b"hello")
    objects.copy_object(Bucket="local-bucket", Key="imports/b", CopySource="local-bucket/imports/a ü")
    upload = {"Bucket": "local-bucket", "Key": "imports/c"}
    upload["UploadId"] = objects.create_multipart_upload(**upload)["UploadId"]
    part = objects.upload_part(**upload, PartNumber=1, Body=b"part")
    objects.complete_multipart_upload(**upload, MultipartUpload={"Parts": [{"PartNumber": 1, "ETag": part["ETag"]}]})
    labels = {"PutObject imports/a ü", "CopyObject imports/b", "CompleteMultipartUpload imports/c"}
    eventually(lambda: {entry["label"] for entry in inputs_of_executions(running)} >= labels)
    described = {entry["label"]: entry.get("object", {}) for entry in inputs_of_executions(running)}
    assert sum("imports/" in label for label in described) == 3
    assert described["PutObject imports/a ü"]["size"] == 5
    assert described["PutObject imports/a ü"]["etag"] == "5d41402abc4b2a76b9719d911017c592"
    sequencers = [described[f"{reason}"]["sequencer"] for reason in sorted(labels, key=lambda label: label[-1])]
    assert len(set(sequencers)) == 3


def test_presigned_upload_is_taken_once_and_only_as_it_was_signed(running: BackgroundStack) -> None:
    import boto3

    objects = boto3.client(
        "s3",
        region_name="us-east-1",
        endpoint_url=running.stack.services.url,
        aws_access_key_id=running.stack.door.key.key_id,
        aws_secret_access_key=running.stack.door.key.secret,
        config=Config(signature_version="s3v4"),
    )
    parameters = {"Bucket": "local-bucket", "Key": "uploads/once", "IfNoneMatch": "*"}
    url = objects.generate_presigned_url("put_object", Params=parameters, ExpiresIn=60)
    assert url.startswith("http://127.0.0.1:")
    sent = [
        httpx.put(target, content=b"x" * 100_000, headers=headers, trust_env=False).status_code
        for target, headers in [
            (url, {}),
            (url.replace("once", "other"), {"If-None-Match": "*"}),
            (url, {"If-None-Match": "*"}),
            (url, {"If-None-Match": "*"}),
        ]
    ]
    assert sent == [403, 403, 200, 412]


def test_schedules_fire_on_request(running: BackgroundStack, tmp_path: Path) -> None:
    credentials = tmp_path / "credentials.json"
    write_private(credentials, {"baseUrl": running.stack.base_url, "accessKeyId": running.stack.door.key.key_id})

    def local(*arguments: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "local", *arguments, "--credentials", str(credentials)]
        return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)

    assert local("fire", "EventFunctionNightly").stderr == "Fired EventFunctionNightly\n"
    assert local("fire", "Machine").stderr == "Fired MachineWeekly\n"
    eventually(lambda: [e for e in running.events_of("EventFunction") if e.get("detail-type") == "Scheduled Event"])
    eventually(lambda: {"until": 2, "label": "weekly"} in inputs_of_executions(running))
    unknown = local("fire", "Nobody")
    assert (unknown.returncode, unknown.stdout) == (9, "")
    assert "the template has: EventFunctionNightly, MachineWeekly" in unknown.stderr
    assert f"export AWS_ENDPOINT_URL={running.stack.services.url}\n" in local("env").stdout


def test_machine_loops_for_long_and_runs_once_under_a_name(running: BackgroundStack) -> None:
    states = running.client("stepfunctions")
    request = {"stateMachineArn": MACHINE_ARN, "name": "long", "input": '{"until": 300}'}
    outcomes: list[str] = []

    def start() -> None:
        outcomes.append(states.start_execution(**request)["executionArn"])

    starting = [threading.Thread(target=start) for _ in range(4)]
    for thread in starting:
        thread.start()
    for thread in starting:
        thread.join()
    # While it runs, the same name and input is the same execution.
    assert len(set(outcomes)) == 1
    execution = ended(running, outcomes[0])
    assert (execution["status"], json.loads(execution["output"])["count"]) == ("SUCCEEDED", {"n": 300})
    with pytest.raises(ClientError, match="ExecutionAlreadyExists"):
        states.start_execution(**request)


def test_failed_execution_is_said_on_the_console(running: BackgroundStack) -> None:
    running.failing("execution")
    states = running.client("stepfunctions")
    started = states.start_execution(stateMachineArn=MACHINE_ARN, input='{"until": 1, "label": "fail-execution"}')
    assert ended(running, started["executionArn"])["status"] == "FAILED"
    eventually(lambda: running.says("of local-Machine: FAILED ValueError"))


def test_function_is_invoked_without_waiting(running: BackgroundStack) -> None:
    import boto3

    functions = boto3.client(
        "lambda",
        endpoint_url=running.stack.origin,
        region_name="us-east-1",
        aws_access_key_id=running.stack.door.key.key_id,
        aws_secret_access_key=running.stack.door.key.secret,
    )
    began = time.monotonic()
    answer = functions.invoke(FunctionName="local-EventFunction", InvocationType="Event", Payload=b'{"by": "hand"}')
    assert answer["StatusCode"] == 202
    assert time.monotonic() - began < 30
    eventually(lambda: {"by": "hand"} in running.events_of("EventFunction"))


def test_hooks_take_json_only(running: BackgroundStack) -> None:
    hook = f"{running.stack.origin}/_local/fire/Machine"
    form = {"Content-Type": "text/plain", **access(running)}
    assert httpx.post(hook, content="{}", headers=form, trust_env=False).status_code == 404
    nothing = f"{running.stack.origin}/_local/nothing"
    assert httpx.get(nothing, headers=access(running), trust_env=False).status_code == 404
