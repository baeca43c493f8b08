"""How many items a second the diff judges, the Lambda's code alone: rows, leaves and bucket are in memory.

    make bench, or: PYTHONPATH=layers/shared python -m benchmarks.diff [--items 100000]

Reads each changed row as DynamoDB answers it, loads the leaves they fall into, compares, and writes packs and changes.
Times are of this process's CPU; the second figure sets them against `json.dumps` of the same rows, in the same run.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import statistics
import sys
import time
from dataclasses import dataclass, field
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

NOW = 1_795_000_000_000
FIGURE = 50_000
ROUNDS = 3


@dataclass
class Memory:
    """Table and bucket in memory: what botocore would have answered."""

    rows: dict[str, dict[str, Any]] = field(default_factory=dict)
    objects: dict[str, bytes] = field(default_factory=dict)

    def batch_get_item(self, *, RequestItems: dict[str, Any]) -> dict[str, Any]:  # noqa: N803
        """Answer with the rows."""
        (table, asked), *_ = RequestItems.items()
        return {"Responses": {table: [self.rows[key["sk"]["S"]] for key in asked["Keys"]]}}

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
        memory.rows[name] = row_attributes("src", row)
        entries[name] = Entry(name, "a" * 64, item.title, "runs/t/s/r/a/pack-0000.gz", 0, 300, 1200, None)
    index = IndexStore(memory, Fanout(1))  # type: ignore[arg-type]
    tree = Tree()
    index.copy_on_write(tree, entries, "index/x")
    return tree, index


def main() -> int:
    """Measure."""
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--items", type=int, default=100_000)
    count = arguments.parse_args().items
    memory = Memory()
    tree, index = staged(memory, count)
    items = ItemStore(memory, "Items", Fanout(1))  # type: ignore[arg-type]
    planner = Planner(None, NoRuns(), items, memory, index, None, lambda: NOW, lambda prefix: f"{prefix}_1")  # type: ignore[arg-type]
    work = planning._in_trie_order(dict.fromkeys(memory.rows, 5))
    # One invocation takes them all, so that nothing is read anew between two parts.
    planning.CHANGES_PER_PART = count

    def diff() -> None:
        fresh = Tree(dict(tree.leaves), dict(tree.nodes))
        planner._advance(Checkpoint("t", "s", "r", 0, False, NOW, 7, 1, 0, False, None, None, (), work, tree=fresh))

    def dumped() -> None:
        for row in memory.rows.values():
            json.dumps(row, default=str)

    took = [timed(diff) for _ in range(ROUNDS)]
    plain = [timed(dumped) for _ in range(ROUNDS)]
    rate = count / min(took)
    ratio = statistics.median(took) / statistics.median(plain)
    print(f"{'what':<34} {'figure':>10} {'reached':>10}")
    print(f"{f'items a second, of {count:,}':<34} {FIGURE:>10,} {rate:>10,.0f}")
    print(f"{'CPU against json.dumps of the rows':<34} {'':>10} {ratio:>10.2f}")
    return 0


def timed(work: Any) -> float:
    """The CPU time that work takes, in seconds."""
    begun = time.process_time()
    work()
    return time.process_time() - begun


if __name__ == "__main__":
    sys.exit(main())
