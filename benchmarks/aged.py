"""What a source is after a month of publishing: what was written, what is named, and what reading it takes.

    make bench, or: PYTHONPATH=layers/shared python -m benchmarks.aged [--size full]

A source is published once and then changed 20 items every 10 minutes, compacted once a day, by the product's own runs,
applies and compactions; tables are Dynoxide's, the bucket is in memory and its calls are counted. Pages are read at the
end, from the source as its first publication left it and as it is then; and a large run is counted, with all its calls.
"""

from __future__ import annotations

import argparse
import random
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count
from typing import Any, cast

from knowledge.assembly import KnowledgeServices
from knowledge.generations.change_lists import Asked
from knowledge.generations.model import Generation
from knowledge.generations.reader import CURRENT
from knowledge.ids import new_id
from knowledge.index.names import GONE
from knowledge.runs.model import RunMode
from knowledge.sources.model import Source
from knowledge.storage.clients import Clients, Fanout
from knowledge.times import MS_PER_DAY
from moto import mock_aws

from benchmarks.emulators import dynoxide
from benchmarks.findings import Figure, Findings, Table, conclude, parser, readable
from benchmarks.in_memory import Bucket
from benchmarks.meter import Meter
from benchmarks.publish import BATCH, STARTS, draft, load
from testing.inline_machine import InlineMachine
from testing.lifecycle import settings_of

CHANGES = 20
A_DAY = 144
ITEMS = {"small": 5_000, "usual": 100_000, "full": 100_000}
DAYS = {"small": 1, "usual": 7, "full": 30}
# What a large run has changed, and how many items are on a page.
LARGE = {"small": 400, "usual": 1_000, "full": 1_000}
PAGE = 200
PAGES = 5


BEGAN = 1_795_000_000_000
INDEXES_FIGURE = 160
INDEX_BYTES_FIGURE = 700_000_000
INDEX_BYTES_ITEMS = 100_000
LARGE_RUN = "run and apply of {:,} changes after {} more publications"
# The calls that each may make.
GOALS = {
    "page of items, first publish": 8,
    "page of items, aged and compacted daily": 20,
    "page of changes between any two, compacted": 12,
    "page of a run's changes": 4,
    "page of changes between neighbours": 4,
    LARGE_RUN.format(1_000, A_DAY - 1): 600,
}
HEADS = ["items", "days", "publications", "index bytes", "bytes of packs", "of changes", "indexes named"]
HEADS += ["objects named"]


@dataclass
class Aged:
    """What was found; the bytes are those of the bucket."""

    items: int
    days: int
    index_bytes: int = 0
    pack_bytes: int = 0
    change_bytes: int = 0
    most_indexes: int = 0
    most_named: int = 0
    calls: dict[str, int] = field(default_factory=dict)

    @property
    def row(self) -> tuple[int, ...]:
        """As it is shown."""
        written = (self.index_bytes, self.pack_bytes, self.change_bytes)
        return (self.items, self.days, self.days * A_DAY, *written, self.most_indexes, self.most_named)


@dataclass
class Month:
    """One source and what happens to it; `now` is the time (ms)."""

    knowledge: KnowledgeServices
    bucket: Bucket
    meter: Meter
    source_id: str
    items: int
    now: int = BEGAN
    edition: Iterator[int] = field(default_factory=lambda: count(1))
    dice: random.Random = field(default_factory=lambda: random.Random(20))

    @property
    def source(self) -> Source:
        """As it is."""
        return self.knowledge.sources.get_source("ten_bench", self.source_id)

    @property
    def current(self) -> Generation:
        """What is served."""
        return self.knowledge.generations.get_generation(self.source, CURRENT)

    def push(self, changes: int) -> None:
        """Change items."""
        source, edition = self.source, next(self.edition)
        numbers = self.dice.sample(range(self.items), changes)
        for start in range(0, changes, BATCH):
            self.knowledge.staging.push_items(source, [draft(each, edition) for each in numbers[start : start + BATCH]])

    def publish(self) -> str:
        """Run, apply; returns the run."""
        run = self.knowledge.runs.create_run(self.source, RunMode.INCREMENTAL, run_id=new_id("run"))
        self.knowledge.runs.apply_run(self.source, run.run_id)
        return run.run_id

    def compact(self) -> None:
        """What the upkeep does of a source once a day."""
        self.knowledge.upkeep.compactor.compact_source(self.source)

    def named(self) -> tuple[int, int]:
        """How many index objects, and how many objects, the current generation names."""
        rows = self.knowledge.stores.index.open_index(self.current.manifest).named_objects()
        kept = [row for row in rows if row != GONE]
        return sum(row.name.is_index for row in kept), len(kept)

    @contextmanager
    def counting(self) -> Iterator[Callable[[], int]]:
        """Count calls to the bucket."""
        before = self.bucket.calls.total()
        yield lambda: self.bucket.calls.total() - before

    def most_calls_of_a_page(self, read: Callable[[Any], Any]) -> int:
        """Read some pages one after the other; returns the calls of the one that took most."""
        most, position = 0, None
        for _ in range(PAGES):
            with self.counting() as calls:
                position = read(position).next_position
            most = max(most, calls())
            if position is None:
                break
        return most

    def page_of_items(self, generation: Generation) -> int:
        """A page of items with their contents."""
        reader = self.knowledge.generations
        return self.most_calls_of_a_page(
            lambda position: reader.list_items(generation, limit=PAGE, position=position, include_content=True)
        )

    def page_of_changes(self, generation: Generation, before: Generation) -> int:
        """A page of what differs between two generations, with the names of the fields."""
        reader = self.knowledge.generations
        return self.most_calls_of_a_page(
            lambda position: reader.list_changes(generation, before, kind=None, limit=PAGE, position=position)
        )

    def page_of_run(self, run_id: str) -> int:
        """A page of what a run changes."""
        reviewer = self.knowledge.reviewer
        return self.most_calls_of_a_page(
            lambda position: reviewer.list_changes(self.source, run_id, Asked(None, PAGE, position)).page
        )


