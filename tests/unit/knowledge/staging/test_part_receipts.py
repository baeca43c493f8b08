"""What a part came to since the snapshot was opened, from what the rows say."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from knowledge.staging.model import PushResult
from knowledge.staging.part_receipts import receipt_of

OPENED, EPOCH = 1_000, 5
# What such a receipt reads of a snapshot, and below of a decision.
SNAPSHOT: Any = SimpleNamespace(opened_at=OPENED, epoch=EPOCH)
BEFORE, AFTER = OPENED - 1, OPENED + 1


def decided(result: PushResult, *, epoch: int = EPOCH - 1, created: int = BEFORE, updated: int = BEFORE) -> Any:
    return SimpleNamespace(result=result, row=SimpleNamespace(epoch=epoch, created_at=created, updated_at=updated))


def told(decision: Any) -> tuple[str, int]:
    receipt = receipt_of(3, [decision], SNAPSHOT)
    (result,) = (each for each in PushResult if getattr(receipt.counts, each) == 1)
    assert (receipt.number, receipt.items) == (3, 1)
    return result, receipt.overwritten


@pytest.mark.parametrize(
    ("decision", "expected"),
    [
        (decided(PushResult.CREATED, created=AFTER, updated=AFTER), ("created", 0)),
        (decided(PushResult.UPDATED, updated=AFTER), ("updated", 0)),
        (decided(PushResult.UNCHANGED), ("unchanged", 0)),
        # A repeat of a part that crashed finds its own rows, and tells what the first try did.
        (decided(PushResult.UNCHANGED, created=AFTER, updated=AFTER), ("created", 0)),
        (decided(PushResult.UPDATED, created=AFTER, updated=AFTER), ("created", 0)),
        (decided(PushResult.UNCHANGED, updated=AFTER), ("updated", 0)),
        # The moment of the opening itself is before it.
        (decided(PushResult.UNCHANGED, created=OPENED, updated=OPENED), ("unchanged", 0)),
        # Others have changed the item since, and the row keeps their epoch.
        (decided(PushResult.UPDATED, epoch=EPOCH, updated=AFTER), ("updated", 1)),
        (decided(PushResult.CREATED, epoch=EPOCH, created=AFTER, updated=AFTER), ("created", 1)),
        (decided(PushResult.UNCHANGED, epoch=EPOCH, updated=AFTER), ("unchanged", 1)),
        # Others have pushed what was there: nothing of theirs is lost.
        (decided(PushResult.UNCHANGED, epoch=EPOCH), ("unchanged", 0)),
        (decided(PushResult.STALE, epoch=EPOCH, updated=AFTER), ("stale", 0)),
        (decided(PushResult.STALE, created=AFTER, updated=AFTER), ("stale", 0)),
        (SimpleNamespace(result=PushResult.UNCHANGED, row=None), ("unchanged", 0)),
    ],
)
def test_item(decision: Any, expected: tuple[str, int]) -> None:
    assert told(decision) == expected


moments = st.sampled_from([BEFORE, OPENED, AFTER])
decisions = st.builds(
    decided,
    st.sampled_from([PushResult.CREATED, PushResult.UPDATED, PushResult.UNCHANGED, PushResult.STALE]),
    epoch=st.sampled_from([EPOCH - 1, EPOCH, EPOCH + 1]),
    created=moments,
    updated=moments,
)


@given(st.lists(decisions, max_size=6))
def test_part_is_the_sum_of_its_items(found: list[Any]) -> None:
    receipt = receipt_of(1, found, SNAPSHOT)
    each = [told(decision) for decision in found]
    assert receipt.items == len(found)
    assert receipt.overwritten == sum(overwritten for _, overwritten in each)
    assert {result: getattr(receipt.counts, result) for result in PushResult} == {
        result: [name for name, _ in each].count(result) for result in PushResult
    }
