"""What the functions' own code takes for a large run and its apply: planning, which builds the index, and the check.

    make bench, or: PYTHONPATH=layers/shared python -m benchmarks.diff [--size full]

Each is done whole, as the state machine does it: the journal is read and put in order, each invocation carries on from
the last one's checkpoint, and packs, changes and indexes are written. Table and bucket are in memory. Times are of this
process's CPU, without what the stand-in for the table takes; the best of some rounds, and beside it `json.dumps` of the
same rows. Times are not the same twice, so CI judges how many calls an item takes, of both together.
"""

from __future__ import annotations

import argparse
import cProfile
import gc
import json
import pickle
import statistics
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from telemetry.process import collect_rarely

from benchmarks import in_memory
from benchmarks.findings import Figure, Findings, Table, conclude, parser, readable
from benchmarks.in_memory import World

FIGURE = 50_000
# Of run and apply together, on Python 3.11: it stands for the rate where no time can be judged.
CALLS_FIGURE = 38
# With the segments that search finds the items by: of the calls, and of the time without them.
SEARCHED_CALLS_FIGURE = 165
SEARCHED_FIGURE = 6.0
SIZES = {"small": 5_000, "usual": 100_000, "full": 100_000}
ROUNDS = {"small": 2, "usual": 4, "full": 8}
ITEMS_COUNTED = 5_000
ROWS_AT_A_TIME = 1_000


@dataclass(frozen=True)
class Round:
    """Processor seconds of one round: of the run and its apply, and of writing the rows it read as JSON."""

    publish: float
    dump: float


def one_round(world: World) -> Round:
    """Plan and build a run, and write the rows it read as JSON."""
    before = world.table.seconds
    took = timed(world.plan) + timed(world.build)
    return Round(took - (world.table.seconds - before), dumped(world))


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
    """How many functions a run and its apply call for each item, Python's own among them; without the stand-ins.

    What a garbage collection calls is left out: it is of whatever the process did before.
    """
    profile = cProfile.Profile()
    gc.collect()
    gc.disable()
    try:
        profile.runcall(world.plan)
        profile.runcall(world.build)
    finally:
        gc.enable()
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
    changed, searched, first = ([one_round(world) for _ in rounds] for world in worlds(items))
    best = min(each.publish for each in changed)
    rows = [
        row("run and apply: every item has other contents, without segments", items, changed),
        row("run and apply: every item has other contents", items, searched),
        row("first publish", items, first),
    ]
    counted = [calls_an_item(World(ITEMS_COUNTED, published=True, searched=each)) for each in (False, True)]
    ratio = min(each.publish for each in searched) / best
    return Findings(
        title="Diff and first publish",
        intro=f"{items:,} staged items, all of them changed or all of them new: one core, the functions' code alone."
        " The run plans, and builds the index that its apply publishes, which takes no time for each item; and the"
        " segments, unless the source is too large to be searched.",
        figures=judged(items, round(items / best), counted, ratio),
        tables=[Table(["what", "items a second", "µs an item", "CPU against json.dumps of the rows"], rows)],
    )


def judged(items: int, items_a_second: float, calls: Sequence[float], ratio: float) -> list[Figure]:
    """Hold the rate of publishing so many items without segments, and the calls an item takes, against their figures.

    `calls` are without segments and with them; `ratio` is the time with them over that without.
    """
    what = f"diff of {items:,} changed items"
    return [
        Figure(what, FIGURE, items_a_second, "items/s", at_least=True, counted=False),
        Figure("diff: function calls", CALLS_FIGURE, calls[0], "an item"),
        Figure("diff with segments: function calls", SEARCHED_CALLS_FIGURE, calls[1], "an item"),
        Figure("diff with segments: CPU", SEARCHED_FIGURE, ratio, "x without", counted=False),
    ]


def worlds(items: int) -> Iterator[World]:
    """Make the sources, one after the other."""
    for published, searched in ((True, False), (True, True), (False, True)):
        yield World(items, published=published, searched=searched)


def row(what: str, items: int, rounds: list[Round]) -> list[str]:
    """The best of some rounds, and the median of their ratios."""
    best = min(each.publish for each in rounds)
    ratio = statistics.median(each.publish / each.dump for each in rounds)
    return [what, readable(round(items / best)), f"{best / items * 1e6:.1f}", f"{ratio:.2f}"]


def main() -> int:
    """Run the benchmark."""
    arguments = parser(__doc__).parse_args()
    return conclude(measure(arguments), arguments)


if __name__ == "__main__":
    sys.exit(main())
