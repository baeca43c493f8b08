"""Delivers events to the targets of rules and schedules: functions, state machines, queues."""

from __future__ import annotations

import json
import threading
import uuid
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from local.events.asynchronous import AsynchronousInvoker
from local.events.calls import DeadLetters, LineSink
from local.events.inputs import UnusableInputError, check_input, target_input
from local.failures import TemplateError

_ATTEMPTS = 3
_WAIT_SECONDS = 0.5
_THREADS = 4
_KNOWN = {
    "Arn",
    "DeadLetterConfig",
    "Id",
    "Input",
    "InputPath",
    "InputTransformer",
    "RetryPolicy",
    "RoleArn",
    "SqsParameters",
}
_SERVICES = ("lambda", "states", "sqs")


@dataclass(frozen=True)
class Delivery:
    """One event on its way to one target; `origin` is the ARN of the rule or schedule that sends it there."""

    origin: str
    target: Mapping[str, Any]
    event: Mapping[str, Any]

    @property
    def name(self) -> str:
        """Return the name of the rule or schedule."""
        return self.origin.rpartition("/")[2]


@dataclass(frozen=True)
class _Refusal:
    code: str
    reason: str


def check_target(where: str, target: Mapping[str, Any]) -> None:
    """Raise a TemplateError for a target that the local stack can't deliver to as its settings ask."""
    if unknown := set(target) - _KNOWN:
        raise TemplateError(f"{where}: the local stack does not know {', '.join(sorted(unknown))} of a target")
    if service_of(target["Arn"]) not in _SERVICES:
        raise TemplateError(f"{where}: the local stack delivers no events to {target['Arn']}")
    try:
        check_input(target)
    except UnusableInputError as error:
        raise TemplateError(f"{where}: {error}") from error


def service_of(arn: str) -> str:
    """Return the service that an ARN belongs to."""
    return arn.split(":")[2]


class Targets:
    """Takes deliveries and makes them on threads of its own, a few times if need be."""

    def __init__(
        self, invoker: AsynchronousInvoker, machines: Any, queues: Any, dead_letters: DeadLetters, sink: LineSink
    ) -> None:
        """Take a Step Functions and an SQS client, among others."""
        self._invoker = invoker
        self._machines = machines
        self._queues = queues
        self._dead_letters = dead_letters
        self._sink = sink
        self._threads = ThreadPoolExecutor(_THREADS, thread_name_prefix="targets")
        self._stopping = threading.Event()

    def accept(self, delivery: Delivery) -> None:
        """Take a delivery over; what becomes of it is seen on the console and in dead-letter queues."""
        if not self._stopping.is_set():
            self._threads.submit(self._deliver, delivery)

    def stop(self) -> None:
        """Begin no further delivery."""
        self._stopping.set()
        self._threads.shutdown(wait=False, cancel_futures=True)

    def _deliver(self, delivery: Delivery) -> None:
        retries = int(delivery.target.get("RetryPolicy", {}).get("MaximumRetryAttempts", _ATTEMPTS))
        refusal: _Refusal | None = None
        for attempt in range(min(retries + 1, _ATTEMPTS)):
            if attempt and self._stopping.wait(_WAIT_SECONDS):
                return
            refusal = self._try(delivery)
            if refusal is None or self._stopping.is_set():
                return
            self._sink(delivery.name, f"an event was not delivered to {delivery.target['Arn']}: {refusal.reason}")
        assert refusal
        attributes = {
            "RULE_ARN": delivery.origin,
            "TARGET_ARN": delivery.target["Arn"],
            "ERROR_CODE": refusal.code,
            "ERROR_MESSAGE": refusal.reason[:1000],
        }
        arn = delivery.target.get("DeadLetterConfig", {}).get("Arn")
        self._dead_letters.send(delivery.name, arn, delivery.event, attributes)

    def _try(self, delivery: Delivery) -> _Refusal | None:
        try:
            self._send(delivery)
        except ClientError as error:
            return _Refusal(error.response["Error"]["Code"], str(error))
        except KeyError as error:
            return _Refusal("RESOURCE_NOT_FOUND", f"there is no function {error}")
        except BotoCoreError as error:
            return _Refusal("SDK_CLIENT_ERROR", str(error))
        except UnusableInputError as error:
            return _Refusal("INVALID_INPUT", str(error))
        return None

    def _send(self, delivery: Delivery) -> None:
        arn = delivery.target["Arn"]
        text = target_input(delivery.target, delivery.event, delivery.origin)
        service, name = service_of(arn), arn.rpartition(":")[2]
        if service == "lambda":
            # From here on the function's own policy for asynchronous invocations holds.
            self._invoker.invoke(name, text.encode())
        elif service == "states":
            execution = f"{delivery.event['id']}_{uuid.uuid4()}"[:80]
            self._machines.start_execution(stateMachineArn=arn, name=execution, input=text)
        else:
            self._send_message(name, text, delivery.target.get("SqsParameters", {}).get("MessageGroupId"))

    def _send_message(self, queue: str, text: str, group: str | None) -> None:
        url = self._queues.get_queue_url(QueueName=queue)["QueueUrl"]
        grouped = {"MessageGroupId": group, "MessageDeduplicationId": str(uuid.uuid4())} if group else {}
        # A constant string is sent bare, as on AWS.
        value = json.loads(text)
        self._queues.send_message(QueueUrl=url, MessageBody=value if isinstance(value, str) else text, **grouped)
