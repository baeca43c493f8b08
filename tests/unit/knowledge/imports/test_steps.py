"""How long a queued import waits for its turn."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from knowledge.imports.model import Import, ImportFormat, ImportMode, ImportState
from knowledge.imports.steps import seconds_to_wait

NOW = 1_795_000_000_000


def queued(queued_at: int | None) -> Import:
    return Import(
        "t", "s", "i", ImportState.QUEUED, ImportMode.UPSERT, False, ImportFormat.NDJSON, 1, 2, queued_at=queued_at
    )


@pytest.mark.parametrize(("seconds", "wait"), [(0, 1), (7, 1), (8, 2), (100, 25), (240, 60), (86_400, 60)])
def test_wait_is_a_quarter_of_the_time_so_far_within_a_second_and_a_minute(seconds: int, wait: int) -> None:
    assert seconds_to_wait(queued(NOW - 1000 * seconds), NOW) == wait


def test_clock_that_went_back_or_no_time_at_all_means_a_second() -> None:
    assert seconds_to_wait(queued(NOW + 99_000), NOW) == 1
    assert seconds_to_wait(queued(None), NOW) == 1


@given(st.integers(0, 10**7), st.integers(0, 10**7))
def test_wait_never_grows_shorter(one: int, other: int) -> None:
    earlier, later = sorted((one, other))
    assert seconds_to_wait(queued(NOW - earlier), NOW) <= seconds_to_wait(queued(NOW - later), NOW)
