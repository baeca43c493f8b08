"""Asynchronous invocations: accepted at once, tried up to three times, then sent where failures go.

AWS waits one minute and then two before it tries again; here it is seconds, so that a developer sees what happens.
https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-error-handling.html
"""

from __future__ import annotations

import json
import threading
import uuid
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from local.events.calls import DeadLetters, LineSink, reason_of, timestamp
from local.failures import TemplateError
from local.template import Template
from local.template.resolve import Resolver
from local.workers.functions import Function, Outcome

MAX_EVENT_BYTES = 1024 * 1024
_WAITS_SECONDS = (1.0, 2.0)


@dataclass(frozen=True)
class FailurePolicy:
    """How often a function is tried again, and which queues learn that it failed (ARNs)."""

    retries: int = 2
    on_failure_arn: str | None = None
    dead_letter_arn: str | None = None


def failure_policies(template: Template, resolver: Resolver) -> dict[str, FailurePolicy]:
    """Return the policy of each function by its name."""
    dead_letters = {
        logical_id: resolver.resolve(properties.get("DeadLetterConfig", {})).get("TargetArn")
        for logical_id, properties in template.of_type("AWS::Lambda::Function")
    }
    policies = {
        resolver.name(logical_id): FailurePolicy(dead_letter_arn=arn) for logical_id, arn in dead_letters.items()
    }
    for logical_id, properties in template.of_type("AWS::Lambda::EventInvokeConfig"):
        resolved = resolver.resolve(properties)
        destinations = resolved.get("DestinationConfig", {})
        if destinations.get("OnSuccess", {}).get("Destination"):
            raise TemplateError(f"{logical_id}: the local stack knows OnFailure only, not OnSuccess")
        name = resolved["FunctionName"]
        policies[name] = FailurePolicy(
            retries=resolved.get("MaximumRetryAttempts", 2),
            on_failure_arn=destinations.get("OnFailure", {}).get("Destination"),
            dead_letter_arn=policies[name].dead_letter_arn,
        )
    return policies


@dataclass(frozen=True)
class _Invocation:
    name: str
    event: bytes
    request_id: str
    attempt: int = 1


class AsynchronousInvoker:
    """Runs accepted invocations on threads, no more of one function at once than it has workers."""

    def __init__(
        self,
        pools: Mapping[str, Function],
        policies: Mapping[str, FailurePolicy],
        dead_letters: DeadLetters,
        sink: LineSink,
        *,
        waits_seconds: tuple[float, ...] = _WAITS_SECONDS,
    ) -> None:
        self._pools = pools
        self._policies = policies
        self._dead_letters = dead_letters
        self._sink = sink
        self._waits = waits_seconds
        self._threads: dict[str, ThreadPoolExecutor] = {}
        self._creating = threading.Lock()
        self._stopping = threading.Event()

    def invoke(self, name: str, event: bytes, request_id: str | None = None) -> None:
        """Accept an invocation; KeyError when there is no such function."""
        pool = self._pools[name]
        with self._creating:
            if name not in self._threads:
                self._threads[name] = ThreadPoolExecutor(pool.size, thread_name_prefix=f"async-{name}")
        self._submit(_Invocation(name, event, request_id or str(uuid.uuid4())))

    def stop(self) -> None:
        """Begin no further invocation."""
        self._stopping.set()
        for threads in self._threads.values():
            threads.shutdown(wait=False, cancel_futures=True)

    def _submit(self, invocation: _Invocation) -> None:
        with self._creating:
            if not self._stopping.is_set():
                self._threads[invocation.name].submit(self._run, invocation)

    def _run(self, invocation: _Invocation) -> None:
        pool = self._pools[invocation.name]
        outcome = pool.invoke(invocation.event, invocation.request_id)
        if not outcome.failed or self._stopping.is_set():
            return
        policy = self._policies.get(invocation.name, FailurePolicy())
        said = f"asynchronous invocation failed (attempt {invocation.attempt} of {policy.retries + 1})"
        self._sink(pool.spec.logical_id, f"{said}: {reason_of(outcome)}")
        if invocation.attempt > policy.retries:
            self._give_up(pool, policy, invocation, outcome)
            return
        again = _Invocation(invocation.name, invocation.event, invocation.request_id, invocation.attempt + 1)
        wait = self._waits[min(invocation.attempt, len(self._waits)) - 1]
        timer = threading.Timer(wait, self._submit, [again])
        timer.daemon = True
        timer.start()

    def _give_up(self, pool: Function, policy: FailurePolicy, invocation: _Invocation, outcome: Outcome) -> None:
        source = pool.spec.logical_id
        event = json.loads(invocation.event)
        if policy.on_failure_arn:
            self._dead_letters.send(source, policy.on_failure_arn, _record(pool, invocation, outcome, event))
        if policy.dead_letter_arn or not policy.on_failure_arn:
            attributes = {
                "RequestID": invocation.request_id,
                "ErrorCode": "200",
                "ErrorMessage": reason_of(outcome)[:1000],
            }
            self._dead_letters.send(source, policy.dead_letter_arn, event, attributes)


def _record(pool: Function, invocation: _Invocation, outcome: Outcome, event: Any) -> dict[str, Any]:
    """Build what an OnFailure destination gets."""
    return {
        "version": "1.0",
        "timestamp": timestamp(),
        "requestContext": {
            "requestId": invocation.request_id,
            "functionArn": f"{pool.spec.arn}:$LATEST",
            "condition": "RetriesExhausted",
            "approximateInvokeCount": invocation.attempt,
        },
        "requestPayload": event,
        "responseContext": {"statusCode": 200, "executedVersion": "$LATEST", "functionError": "Unhandled"},
        "responsePayload": json.loads(outcome.payload),
    }
