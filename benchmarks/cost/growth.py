"""From samples to a million items: what grows in a line with the items is counted at two sizes and carried on.

What a part of a run's changes takes beside that (its pack, file of changes and index, and what its invocation reads of
the part before) is counted by itself, once for each further part.
"""

from __future__ import annotations

from dataclasses import dataclass

from knowledge.runs.parts import CHANGES_PER_PART

from benchmarks.cost.prices import Bill, carried_on


@dataclass(frozen=True)
class Sample:
    """The bills of a number of items: of bringing them, of the run, and of the apply."""

    count: int
    pushes: Bill
    run: Bill
    apply: Bill


def parts_of(changes: int) -> int:
    """How many parts the changes of a run take."""
    return -(-changes // CHANGES_PER_PART)


def published(small: Sample, large: Sample, count: int, every: int, further: tuple[Bill, Bill]) -> tuple[Bill, Bill]:
    """Carry the run and the apply of two samples on to a count of items, every so-many-th of which changed."""
    steps = ((small.run, large.run, further[0]), (small.apply, large.apply, further[1]))
    run, apply = (
        carried_on(few, many, small.count, large.count, count) + part * (parts_of(count // every) - 1)
        for few, many, part in steps
    )
    return run, apply
