"""What a run and its apply cost, counted on Dynoxide: 1, 100 and 1 000 changes in sources of growing size.

    make bench, or: PYTHONPATH=layers/shared python -m benchmarks.publish [--size full]

A source of N items is loaded as one published generation, as a first run writes it, but with no staged rows, since a
run reads those rows alone that the journal names. Then k of its items are pushed with new contents, and the run and the
apply are counted: per k, DynamoDB calls and units flat within 10 % over N; four objects written; calls and bytes as
`GOALS` says.
"""

from __future__ import annotations

import argparse
import random
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass

from knowledge.assembly import KnowledgeServices
from knowledge.generations.model import Generation, GenerationOrigin
from knowledge.generations.store import Publication
from knowledge.ids import new_id
from knowledge.index.building import IndexBuilder
from knowledge.index.entries import Entry, path_of
from knowledge.index.names import ObjectKind, name_of
from knowledge.index.packs import PackWriter
from knowledge.items.content import encode_item
from knowledge.items.model import ItemDraft
from knowledge.model import Counts
from knowledge.runs.model import RunMode
from knowledge.segments.writing import SegmentWriter
from knowledge.sources.model import Source
from knowledge.storage.clients import Fanout
from moto import mock_aws

from benchmarks.emulators import EmulatorTime, dynoxide, watched_clients
from benchmarks.findings import Figure, Findings, Plot, Table, conclude, parser, readable
from benchmarks.meter import Meter
from testing.inline_machine import InlineMachine
from testing.lifecycle import settings_of

SIZES = {
    "small": (10_000, 100_000),
    "usual": (10_000, 100_000, 1_000_000),
    "full": (10_000, 32_000, 100_000, 320_000, 1_000_000),
}
# One after the other in one source: what came before is read too, so every size begins alike.
CHANGES = {"small": (1, 10, 100), "usual": (1, 10, 100, 1_000, 10_000), "full": (1, 10, 100, 1_000, 10_000)}
FLAT = 1.1
# A pack, a segment, a file of changes and an index object, for up to 25 000 changes.
OBJECTS_FIGURE = 4
# By items and changes: calls, bytes sent, and bytes received where they are judged; requests included.
GOALS: dict[tuple[int, int], tuple[int, int, int | None]] = {
    (100_000, 1): (23, 22_000, None),
    (100_000, 100): (71, 400_000, None),
    (1_000_000, 1_000): (451, 4_000_000, None),
    (1_000_000, 10_000): (1_001, 30_000_000, 80_000_000),
}
HEADS = ["items", "changes", "calls", "DynamoDB", "read units", "write units", "objects read", "written"]
HEADS += ["bytes sent", "received", "CPU ms", "leaves"]
STARTS = 2
BATCH = 1_000
ITEMS_A_PACK = 25_000


@dataclass(frozen=True)
class Published:
    """What one run and its apply came to; `cpu_seconds` is code and clients, without the emulators."""

    items: int
    changes: int
    calls: int
    database_calls: int
    read_units: float
    write_units: float
    objects_read: int
    objects_written: int
    bytes_sent: int
    bytes_received: int
    cpu_seconds: float
    leaves: int

    @property
    def row(self) -> list[str]:
        """As it is shown."""
        values = (
            *(self.items, self.changes, self.calls, self.database_calls, self.read_units, self.write_units),
            *(self.objects_read, self.objects_written, self.bytes_sent, self.bytes_received),
            *(round(self.cpu_seconds * 1000), self.leaves),
        )
        return [readable(value) for value in values]


def draft(number: int, edition: int) -> ItemDraft:
    """An item of some 200 bytes."""
    return ItemDraft(f"doc-{number:07d}", f"Document {number}", f"Edition {edition} of {number}. " * 6)


def load(
    knowledge: KnowledgeServices, source: Source, count: int, make: Callable[[int, int], ItemDraft] = draft
) -> int:
    """Publish `count` items by what a first run writes them with, in the order of the index; returns its leaves."""
    stores, run_id, attempt_id = knowledge.stores, new_id("run"), new_id("att")
    own = name_of(ObjectKind.RUN_INDEX, run_id, attempt_id, 0)
    builder = IndexBuilder(stores.objects, source.tenant_id, source.source_id, own, None, None)
    pack = PackWriter(stores.objects, builder, ObjectKind.RUN_PACK, run_id, attempt_id)
    segments = SegmentWriter(stores.objects, stores.fanout, builder, ObjectKind.RUN_SEGMENT, run_id, attempt_id)
    numbers = sorted(range(count), key=lambda number: path_of(make(number, 0).external_item_id))
    for start in range(0, count, ITEMS_A_PACK):
        entries: dict[str, Entry | None] = {}
        for number in numbers[start : start + ITEMS_A_PACK]:
            encoded = encode_item(make(number, 0))
            entries[encoded.external_item_id] = Entry(
                encoded.external_item_id,
                encoded.content_hash,
                encoded.title,
                pack.number,
                pack.add(encoded.member),
                len(encoded.member),
                encoded.content_bytes,
                None,
                encoded.fields,
            )
            segments.add_member(encoded.external_item_id, encoded.content_hash, encoded.member)
        builder.update(entries)
        pack.close()
    segments.close(count)
    built = builder.finish()
    if built is None:
        raise AssertionError
    generation_id = new_id("gen")
    held = stores.sources.acquire_lease(source.tenant_id, source.source_id, generation_id, knowledge.clock())
    generation = Generation(
        tenant_id=source.tenant_id,
        source_id=source.source_id,
        generation_id=generation_id,
        sequence=1,
        base_generation_id=None,
        origin=GenerationOrigin.COMPACTION,
        run_id=None,
        root_hash=built.root_hash,
        manifest=built.manifest,
        counts=Counts(added=count, total=count),
        content_bytes=built.content_bytes,
        published_at=0,
    )
    knowledge.publisher.publish_generation(Publication(generation, generation_id, held.lease_token, None))
    return sum(1 for _ in stores.index.open_index(built.manifest).trie.walk())


