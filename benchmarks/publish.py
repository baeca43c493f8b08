"""What a run and its apply cost, counted on Dynoxide: 1, 100 and 1 000 changes in sources of growing size.

    make bench, or: PYTHONPATH=layers/shared python -m benchmarks.publish [--size full]

A source of N items is loaded as one published generation: packs, leaves, groups and manifest as a first apply writes
them, but no staged rows, since a run reads those rows alone that the journal names. Then k of its items are pushed
with new contents, and the run and the apply are counted. The figures of the design: per k, DynamoDB calls and units
flat within 10 % over N; objects read and written each at most min(k, leaves) + min(k, groups) + 4; 25 calls for one
change in 100 000 items.
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
from knowledge.index.codec import Manifest
from knowledge.index.store import IndexStore, index_folder, manifest_key
from knowledge.index.trie import Entry, Tree
from knowledge.items.content import encode_item
from knowledge.items.model import ItemDraft
from knowledge.model import Counts
from knowledge.runs.model import RunMode
from knowledge.sources.model import Source
from knowledge.storage.clients import Fanout
from knowledge.storage.objects import ObjectStore
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
CHANGES = {"small": (1, 100), "usual": (1, 100, 1_000), "full": (1, 10, 100, 1_000, 10_000)}
CALLS_FIGURE = 25
FLAT = 1.1
HEADS = ["items", "changes", "calls", "DynamoDB", "read units", "write units", "objects read", "written", "allowed"]
HEADS += ["bytes sent", "received", "CPU ms", "leaves", "groups"]
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
    groups: int

    @property
    def objects_allowed(self) -> int:
        """How many objects the design lets it read, and write."""
        return min(self.changes, self.leaves) + min(self.changes, self.groups) + 4

    @property
    def row(self) -> list[str]:
        """As it is shown."""
        values = (
            *(self.items, self.changes, self.calls, self.database_calls, self.read_units, self.write_units),
            *(self.objects_read, self.objects_written, self.objects_allowed, self.bytes_sent, self.bytes_received),
            *(round(self.cpu_seconds * 1000), self.leaves, self.groups),
        )
        return [readable(value) for value in values]


def draft(number: int, edition: int) -> ItemDraft:
    """An item of some 200 bytes."""
    return ItemDraft(f"doc-{number:07d}", f"Document {number}", f"Edition {edition} of {number}. " * 6)


def load(knowledge: KnowledgeServices, objects: ObjectStore, source: Source, count: int) -> Tree:
    """Publish `count` items as a generation, by the stores that a build uses."""
    index = IndexStore(objects, Fanout(8))
    generation_id = new_id("gen")
    where = index_folder(source.tenant_id, source.source_id, generation_id)
    entries: dict[str, Entry | None] = {}
    for start in range(0, count, ITEMS_A_PACK):
        key = f"runs/{source.tenant_id}/{source.source_id}/run_loaded/att/pack-{start // ITEMS_A_PACK:04d}.gz"
        pack = bytearray()
        for each in range(start, min(start + ITEMS_A_PACK, count)):
            item = draft(each, 0)
            encoded = encode_item(item)
            entries[item.external_item_id] = Entry(
                item.external_item_id,
                encoded.content_hash,
                item.title,
                key,
                len(pack),
                len(encoded.member),
                encoded.content_bytes,
                None,
            )
            pack += encoded.member
        objects.put_once(key, bytes(pack))
    tree = Tree()
    index.copy_on_write(tree, entries, where)
    index.close_groups(tree, where)
    manifest = index.write_manifest(
        manifest_key(source.tenant_id, source.source_id, generation_id),
        Manifest(source.tenant_id, source.source_id, generation_id, None, tree.root_hash, tree),
    )
    held = knowledge.stores.sources.acquire_lease(source.tenant_id, source.source_id, generation_id, knowledge.clock())
    generation = Generation(
        tenant_id=source.tenant_id,
        source_id=source.source_id,
        generation_id=generation_id,
        sequence=1,
        base_generation_id=None,
        origin=GenerationOrigin.COMPACTION,
        run_id=None,
        root_hash=tree.root_hash,
        manifest=manifest,
        counts=Counts(added=count, total=count),
        content_bytes=tree.content_bytes,
        published_at=0,
    )
    knowledge.publisher.publish_generation(Publication(generation, generation_id, held.lease_token))
    return tree


def publish(
    knowledge: KnowledgeServices,
    meters: tuple[Meter, EmulatorTime],
    source: Source,
    tree: Tree,
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
        leaves=len(tree.leaves) + sum(node.leaves for node in tree.nodes.values()),
        groups=len(tree.nodes),
    )


def judged(runs: list[Published]) -> list[Figure]:
    """Hold the counts against the figures of the design."""
    single = [run.calls for run in runs if run.changes == 1 and run.items <= 100_000]
    figures = [Figure("run + apply of 1 change in 100 000 items", CALLS_FIGURE, max(single), "calls")] if single else []
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
    for field, words in (("objects_read", "read"), ("objects_written", "written")):
        worst = max(runs, key=lambda run: getattr(run, field) / run.objects_allowed)
        what = f"run + apply: objects {words} (most: {worst.changes:,} of {worst.items:,})"
        figures.append(Figure(what, worst.objects_allowed, getattr(worst, field), "objects"))
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
            tree = load(knowledge, ObjectStore(clients.s3, resources.bucket), source, count)
            runs += [
                publish(knowledge, (meter, emulators), source, tree, count, changes)
                for changes in CHANGES[arguments.size]
            ]
    return Findings(
        title="Run and apply",
        intro="A source of N items is published; k of them get new contents, and the run and its apply are counted:"
        " every call of their tasks, and the two that start the machine. For a fixed k, calls to DynamoDB and"
        " units are flat over N. Objects, and with them S3's calls and the bytes, grow in steps until each "
        "change falls into a leaf of its own: leaves split by sixteen, so sources of 32 000 and of 100 000 "
        "items have 256, and those of 320 000 and of 1 000 000 have 4 096. k changes never touch more than k "
        "leaves and k groups, however large the source is. Processor time is that of code and clients, the "
        "emulators' taken off; most of it is the clients' share of those calls.",
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
