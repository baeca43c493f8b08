"""Whether a run may be applied: each refusal, the order in which they come, and the removal guard at its edges."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from knowledge.errors import (
    ApplyInProgressError,
    KnowledgeError,
    NotApplyEligibleError,
    PlanVersionError,
    PublishingLockedError,
    RemovalGuardError,
    RunDiscardedError,
    StaleBaseError,
    StalePlanError,
)
from knowledge.generations.eligibility import ApplyRequest, check_applicable
from knowledge.index.manifest import BuiltIndex
from knowledge.model import ChangeKind, Counts, ObjectRef
from knowledge.runs.model import Discovery, Plan, Run, RunMode, RunState
from knowledge.sources.model import PublishLock, RemovalGuard, Source, SourceStatus
from knowledge.storage.format import FORMAT

NOW = 1_795_000_000_000
ASKED = ApplyRequest("ten_1", "src_1", "run_1")
MANIFEST = ObjectRef("runs/ten_1/src_1/run_0/att_0/index-0000", "a" * 64)
SOURCE = Source(
    tenant_id="ten_1",
    source_id="src_1",
    name="Handbook",
    status=SourceStatus.ACTIVE,
    grace_days=7,
    removal_guard=None,
    settings_version=3,
    epoch=1,
    open_snapshot_id=None,
    open_snapshot_expires_at=None,
    generation_id="gen_1",
    manifest=MANIFEST,
    sequence=1,
    full_required=False,
    lease=None,
    lease_token=0,
    settle_run_id=None,
    created_at=0,
    updated_at=0,
)
BUILT = BuiltIndex(ObjectRef("runs/ten_1/src_1/run_1/att_1/index-0000", "b" * 64), "c" * 64, 0, 0)
PLAN = Plan(
    version=2,
    base_generation_id="gen_1",
    base_digest=MANIFEST.digest,
    index=BUILT,
    settings_version=3,
    format=FORMAT,
    parts=(),
    counts=Counts(),
    drops=0,
    discovery=Discovery.COMPLETE,
    planned_at=NOW - 1,
    expires_at=NOW + 1,
)
RUN = Run("ten_1", "src_1", "run_1", RunMode.FULL, RunState.READY, 2, PLAN, None, None, NOW, 0, 0)


def planned(**changed: Any) -> Run:
    return replace(RUN, plan=replace(PLAN, **changed))


def refusal(source: Source, run: Run, request: ApplyRequest = ASKED) -> type[KnowledgeError] | None:
    try:
        check_applicable(source, run, request, NOW)
    except KnowledgeError as error:
        return type(error)
    return None


def test_run_that_fits_its_source_hands_out_its_plan() -> None:
    assert check_applicable(SOURCE, RUN, ASKED, NOW) is PLAN


def test_first_run_of_a_source_has_no_base() -> None:
    source = replace(SOURCE, generation_id=None, manifest=None)
    assert refusal(source, planned(base_generation_id=None, base_digest=None)) is None
    assert refusal(source, RUN) is StaleBaseError
    assert refusal(SOURCE, planned(base_generation_id=None, base_digest=None)) is StaleBaseError


def test_plan_is_bound_to_the_manifest_and_to_the_generation_beside_it() -> None:
    """A compaction serves the same from another manifest; a restored generation has an older one's manifest."""
    compacted = replace(MANIFEST, digest="d" * 64)
    assert refusal(replace(SOURCE, manifest=compacted), RUN) is StaleBaseError
    assert refusal(replace(SOURCE, generation_id="gen_2"), RUN) is StaleBaseError
    assert refusal(replace(SOURCE, generation_id="gen_2", manifest=compacted), RUN) is StaleBaseError
    assert refusal(SOURCE, RUN) is None


@pytest.mark.parametrize(
    ("run", "error"),
    [
        (replace(RUN, plan=None, state=RunState.PLANNING, deadline_at=NOW), ApplyInProgressError),
        # Whoever planned it has died: planning again helps.
        (replace(RUN, plan=None, state=RunState.PLANNING, deadline_at=NOW - 1), StalePlanError),
        (replace(RUN, plan=None, state=RunState.FAILED), StalePlanError),
        (planned(expires_at=NOW), NotApplyEligibleError),
        (replace(RUN, state=RunState.EXPIRED), NotApplyEligibleError),
        (replace(RUN, state=RunState.DISCARDED), RunDiscardedError),
        (replace(RUN, plan=None, state=RunState.DISCARDED), RunDiscardedError),
        (planned(discovery=Discovery.INCOMPLETE), NotApplyEligibleError),
        (planned(base_generation_id="gen_0"), StaleBaseError),
        (planned(base_generation_id=None), StaleBaseError),
        (planned(base_digest="d" * 64), StaleBaseError),
        (planned(base_digest=None), StaleBaseError),
        (planned(settings_version=2), StalePlanError),
        (planned(format=FORMAT + 1), StalePlanError),
    ],
)
def test_refusal_says_what_would_help(run: Run, error: type[KnowledgeError]) -> None:
    assert refusal(SOURCE, run) is error


