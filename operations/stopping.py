"""Stops everything that writes, and lets it go on; what comes in between is kept and done afterwards.

    gateway      lets no request through (429)          as before
    queue        keeps its messages, nobody receives    received again: none was counted as a failure
    stream       keeps its records for a day            read on; the sweep relays what is older
    schedules    do not fire: they come again anyway    fire
    imports      events go to a queue that holds them   their events are sent to start_import
                 executions are ended                   start_import lets another one follow
    exports      executions are ended                   fail by themselves: their tenants ask again

What would break it, and what stands against it:

- A crash, at any call: how things were is noted in the bucket before anything is changed, on condition that nothing is
  noted yet. Each call does the rest of what an earlier one began, and the note goes last.
- A function that began before: it is waited for, as long as the slowest may take. An API request may leave an Express
  execution behind, which takes 29 + 290 + 120 s at most.
- A change of a rule that is not everywhere yet: executions that begin while we wait are ended, and waited for anew.
  Back again, the queue that holds events is deleted a minute after the last rule points to it.
- Half a resume: from its first step on, nothing counts as stopped.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError

from operations.held_events import HeldEvents
from operations.stack import DeployedStack, RefusedError

RECORD = "control/stopped.json"
# Their executions live for longer than any function.
_LONG_MACHINES = ("ImportStateMachine", "ExportStateMachine")
_SETTLED = {True: "Enabled", False: "Disabled"}


@dataclass(frozen=True)
class Writers:
    """Everything that writes; `say` takes a line that tells how far it is."""

    stack: DeployedStack
    held: HeldEvents
    say: Callable[[str], None]
    poll_seconds: float = 2
    sleep: Callable[[float], None] = time.sleep
    clock: Callable[[], float] = time.time

    def stop(self, quiet_seconds: float | None = None) -> None:
        """Let nothing begin any more, and wait until nothing that had begun can still write."""
        record = self._find_record() or self._begin_record()
        self.say("the gateway lets no request through")
        self._throttle({"rateLimit": 0, "burstLimit": 0})
        for mapping in record["mappings"]:
            self._switch(mapping, enabled=False)
        for rule in record["schedules"]:
            self.stack.client("events").disable_rule(**rule)
        self.say("queue, stream and schedules rest")
        self.held.hold(record["held"])
        self.say(f"events that start imports go to {self.held.queue_name}")
        if "quietSince" not in record:
            record["quietSince"] = self.clock()
        record["quietSeconds"] = self._longest_seconds() if quiet_seconds is None else quiet_seconds
        self._store_record(record)
        self._await_quiet(record)
        self.say("nothing writes any more")

    def require_stopped(self) -> None:
        """Raise RefusedError unless nothing can be writing."""
        record = self._find_record()
        if record is None or "quietSince" not in record:
            raise RefusedError("say `stop` first: something may be writing")
        if self.clock() < record["quietSince"] + record["quietSeconds"] or list(self._running()):
            raise RefusedError("wait for the end of `stop`: what had begun may still write")

    def resume(self, go_on: Callable[[], None]) -> None:
        """Put everything back as it was. `go_on` is called before the first request is let through."""
        record = self._find_record()
        if record is None:
            self.say("nothing is stopped")
            return
        record.pop("quietSince", None)
        self._store_record(record)
        for mapping in record["mappings"]:
            self._switch(mapping, enabled=True)
        for rule in record["schedules"]:
            self.stack.client("events").enable_rule(**rule)
        self.say("queue, stream and schedules work")
        self.say(f"{self.held.release(record['held'])} events that start imports came meanwhile, and are sent on")
        go_on()
        self._throttle(record["stage"])
        self.say("the gateway lets requests through")
        self._forget_record()

    # ------------------------------------------------------------------------------------------------ what is noted

    def _begin_record(self) -> dict[str, Any]:
        """Note how things are; of two that begin at once the first one's note stands."""
        kept = [rule for rule in self.held.rules() if self.held.is_kept(rule)]
        record = {
            "stoppedAt": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(self.clock())),
            "stage": self._throttles(),
            "mappings": [uuid for uuid in self._mappings() if self._state(uuid) in {"Enabled", "Enabling"}],
            "schedules": [rule for rule in self.held.rules() if rule not in kept and self._fires(rule)],
            "held": [{"rule": rule, "targets": self.held.targets(rule)} for rule in kept],
        }
        try:
            self._store_record(record, IfNoneMatch="*")
        except ClientError as error:
            if _code(error) not in {"PreconditionFailed", "ConditionalRequestConflict"}:
                raise
            return self._find_record() or self._begin_record()
        return record

    def _find_record(self) -> dict[str, Any] | None:
        try:
            answer = self.stack.client("s3").get_object(Bucket=self._bucket, Key=RECORD)
        except ClientError as error:
            if _code(error) == "NoSuchKey":
                return None
            raise
        record: dict[str, Any] = json.loads(answer["Body"].read())
        return record

    def _store_record(self, record: dict[str, Any], **condition: str) -> None:
        body = json.dumps(record).encode()
        self.stack.client("s3").put_object(Bucket=self._bucket, Key=RECORD, Body=body, **condition)

    def _forget_record(self) -> None:
        self.stack.client("s3").delete_object(Bucket=self._bucket, Key=RECORD)

    # ------------------------------------------------------------------------------------------------- the gateway

    @property
    def _stage(self) -> dict[str, str]:
        (api,) = self.stack.of_type("AWS::ApiGateway::RestApi").values()
        (stage,) = self.stack.of_type("AWS::ApiGateway::Stage").values()
        return {"restApiId": api, "stageName": stage}

    def _throttles(self) -> dict[str, float]:
        settings = self.stack.client("apigateway").get_stage(**self._stage)["methodSettings"]["*/*"]
        return {"rateLimit": settings["throttlingRateLimit"], "burstLimit": settings["throttlingBurstLimit"]}

    def _throttle(self, limits: dict[str, float]) -> None:
        changes = [
            {"op": "replace", "path": f"/*/*/throttling/{name}", "value": str(value)} for name, value in limits.items()
        ]
        self.stack.client("apigateway").update_stage(**self._stage, patchOperations=changes)

    # -------------------------------------------------------------------------------------------- queue and stream

    def _mappings(self) -> list[str]:
        return list(self.stack.of_type("AWS::Lambda::EventSourceMapping").values())

    def _state(self, uuid: str) -> str:
        return str(self.stack.client("lambda").get_event_source_mapping(UUID=uuid)["State"])

    def _switch(self, uuid: str, *, enabled: bool) -> None:
        """Have a mapping work or rest, and wait until it does; one that is just changing can't be changed."""
        while (state := self._state(uuid)) != _SETTLED[enabled]:
            if state in _SETTLED.values():
                self.stack.client("lambda").update_event_source_mapping(UUID=uuid, Enabled=enabled)
            else:
                self.sleep(self.poll_seconds)

    def _fires(self, rule: dict[str, str]) -> bool:
        return bool(self.stack.client("events").describe_rule(**rule)["State"] == "ENABLED")

    # ------------------------------------------------------------------------------------------------ what has begun

    def _running(self) -> Iterator[str]:
        pages = self.stack.client("stepfunctions").get_paginator("list_executions")
        for machine in map(self.stack.physical, _LONG_MACHINES):
            for page in pages.paginate(stateMachineArn=machine, statusFilter="RUNNING"):
                yield from (execution["executionArn"] for execution in page["executions"])

    def _longest_seconds(self) -> int:
        get = self.stack.client("lambda").get_function_configuration
        functions = self.stack.of_type("AWS::Lambda::Function").values()
        return max(int(get(FunctionName=name)["Timeout"]) for name in functions)

    def _await_quiet(self, record: dict[str, Any]) -> None:
        told = None
        while True:
            running = list(self._running())
            for execution in running:
                cause = "Everything is stopped by an operator; imports go on afterwards, exports fail."
                self.stack.client("stepfunctions").stop_execution(executionArn=execution, error="Stopped", cause=cause)
            if running:
                self.say(f"{len(running)} executions were ended: imports go on afterwards, exports fail")
                record["quietSince"] = self.clock()
                self._store_record(record)
            left = record["quietSince"] + record["quietSeconds"] - self.clock()
            if left <= 0 and not running:
                return
            if told is None or told - left >= 60:
                told = left
                self.say(f"what had begun may write for {max(0, left):.0f} s more")
            self.sleep(max(0.1, min(left, self.poll_seconds)))

    @property
    def _bucket(self) -> str:
        return self.stack.physical("ContentBucket")


def _code(error: ClientError) -> str:
    return str(error.response["Error"]["Code"])
