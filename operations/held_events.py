"""Events that start imports: held in a queue while everything is stopped, and sent to start_import afterwards.

EventBridge keeps no event for a rule that is disabled, so the rules go on and point to a queue instead.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from operations.stack import DeployedStack

# Nobody else would send its events again.
KEEPER = "StartImportFunction"
_HELD = "Held"
_DELETED_SECONDS = 10
_COUNTS = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]

Rule = dict[str, str]


@dataclass(frozen=True)
class HeldEvents:
    """The rules that start imports, and the queue.

    `settle_seconds` is how long a rule's change takes to be known; `hidden_seconds`, how long what a call received is
    seen by no other, though it died.
    """

    stack: DeployedStack
    settle_seconds: float = 60
    hidden_seconds: int = 30
    sleep: Callable[[float], None] = time.sleep

    @property
    def queue_name(self) -> str:
        """The queue's name; it is there while something is held."""
        return f"{self.stack.name}-held-events"

    def rules(self) -> list[Rule]:
        """All rules of the stack. CloudFormation calls one of another bus than the default one `bus|rule`."""
        names = (physical.rpartition("|") for physical in self.stack.of_type("AWS::Events::Rule").values())
        return [{"Name": name, "EventBusName": bus or "default"} for bus, _, name in names]

    def is_kept(self, rule: Rule) -> bool:
        """Tell whether what a rule sends must not be lost."""
        function = self.stack.physical(KEEPER)
        return any(target["Arn"].endswith(f":function:{function}") for target in self.targets(rule))

    def targets(self, rule: Rule) -> list[dict[str, Any]]:
        """What a rule sends to."""
        targets: list[dict[str, Any]] = self._events.list_targets_by_rule(**_named(rule))["Targets"]
        return targets

    def hold(self, rules: list[dict[str, Any]]) -> None:
        """Point rules to the queue: `{rule, targets}` each, which are the ones to come back to."""
        arn = self._make_queue()
        for each in rules:
            rule = _named(each["rule"])
            # First the new one: an event that goes to both is one import.
            held = [{**target, "Id": f"{_HELD}{place}", "Arn": arn} for place, target in enumerate(each["targets"])]
            self._events.put_targets(**rule, Targets=held)
            self._events.remove_targets(**rule, Ids=[target["Id"] for target in each["targets"]])

    def release(self, rules: list[dict[str, Any]]) -> int:
        """Point rules back, and send what was held to where it was to go; returns how many events that were."""
        for each in rules:
            rule = _named(each["rule"])
            self._events.put_targets(**rule, Targets=each["targets"])
            self._events.remove_targets(**rule, Ids=[f"{_HELD}{place}" for place in range(len(each["targets"]))])
        released = 0
        with suppress(self._sqs.exceptions.QueueDoesNotExist):
            url = self._sqs.get_queue_url(QueueName=self.queue_name)["QueueUrl"]
            self.sleep(self.settle_seconds)
            while (sent := self._send_on(url)) or self._count(url):
                released += sent
            self._sqs.delete_queue(QueueUrl=url)
        return released

    def _send_on(self, url: str) -> int:
        """Send some on. A crash in between has an event sent twice, which is one import."""
        answer = self._sqs.receive_message(
            QueueUrl=url,
            MaxNumberOfMessages=10,
            VisibilityTimeout=self.hidden_seconds,
            WaitTimeSeconds=min(1, self.hidden_seconds),
        )
        messages: list[Any] = answer.get("Messages", [])
        for message in messages:
            self.stack.client("lambda").invoke(
                FunctionName=self.stack.physical(KEEPER), InvocationType="Event", Payload=message["Body"].encode()
            )
            self._sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
        return len(messages)

    def _count(self, url: str) -> int:
        """How many there are, those too that a call which broke off had received."""
        counts = self._sqs.get_queue_attributes(QueueUrl=url, AttributeNames=_COUNTS)["Attributes"]
        return sum(int(counts[name]) for name in _COUNTS)

    def _make_queue(self) -> str:
        url = self._find_or_create()
        arn = str(self._sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"])
        _, partition, _, region, account, _ = arn.split(":")
        statement = {
            "Effect": "Allow",
            "Principal": {"Service": "events.amazonaws.com"},
            "Action": "sqs:SendMessage",
            "Resource": arn,
            "Condition": {"ArnLike": {"aws:SourceArn": f"arn:{partition}:events:{region}:{account}:rule/*"}},
        }
        policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
        # At each call: one that broke off may have left a queue that EventBridge may not send to.
        self._sqs.set_queue_attributes(QueueUrl=url, Attributes={"Policy": policy})
        return arn

    def _find_or_create(self) -> str:
        while True:
            with suppress(self._sqs.exceptions.QueueDoesNotExist):
                return str(self._sqs.get_queue_url(QueueName=self.queue_name)["QueueUrl"])
            # SQS makes no queue of a name that was deleted in the last minute, as at the end of a resume.
            with suppress(self._sqs.exceptions.QueueDeletedRecently):
                retention = {"MessageRetentionPeriod": "1209600"}
                return str(self._sqs.create_queue(QueueName=self.queue_name, Attributes=retention)["QueueUrl"])
            self.sleep(_DELETED_SECONDS)

    @property
    def _events(self) -> Any:
        return self.stack.client("events")

    @property
    def _sqs(self) -> Any:
        return self.stack.client("sqs")


def _named(rule: Rule) -> dict[str, str]:
    return {"Rule": rule["Name"], "EventBusName": rule["EventBusName"]}
