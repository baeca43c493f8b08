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


def counted(meter: Meter, label: str, work: Callable[[], object]) -> list[str]:
    """Do the work and make its row."""
    with meter.measuring():
        work()
    values = (
        *(meter.transactions, sum(meter.calls.values()), meter.rows_written, round(meter.write_units)),
        *(round(meter.read_units), meter.bytes_sent, meter.bytes_received, meter.objects_put, meter.objects_got),
    )
    return [label, *map(readable, values)]


def snapshot(knowledge: KnowledgeServices, source: Source, wanted: list[ItemDraft]) -> None:
    """Send a whole set in parts and complete it."""
    snapshot_id = new_id("snp")
    knowledge.snapshots.open(source, snapshot_id=snapshot_id)
    source = knowledge.sources.get(source.tenant_id, source.source_id)
    for number, start in enumerate(range(0, len(wanted), PART), start=1):
        knowledge.snapshots.put_part(source, snapshot_id, number, wanted[start : start + PART])
    while knowledge.snapshots.complete(source, snapshot_id).state is not SnapshotState.COMPLETED:
        # It answers within a request's time; a client sends it again until it is through.
        pass


def run(count: int, knowledge: KnowledgeServices, meter: Meter) -> Findings:
    """Measure everything."""

    def source() -> Source:
        return knowledge.sources.create(
            "ten_bench", name="bench", grace_days=7, removal_guard=None, source_id=new_id("src")
        )

    small, large = source(), source()
    rows, figures = [], []
    for label, edition in (("new", 0), ("changed", 1), ("unchanged", 1)):
        drafts = items(BATCH, edition)
        pushing = partial(knowledge.staging.push, small, drafts)
        rows.append(counted(meter, f"{BATCH:,} {label} items of 2 KB", pushing))
        what = f"staging {BATCH:,} {label} 2 KB items"
        if label == "unchanged":
            figures.append(Figure(what, 0, meter.rows_written, "writes"))
        else:
            figures.append(Figure(what, TRANSACTIONS_FIGURE, meter.transactions, "transactions"))
    first = items(count, 0)
    rows.append(counted(meter, f"snapshot of {count:,} new items", lambda: snapshot(knowledge, large, first)))
    changed = items(count, 1, every=100)
    rows.append(counted(meter, f"snapshot of {count:,}, 1 % changed", lambda: snapshot(knowledge, large, changed)))
    # Beside the rows: a journal entry a part's transactions, and the snapshot's own few rows a part.
    allowed = count // 100 + -(-count // PART) * 4 + 10
    figures.append(Figure(f"snapshot of {count:,} items, 1 % changed", allowed, meter.rows_written, "rows"))
    return Findings(
        title="Staging",
        intro="A batch that is new, changed and unchanged, and a snapshot in parts. What is unchanged costs its reads.",
        figures=figures,
        tables=[Table(HEADS, rows)],
    )


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
