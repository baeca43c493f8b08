"""From samples to a million items.

What grows in a line with the items is counted at two sizes and carried on. The index does not: how many leaves and
groups a number of items has is worked out from their ids, and must agree with what the samples wrote.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from functools import cache

from knowledge.index.trie import GROUP_DIGITS, GROUPED_PAST_LEAVES, LEAF_ENTRIES, path_of
from knowledge.runs.plan_writer import CHANGES_PER_PART

from benchmarks.cost.prices import Bill, carried_on

# Of a path: more than any leaf's prefix has.
_DIGITS = 8


@dataclass(frozen=True)
class Sample:
    """The bills of a number of items: of bringing them, of the run, and of the apply."""

    count: int
    pushes: Bill
    run: Bill
    apply: Bill


@cache
def _trie(count: int) -> tuple[frozenset[str], list[str]]:
    """The prefixes of the leaves of so many items of `staging.items`, and the path of each item."""
    paths = [path_of(f"doc-{number:07d}")[:_DIGITS] for number in range(count)]
    leaves, depth, rest = set[str](), 0, paths
    while rest:
        sizes = Counter(path[:depth] for path in rest)
        leaves |= {prefix for prefix, size in sizes.items() if size <= LEAF_ENTRIES}
        rest = [path for path in rest if sizes[path[:depth]] > LEAF_ENTRIES]
        depth += 1
    return frozenset(leaves), paths


def index_objects(count: int, every: int = 1) -> int:
    """How many leaves and groups a publication touches: of every so-many-th of so many items of `staging.items`."""
    leaves, paths = _trie(count)
    touched = {path[:size] for path in paths[::every] for size in range(_DIGITS)} & leaves if every > 1 else leaves
    if len(leaves) <= GROUPED_PAST_LEAVES:
        return len(touched)
    sizes = Counter(leaf[:GROUP_DIGITS] for leaf in leaves if len(leaf) >= GROUP_DIGITS)
    return len(touched) + len({leaf[:GROUP_DIGITS] for leaf in touched if sizes[leaf[:GROUP_DIGITS]] > 1})


def parts_of(count: int) -> int:
    """How many parts the changes of a run take."""
    return -(-count // CHANGES_PER_PART)


def published(
    small: Sample, large: Sample, count: int, every: int, further: tuple[Bill, Bill], gb_seconds_an_object: float
) -> tuple[Bill, Bill]:
    """Carry the run and the apply of two samples on to a count of items, every so-many-th of which changed."""
    steps = ((small.run, large.run, further[0]), (small.apply, large.apply, further[1]))
    run, apply = (
        grown(few, many, small.count, large.count, count, every, gb_seconds_an_object)
        + part * (parts_of(count // every) - 1)
        for few, many, part in steps
    )
    return run, apply


def grown(
    small: Bill,
    large: Bill,
    small_count: int,
    large_count: int,
    count: int,
    every: int = 1,
    gb_seconds_an_object: float = 0,
) -> Bill:
    """Carry the bills of two counts of items on to a third, with the objects of the index that this one touches.

    RuntimeError when the larger sample did not write what its ids say, since the third is taken from the ids alone.
    """
    expected = index_objects(large_count, every)
    if large["index_puts"] not in (0, expected):
        message = f"{large['index_puts']:.0f} leaves and groups written, {expected} expected"
        raise RuntimeError(message)
    bill = carried_on(small, large, small_count, large_count, count)
    factor = index_objects(count, every) / expected
    more = (factor - 1) * (bill["index_puts"] + bill["index_gets"])
    return bill.with_index(factor) + Bill({"gb_seconds": more * gb_seconds_an_object})
