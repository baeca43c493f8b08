"""What a run and its apply cost, counted on Dynoxide: 1, 100 and 1 000 changes in sources of growing size.

    make bench, or: PYTHONPATH=layers/shared python -m benchmarks.publish [--full]

A source of N items is loaded as one published generation: packs, leaves, groups and manifest as a first apply writes
them, but no staged rows, since a run reads those rows alone that the journal names. Then k of its items are pushed
with new contents, and the run and the apply are counted: every call of their tasks, and the two that start the
machine. Ends with 1 when a figure of the design is missed: per k, DynamoDB calls and units flat within 10 % over N;
objects read and written each at most min(k, leaves) + min(k, groups) + 4; 25 calls for one change in 100 000 items.
"""

from __future__ import annotations

import argparse
import random
import sys
from dataclasses import dataclass

from knowledge.assembly import Knowledge
from knowledge.aws import Fanout
from knowledge.content import encode_item
from knowledge.generation_store import Publication
from knowledge.ids import new_id
from knowledge.index_codec import Manifest
from knowledge.index_store import IndexStore, index_folder, manifest_key
from knowledge.model import Counts, Generation, GenerationOrigin, ItemDraft, RunMode, Source
from knowledge.object_store import ObjectStore
from knowledge.trie import Entry, Tree
from moto import mock_aws

from benchmarks.emulators import dynoxide, watched_clients
from benchmarks.meter import Meter
from tests.support.inline_machine import InlineMachine
from tests.support.lifecycle import settings_of
from tests.support.resources import Resources

SIZES = (10_000, 100_000)
LARGEST = 1_000_000
CHANGES = (1, 100, 1_000)
STARTS = 2
ITEMS_A_PACK = 25_000
ROW = "{:>9} {:>8} {:>6} {:>8} {:>9} {:>10} {:>11} {:>8} {:>8} {:>12} {:>12} {:>7} {:>7}"
HEADS = (
    "items",
    "changes",
    "calls",
    "dynamodb",
    "read units",
    "write units",
    "objs read",
    "written",
    "s3 calls",
    "bytes sent",
    "received",
    "leaves",
    "groups",
)


@dataclass(frozen=True)
class Figures:
    """What one run and apply came to."""

    items: int
    changes: int
    calls: int
    database_calls: int
    read_units: float
    write_units: float
    objects_read: int
    objects_written: int
    leaves: int
    groups: int


def draft(number: int, edition: int) -> ItemDraft:
    """An item of some 200 bytes."""
    return ItemDraft(f"doc-{number:07d}", f"Document {number}", f"Edition {edition} of {number}. " * 6)


def load(knowledge: Knowledge, objects: ObjectStore, source: Source, count: int) -> Tree:
    """Publish `count` items as a generation, by the stores that a build uses."""
    index = IndexStore(objects, Fanout(8))
    generation_id = new_id("gen")
    where = index_folder(source.tenant_id, source.source_id, generation_id)
    entries: dict[str, Entry | None] = {}
    for start in range(0, count, ITEMS_A_PACK):
        key = f"runs/{source.tenant_id}/{source.source_id}/run_loaded/att/pack-{start // ITEMS_A_PACK:04d}.gz"
        pack = bytearray()
        for number in range(start, min(start + ITEMS_A_PACK, count)):
            item = draft(number, 0)
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
    held = knowledge.builder.sources.acquire_lease(source.tenant_id, source.source_id, generation_id, knowledge.clock())
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
    knowledge.publisher.publish(Publication(generation, generation_id, held.lease_token))
    return tree


def measure(knowledge: Knowledge, meter: Meter, source: Source, tree: Tree, count: int, changes: int) -> Figures:
    """Change items, run, apply; print and return what that took."""
    dice = random.Random(changes)
    for start in range(0, changes, 1000):
        numbers = dice.sample(range(count), min(1000, changes - start))
        knowledge.staging.push(source, [draft(number, changes) for number in numbers])
    source = knowledge.sources.get(source.tenant_id, source.source_id)
    with meter.measuring():
        run = knowledge.runs.create(source, RunMode.INCREMENTAL, run_id=new_id("run"))
        outcome = knowledge.runs.apply(source, run.run_id)
    if outcome.counts.updated != changes:
        message = f"{outcome.counts} is not {changes} updates"
        raise RuntimeError(message)
    leaves = len(tree.leaves) + sum(node.leaves for node in tree.nodes.values())
    figures = Figures(
        items=count,
        changes=changes,
        calls=sum(meter.calls.values()) + STARTS,
        database_calls=meter.database_calls,
        read_units=meter.read_units,
        write_units=meter.write_units,
        objects_read=len(meter.keys_got),
        objects_written=len(meter.keys_put),
        leaves=leaves,
        groups=len(tree.nodes),
    )
    print(
        ROW.format(
            f"{count:,}",
            f"{changes:,}",
            figures.calls,
            figures.database_calls,
            f"{figures.read_units:.1f}",
            f"{figures.write_units:.0f}",
            figures.objects_read,
            figures.objects_written,
            sum(meter.calls.values()) - figures.database_calls,
            f"{meter.bytes_sent:,}",
            f"{meter.bytes_received:,}",
            leaves,
            figures.groups,
        ),
        flush=True,
    )
    return figures


def missed(all_figures: list[Figures]) -> list[str]:
    """Hold the counts against the figures of the design."""
    lines = []
    for figures in all_figures:
        allowed = min(figures.changes, figures.leaves) + min(figures.changes, figures.groups) + 4
        for word, number in (("read", figures.objects_read), ("written", figures.objects_written)):
            if number > allowed:
                lines.append(f"{figures.changes} of {figures.items}: {number} objects {word}, more than {allowed}")
        if figures.changes == 1 and figures.items <= 100_000 and figures.calls > 25:
            lines.append(f"1 of {figures.items}: {figures.calls} calls, more than 25")
    for changes in {figures.changes for figures in all_figures}:
        alike = [figures for figures in all_figures if figures.changes == changes]
        for word in ("database_calls", "read_units", "write_units"):
            numbers = [getattr(figures, word) for figures in alike]
            if max(numbers) > 1.1 * min(numbers):
                lines.append(f"{changes} changes: {word} {numbers} are not flat within 10 %")
    return lines


def run(sizes: tuple[int, ...], resources: Resources) -> list[str]:
    """Measure every size and number of changes."""
    meter = Meter()
    clients = watched_clients(resources, meter)
    knowledge = Knowledge(settings_of(resources), clients=clients, fanout=Fanout(8), machine=InlineMachine)
    print(ROW.format(*HEADS))
    figures = []
    for count in sizes:
        source = knowledge.sources.create(
            "ten_bench", name="bench", grace_days=7, removal_guard=None, source_id=new_id("src")
        )
        tree = load(knowledge, ObjectStore(clients.s3, resources.bucket), source, count)
        figures += [measure(knowledge, meter, source, tree, count, changes) for changes in CHANGES]
    return missed(figures)


def main() -> int:
    """Run the benchmark on tables of its own."""
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--full", action="store_true", help=f"also {LARGEST:,} items: some minutes")
    full = arguments.parse_args().full
    with mock_aws(), dynoxide("publish") as resources:
        lines = run((*SIZES, LARGEST) if full else SIZES, resources)
    for line in lines:
        print(f"MISSED: {line}")
    return 1 if lines else 0


if __name__ == "__main__":
    sys.exit(main())
