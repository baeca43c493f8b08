"""What is kept, and for how long: each rule on both sides of its edge, and what holds for any history."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from knowledge.generations.model import Generation, GenerationOrigin
from knowledge.index.manifest import BuiltIndex
from knowledge.model import Counts, ObjectRef
from knowledge.runs.model import Discovery, Plan, Run, RunMode, RunState
from knowledge.staging.model import Snapshot, SnapshotState, StagingCounts
from knowledge.times import MS_PER_DAY
from knowledge.upkeep.retention import has_expired, needs_objects, snapshot_needs_parts, to_retire

NOW = 1_795_000_000_000
INDEX = BuiltIndex(ObjectRef("manifest", "a" * 64), "b" * 64, 0, 0)
DAYS_30, DAYS_7 = 30 * MS_PER_DAY, 7 * MS_PER_DAY


def generations(published_at: list[int]) -> list[Generation]:
    """The generations of a source, the latest first."""
    ref = ObjectRef("manifest", "a" * 64)
    return [
        Generation("t", "s", f"g{place}", place, None, GenerationOrigin.RUN, None, "", ref, Counts(), 0, at)
        for place, at in enumerate(published_at)
    ]


def run(state: RunState, *, created_at: int = NOW, plan_expires_at: int | None = None) -> Run:
    plan = None
    if plan_expires_at is not None:
        plan = Plan(1, None, None, INDEX, 1, 1, (), Counts(), 0, Discovery.COMPLETE, NOW, plan_expires_at)
    return Run("t", "s", "run_1", RunMode.FULL, state, 1, plan, None, None, NOW, created_at, created_at)


def snapshot(state: SnapshotState, expires_at: int) -> Snapshot:
    return Snapshot("t", "s", "snp_1", state, 1, 0, 0, StagingCounts(), 0, NOW, expires_at, None)


@pytest.mark.parametrize("count", [0, 1, 10])
def test_last_ten_generations_are_kept_however_old(count: int) -> None:
    assert to_retire(generations([0] * count), NOW) == []


def test_generation_past_the_tenth_is_kept_for_30_days_after_the_next_one_took_its_place() -> None:
    last_ten = [NOW] * 9
    assert to_retire(generations([*last_ten, NOW - DAYS_30 + 1, 0]), NOW) == []
    assert [each.generation_id for each in to_retire(generations([*last_ten, NOW - DAYS_30, 0]), NOW)] == ["g10"]


def test_retired_the_oldest_first() -> None:
    kept = generations([0] * 14)
    assert [each.generation_id for each in to_retire(kept, NOW)] == ["g13", "g12", "g11", "g10"]


moments = st.integers(NOW - 40 * MS_PER_DAY, NOW) | st.sampled_from(
    [NOW - DAYS_30 - 1, NOW - DAYS_30, NOW - DAYS_30 + 1]
)


@given(st.lists(moments, max_size=30).map(lambda found: sorted(found, reverse=True)))
def test_what_is_retired_is_all_that_no_rule_keeps(published_at: list[int]) -> None:
    kept = generations(published_at)
    retired = {each.generation_id for each in to_retire(kept, NOW)}
    for place, generation in enumerate(kept):
        among_the_last = place < 10
        superseded_within_30_days = not among_the_last and kept[place - 1].published_at > NOW - DAYS_30
        assert (generation.generation_id in retired) == (not among_the_last and not superseded_within_30_days)


@given(st.lists(moments, max_size=30))
def test_history_keeps_no_holes_even_when_clocks_went_back(published_at: list[int]) -> None:
    kept = generations(published_at)
    retired = to_retire(kept, NOW)
    assert retired == kept[len(kept) - len(retired) :][::-1]
    assert to_retire(kept[: len(kept) - len(retired)], NOW) == []


@pytest.mark.parametrize(
    ("found", "expired"),
    [
        (run(RunState.READY, plan_expires_at=NOW), True),
        (run(RunState.READY, plan_expires_at=NOW + 1), False),
        # However old: what counts is the plan, which may be younger than its run.
        (run(RunState.READY, created_at=0, plan_expires_at=NOW + 1), False),
        (run(RunState.PLANNING, created_at=NOW - DAYS_7), True),
        (run(RunState.PLANNING, created_at=NOW - DAYS_7 + 1), False),
        (run(RunState.FAILED, created_at=NOW - DAYS_7), True),
        (run(RunState.FAILED, created_at=NOW - DAYS_7 + 1), False),
        # Marked already, in the middle of it, or published for good.
        (run(RunState.EXPIRED, created_at=0), False),
        (run(RunState.DISCARDED, created_at=0, plan_expires_at=0), False),
        (run(RunState.APPLYING, created_at=0, plan_expires_at=0), False),
        (run(RunState.PUBLISHED, created_at=0, plan_expires_at=0), False),
    ],
)
def test_run_expires_a_week_after_its_plan_or_without_one_after_it_began(found: Run, expired: bool) -> None:
    assert has_expired(found, NOW) is expired


@pytest.mark.parametrize(
    ("found", "needed"),
    [
        (run(RunState.READY, plan_expires_at=NOW + 1), True),
        (run(RunState.PLANNING), True),
        (run(RunState.FAILED), True),
        (run(RunState.APPLYING, plan_expires_at=0), True),
        (run(RunState.EXPIRED, plan_expires_at=NOW + 1), False),
        (run(RunState.DISCARDED, plan_expires_at=NOW + 1), False),
        (run(RunState.PUBLISHED, plan_expires_at=NOW + 1), True),
        (run(RunState.PUBLISHED, plan_expires_at=NOW), False),
        (run(RunState.PUBLISHED), False),
    ],
)
def test_plan_is_needed_while_it_may_be_applied_or_reviewed(found: Run, needed: bool) -> None:
    assert needs_objects(found, {None, "run_other"}, None, NOW) is needed


def test_plan_of_a_kept_generation_is_needed_however_old() -> None:
    assert needs_objects(run(RunState.PUBLISHED, plan_expires_at=0), {"run_1"}, None, NOW)


@pytest.mark.parametrize("state", RunState)
def test_plan_whose_clean_up_is_owed_is_needed_in_every_state(state: RunState) -> None:
    assert needs_objects(run(state, created_at=0, plan_expires_at=0), (), "run_1", NOW)


@given(st.sampled_from(RunState), st.integers(0, NOW), st.none() | st.integers(0, 2 * NOW))
def test_no_plan_goes_from_under_a_run_that_may_be_applied(
    state: RunState, created_at: int, expires: int | None
) -> None:
    found = run(state, created_at=created_at, plan_expires_at=expires)
    if found.state is not RunState.PUBLISHED and not needs_objects(found, (), None, NOW):
        # Only the mark frees the objects, and then nobody may apply it; see `check_applicable`.
        assert found.state in {RunState.EXPIRED, RunState.DISCARDED}


@pytest.mark.parametrize(
    ("state", "expires_at", "needed"),
    [
        # A part may be sent again to a snapshot that ran out, which only says so 30 days long.
        (SnapshotState.OPEN, NOW - DAYS_30 + 1, True),
        (SnapshotState.OPEN, NOW - DAYS_30, False),
        # Its parts are what a completion reads, however long it takes.
        (SnapshotState.COMPLETING, 0, True),
        (SnapshotState.COMPLETED, 2 * NOW, False),
        (SnapshotState.ABORTED, 2 * NOW, False),
        (SnapshotState.EXPIRED, 2 * NOW, False),
    ],
)
def test_parts_of_a_snapshot_are_needed_until_it_ended(state: SnapshotState, expires_at: int, needed: bool) -> None:
    assert snapshot_needs_parts(snapshot(state, expires_at), NOW) is needed
