"""Tables and a bucket for a benchmark to measure on, and clients whose calls are counted."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from threading import Lock, local
from typing import Any

from knowledge.storage.clients import Clients
from telemetry.process import collect_rarely

from benchmarks.meter import Meter
from local.emulators.dynoxide import Dynoxide, find_dynoxide
from testing.resources import Resources

MISSING_TOOL = 4


@contextmanager
def dynoxide(prefix: str) -> Iterator[Resources]:
    """Run a Dynoxide with the template's tables, and moto for the rest; must be inside `mock_aws`.

    What is measured on them runs in this process, as it would in a function's.
    """
    collect_rarely()
    with _dynoxide_of(prefix) as resources:
        resources.create()
        yield resources


@contextmanager
def twin_tables(prefix: str) -> Iterator[Resources]:
    """Run another Dynoxide with tables of the same names and nothing else: for the same calls without our code."""
    with _dynoxide_of(prefix) as resources:
        resources.create_tables()
        yield resources


@contextmanager
def _dynoxide_of(prefix: str) -> Iterator[Resources]:
    binary = find_dynoxide()
    if binary is None:
        print("Dynoxide is not installed: run `make setup`", file=sys.stderr)
        raise SystemExit(MISSING_TOOL)
    server = Dynoxide(binary)
    try:
        yield Resources(prefix=prefix, endpoints={"dynamodb": server.url})
    finally:
        server.stop()


def watched_clients(resources: Resources, meter: Meter) -> Clients:
    """Clients of the tables and the bucket, each call of which the meter counts."""
    clients = Clients()
    clients.dynamodb = resources.client("dynamodb")
    clients.s3 = resources.client("s3")
    meter.watch(clients.dynamodb, clients.s3)
    return clients


@dataclass
class EmulatorTime:
    """Processor time of an emulator that answers within this process, to be taken off what is measured around it."""

    seconds: float = 0.0
    _began: local = field(default_factory=local, repr=False)
    _lock: Lock = field(default_factory=Lock, repr=False)

    def watch(self, client: Any) -> None:
        """Time what answers this client's requests from now on."""
        client.meta.events.register_first("before-send.*.*", self._begin)
        client.meta.events.register_first("response-received.*.*", self._end)

    def _begin(self, **_: Any) -> None:
        self._began.at = time.thread_time()

    def _end(self, **_: Any) -> None:
        with self._lock:
            self.seconds += time.thread_time() - self._began.at
