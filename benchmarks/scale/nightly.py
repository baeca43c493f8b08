"""A night: every tenant has a file imported, planned and published; what runs takes Lambda's slots and reads a table.

Time is simulated: events in a heap, and one seed. A task that finds no slot is refused and tried again as the state
machine says; after its last try the import fails. A read waits, in its slot, until the table has units for it.
"""

from __future__ import annotations

import heapq
import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import count

from benchmarks.scale import parameters as given

_CHUNK = 1_000
_SEED = 20_261_128


@dataclass(frozen=True)
class Scenario:
    """When imports begin (evenly at random over so many minutes), and what there is for them."""

    label: str
    minutes: float
    slots: int = int(given.SLOTS.value)
    reads: float = given.TABLE_READS.value
    tenants: int = int(given.TENANTS.value)


@dataclass
class Night:
    """What came of it: times in seconds."""

    scenario: Scenario
    waits: list[float] = field(default_factory=list)
    failed: int = 0
    refused: int = 0
    most_slots: int = 0
    ended: float = 0.0

    def quantile(self, share: float) -> float:
        """From the event that asks for an import to its publication, of those that were published."""
        return sorted(self.waits)[int(share * (len(self.waits) - 1))] if self.waits else 0.0


def sizes(tenants: int, items: int) -> list[int]:
    """Items of each tenant: the n-th largest has a share of one over the square root of n."""
    weights = [(rank + 1) ** -0.5 for rank in range(tenants)]
    whole = sum(weights)
    return [max(1, round(items * weight / whole)) for weight in weights]


class _Simulation:
    def __init__(self, scenario: Scenario) -> None:
        self.scenario = scenario
        self.night = Night(scenario)
        self.random = random.Random(_SEED)
        self.events: list[tuple[float, int, Iterator[float]]] = []
        self.number = count()
        self.now = self.readable_at = 0.0
        self.used = 0

    def run(self) -> Night:
        per_tenant = given.ITEMS.value / given.TENANTS.value
        for items in sizes(self.scenario.tenants, int(per_tenant * self.scenario.tenants)):
            self._at(self.random.uniform(0, 60 * self.scenario.minutes), self._import(items))
        while self.events:
            self.now, _, process = heapq.heappop(self.events)
            wait = next(process, None)
            if wait is not None:
                self._at(self.now + wait, process)
        self.night.ended = self.now
        return self.night

    def _at(self, time: float, process: Iterator[float]) -> None:
        heapq.heappush(self.events, (time, next(self.number), process))

    def _import(self, items: int) -> Iterator[float]:
        began = self.now
        publishing = given.publish_seconds(items * given.CHANGED.value) / 3
        for work in (self._stage(items), iter([publishing]), iter([publishing]), iter([publishing])):
            tried = 0
            while self.used >= self.scenario.slots:
                self.night.refused += 1
                if tried == given.STAGE_TRIES.value:
                    self.night.failed += 1
                    return
                yield self.random.uniform(0, min(2**tried, given.LONGEST_RETRY.value))
                tried += 1
            self.used += 1
            self.night.most_slots = max(self.night.most_slots, self.used)
            yield from work
            self.used -= 1
        self.night.waits.append(self.now - began)

    def _stage(self, items: int) -> Iterator[float]:
        for start in range(0, items, _CHUNK):
            lines = min(_CHUNK, items - start)
            self.readable_at = (
                max(self.readable_at, self.now) + lines / 1000 * given.READ_UNITS.value / self.scenario.reads
            )
            yield max(lines / given.LINES_PER_SECOND.value, self.readable_at - self.now)


def simulate(scenario: Scenario) -> Night:
    """Let a night pass."""
    return _Simulation(scenario).run()


SCENARIOS = [
    Scenario("all in one minute", 1),
    Scenario("all in one minute, 10,000 executions", 1, slots=10_000),
    Scenario("over an hour", 60),
    Scenario("over an hour, new table", 60, reads=given.NEW_TABLE_READS.value),
    Scenario("over an hour, reads raised to 120,000", 60, reads=120_000),
    Scenario("over two hours", 120),
    Scenario("over four hours", 240),
    Scenario("over four hours, 10 executions (new account)", 240, slots=10),
    Scenario("1,000 tenants in one minute", 1, tenants=1_000),
    Scenario("1,000 tenants over an hour", 60, tenants=1_000),
]
