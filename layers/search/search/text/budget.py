"""A bound on the processor time of a piece of work that asks often."""

from __future__ import annotations

import time
from collections.abc import Callable

# The clock is looked at once in so many calls.
_STEP = 8


class OutOfTimeError(Exception):
    """Raised when a piece of work takes longer than it may; it never leaves this room."""


class Budget:
    """Counts calls, and looks at the clock at some of them."""

    def __init__(self, seconds: float, clock: Callable[[], float] = time.thread_time) -> None:
        """Begin; `clock` tells processor seconds."""
        self._clock = clock
        self._end = clock() + seconds
        self._calls = 0

    def tick(self) -> None:
        """Raises OutOfTimeError when the time is over."""
        self._calls += 1
        if not self._calls % _STEP and self._clock() > self._end:
            raise OutOfTimeError
