"""Counts what a piece of work asks of AWS: calls, capacity units, and bytes, by hooking botocore.

`CallPath` tells which calls waited for one another. Counts repeat exactly, which times on a shared machine do not.
Units are what DynamoDB itself reports; of a refused write, which it bills and does not report, what it publishes.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from threading import Lock
from time import sleep
from typing import Any

_READS = frozenset({"GetItem", "Query", "Scan", "BatchGetItem", "TransactGetItems"})
_SINGLE_WRITES = frozenset({"PutItem", "UpdateItem", "DeleteItem"})
_WITH_CAPACITY = _READS | _SINGLE_WRITES | {"BatchWriteItem", "TransactWriteItems"}
_ON_REFUSAL = "ReturnValuesOnConditionCheckFailure"
# Where a call's parameters are kept from its beginning to its end, in what botocore carries along for a call.
_PARAMS = "meter_params"
_UNIT_BYTES = 1024


@dataclass
class Meter:
    """What was asked of AWS since the last reset; bytes are those of request and response bodies, retries included.

    Clients call side by side, so counting takes a lock: a lost count would make figures differ from run to run.
    """

    calls: Counter[str] = field(default_factory=Counter)
    read_units: float = 0.0
    write_units: float = 0.0
    # The same by table, indexes included.
    read_units_of: dict[str, float] = field(default_factory=lambda: defaultdict(float))
    write_units_of: dict[str, float] = field(default_factory=lambda: defaultdict(float))
    rows_written: int = 0
    refused: int = 0
    bytes_sent: int = 0
    bytes_received: int = 0
    # How often each object was asked for.
    keys_put: Counter[str] = field(default_factory=Counter)
    keys_got: Counter[str] = field(default_factory=Counter)
    _lock: Lock = field(default_factory=Lock, repr=False)

    def watch(self, *clients: Any) -> None:
        """Count the calls of these clients from now on."""
        for client in clients:
            events = client.meta.events
            events.register("provide-client-params.*.*", self._asked)
            events.register("before-call.*.*", self._called)
            events.register("before-send.*.*", self._sent)
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

    def _asked(self, params: dict[str, Any], model: Any, context: dict[str, Any], **_: Any) -> dict[str, Any] | None:
        # Making a link comes this way too, and goes no further.
        context[_PARAMS] = params
        if model.name not in _WITH_CAPACITY:
            return None
        asked = {**params, "ReturnConsumedCapacity": "TOTAL"}
        if model.name in _SINGLE_WRITES and "ConditionExpression" in params:
            # A refused write costs what the row that stands there would.
            asked[_ON_REFUSAL] = "ALL_OLD"
        return asked

    def _called(self, model: Any, context: dict[str, Any], **_: Any) -> None:
        with self._lock:
            self.calls[model.name] += 1
            if model.name == "PutObject":
                self.keys_put[context[_PARAMS]["Key"]] += 1
            elif model.name == "GetObject":
                self.keys_got[context[_PARAMS]["Key"]] += 1

    def _sent(self, request: Any, **_: Any) -> None:
        # What goes out in pieces says only here how long it is without the marks between them.
        length = request.headers.get("X-Amz-Decoded-Content-Length") or request.headers.get("Content-Length") or 0
        with self._lock:
            self.bytes_sent += int(length)

    def _answered(self, model: Any, http_response: Any, parsed: dict[str, Any], context: Any, **_: Any) -> None:
        params: dict[str, Any] = context[_PARAMS]
        refused = http_response.status_code >= 300
        consumed = _refusal(model.name, params, parsed) if refused else _consumed(parsed)
        with self._lock:
            self.bytes_received += _body_bytes(model, http_response)
            for table, units in consumed:
                if model.name in _READS:
                    self.read_units += units
                    self.read_units_of[table] += units
                else:
                    self.write_units += units
                    self.write_units_of[table] += units
            if refused:
                self.refused += 1
            else:
                self.rows_written += _rows_written(model.name, params, parsed)
        if refused and params.get(_ON_REFUSAL) != "ALL_OLD":
            # The caller gets the answer that it asked for.
            parsed.pop("Item", None)


def _consumed(parsed: Mapping[str, Any]) -> list[tuple[str, float]]:
    """The units that an answer reports, by table."""
    reported = parsed.get("ConsumedCapacity") or []
    each_table = reported if isinstance(reported, list) else [reported]
    return [(each["TableName"], each["CapacityUnits"]) for each in each_table]


def _refusal(name: str, params: Mapping[str, Any], parsed: Mapping[str, Any]) -> list[tuple[str, float]]:
    """The units of a refused write, by table, as DynamoDB publishes them.

    A single write takes those of the row that stands there, one at least. Of a transaction it is only known that it is
    billed: each action is taken for what it would have been, as far as its request tells.
    """
    match parsed.get("Error", {}).get("Code"):
        case "ConditionalCheckFailedException":
            return [(params["TableName"], _write_units(parsed.get("Item", {})))]
        case "TransactionCanceledException" if name == "TransactWriteItems":
            actions = [action for each in params["TransactItems"] for action in each.values()]
            return [(action["TableName"], 2 * _write_units(action.get("Item", {}))) for action in actions]
    return []


def _rows_written(name: str, params: Mapping[str, Any], parsed: Mapping[str, Any]) -> int:
    if name in _SINGLE_WRITES:
        return 1
    if name == "TransactWriteItems":
        return sum("ConditionCheck" not in action for action in params["TransactItems"])
    if name == "BatchWriteItem":
        asked, left = params["RequestItems"], parsed.get("UnprocessedItems", {})
        return sum(map(len, asked.values())) - sum(map(len, left.values()))
    return 0


def _body_bytes(model: Any, http_response: Any) -> int:
    """The length of an answer's body, without reading what the caller is to read."""
    if model.http.get("method") == "HEAD":
        return 0
    told = http_response.headers.get("content-length")
    if told is not None:
        return int(told)
    return 0 if model.has_streaming_output else len(http_response.content)


