"""When attempts come, and when an endpoint is given up."""

from __future__ import annotations

import pytest
from webhooks.deliveries.schedule import DELAYS_SECONDS, GIVE_UP_MS, next_attempt_at, probe_wait_seconds, to_be_disabled


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
    assert not to_be_disabled(None, GIVE_UP_MS)
    assert not to_be_disabled(1, GIVE_UP_MS)
    assert to_be_disabled(1, GIVE_UP_MS + 1)


def test_deliveries_stand_back_longer_the_longer_an_endpoint_fails() -> None:
    assert probe_wait_seconds(0, 0.0) == 5
    assert probe_wait_seconds(600_000, 0.0) == 60
    assert probe_wait_seconds(86_400_000, 1.0) == 600
