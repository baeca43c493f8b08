"""Time is looked at now and then, and is over once."""

from __future__ import annotations

import pytest
from search.text.budget import Budget, OutOfTimeError


def test_work_ends_when_its_time_is_over() -> None:
    times = iter([10.0, 11.0, 12.0, 12.1])
    budget = Budget(2.0, lambda: next(times))
    for _ in range(16):
        budget.tick()
    with pytest.raises(OutOfTimeError):
        for _ in range(8):
            budget.tick()
