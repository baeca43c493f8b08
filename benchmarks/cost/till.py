"""Counts what a piece of work is billed for: units, requests, invocations of functions, executions of machines.

Requests go through the real handlers and the machines' tasks run in their place, each in an invocation of its function.
How long one takes on AWS is estimated: the processor time it takes here, at the share of a processor that its memory
brings, and a wait for each of its calls as if no two were under way together. moto's processor time for S3 is in it.
"""

from __future__ import annotations

import io
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, redirect_stdout
from dataclasses import dataclass, field
from functools import cache
from typing import Any, NamedTuple

from knowledge.assembly import KnowledgeServices
from knowledge.ports import Action

from benchmarks.cost.prices import Bill
from benchmarks.edge_scenes import WarmEdge
from benchmarks.meter import Meter
from testing import spec
from testing.edge import Reply
from testing.import_machine import InlineImportMachine
from testing.inline_machine import InlineMachine, function_of
from testing.recording import logical_id_of
from testing.resources import project_template

# Memory at which a function has one whole processor, as AWS publishes it.
_ONE_PROCESSOR_MB = 1769
# Assumed for a call within a region.
DATABASE_WAIT_SECONDS = 0.005
OTHER_WAIT_SECONDS = 0.025
# The memory that an Express execution is billed for at least.
_EXPRESS_GB = 64 / 1024
_GB = 1_000_000_000
_PUTS = ("PutObject", "ListObjectsV2")
_GETS = ("GetObject", "HeadObject")
_SEALS = ("Encrypt", "Decrypt")
_EDGE_TABLES = ("KeysTable", "RateCountersTable", "IdempotencyTable")


class Spent(NamedTuple):
    """Processor seconds, calls to the database, other calls, and estimated seconds of invocations."""

    processor: float = 0
    database_calls: int = 0
    other_calls: int = 0
    seconds: float = 0


@cache
def memory_mb(function: str) -> int:
    """The memory that template.yaml gives a function (its logical id)."""
    return int(dict(project_template().of_type("AWS::Serverless::Function"))[function]["MemorySize"])


@dataclass
class Till:
    """Counts into one bill at a time; invocations may be nested, as where a request waits for a machine."""

    edge_tables: frozenset[str] = frozenset()
    meter: Meter = field(default_factory=Meter)
    extra: Counter[str] = field(default_factory=Counter)
    _inner: list[Spent] = field(default_factory=lambda: [Spent()])

    def bill(self, work: Callable[[], object]) -> Bill:
        """Do a piece of work and return its bill; what it writes on standard output are log lines."""
        self.extra.clear()
        self._inner = [Spent()]
        lines = io.StringIO()
        with self.meter.measuring(), redirect_stdout(lines):
            work()
        self.note(log_gb=len(lines.getvalue()) / _GB)
        return Bill(dict(self._amounts()))

    @contextmanager
    def invocation(self, function: str) -> Iterator[None]:
        """Count an invocation of a function. One that is made inside is waited for."""
        began, calls = time.process_time(), self._calls()
        self._inner.append(Spent())
        yield
        inner = self._inner.pop()
        total = time.process_time() - began
        database, other = (now - then for now, then in zip(self._calls(), calls, strict=True))
        share = min(1.0, memory_mb(function) / _ONE_PROCESSOR_MB)
        seconds = inner.seconds + (total - inner.processor) / share
        seconds += (database - inner.database_calls) * DATABASE_WAIT_SECONDS
        seconds += (other - inner.other_calls) * OTHER_WAIT_SECONDS
        around = self._inner[-1]
        self._inner[-1] = Spent(
            around.processor + total,
            around.database_calls + database,
            around.other_calls + other,
            around.seconds + seconds,
        )
        self.note(invocations=1, gb_seconds=seconds * memory_mb(function) / 1024)

    @contextmanager
    def execution(self) -> Iterator[None]:
        """Count an Express execution, whose tasks are made inside."""
        before = self._inner[-1].seconds
        yield
        self.note(executions=1, express_gb_seconds=_EXPRESS_GB * (self._inner[-1].seconds - before))

    def note(self, **amounts: float) -> None:
        """Count what no call tells of."""
        for name, amount in amounts.items():
            self.extra[name] += amount  # type: ignore[assignment]

    def _calls(self) -> tuple[int, int]:
        database = self.meter.database_calls
        return database, sum(self.meter.calls.values()) - database

    def _amounts(self) -> Mapping[str, float]:
        meter = self.meter
        return {
            "writes": meter.write_units,
            "reads": meter.read_units,
            "edge_writes": sum(meter.write_units_of[table] for table in self.edge_tables),
            "edge_reads": sum(meter.read_units_of[table] for table in self.edge_tables),
            "puts": sum(meter.calls[name] for name in _PUTS),
            "gets": sum(meter.calls[name] for name in _GETS),
            "seals": sum(meter.calls[name] for name in _SEALS),
            "messages": meter.calls["SendMessageBatch"] + self.extra["received"],
            **{name: amount for name, amount in self.extra.items() if name != "received"},
        }


class _Machine(InlineMachine):
    def __init__(self, knowledge: KnowledgeServices, till: Till) -> None:
        super().__init__(knowledge)
        self.till = till

    def walk(self, state: dict[str, Any], action: Action) -> Mapping[str, Any]:
        with self.till.execution():
            return super().walk(state, action)

    def _task(self, step: dict[str, Any], state: dict[str, Any], action: Action) -> str:
        with self.till.invocation(function_of(step)):
            return super()._task(step, state, action)


class _ImportMachine(InlineImportMachine):
    till: Till

    def _task(self, step: dict[str, Any], state: dict[str, Any]) -> str | None:
        with self.till.invocation(function_of(step)):
            return super()._task(step, state)


@dataclass
class CountedEdge(WarmEdge):
    """A warm edge that counts what its functions do in `till`."""

    till: Till = field(default_factory=Till)

    def __post_init__(self) -> None:
        clients = self.clients
        self.till.edge_tables = frozenset(map(self.resources.table_name, _EDGE_TABLES))
        self.till.meter.watch(clients.dynamodb, clients.s3, clients.sqs, clients.kms)
        super().__post_init__()

    def send(self, event: dict[str, Any], *, check: bool = True) -> Reply:
        """Send a request, which must succeed; its answer is counted."""
        operation = spec.find(event["httpMethod"], event["path"])
        assert operation is not None
        with self.till.invocation(logical_id_of(operation.function)):
            reply = super().send(event, check=False)
        assert reply.status < 300, reply.text[:500]
        self.till.note(requests=1, out_gb=len(reply.text.encode()) / _GB)
        return reply

    def make_machine(self, knowledge: KnowledgeServices) -> InlineMachine:
        """Make one whose tasks are counted."""
        return _Machine(knowledge, self.till)

    def make_import_machine(self) -> InlineImportMachine:
        """Make one whose tasks are counted."""
        machine = _ImportMachine(self.clock)
        machine.till = self.till
        return machine