def publish(
    knowledge: KnowledgeServices,
    meters: tuple[Meter, EmulatorTime],
    source: Source,
    leaves: int,
    count: int,
    changes: int,
) -> Published:
    """Change items, run, apply; return what that took."""
    meter, emulators = meters
    dice = random.Random(changes)
    numbers = dice.sample(range(count), changes)
    for start in range(0, changes, BATCH):
        knowledge.staging.push_items(source, [draft(each, changes) for each in numbers[start : start + BATCH]])
    source = knowledge.sources.get_source(source.tenant_id, source.source_id)
    emulators.seconds = 0.0
    began = time.process_time()
    with meter.measuring():
        run = knowledge.runs.create_run(source, RunMode.INCREMENTAL, run_id=new_id("run"))
        outcome = knowledge.runs.apply_run(source, run.run_id)
    if outcome.counts.updated != changes:
        message = f"{outcome.counts} is not {changes} updates"
        raise RuntimeError(message)
    return Published(
        items=count,
        changes=changes,
        calls=sum(meter.calls.values()) + STARTS,
        database_calls=meter.database_calls,
        read_units=meter.read_units,
        write_units=meter.write_units,
        objects_read=len(meter.keys_got),
        objects_written=len(meter.keys_put),
        bytes_sent=meter.bytes_sent,
        bytes_received=meter.bytes_received,
        cpu_seconds=time.process_time() - began - emulators.seconds,
        leaves=leaves,
    )


def judged(runs: list[Published]) -> list[Figure]:
    """Hold the counts against the figures of the design."""
    figures = []
    for run in runs:
        what = f"run + apply of {run.changes:,} in {run.items:,}"
        if (run.items, run.changes) in GOALS:
            calls, sent, received = GOALS[run.items, run.changes]
            figures += [Figure(f"{what}: calls", calls, run.calls), Figure(f"{what}: bytes sent", sent, run.bytes_sent)]
            if received is not None:
                figures.append(Figure(f"{what}: bytes received", received, run.bytes_received))
    for field, words in (
        ("database_calls", "DynamoDB calls"),
        ("read_units", "read units"),
        ("write_units", "write units"),
    ):
        spread, changes = max(
            (max(values) / min(values), changes)
            for changes in {run.changes for run in runs}
            for values in [[getattr(run, field) for run in runs if run.changes == changes]]
        )
        what = f"run + apply: {words} at the largest over the smallest N (most: k = {changes:,})"
        figures.append(Figure(what, FLAT, spread))
    most = max(run.objects_written for run in runs)
    figures.append(Figure("run + apply: objects written, at most", OBJECTS_FIGURE, most, "objects"))
    return figures


def plotted(runs: list[Published]) -> list[Plot]:
    """Draw calls, units, bytes and processor time against the size of the source, and against the changes."""
    measures: list[tuple[str, str, Callable[[Published], float]]] = [
        ("calls", "AWS calls", lambda run: run.calls),
        ("units", "read and write units", lambda run: run.read_units + run.write_units),
        ("bytes", "bytes sent and received", lambda run: run.bytes_sent + run.bytes_received),
        ("cpu", "processor time, ms", lambda run: run.cpu_seconds * 1000),
    ]
    plots = []
    for name, words, value in measures:
        for over, x, along, fixed in (
            ("items", "items in the source", "items", "changes"),
            ("changes", "changes", "changes", "items"),
        ):
            curves: dict[str, list[tuple[float, float]]] = {}
            for run in runs:
                label = f"{getattr(run, fixed):,} {fixed}"
                curves.setdefault(label, []).append((getattr(run, along), value(run)))
            plots.append(Plot(f"publish-{name}-by-{over}", f"Run and apply: {words}", x, words, curves))
    return plots


def measure(arguments: argparse.Namespace) -> Findings:
    """Measure every size and number of changes on tables of its own."""
    runs = []
    with mock_aws(), dynoxide("publish") as resources:
        meter, emulators = Meter(), EmulatorTime()
        clients = watched_clients(resources, meter)
        emulators.watch(clients.s3)
        knowledge = KnowledgeServices(settings_of(resources), clients=clients, fanout=Fanout(8), machine=InlineMachine)
        for count in SIZES[arguments.size]:
            source = knowledge.sources.create_source(
                "ten_bench", name="bench", grace_days=7, removal_guard=None, source_id=new_id("src")
            )
            leaves = load(knowledge, source, count)
            runs += [
                publish(knowledge, (meter, emulators), source, leaves, count, changes)
                for changes in CHANGES[arguments.size]
            ]
    return Findings(
        title="Run and apply",
        intro="A source of N items is published; k of them get new contents, and the run and its apply are counted:"
        " every call of their tasks, and the two that start the machine. For a fixed k, calls to DynamoDB and"
        " units are flat over N. Whatever k and N are, three objects are written for each 25 000 changes: a pack, a"
        " file of changes and an index object. What of the index is read and written again grows with the leaves that"
        " k changes touch, at most k, and the nodes above them. Processor time is that of code and clients, the"
        " emulators' taken off; most of it is the clients' share of those calls.",
        figures=judged(runs),
        tables=[Table(HEADS, [run.row for run in runs])],
        plots=plotted(runs),
    )


def main() -> int:
    """Run the benchmark."""
    arguments = parser(__doc__).parse_args()
    return conclude(measure(arguments), arguments)


if __name__ == "__main__":
    sys.exit(main())