def test_locked_source_takes_no_run_and_tells_why() -> None:
    for reason, told in (("until Monday", "locked: until Monday"), (None, "is locked.")):
        with pytest.raises(PublishingLockedError, match=told):
            check_applicable(replace(SOURCE, publish_lock=PublishLock(reason, NOW, None)), RUN, ASKED, NOW)


def test_another_plan_than_the_reviewed_one_is_not_applied() -> None:
    assert refusal(SOURCE, RUN, replace(ASKED, plan_version=1)) is PlanVersionError
    assert refusal(SOURCE, RUN, replace(ASKED, plan_version=2)) is None


def test_refusals_come_in_one_order_the_one_that_no_retry_mends_before_those_that_one_does() -> None:
    """What is wrong is mended from the first refusal on, and each time the next one shows."""
    source = replace(SOURCE, removal_guard=RemovalGuard(max_items=0))
    request = replace(ASKED, plan_version=1)
    wrong = {
        "expires_at": NOW,
        "discovery": Discovery.INCOMPLETE,
        "base_generation_id": "gen_0",
        "settings_version": 0,
        "counts": Counts.of({ChangeKind.TOMBSTONED: 1}, 10),
    }
    run = replace(planned(**wrong), plan=None, state=RunState.FAILED)
    seen = [refusal(source, run, request)]
    run = planned(**wrong)
    seen.append(refusal(source, run, request))
    for name in ("expires_at", "discovery"):
        run = replace(run, plan=replace(run.plan, **{name: getattr(PLAN, name)}))
        seen.append(refusal(source, run, request))
    seen.append(refusal(source, run, ASKED))
    for name in ("base_generation_id", "settings_version"):
        run = replace(run, plan=replace(run.plan, **{name: getattr(PLAN, name)}))
        seen.append(refusal(source, run, ASKED))
    seen.append(refusal(source, run, replace(ASKED, approve_removals=1)))
    assert seen == [
        StalePlanError,
        NotApplyEligibleError,
        NotApplyEligibleError,
        PlanVersionError,
        StaleBaseError,
        StalePlanError,
        RemovalGuardError,
        None,
    ]


@pytest.mark.parametrize(
    ("guard", "dropped", "allowed"),
    [
        (RemovalGuard(max_items=3), 3, True),
        (RemovalGuard(max_items=3), 4, False),
        (RemovalGuard(max_items=0), 0, True),
        (RemovalGuard(max_items=0), 1, False),
        (RemovalGuard(max_percent=10), 4, True),
        (RemovalGuard(max_percent=10), 5, False),
        (RemovalGuard(max_percent=12.5), 5, True),
        (RemovalGuard(max_percent=0), 1, False),
        (RemovalGuard(max_percent=100), 40, True),
        # Either bound is enough to ask.
        (RemovalGuard(max_percent=100, max_items=3), 4, False),
        (RemovalGuard(max_percent=1, max_items=40), 4, False),
        (RemovalGuard(), 40, True),
    ],
)
def test_guard_lets_through_what_is_at_its_bound(guard: RemovalGuard, dropped: int, allowed: bool) -> None:
    """Of 40 items that the base serves; what the run adds does not make the share smaller."""
    counts = Counts.of({ChangeKind.TOMBSTONED: dropped, ChangeKind.ADDED: 1_000}, 40)
    error = refusal(replace(SOURCE, removal_guard=guard), planned(counts=counts))
    assert error is (None if allowed else RemovalGuardError)


def test_removals_in_grace_are_not_counted() -> None:
    counts = Counts.of({ChangeKind.REMOVED: 40}, 40)
    assert refusal(replace(SOURCE, removal_guard=RemovalGuard(max_items=0)), planned(counts=counts)) is None


def test_refusal_names_the_figures_to_approve() -> None:
    counts = Counts.of({ChangeKind.TOMBSTONED: 7, ChangeKind.ADDED: 2}, 40)
    source = replace(SOURCE, removal_guard=RemovalGuard(max_items=6))
    with pytest.raises(RemovalGuardError, match=r"drops 7 of 40 items.* approveRemovals of at least 7\."):
        check_applicable(source, planned(counts=counts), ASKED, NOW)


guards = (
    st.builds(RemovalGuard, st.none() | st.floats(0, 100, allow_nan=False), st.none() | st.integers(0, 1_000))
    | st.none()
)


@given(guards, st.data())
def test_approval_of_all_that_is_dropped_passes_any_guard_and_of_less_passes_none(
    guard: RemovalGuard | None, data: st.DataObject
) -> None:
    base = data.draw(st.integers(1, 1_000))
    dropped = data.draw(st.integers(1, base))
    run = planned(counts=Counts.of({ChangeKind.TOMBSTONED: dropped}, base))
    source = replace(SOURCE, removal_guard=guard)
    enough = data.draw(st.integers(dropped, 2_000))
    assert refusal(source, run, replace(ASKED, approve_removals=enough)) is None
    too_few = data.draw(st.integers(0, dropped - 1))
    assert refusal(source, run, replace(ASKED, approve_removals=too_few)) is refusal(source, run)
