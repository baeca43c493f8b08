"""What the functions' own code takes for a large run: planning (the diff) and building, of 100 000 changed items.

    make bench, or: PYTHONPATH=layers/shared python -m benchmarks.diff [--size full]

Each is done whole, as the state machine does it: the journal is read and put in order, each invocation carries on from
the last one's checkpoint, and packs, changes, leaves and manifests are written. Table and bucket are in memory. Times
are of this process's CPU, without what the stand-in for the table takes; the best of some rounds, and beside it
`json.dumps` of the same rows. Times are not the same twice, so CI judges how many calls an item takes.
"""

from __future__ import annotations

import argparse
import cProfile
import json
import pickle
import statistics
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any

from telemetry.process import collect_rarely

from benchmarks import in_memory
from benchmarks.findings import Figure, Findings, Table, conclude, parser, readable
from benchmarks.in_memory import World

FIGURE = 50_000
# What the diff takes on Python 3.11. Not the design's: it stands for the rate where no time can be judged.
CALLS_FIGURE = 35
SIZES = {"small": 5_000, "usual": 100_000, "full": 100_000}
ROUNDS = {"small": 2, "usual": 4, "full": 8}
ITEMS_COUNTED = 5_000
ROWS_AT_A_TIME = 1_000


@dataclass(frozen=True)
class Round:
    """Processor seconds of one round."""

    plan: float
    build: float
    dump: float


def one_round(world: World) -> Round:
    """Plan and build a run, and write the rows it read as JSON."""
    before = world.table.seconds
    planned = timed(world.plan)
    return Round(planned - (world.table.seconds - before), timed(world.build), dumped(world))


def dumped(world: World) -> float:
    """The processor time that `json.dumps` of all rows takes, in seconds."""
    raws, seconds = list(world.table.rows.values()), 0.0
    for start in range(0, len(raws), ROWS_AT_A_TIME):
        rows = [pickle.loads(raw) for raw in raws[start : start + ROWS_AT_A_TIME]]
        seconds += timed(partial(_dump, rows))
    return seconds


def _dump(rows: list[Any]) -> None:
    for each in rows:
        json.dumps(each, default=str)


def timed(work: Callable[[], object]) -> float:
    """The processor time that work takes, in seconds."""
    began = time.process_time()
    work()
    return time.process_time() - began


def calls_an_item(world: World) -> float:
    """How many functions a planning calls for each item, Python's own among them; the stand-ins are left out."""
    profile = cProfile.Profile()
    profile.runcall(world.plan)
    calls = 0
    for entry in profile.getstats():
        where = entry.code if isinstance(entry.code, str) else entry.code.co_filename
        if where != in_memory.__file__ and "_pickle" not in where:
            calls += entry.callcount
    return calls / len(world.table.rows)


def measure(arguments: argparse.Namespace) -> Findings:
    """Measure a run over a published source, and the first one of a source."""
    collect_rarely()  # As in a function's process.
    items, rounds = SIZES[arguments.size], range(ROUNDS[arguments.size])
    changed, first = ([one_round(world) for _ in rounds] for world in worlds(items))
    plan = min(each.plan for each in changed)
    rows = [
        row("planning: every item has other contents", items, [(each.plan, each.dump) for each in changed]),
        row("building its generation", items, [(each.build, each.dump) for each in changed]),
        row("first publish: planning", items, [(each.plan, each.dump) for each in first]),
        row("first publish: building", items, [(each.build, each.dump) for each in first]),
    ]
    return Findings(
        title="Diff and first publish",
        intro=f"{items:,} staged items, all of them changed or all of them new: one core, the functions' code alone.",
        figures=judged(items, round(items / plan), calls_an_item(World(ITEMS_COUNTED, published=True))),
        tables=[Table(["what", "items a second", "µs an item", "CPU against json.dumps of the rows"], rows)],
    )


def judged(items: int, items_a_second: float, calls: float) -> list[Figure]:
    """Hold the rate of planning so many items, and the calls that an item takes, against their figures."""
    what = f"diff of {items:,} changed items"
    return [
        Figure(what, FIGURE, items_a_second, "items/s", at_least=True, counted=False),
        Figure("diff: function calls", CALLS_FIGURE, calls, "an item"),
    ]


def worlds(items: int) -> Iterator[World]:
    """Make the two sources, one after the other."""
    for published in (True, False):
        yield World(items, published=published)


def row(what: str, items: int, took: list[tuple[float, float]]) -> list[str]:
    """The best of some rounds, and the median of their ratios."""
    best = min(seconds for seconds, _ in took)
    ratio = statistics.median(seconds / plain for seconds, plain in took)
    return [what, readable(round(items / best)), f"{best / items * 1e6:.1f}", f"{ratio:.2f}"]


def main() -> int:
    """Run the benchmark."""
    arguments = parser(__doc__).parse_args()
    return conclude(measure(arguments), arguments)


if __name__ == "__main__":
    sys.exit(main())
