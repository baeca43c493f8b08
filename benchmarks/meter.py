"""Counts what a piece of work asks of AWS: calls, capacity units, and bytes, by hooking botocore.

`CallPath` tells which calls waited for one another. Counts repeat exactly, which times on a shared machine do not.
Units are what DynamoDB itself reports.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from io import BytesIO
from threading import Lock
from time import sleep
from typing import Any

_WITH_CAPACITY = frozenset(
    {"GetItem", "PutItem", "UpdateItem", "DeleteItem", "Query", "BatchGetItem", "BatchWriteItem", "TransactWriteItems"}
)
_READS = frozenset({"GetItem", "Query", "BatchGetItem"})


@dataclass
class Meter:
    """What was asked of AWS since the last reset; bytes are those of request and response bodies.

    Clients call side by side, so counting takes a lock: a lost count would make figures differ from run to run.
    """

    calls: Counter[str] = field(default_factory=Counter)
    read_units: float = 0.0
    write_units: float = 0.0
    rows_written: int = 0
    bytes_sent: int = 0
    bytes_received: int = 0
    keys_put: set[str] = field(default_factory=set)
    keys_got: set[str] = field(default_factory=set)
    _lock: Lock = field(default_factory=Lock, repr=False)

    def watch(self, *clients: Any) -> None:
        """Count the calls of these clients from now on."""
        for client in clients:
            events = client.meta.events
            events.register("provide-client-params.*.*", self._ask_for_capacity)
            events.register("before-call.*.*", self._sent)
            events.register("after-call.*.*", self._answered)

    @contextmanager
    def measuring(self) -> Iterator[Meter]:
        """Count one piece of work on its own."""
        self.__init__()  # type: ignore[misc]
        yield self

    @property
    def transactions(self) -> int:
        """How many transactions were written."""
        return self.calls["TransactWriteItems"]

    @property
    def database_calls(self) -> int:
        """How many calls went to DynamoDB."""
        return sum(number for name, number in self.calls.items() if name in _WITH_CAPACITY)

    @property
    def objects_put(self) -> int:
        """How many objects were put into the bucket, or tried to be where they were already."""
        return self.calls["PutObject"]

    @property
    def objects_got(self) -> int:
        """How many objects were read from the bucket, whole or in part."""
        return self.calls["GetObject"]

    def _ask_for_capacity(self, params: dict[str, Any], model: Any, **_: Any) -> dict[str, Any] | None:
        with self._lock:
            if model.name == "PutObject":
                self.keys_put.add(params["Key"])
            elif model.name == "GetObject":
                self.keys_got.add(params["Key"])
        if model.name not in _WITH_CAPACITY:
            return None
        with self._lock:
            if model.name == "TransactWriteItems":
                self.rows_written += len(params["TransactItems"])
            elif model.name == "BatchWriteItem":
                self.rows_written += sum(len(requests) for requests in params["RequestItems"].values())
            elif model.name not in _READS:
                self.rows_written += 1
        return {**params, "ReturnConsumedCapacity": "TOTAL"}

    def _sent(self, model: Any, params: dict[str, Any], **_: Any) -> None:
        body = params.get("body") or b""
        with self._lock:
            self.calls[model.name] += 1
            self.bytes_sent += body.getbuffer().nbytes if isinstance(body, BytesIO) else len(body)

    def _answered(self, model: Any, http_response: Any, parsed: dict[str, Any], **_: Any) -> None:
        consumed = parsed.get("ConsumedCapacity") or []
        units = sum(each.get("CapacityUnits", 0.0) for each in (consumed if isinstance(consumed, list) else [consumed]))
        with self._lock:
            self.bytes_received += int(http_response.headers.get("content-length") or 0)
            if model.name in _READS:
                self.read_units += units
            else:
                self.write_units += units


@dataclass
class CallPath:
    """Which calls were under way together: those that overlap count once on the path.

    Every call is held back for `held_seconds`, so that calls which do not wait for one another do overlap, however
    the threads are scheduled.
    """

    held_seconds: float = 0.05
    calls: list[str] = field(default_factory=list)
    _marks: list[tuple[str, int]] = field(default_factory=list)
    _lock: Lock = field(default_factory=Lock, repr=False)

    def watch(self, *clients: Any) -> None:
        """Follow the calls of these clients from now on."""
        for client in clients:
            events = client.meta.events
            events.register("before-call.*.*", self._begin)
            events.register("after-call.*.*", self._end)
            events.register("after-call-error.*.*", self._end)

    def reset(self) -> None:
        """Forget what was seen."""
        self.calls.clear()
        self._marks.clear()

    @property
    def steps(self) -> list[list[str]]:
        """The calls in order; those that began before any of their step had ended are one step."""
        steps: list[list[str]] = []
        ended = True
        for what, number in self._marks:
            if what == "end":
                ended = True
                continue
            if ended:
                steps.append([])
            steps[-1].append(self.calls[number])
            ended = False
        return steps

    def _begin(self, model: Any, **_: Any) -> None:
        with self._lock:
            self._marks.append(("begin", len(self.calls)))
            self.calls.append(model.name)
        sleep(self.held_seconds)

    def _end(self, **_: Any) -> None:
        with self._lock:
            self._marks.append(("end", 0))
