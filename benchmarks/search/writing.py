"""What publications write: bytes of segments as they are built, and lists of them as they are merged over a time."""

from __future__ import annotations

import math
import random
from bisect import bisect_left
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from search.segments.policy import merged_tier, replaced, tier_of

from benchmarks.findings import Figure, Table
from benchmarks.search.corpus import documents, segments

PER_K = {1: 6_000, 100: 200_000}
"""The most bytes that a segment of so many items has, in the mean."""
PUBLICATIONS = {"a thousand publications": 1_000, "a year, every 10 minutes": 52_560}
BOUNDS = {"a thousand publications": (2.5, 24), "a year, every 10 minutes": (3.5, 40)}
ITEMS = 100_000
MOST_CHANGES = 100
BYTES_TITLE, LISTS_TITLE = "Bytes of a segment", "Lists of segments over a time"


class Lived(NamedTuple):
    """What some publications wrote, against the same without any merging, and the longest list that they made."""

    what: str
    publications: int
    amplification: float
    most_segments: int
    mean_segments: float


class Sized(NamedTuple):
    """A segment of the simulation."""

    tier: int
    documents: int


def measure_bytes(counts: Sequence[int], rounds: int) -> dict[int, tuple[float, float]]:
    """Build segments of so many items; returns the mean bytes of a whole one, and of what a search reads of it."""
    measured = {}
    for count in counts:
        built = [each for seed in range(rounds if count <= 100 else 1) for each in segments(documents(count, seed + 1))]
        measured[count] = (
            sum(each.ref.size for each in built) / len(built),
            sum(each.ref.head for each in built) / len(built),
        )
    return measured


def bytes_of(count: int, measured: Mapping[int, tuple[float, float]]) -> float:
    """Estimate the bytes of a segment from those that were built; a larger one has as many an item as the largest."""
    sizes = sorted(measured)
    if count >= sizes[-1]:
        return measured[sizes[-1]][0] * count / sizes[-1]
    at = max(1, bisect_left(sizes, count))
    low, high = sizes[at - 1], sizes[at]
    share = math.log(max(count, 1) / low) / math.log(high / low)
    return math.exp((1 - share) * math.log(measured[low][0]) + share * math.log(measured[high][0]))


def live(what: str, publications: int, measured: Mapping[int, tuple[float, float]]) -> Lived:
    """Publish 1 to 100 changes each time, of any items, in a source of `ITEMS`, by the real rule when to merge.

    Of merged documents of one item one is left; how many that are is estimated.
    """
    chance = random.Random(7)
    listed = [Sized(tier_of(ITEMS), ITEMS)]
    alone = written = total = 0.0
    most = 0
    for _ in range(publications):
        own = chance.randint(1, MOST_CHANGES)
        alone += bytes_of(own, measured)
        count = replaced(listed, own)
        neighbours = listed[len(listed) - count :]
        together = own + sum(each.documents for each in neighbours)
        distinct = round(ITEMS * -math.expm1(-together / ITEMS))
        size = max([own, min(together, distinct), *(each.documents for each in neighbours)])
        tier = tier_of(size, merged_tier(neighbours, own) if count else 0)
        listed[len(listed) - count :] = [Sized(tier, size)]
        written += bytes_of(size, measured)
        total += len(listed)
        most = max(most, len(listed))
    return Lived(what, publications, written / alone, most, total / publications)


def judged_bytes(reached: Mapping[int, float]) -> list[Figure]:
    """Hold the bytes of a publication against their bounds."""
    return [
        Figure(f"index bytes of a publication of {k:,}, mean", most, reached[k], "bytes") for k, most in PER_K.items()
    ]


def judged_lists(lived: Sequence[Lived]) -> list[Figure]:
    """Hold write amplification and the number of segments against their bounds."""
    figures = []
    for each in lived:
        amplification, most = BOUNDS[each.what]
        figures += [
            Figure(f"write amplification, {each.what}", amplification, each.amplification, "x"),
            Figure(f"segments, {each.what}", most, each.most_segments, "at most"),
        ]
    return figures


def bytes_table(measured: Mapping[int, tuple[float, float]]) -> Table:
    """Lay out the bytes of segments."""
    rows = [
        [f"{count:,}", f"{size:,.0f}", f"{head:,.0f}", f"{size / count:,.0f}"]
        for count, (size, head) in measured.items()
    ]
    return Table(["items", "bytes", "that a search reads", "bytes an item"], rows, BYTES_TITLE)


def lists_table(lived: Sequence[Lived]) -> Table:
    """Lay out what happens to lists."""
    rows = [
        [
            each.what,
            f"{each.publications:,}",
            f"{each.amplification:.2f}",
            f"{each.most_segments}",
            f"{each.mean_segments:.1f}",
        ]
        for each in lived
    ]
    return Table(["what", "publications", "amplification", "most segments", "mean segments"], rows, LISTS_TITLE)
