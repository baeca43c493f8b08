"""What staging costs, counted on Dynoxide: new, changed and unchanged items, and a snapshot with 1 % changed.

    make bench, or: PYTHONPATH=layers/shared python -m benchmarks.staging [--size full]

The figures of the design: 11 transactions for 1 000 changed items, no write for unchanged ones, and about 1 % of the
rows for the snapshot.
"""

from __future__ import annotations

import argparse
import random
import sys
from collections.abc import Callable
from dataclasses import astuple, dataclass
from functools import partial

from knowledge.assembly import KnowledgeServices
from knowledge.ids import new_id
from knowledge.items.model import ItemDraft
from knowledge.sources.model import Source
from knowledge.staging.model import SnapshotState
from knowledge.storage.clients import Fanout
from moto import mock_aws

from benchmarks.emulators import dynoxide, watched_clients
from benchmarks.findings import Figure, Findings, Table, conclude, parser, readable
from benchmarks.meter import Meter
from testing.lifecycle import settings_of

BATCH = 1_000
PART = 5_000
CONTENT_BYTES = 2_000
SIZES = {"small": 2_000, "usual": 50_000, "full": 200_000}
TRANSACTIONS_FIGURE = 11
HEADS = ["what", "transactions", "calls", "rows", "write units", "read units", "bytes sent", "received", "put", "got"]


def items(count: int, edition: int, every: int = 1) -> list[ItemDraft]:
    """Items of about 2 KB of text; every so-many-th of them has the given edition, the others have the first."""
    words = ["seed", "soil", "spade", "water", "light", "frost", "bloom", "prune", "graft", "compost"]
    made = []
    for index in range(count):
        rng = random.Random(index)
        text = " ".join(rng.choice(words) + str(rng.randrange(10_000)) for _ in range(CONTENT_BYTES // 10))
        shown = edition if index % every == 0 else 0
        made.append(ItemDraft(f"doc-{index:07d}", f"Document {index}", f"{text} {shown}"))
    return made


@dataclass(frozen=True)
class Staged:
    """What one piece of work came to, in the order of `HEADS`."""

    transactions: int
    calls: int
    rows_written: int
    write_units: int
    read_units: int
    bytes_sent: int
    bytes_received: int
    objects_put: int
    objects_got: int

    def row(self, label: str) -> list[str]:
        """As it is shown."""
        return [label, *map(readable, astuple(self))]


def counted(meter: Meter, work: Callable[[], object]) -> Staged:
    """Do the work and count it."""
    with meter.measuring():
        work()
    return Staged(
        *(meter.transactions, sum(meter.calls.values()), meter.rows_written, round(meter.write_units)),
        *(round(meter.read_units), meter.bytes_sent, meter.bytes_received, meter.objects_put, meter.objects_got),
    )


def snapshot(knowledge: KnowledgeServices, source: Source, wanted: list[ItemDraft]) -> None:
    """Send a whole set in parts and complete it."""
    snapshot_id = new_id("snp")
    knowledge.snapshots.open_snapshot(source, snapshot_id=snapshot_id)
    source = knowledge.sources.get_source(source.tenant_id, source.source_id)
    for number, start in enumerate(range(0, len(wanted), PART), start=1):
        knowledge.snapshots.put_part(source, snapshot_id, number, wanted[start : start + PART])
    while knowledge.snapshots.complete_snapshot(source, snapshot_id).state is not SnapshotState.COMPLETED:
        # It answers within a request's time; a client sends it again until it is through.
        pass


def run(count: int, knowledge: KnowledgeServices, meter: Meter) -> Findings:
    """Measure everything."""

    def source() -> Source:
        return knowledge.sources.create_source(
            "ten_bench", name="bench", grace_days=7, removal_guard=None, source_id=new_id("src")
        )

    small, large = source(), source()
    batches = [("new", 0), ("changed", 1), ("unchanged", 1)]
    staged = [
        counted(meter, partial(knowledge.staging.push_items, small, items(BATCH, edition))) for _, edition in batches
    ]
    sets = (items(count, 0), items(count, 1, every=100))
    staged += [counted(meter, partial(snapshot, knowledge, large, wanted)) for wanted in sets]
    labels = [f"{BATCH:,} {label} items of 2 KB" for label, _ in batches]
    labels += [f"snapshot of {count:,} new items", f"snapshot of {count:,}, 1 % changed"]
    return Findings(
        title="Staging",
        intro="A batch that is new, changed and unchanged, and a snapshot in parts. What is unchanged costs its reads.",
        figures=judged(count, *staged),
        tables=[Table(HEADS, [each.row(label) for label, each in zip(labels, staged, strict=True)])],
    )


def judged(count: int, new: Staged, changed: Staged, unchanged: Staged, _first: Staged, second: Staged) -> list[Figure]:
    """Hold three batches and two snapshots of `count` items against the figures of the design."""
    # Beside the rows: a journal entry a part's transactions, and the snapshot's own few rows a part.
    allowed = count // 100 + -(-count // PART) * 4 + 10
    return [
        Figure(f"staging {BATCH:,} new 2 KB items", TRANSACTIONS_FIGURE, new.transactions, "transactions"),
        Figure(f"staging {BATCH:,} changed 2 KB items", TRANSACTIONS_FIGURE, changed.transactions, "transactions"),
        Figure(f"staging {BATCH:,} unchanged 2 KB items", 0, unchanged.rows_written, "writes"),
        Figure(f"snapshot of {count:,} items, 1 % changed", allowed, second.rows_written, "rows"),
    ]


def measure(arguments: argparse.Namespace) -> Findings:
    """Measure on tables of its own."""
    with mock_aws(), dynoxide("bench") as resources:
        meter = Meter()
        clients = watched_clients(resources, meter)
        knowledge = KnowledgeServices(settings_of(resources), clients=clients, fanout=Fanout(8))
        return run(SIZES[arguments.size], knowledge, meter)


def main() -> int:
    """Run the benchmark."""
    arguments = parser(__doc__).parse_args()
    return conclude(measure(arguments), arguments)


if __name__ == "__main__":
    sys.exit(main())
