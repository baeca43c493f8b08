"""What must be there when a snapshot is completed, held against what arrived."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from knowledge.errors import SnapshotIncompleteError
from knowledge.model import ObjectRef
from knowledge.staging.expected_parts import ExpectedParts
from knowledge.staging.model import StagingCounts
from knowledge.staging.snapshot_rows import SnapshotPart

arrivals = st.dictionaries(st.integers(1, 8), st.integers(0, 3), max_size=8)


def taken(expected: ExpectedParts, arrived: dict[int, int]) -> bool:
    ref = ObjectRef("key", "hash")
    parts = [SnapshotPart(number, ref, items, StagingCounts()) for number, items in arrived.items()]
    try:
        expected.check_parts(parts)
    except SnapshotIncompleteError:
        return False
    return True


@given(arrivals)
def test_numbers_go_from_one_without_a_gap_unless_gaps_are_meant(arrived: dict[int, int]) -> None:
    assert taken(ExpectedParts(), arrived) == (sorted(arrived) == list(range(1, len(arrived) + 1)))
    assert taken(ExpectedParts(allow_gaps=True), arrived)


@given(arrivals, st.integers(0, 8), st.integers(0, 9))
def test_what_is_said_must_be_so(arrived: dict[int, int], parts: int, items: int) -> None:
    assert taken(ExpectedParts(parts=parts, allow_gaps=True), arrived) == (parts == len(arrived))
    assert taken(ExpectedParts(items=items, allow_gaps=True), arrived) == (items == sum(arrived.values()))


def test_hundreds_of_missing_parts_are_told_in_short() -> None:
    ref = ObjectRef("key", "hash")
    with pytest.raises(SnapshotIncompleteError, match="no 1, 2, 3, 4, 5, 6, 7, 8, 9, 10 and more"):
        ExpectedParts().check_parts([SnapshotPart(10_000, ref, 1, StagingCounts())])
