"""How many items a second the diff judges, the Lambda's code alone: rows, leaves and bucket are in memory.

    make bench, or: PYTHONPATH=layers/shared python -m benchmarks.diff [--size full]

Reads each changed row as DynamoDB's client parses it, loads the leaves they fall into, compares, and writes packs and
changes. Times are of this process's CPU, without what the stand-in for the table takes; the best of some rounds, and
beside it `json.dumps` of the same rows in the same run.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import pickle
import statistics
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from knowledge import planning
from knowledge.aws import Fanout
from knowledge.checkpoint import Checkpoint
from knowledge.content import encode_item
from knowledge.index_store import IndexStore
from knowledge.item_rows import StagedRow, row_attributes
from knowledge.item_store import ItemStore
from knowledge.model import ItemDraft, ItemState, ObjectRef
from knowledge.planning import Planner
from knowledge.trie import Entry, Tree

from benchmarks.findings import Figure, Findings, Table, conclude, parser, readable

NOW = 1_795_000_000_000
FIGURE = 50_000
SIZES = {"small": 20_000, "usual": 100_000, "full": 100_000}
ROUNDS = {"small": 2, "usual": 5, "full": 9}


@dataclass
class Memory:
    """Table and bucket in memory: what botocore would have answered. `seconds` is what the table took to do so."""

    rows: dict[str, bytes] = field(default_factory=dict)
    objects: dict[str, bytes] = field(default_factory=dict)
    seconds: float = 0.0

    def batch_get_item(self, *, RequestItems: dict[str, Any]) -> dict[str, Any]:  # noqa: N803
        """Answer with rows made anew, as a client's parser does."""
        began = time.process_time()
        (table, asked), *_ = RequestItems.items()
        found = [pickle.loads(self.rows[key["sk"]["S"]]) for key in asked["Keys"]]
        self.seconds += time.process_time() - began
        return {"Responses": {table: found}}

    def put_once(self, key: str, body: bytes, _content_type: str = "") -> ObjectRef:
        """Keep an object."""
        self.objects[key] = body
        return ObjectRef(key, hashlib.sha256(body).hexdigest())

    def get(self, ref: ObjectRef) -> bytes:
        """Give an object back."""
        return self.objects[ref.key]


@dataclass
class NoRuns:
    """Takes a plan and lets it go."""

    def set_plan(self, *_: Any, **__: Any) -> bool:
        """Take it."""
        return True


def staged(memory: Memory, count: int) -> tuple[Tree, IndexStore]:
    """Make rows that all differ from a published generation."""
    entries: dict[str, Entry | None] = {}
    for number in range(count):
        name = f"doc-{number:06d}"
        item = encode_item(ItemDraft(name, f"Title of {name}", f"{'hello ' * 200}{name}"))
        row = StagedRow(
            name, 5, ItemState.ACTIVE, item.title, item.content_hash, item.content_bytes, item.member, None, None, None,
            0, NOW, NOW,
        )  # fmt: skip
        memory.rows[name] = pickle.dumps(row_attributes("src", row))
        entries[name] = Entry(name, "a" * 64, item.title, "runs/t/s/r/a/pack-0000.gz", 0, 300, 1200, None)
    index = IndexStore(memory, Fanout(1))  # type: ignore[arg-type]
    tree = Tree()
    index.copy_on_write(tree, entries, "index/x")
    return tree, index


def measure(arguments: argparse.Namespace) -> Findings:
    """Measure."""
    count, rounds = SIZES[arguments.size], ROUNDS[arguments.size]
    memory = Memory()
    tree, index = staged(memory, count)
    items = ItemStore(memory, "Items", Fanout(1))  # type: ignore[arg-type]
    planner = Planner(None, NoRuns(), items, memory, index, None, lambda: NOW, lambda prefix: f"{prefix}_1")  # type: ignore[arg-type]
    work = planning._in_trie_order(dict.fromkeys(memory.rows, 5))
    # One invocation takes them all, so that nothing is read anew between two parts.
    planning.CHANGES_PER_PART = count
    rows = [pickle.loads(row) for row in memory.rows.values()]

    def diff() -> float:
        fresh, before = Tree(dict(tree.leaves), dict(tree.nodes)), memory.seconds
        state = Checkpoint("t", "s", "r", 0, False, NOW, 7, 1, 0, False, None, None, (), work, tree=fresh)
        return timed(partial(planner._advance, state)) - (memory.seconds - before)

    def dumped() -> None:
        for row in rows:
            json.dumps(row, default=str)

    pairs = [(diff(), timed(dumped)) for _ in range(rounds)]
    rate = count / min(took for took, _ in pairs)
    ratio = statistics.median(took / plain for took, plain in pairs)
    return Findings(
        title="Diff",
        intro=f"{count:,} items of a published source got other contents; one core, the Lambda's code alone.",
        figures=[
            Figure(f"diff of {count:,} changed items", FIGURE, round(rate), "items/s", at_least=True, counted=False)
        ],
        tables=[
            Table(
                ["what", "reached"],
                [["items a second", readable(round(rate))], ["CPU against json.dumps of the rows", readable(ratio)]],
            )
        ],
    )


def timed(work: Callable[[], object]) -> float:
    """The CPU time that work takes, in seconds."""
    begun = time.process_time()
    work()
    return time.process_time() - begun


def main() -> int:
    """Run the benchmark."""
    arguments = parser(__doc__).parse_args()
    return conclude(measure(arguments), arguments)


if __name__ == "__main__":
    sys.exit(main())
