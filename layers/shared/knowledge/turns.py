"""Long jobs that the upkeep carries out in turns: each for a minute, then the next, and one that fails ever later.

A job says when it is due. Whoever works on one puts it off first, for longer than a call lives: one that kills its call
keeps nobody else from their turn, and no two calls work on one.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

from knowledge.ports import Clock, HasTime
from knowledge.times import MS_PER_MINUTE

J = TypeVar("J")
# Whoever works on a job has ended by then, so another may take it up.
CLAIM_MS = 15 * MS_PER_MINUTE
# Of one job before the next gets its turn.
SLICE_MS = MS_PER_MINUTE
_FIRST_PAUSE_MS = MS_PER_MINUTE
_DUE_AT_A_TIME = 100


def pause_after(tries: int) -> int:
    """How long a job waits that has failed so often, ms."""
    return min(_FIRST_PAUSE_MS << min(tries, 10), CLAIM_MS)


def take_turns(
    list_due: Callable[[int, int], Sequence[tuple[str, str]]],
    find_due: Callable[[str, str], J | None],
    work: Callable[[J, HasTime], bool],
    *,
    clock: Clock,
    has_time: HasTime,
) -> int:
    """Work on every job that is due, until none is or the time is over; tells how many times one failed.

    `list_due` names jobs that were due at a time (ms), at most so many, and may lag behind; `find_due` reads one, None
    unless it is due; `work` does a part of one, and is False when that failed.
    """
    failed = 0
    while has_time() and (due := list_due(clock(), _DUE_AT_A_TIME)):
        worked = False
        for place in due:
            if not has_time():
                break
            job = find_due(*place)
            if job is not None:
                worked = True
                failed += not work(job, has_time)
        if not worked:
            break
    return failed
