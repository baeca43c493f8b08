"""Times as tenants read them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from knowledge.times import MS_PER_DAY, optional_timestamp, timestamp

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
LAST = 253_402_300_799_999
moments = st.integers(0, LAST)


@given(moments)
def test_timestamp_says_the_millisecond(at: int) -> None:
    text = timestamp(at)
    assert (datetime.fromisoformat(text) - EPOCH) / timedelta(milliseconds=1) == at
    assert len(text) == len("2026-11-23T09:30:00.000Z")
    assert text.endswith("Z")


@given(moments, moments)
def test_timestamps_sort_as_their_times_do(one: int, other: int) -> None:
    assert (timestamp(one) < timestamp(other)) == (one < other)


@pytest.mark.parametrize(
    ("at", "text"),
    [
        (0, "1970-01-01T00:00:00.000Z"),
        (999, "1970-01-01T00:00:00.999Z"),
        (MS_PER_DAY, "1970-01-02T00:00:00.000Z"),
        (951_782_400_001, "2000-02-29T00:00:00.001Z"),
        (LAST, "9999-12-31T23:59:59.999Z"),
    ],
)
def test_edges(at: int, text: str) -> None:
    assert timestamp(at) == text
    assert optional_timestamp(at) == text


def test_time_that_is_missing_stays_so() -> None:
    assert optional_timestamp(None) is None
