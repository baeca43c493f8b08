"""What happens without a request goes on where it was when a stack starts again on its data."""

from __future__ import annotations

from pathlib import Path

from tests.e2e.background_stack import (
    MACHINE_ARN,
    QUEUE_URL,
    BackgroundStack,
    ended,
    put_rows,
    streamed,
    without_repeats,
)
from tests.support.stack import eventually, require_whole_stack

COPIES = QUEUE_URL.format("Copies")


def test_stream_goes_on_where_it_was_when_the_stack_starts_again(tmp_path: Path) -> None:
    require_whole_stack()
    first = BackgroundStack(tmp_path, durable=True)
    try:
        put_rows(first, "done")
        eventually(lambda: without_repeats(streamed(first)) == [["done"]])
        first.failing("later")
        put_rows(first, "fail-later")
        eventually(lambda: len(streamed(first)) > 1)
    finally:
        first.stack.stop()
    first.failing("later", fails=False)
    calls = len(streamed(first))
    second = BackgroundStack(tmp_path, durable=True)
    try:
        eventually(lambda: len(streamed(second)) > calls)
        put_rows(second, "new")
        eventually(lambda: streamed(second)[-1] == ["new"])
        assert without_repeats(streamed(second)[calls:]) == [["fail-later"], ["new"]]
    finally:
        second.stack.stop()


def test_messages_and_executions_outlive_the_stack_until_they_are_done_with(tmp_path: Path) -> None:
    require_whole_stack()
    first = BackgroundStack(tmp_path, durable=True)
    try:
        queues = first.client("sqs")
        attributes = {"raw": {"DataType": "Binary", "BinaryValue": b"\x00\xff"}}
        for text in ("1", "2", "3"):
            queues.send_message(QueueUrl=COPIES, MessageBody=text, MessageAttributes=attributes)
        (taken,) = queues.receive_message(QueueUrl=COPIES)["Messages"]
        queues.delete_message(QueueUrl=COPIES, ReceiptHandle=taken["ReceiptHandle"])
        states = first.client("stepfunctions")
        short = states.start_execution(stateMachineArn=MACHINE_ARN, name="short", input='{"until": 1}')["executionArn"]
        ended(first, short)
        states.start_execution(stateMachineArn=MACHINE_ARN, name="cut-off", input='{"until": 100000}')
        eventually(lambda: len(first.events_of("EventFunction")) > 5)
    finally:
        first.stack.stop()
    second = BackgroundStack(tmp_path, durable=True)
    try:
        received = second.client("sqs").receive_message(
            QueueUrl=COPIES, MaxNumberOfMessages=10, MessageAttributeNames=["All"]
        )["Messages"]
        assert taken["Body"] == "1"
        assert [message["Body"] for message in received] == ["2", "3"]
        assert received[0]["MessageAttributes"]["raw"]["BinaryValue"] == b"\x00\xff"
        (execution,) = second.client("stepfunctions").list_executions(stateMachineArn=MACHINE_ARN)["executions"]
        assert (execution["name"], execution["status"]) == ("cut-off", "RUNNING")
        eventually(lambda: second.events_of("EventFunction").count({"until": 100_000}) == 2)
        assert second.events_of("EventFunction").count({"until": 1}) == 1
    finally:
        second.stack.stop()
