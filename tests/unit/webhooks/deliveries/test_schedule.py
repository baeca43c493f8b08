"""When attempts come, and when an endpoint is given up."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from knowledge.limits import WEBHOOK_FAILING_MS
from webhooks.deliveries.schedule import (
    DELAYS_SECONDS,
    OVERDUE_MS,
    SWEEP_MS,
    Turns,
    first_reminder_at,
    next_attempt_at,
    probe_wait_ms,
    to_be_disabled,
)
from webhooks.endpoints.model import DisabledReason, Disabling, Endpoint


@pytest.mark.parametrize("tries", range(1, len(DELAYS_SECONDS)))
def test_each_wait_is_spread_over_ten_percent_either_way(tries: int) -> None:
    delay = DELAYS_SECONDS[tries] * 1000
    waits = [next_attempt_at(tries, 1_000, None, chance) for chance in (0.0, 0.5, 1.0)]
    assert waits == [1_000 + round(delay * factor) for factor in (0.9, 1.0, 1.1)]


def test_enough_is_enough() -> None:
    assert DELAYS_SECONDS == (0, 5, 300, 1_800, 7_200, 18_000, 36_000, 36_000)
    assert next_attempt_at(8, 0, 60, 0.5) is None


def test_retry_after_lengthens_and_never_shortens() -> None:
    assert next_attempt_at(1, 0, 600, 0.5) == 600_000
    assert next_attempt_at(7, 0, 600, 0.5) == 36_000_000


def test_endpoint_is_given_up_after_five_days() -> None:
    assert not to_be_disabled(None, WEBHOOK_FAILING_MS)
    assert not to_be_disabled(1, WEBHOOK_FAILING_MS)
    assert to_be_disabled(1, WEBHOOK_FAILING_MS + 1)


def test_deliveries_stand_back_longer_the_longer_an_endpoint_fails() -> None:
    assert [probe_wait_ms(failing_for) for failing_for in (0, 600_000, 86_400_000)] == [5_000, 60_000, 300_000]


def test_only_the_second_attempt_needs_a_message_before_the_sweep_comes_by() -> None:
    for tries in range(1, len(DELAYS_SECONDS)):
        again = next_attempt_at(tries, 0, None, 0.0)
        assert again is not None
        assert first_reminder_at(again, 0) == again + (OVERDUE_MS if tries == 1 else 0)


def turns_of(**fields: Any) -> list[int]:
    """The turns of an endpoint from 1 000 000 on, for deliveries that have long been due."""
    bare = Endpoint("ten", "whk", "https://x.example.com/", None, None, None, None, (), 0, 0)
    turns = Turns.of(replace(bare, **fields), 1_000_000)
    return [at - 1_000_000 for at in iter(lambda: turns.take(0), None) if at is not None]


def test_endpoint_has_four_turns_a_second_and_one_at_a_time_when_it_is_paced() -> None:
    assert turns_of() == list(range(0, SWEEP_MS, 250))
    assert turns_of(slow=True) == [0, 15_000, 30_000, 45_000]
    failing = {"failures": 5, "failing_since": 1_000_000 - 200_000}
    assert turns_of(**failing, probe_at=1_012_000) == [12_000, 32_000, 52_000]
    assert turns_of(**failing, probe_at=1_000_000 + SWEEP_MS) == []
    # What is left to a disabled one is only to be ended.
    disabled = Disabling(DisabledReason.BY_TENANT, 0)
    assert turns_of(**failing, probe_at=1_060_000, disabled=disabled) == turns_of()


def test_turn_is_not_before_its_delivery_is_due() -> None:
    turns = Turns(next_at=0, end_at=60_000, step_ms=250)
    assert [turns.take(due) for due in (30_000, 0, 60_000, 59_999)] == [30_000, 30_250, None, 59_999]
