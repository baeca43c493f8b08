"""Counts add up, whatever a run does to whatever its base serves."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from knowledge.model import ChangeKind, Counts

touching = (ChangeKind.UPDATED, ChangeKind.REMOVED, ChangeKind.RESTORED, ChangeKind.TOMBSTONED)


@given(st.dictionaries(st.sampled_from(ChangeKind), st.integers(0, 50)), st.integers(0, 1_000))
def test_each_served_item_is_counted_once(tally: dict[ChangeKind, int], others: int) -> None:
    base_total = others + sum(tally.get(kind, 0) for kind in touching)
    counts = Counts.of(tally, base_total)
    assert counts.unchanged == others
    assert counts.changes == sum(tally.values())
    # What was served: all that is served now, without what is new, and what was dropped.
    assert counts.total - counts.added + counts.tombstoned == base_total
    # What is served: an item in grace still is.
    assert counts.total == counts.added + counts.updated + counts.removed + counts.restored + counts.unchanged


def test_tally_by_plain_text_counts_alike() -> None:
    """A checkpoint reads its tally back from JSON."""
    assert Counts.of({"added": 2, "removed": 1}, 5) == Counts(added=2, removed=1, unchanged=4, total=7)
    assert Counts.of({}, 0) == Counts()