def _write_units(row: Mapping[str, Any]) -> int:
    return max(1, -(-sum(len(name.encode()) + _size(value) for name, value in row.items()) // _UNIT_BYTES))


def _size(attribute: Mapping[str, Any]) -> int:
    """The size of a value in bytes, by DynamoDB's published rules."""
    ((kind, value),) = attribute.items()
    match kind:
        case "S":
            return len(value.encode())
        case "N":
            return len(value.strip("-").replace(".", "")) // 2 + 2
        case "B":
            return len(value)
        case "M":
            return 3 + sum(1 + len(name.encode()) + _size(inner) for name, inner in value.items())
        case "L":
            return 3 + sum(1 + _size(inner) for inner in value)
        case "SS" | "NS" | "BS":
            return sum(map(len, value))
    return 1


@dataclass
class CallPath:
    """Which calls were under way together: those that overlap count once on the path.

    Every call is held back for `held_seconds`, so that calls which do not wait for one another do overlap, however
    the threads are scheduled.
    """

    held_seconds: float = 0.05
    calls: list[str] = field(default_factory=list)
    _paused: bool = False
    _marks: list[tuple[str, int]] = field(default_factory=list)
    _lock: Lock = field(default_factory=Lock, repr=False)

    def watch(self, *clients: Any) -> None:
        """Follow the calls of these clients from now on."""
        for client in clients:
            events = client.meta.events
            events.register("before-call.*.*", self._begin)
            events.register("after-call.*.*", self._end)
            events.register("after-call-error.*.*", self._end)

    def pause(self) -> None:
        """See nothing and hold nothing back until the next reset."""
        self._paused = True

    def reset(self) -> None:
        """Forget what was seen."""
        self._paused = False
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
        if self._paused:
            return
        with self._lock:
            self._marks.append(("begin", len(self.calls)))
            self.calls.append(model.name)
        sleep(self.held_seconds)

    def _end(self, **_: Any) -> None:
        with self._lock:
            self._marks.append(("end", 0))
