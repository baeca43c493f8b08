"""Lists dead letters, sends them again, drops them: see docs/operations/runbook.md.

    python -m operations.dead_letters --stack STACK list webhooks|imports|background
    python -m operations.dead_letters --stack STACK resend webhooks|imports [--message ID]
    python -m operations.dead_letters --stack STACK drop webhooks|imports|background [--message ID]

Answers are lines of JSON. Each letter is deleted when it was sent, so a command that was cut off is said again.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Iterator
from typing import Any

from operations.stack import DeployedStack, RefusedError, find_stack, tell_lines

_QUEUES = {
    "webhooks": "WebhookDeadLettersQueue",
    "imports": "ImportDeadLettersQueue",
    "background": "BackgroundDeadLettersQueue",
}
# While a command looks at letters nobody else sees them.
_HIDDEN_SECONDS = 60

Message = dict[str, Any]


def letters(stack: DeployedStack, kind: str) -> Iterator[Message]:
    """Receive every letter once; who does not delete one puts it back."""
    seen, url = set[str](), stack.physical(_QUEUES[kind])
    while (
        messages := stack.client("sqs")
        .receive_message(
            QueueUrl=url,
            MaxNumberOfMessages=10,
            VisibilityTimeout=_HIDDEN_SECONDS,
            WaitTimeSeconds=1,
            AttributeNames=["All"],
            MessageAttributeNames=["All"],
        )
        .get("Messages", [])
    ):
        for message in messages:
            if message["MessageId"] in seen:
                return
            seen.add(message["MessageId"])
            yield message


def told(message: Message) -> dict[str, Any]:
    """A letter as it is shown: what it asks for, and why it lies there as far as it says so."""
    body = _read(message["Body"])
    attributes = {name: value.get("StringValue") for name, value in message.get("MessageAttributes", {}).items()}
    sent = int(message["Attributes"]["SentTimestamp"]) / 1000
    return {
        "messageId": message["MessageId"],
        "sentAt": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(sent)),
        "reason": body.get("reason") or attributes.get("ERROR_MESSAGE") or _failure(body),
        "body": body.get("event") or body.get("requestPayload") or body,
    }


def send_again(stack: DeployedStack, kind: str, message: Message) -> None:
    """Send a letter to where it could not be brought."""
    body = message["Body"]
    if kind == "webhooks":
        stack.client("sqs").send_message(QueueUrl=stack.physical("WebhookDeliveriesQueue"), MessageBody=body)
    elif kind == "imports":
        # Its event is its own: it was refused with a reason, failed at every try, or not brought at all.
        event = told(message)["body"]
        stack.client("lambda").invoke(
            FunctionName=stack.physical("StartImportFunction"),
            InvocationType="Event",
            Payload=json.dumps(event).encode(),
        )
    else:
        raise RefusedError("these come again by themselves, with the next firing: drop them")


def run(stack: DeployedStack, chosen: argparse.Namespace) -> Iterator[dict[str, Any]]:
    """Carry a command out; yields the letters that it was about."""
    sqs, url = stack.client("sqs"), stack.physical(_QUEUES[chosen.kind])
    left = []
    try:
        for message in letters(stack, chosen.kind):
            left.append(message)
            if chosen.command == "list" or chosen.message not in {None, message["MessageId"]}:
                if chosen.command == "list":
                    yield told(message)
                continue
            if chosen.command == "resend":
                send_again(stack, chosen.kind, message)
            sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
            left.pop()
            yield told(message)
    finally:
        for message in left:
            sqs.change_message_visibility(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"], VisibilityTimeout=0)


def _read(text: str) -> dict[str, Any]:
    try:
        body = json.loads(text)
    except ValueError:
        return {"text": text}
    return body if isinstance(body, dict) else {"text": text}


def _failure(body: dict[str, Any]) -> str | None:
    failure = body.get("responsePayload") or {}
    return failure.get("errorMessage") if isinstance(failure, dict) else None


def parse(arguments: list[str] | None = None) -> argparse.Namespace:
    """Read a command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--stack", required=True, help="the CloudFormation stack")
    commands = parser.add_subparsers(dest="command", required=True)
    for command, text in (
        ("list", "show what lies there"),
        ("resend", "send it to where it could not be brought"),
        ("drop", "delete it"),
    ):
        command_parser = commands.add_parser(command, help=text)
        command_parser.add_argument("kind", choices=_QUEUES)
        if command != "list":
            command_parser.add_argument("--message", help="the one with this id, instead of all")
    return parser.parse_args(arguments)


def main() -> int:
    """Do what the command line asks."""
    chosen = parse()
    return tell_lines(lambda: run(find_stack(chosen.stack), chosen))


if __name__ == "__main__":
    sys.exit(main())
