"""The rules of a run, row by row of the table in `knowledge.runs.diff`."""

from __future__ import annotations

import itertools

import pytest
from knowledge.index.entries import Entry
from knowledge.model import ChangeKind
from knowledge.runs.diff import Verdict, judge
from knowledge.staging.model import ItemState
from knowledge.staging.rows import RunRow
from knowledge.times import MS_PER_DAY

NOW = 1_700_000_000_000
GRACE = 7 * MS_PER_DAY
A, B = "a" * 64, "b" * 64


def published(content_hash: str = A, removed_at: int | None = None) -> Entry:
    return Entry("id", content_hash, "title", 0, 0, 1, 1, removed_at)


def row_of(state: ItemState, content_hash: str, removed_at: int | None) -> RunRow:
    return RunRow("a", 1, state, "A", content_hash, 1, b"\0", b"", None, removed_at, None)


ACTIVE = row_of(ItemState.ACTIVE, A, None)
REMOVED = row_of(ItemState.REMOVED, A, NOW - 1000)
OVERDUE = row_of(ItemState.REMOVED, A, NOW - GRACE)
TOMBSTONED = row_of(ItemState.TOMBSTONED, A, NOW - GRACE)


@pytest.mark.parametrize(
    ("row", "entry", "verdict"),
    [
        (ACTIVE, None, Verdict(ChangeKind.ADDED, brings=True)),
        (ACTIVE, published(), Verdict(None)),
        (ACTIVE, published(B), Verdict(ChangeKind.UPDATED, brings=True)),
        (ACTIVE, published(A, NOW - 5), Verdict(ChangeKind.RESTORED)),
        (ACTIVE, published(B, NOW - 5), Verdict(ChangeKind.UPDATED, brings=True)),
        (REMOVED, None, Verdict(None, drop=True)),
        (REMOVED, published(), Verdict(ChangeKind.REMOVED, NOW - 1000)),
        (REMOVED, published(B), Verdict(ChangeKind.REMOVED, NOW - 1000)),
        (REMOVED, published(A, NOW - 1000), Verdict(None)),
        (REMOVED, published(A, NOW - 2000), Verdict(ChangeKind.REMOVED, NOW - 1000)),
        (OVERDUE, None, Verdict(None, drop=True)),
        (OVERDUE, published(), Verdict(ChangeKind.TOMBSTONED)),
        (OVERDUE, published(A, NOW - GRACE), Verdict(ChangeKind.TOMBSTONED)),
        (TOMBSTONED, None, Verdict(None)),
        (TOMBSTONED, published(), Verdict(ChangeKind.TOMBSTONED)),
        (None, None, Verdict(None)),
        (None, published(), Verdict(ChangeKind.REMOVED, NOW)),
        (None, published(A, NOW - 5), Verdict(None)),
        (None, published(A, NOW - GRACE), Verdict(ChangeKind.TOMBSTONED)),
    ],
)
def test_verdict(row: RunRow | None, entry: Entry | None, verdict: Verdict) -> None:
    assert judge(row, entry, NOW, GRACE) == verdict


@pytest.mark.parametrize("ahead", [-5000, 0, 5000])
def test_grace_of_zero_is_due_at_once_whatever_the_clocks_say(ahead: int) -> None:
    row = row_of(ItemState.REMOVED, A, NOW + ahead)
    assert judge(row, published(), NOW, 0).kind is ChangeKind.TOMBSTONED


def test_a_verdict_carried_out_leaves_nothing_to_do() -> None:
    rows = [ACTIVE, REMOVED, OVERDUE, TOMBSTONED, None]
    entries = [None, published(), published(B), published(A, NOW - 1000), published(B, NOW - GRACE)]
    for row, entry in itertools.product(rows, entries):
        verdict = judge(row, entry, NOW, GRACE)
        after: Entry | None = entry
        if verdict.kind is ChangeKind.TOMBSTONED:
            after = None
        elif verdict.brings:
            assert row is not None
            after = published(row.content_hash)
        elif verdict.kind is not None:
            assert entry is not None
            after = entry._replace(removed_at=verdict.removed_at)
        assert judge(row, after, NOW, GRACE).kind is None