def live_through(month: Month, days: int, large: int) -> Aged:
    """Publish for some days, and read."""
    found = Aged(month.items, days)
    first = month.current
    found.calls["page of items, first publish"] = month.page_of_items(first)
    sizes_before = bytes_by_kind(month.bucket)
    for number in range(days * A_DAY):
        month.push(CHANGES)
        month.publish()
        month.now += MS_PER_DAY // A_DAY
        if number % A_DAY == A_DAY - 1:
            indexes, named = month.named()
            found.most_indexes, found.most_named = max(found.most_indexes, indexes), max(found.most_named, named)
            month.compact()
    sizes = bytes_by_kind(month.bucket)
    found.index_bytes, found.pack_bytes = (sizes[each] - sizes_before[each] for each in ("index", "pack"))
    found.change_bytes = sizes["changes"] - sizes_before["changes"]
    aged = month.current
    found.calls["page of items, aged and compacted daily"] = month.page_of_items(aged)
    found.calls["page of changes between any two, compacted"] = month.page_of_changes(aged, first)
    for _ in range(A_DAY - 1):
        month.push(CHANGES)
        month.publish()
    month.push(large)
    with month.counting() as calls, month.meter.measuring() as meter:
        run_id = month.publish()
        found.calls[LARGE_RUN.format(large, A_DAY - 1)] = calls() + sum(meter.calls.values()) + STARTS
    found.calls["page of a run's changes"] = month.page_of_run(run_id)
    after = month.current
    older = month.knowledge.generations.get_generation(month.source, str(after.base_generation_id))
    found.calls["page of changes between neighbours"] = month.page_of_changes(after, older)
    return found


def kind(key: str) -> str:
    """What an object is."""
    return key.rpartition("/")[2].partition("-")[0]


def bytes_by_kind(bucket: Bucket) -> Counter[str]:
    """How many bytes of each kind there are."""
    sizes: Counter[str] = Counter()
    for key, (body, _) in bucket.objects.items():
        sizes[kind(key)] += len(body)
    return sizes


def judged(found: Aged) -> list[Figure]:
    """Hold what was counted against the figures of the design."""
    of = f"{found.items:,} items after {found.days} days"
    figures = [
        Figure(f"{of}: {what}", bound, found.calls[what], "calls")
        for what, bound in GOALS.items()
        if what in found.calls
    ]
    figures.append(Figure(f"{of}: index objects named", INDEXES_FIGURE, found.most_indexes, "objects"))
    if found.items == INDEX_BYTES_ITEMS:
        a_month = round(found.index_bytes * 30 / found.days)
        figures.append(Figure(f"{of}: index bytes written, for 30 days", INDEX_BYTES_FIGURE, a_month, "bytes"))
    return figures


def measure(arguments: argparse.Namespace) -> Findings:
    """Let a source age, and read it."""
    items, days, large = (sizes[arguments.size] for sizes in (ITEMS, DAYS, LARGE))
    with mock_aws(), dynoxide("aged") as resources:
        clients, bucket, meter = Clients(), Bucket(), Meter()
        clients.dynamodb = resources.client("dynamodb")
        clients.s3 = cast("Any", bucket)
        meter.watch(clients.dynamodb)
        months: list[Month] = []
        knowledge = KnowledgeServices(
            settings_of(resources),
            clients=clients,
            fanout=Fanout(1),
            machine=InlineMachine,
            clock=lambda: months[0].now if months else BEGAN,
        )
        source = knowledge.sources.create_source(
            "ten_bench", name="bench", grace_days=7, removal_guard=None, source_id=new_id("src")
        )
        load(knowledge, source, items)
        months.append(Month(knowledge, bucket, meter, source.source_id, items))
        found = live_through(months[0], days, large)
    return Findings(
        title="A month of publishing",
        intro=f"{items:,} items are published, then {CHANGES} of them are changed and published every 10 minutes for"
        f" {days} days, with a compaction each day. What is written stays for as long as generations are kept, 30 days"
        " at most, so the bytes of 30 days are what a source keeps on the disk beside its first publication."
        f" A page is one of {PAGE}, of {PAGES} that of the most calls; its calls are those to the bucket.",
        figures=judged(found),
        tables=[
            Table(HEADS, [[readable(value) for value in found.row]], "Written, and named at most"),
            Table(["what", "calls"], [[what, readable(calls)] for what, calls in found.calls.items()], "Calls"),
        ],
    )


def main() -> int:
    """Run the benchmark."""
    arguments = parser(__doc__).parse_args()
    return conclude(measure(arguments), arguments)


if __name__ == "__main__":
    sys.exit(main())
