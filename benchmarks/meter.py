"""Counts what a piece of work asks of AWS: calls, capacity units, and bytes, by hooking botocore.

Counts repeat exactly, which times on a shared machine do not. Units are what DynamoDB itself reports.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from io import BytesIO
from typing import Any

_WITH_CAPACITY = frozenset(
    {"GetItem", "PutItem", "UpdateItem", "DeleteItem", "Query", "BatchGetItem", "BatchWriteItem", "TransactWriteItems"}
)
_READS = frozenset({"GetItem", "Query", "BatchGetItem"})


@dataclass
class Meter:
    """What was asked of AWS since the last reset; bytes are those of request and response bodies."""

    calls: Counter[str] = field(default_factory=Counter)
    read_units: float = 0.0
    write_units: float = 0.0
    rows_written: int = 0
    bytes_sent: int = 0
    bytes_received: int = 0

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

    def _ask_for_capacity(self, params: dict[str, Any], model: Any, **_: Any) -> dict[str, Any] | None:
        if model.name not in _WITH_CAPACITY:
            return None
        if model.name == "TransactWriteItems":
            self.rows_written += len(params["TransactItems"])
        elif model.name not in _READS:
            self.rows_written += 1
        return {**params, "ReturnConsumedCapacity": "TOTAL"}

    def _sent(self, model: Any, params: dict[str, Any], **_: Any) -> None:
        self.calls[model.name] += 1
        body = params.get("body") or b""
        self.bytes_sent += body.getbuffer().nbytes if isinstance(body, BytesIO) else len(body)

    def _answered(self, model: Any, http_response: Any, parsed: dict[str, Any], **_: Any) -> None:
        self.bytes_received += int(http_response.headers.get("content-length") or 0)
        consumed = parsed.get("ConsumedCapacity") or []
        for each in consumed if isinstance(consumed, list) else [consumed]:
            units = each.get("CapacityUnits", 0.0)
            if model.name in _READS:
                self.read_units += units
            else:
                self.write_units += units
