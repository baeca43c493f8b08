"""The upkeep's round: calls at fixed times, each beginning sources for some minutes, by one worker or by several."""

from __future__ import annotations

import heapq
import random
from dataclasses import dataclass

from benchmarks.scale import parameters as given

_SEED = 20_261_128
_HOUR = 3_600.0
_EVERY = 900.0


@dataclass(frozen=True)
class Round:
    """How long it takes until the last source was looked at."""

    sources: int
    workers: int
    hours: float
    calls: int


def simulate(sources: int, workers: int) -> Round:
    """Look at every source; looks last a mean of what is measured, most of them less and some much more."""
    chance = random.Random(_SEED)
    free = [0.0] * workers
    begun = last = 0.0
    for _ in range(sources):
        at = heapq.heappop(free)
        if at - begun >= given.ROUND_SECONDS.value:
            # Every worker has run out of its minutes, since this was the first to be free.
            begun += _EVERY
            free = [begun] * (workers - 1)
            at = begun
        last = at + chance.expovariate(1 / given.LOOK_SECONDS.value)
        heapq.heappush(free, last)
    return Round(sources, workers, max(*free, last) / _HOUR, int(begun / _EVERY) + 1)


CASES = [(sources, workers) for workers in (1, 10) for sources in (1_000, 5_000, 10_000, 50_000)]
