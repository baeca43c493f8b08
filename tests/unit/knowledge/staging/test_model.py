"""Counts of writes."""

from __future__ import annotations

from dataclasses import astuple, fields

from hypothesis import given
from hypothesis import strategies as st
from knowledge.staging.model import PushResult, StagingCounts

counts = st.builds(StagingCounts, *[st.integers(0, 1_000)] * 5)


@given(counts, counts)
def test_counts_are_added_up_one_by_one(one: StagingCounts, other: StagingCounts) -> None:
    assert astuple(one.plus(other)) == tuple(map(sum, zip(astuple(one), astuple(other), strict=True)))
    assert one.plus(StagingCounts()) == one


def test_there_is_a_count_for_each_result() -> None:
    assert {each.name for each in fields(StagingCounts)} == set(PushResult)
