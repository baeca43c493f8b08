"""What staging costs, counted on Dynoxide: new, changed and unchanged items, and a snapshot with 1 % changed.

    make bench, or: PYTHONPATH=layers/shared python -m benchmarks.staging [--items 100000]

Ends with 1 when a figure of the design is missed: 11 transactions for 1 000 changed items, no write for unchanged
ones, and about 1 % of the rows for the snapshot.
"""

from __future__ import annotations

import argparse
import random
import sys
from collections.abc import Callable

from knowledge.assembly import Knowledge
from knowledge.aws import Fanout
from knowledge.ids import new_id
from knowledge.model import ItemDraft, SnapshotState, Source
from moto import mock_aws

from benchmarks.emulators import dynoxide, watched_clients
from benchmarks.meter import Meter
from tests.support.lifecycle import settings_of

BATCH = 1_000
PART = 5_000
CONTENT_BYTES = 2_000
ROW = "{:<34} {:>12} {:>7} {:>8} {:>12} {:>11} {:>13} {:>13} {:>8} {:>8}"


def items(count: int, edition: int, every: int = 1) -> list[ItemDraft]:
    """Items of about 2 KB of text; every so-many-th of them has the given edition, the others have the first."""
    words = ["seed", "soil", "spade", "water", "light", "frost", "bloom", "prune", "graft", "compost"]
    made = []
    for number in range(count):
        rng = random.Random(number)
        text = " ".join(rng.choice(words) + str(rng.randrange(10_000)) for _ in range(CONTENT_BYTES // 10))
        shown = edition if number % every == 0 else 0
        made.append(ItemDraft(f"doc-{number:07d}", f"Document {number}", f"{text} {shown}"))
    return made


def measured(meter: Meter, label: str, work: Callable[[], None]) -> Meter:
    """Do the work and print its row."""
    with meter.measuring():
        work()
    print(
        ROW.format(
            label,
            meter.transactions,
            sum(meter.calls.values()),
            meter.rows_written,
            f"{meter.write_units:.0f}",
            f"{meter.read_units:.0f}",
            f"{meter.bytes_sent:,}",
            f"{meter.bytes_received:,}",
            meter.objects_put,
            meter.objects_got,
        )
    )
    return meter


def snapshot(knowledge: Knowledge, source: Source, wanted: list[ItemDraft]) -> None:
    """Send a whole set in parts and complete it."""
    snapshot_id = new_id("snp")
    knowledge.snapshots.open(source, snapshot_id=snapshot_id)
    source = knowledge.sources.get(source.tenant_id, source.source_id)
    for number, start in enumerate(range(0, len(wanted), PART), start=1):
        knowledge.snapshots.put_part(source, snapshot_id, number, wanted[start : start + PART])
    while knowledge.snapshots.complete(source, snapshot_id).state is not SnapshotState.COMPLETED:
        # It answers within a request's time; a client sends it again until it is through.
        pass


def run(count: int, knowledge: Knowledge, meter: Meter) -> list[str]:
    """Measure everything; returns what was missed."""
    missed: list[str] = []

    def source() -> Source:
        return knowledge.sources.create(
            "ten_bench", name="bench", grace_days=7, removal_guard=None, source_id=new_id("src")
        )

    small, large = source(), source()
    heads = ("transactions", "calls", "rows", "write units", "read units", "bytes sent", "received", "objs put", "got")
    print(ROW.format("what", *heads))
    for label, edition in (("new", 0), ("changed", 1), ("unchanged", 1)):
        drafts = items(BATCH, edition)
        done = measured(meter, f"{BATCH} {label} items of 2 KB", lambda drafts=drafts: _push(knowledge, small, drafts))
        if label == "unchanged" and done.rows_written:
            missed.append(f"unchanged items wrote {done.rows_written} rows, not 0")
        if label != "unchanged" and done.transactions > 11:
            missed.append(f"{label} items took {done.transactions} transactions, more than 11")
    first = items(count, 0)
    measured(meter, f"snapshot of {count} new items", lambda: snapshot(knowledge, large, first))
    changed = items(count, 1, every=100)
    done = measured(meter, f"snapshot of {count}, 1 % changed", lambda: snapshot(knowledge, large, changed))
    # Beside the rows: a journal entry a part's transactions, and the snapshot's own few rows a part.
    parts = -(-count // PART)
    allowed = count // 100 + parts * 4 + 10
    if done.rows_written > allowed:
        missed.append(f"the snapshot wrote {done.rows_written} rows, more than {allowed}")
    return missed


def _push(knowledge: Knowledge, source: Source, drafts: list[ItemDraft]) -> None:
    knowledge.staging.push(source, drafts)


def main() -> int:
    """Run the benchmark on tables of its own."""
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--items", type=int, default=100_000, help="size of the snapshot")
    count = arguments.parse_args().items
    with mock_aws(), dynoxide("bench") as resources:
        meter = Meter()
        clients = watched_clients(resources, meter)
        missed = run(count, Knowledge(settings_of(resources), clients=clients, fanout=Fanout(8)), meter)
    for line in missed:
        print(f"MISSED: {line}")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
