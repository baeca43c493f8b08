"""Every way an apply is refused, and that a retry publishes when the refusal says so."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from typing import Any

import pytest
from knowledge import errors
from knowledge.runs.model import Discovery, RunState
from knowledge.sources.model import RemovalGuard
from knowledge.storage.attributes import to_row

from testing.faults import before_first
from testing.held_clock import HeldClock
from testing.lifecycle import Lifecycle

Meddle = Callable[[], Any]


def on_first(lifecycle: Any, operation: str, meddle: Meddle, *, matching: str = "") -> None:
    """Do something just before the first call of that name from now on (whose request mentions `matching`)."""
    before_first(lifecycle.watch, operation, meddle, matching=matching)


def rival_of(lifecycle: Any) -> Lifecycle:
    """Another process at work on the same source."""
    rival = Lifecycle(lifecycle.settings, lifecycle.clients, clock=lifecycle.clock, ids=lifecycle.ids)
    rival.source_id = lifecycle.source_id
    return rival


def objects_of(lifecycle: Any, run: Any, kind: str) -> list[str]:
    return [key for key in lifecycle.watch.puts.digests if run.run_id in key and f"/{kind}-" in key]


def overwrite(lifecycle: Any, key: str) -> None:
    """Damage an object behind everybody's back."""
    s3 = lifecycle.knowledge.clients.s3._client
    s3.put_object(Bucket=lifecycle.settings.content_bucket, Key=key, Body=b"damaged", Metadata={"sha256": "0" * 64})


def delete(lifecycle: Any, key: str) -> None:
    lifecycle.clients.s3.delete_object(Bucket=lifecycle.settings.content_bucket, Key=key)


def test_run_under_an_open_snapshot_is_not_eligible(lifecycle: Any) -> None:
    lifecycle.push(a="one")
    in_an_hour = lifecycle.clock() + 3_600_000
    lifecycle.set_on_source(openSnapshotId="snp_1", openSnapshotExpiresAt=in_an_hour)
    run = lifecycle.run()

    assert run.plan.discovery is Discovery.INCOMPLETE
    lifecycle.set_on_source(openSnapshotId=None, openSnapshotExpiresAt=None)
    with pytest.raises(errors.NotApplyEligibleError):
        lifecycle.apply(run)
    assert lifecycle.source.lease is None


@pytest.mark.parametrize("mode", ["incremental", "full"])
def test_run_whose_epoch_moved_while_it_read_is_not_eligible(lifecycle: Any, mode: str) -> None:
    lifecycle.push(a="one")
    on_first(lifecycle, "query", lambda: lifecycle.set_on_source(epoch=1), matching="#journal")
    run = lifecycle.run(mode)

    assert run.plan.discovery is Discovery.INCOMPLETE
    with pytest.raises(errors.NotApplyEligibleError):
        lifecycle.apply(run)
    lifecycle.publish()
    lifecycle.check(settled=True)


def test_expired_run_is_not_eligible(lifecycle: Any) -> None:
    lifecycle.push(a="one")
    run = lifecycle.run()
    lifecycle.clock.advance(days=7)

    assert lifecycle.knowledge.runs.get_run(lifecycle.source, run.run_id).state is RunState.EXPIRED
    with pytest.raises(errors.NotApplyEligibleError):
        lifecycle.apply(run)


def test_stale_base_is_planned_again_and_the_retry_publishes(lifecycle: Any) -> None:
    lifecycle.push(a="one")
    run = lifecycle.run()
    lifecycle.push(b="two")
    lifecycle.publish()
    lifecycle.push(c="three")

    with pytest.raises(errors.StaleBaseError):
        lifecycle.apply(run)
    again = lifecycle.knowledge.runs.get_run(lifecycle.source, run.run_id)
    assert (again.plan_version, again.state, again.last_error) == (2, RunState.READY, None)
    assert lifecycle.kinds(again) == {"c": "added"}
    lifecycle.apply(run)
    assert lifecycle.served() == {"a": "one", "b": "two", "c": "three"}
    lifecycle.check(settled=True)


@pytest.mark.parametrize("kind", ["pack", "index"])
@pytest.mark.parametrize("damage", [delete, overwrite])
def test_lost_or_damaged_plan_object_is_planned_again(lifecycle: Any, kind: str, damage: Any) -> None:
    lifecycle.push(a="one")
    run = lifecycle.run()
    (key,) = objects_of(lifecycle, run, kind)
    damage(lifecycle, key)

    with pytest.raises(errors.StalePlanError):
        lifecycle.apply(run)
    lifecycle.apply(run)
    assert lifecycle.served() == {"a": "one"}
    assert lifecycle.knowledge.runs.get_run(lifecycle.source, run.run_id).plan_version == 2
    lifecycle.check(settled=True)


@pytest.mark.parametrize("damage", [delete, overwrite])
def test_lost_or_damaged_changes_hold_nobody_up(lifecycle: Any, damage: Any) -> None:
    lifecycle.knowledge.sources.update_source(lifecycle.tenant_id, lifecycle.source_id, grace_days=0)
    lifecycle.push(a="one", b="two")
    lifecycle.publish()
    lifecycle.push(a="new")
    lifecycle.remove("b")
    run = lifecycle.run()
    (key,) = objects_of(lifecycle, run, "changes")
    damage(lifecycle, key)

    lifecycle.apply(run)
    assert lifecycle.served() == {"a": "new"}
    assert lifecycle.source.settle_run_id is None
    # The journal still names what was not cleaned up, so the next run does it.
    lifecycle.push(c="three")
    lifecycle.publish()
    assert lifecycle.served() == {"a": "new", "c": "three"}
    rows = lifecycle.knowledge.stores.items.read_rows(lifecycle.source_id, ["b"], lifecycle.clock())
    assert rows["b"].state == "tombstoned"
    assert not lifecycle.knowledge.stores.journal.list_entries(lifecycle.source_id)


def test_settings_changed_after_the_plan_are_honoured_by_the_next(lifecycle: Any) -> None:
    lifecycle.push(a="one", b="two")
    lifecycle.publish()
    lifecycle.remove("a")
    run = lifecycle.run()
    lifecycle.knowledge.sources.update_source(lifecycle.tenant_id, lifecycle.source_id, grace_days=0)

    with pytest.raises(errors.StalePlanError):
        lifecycle.apply(run)
    lifecycle.apply(run)
    assert lifecycle.served() == {"b": "two"}
    lifecycle.check(settled=True)


def test_plan_of_an_older_format_is_planned_again(lifecycle: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    lifecycle.push(a="one")
    run = lifecycle.run()
    name = {"pk": {"S": lifecycle.source_id}, "sk": {"S": f"run#{run.run_id}"}}
    lifecycle.clients.dynamodb.update_item(
        TableName=lifecycle.settings.catalog_table,
        Key=name,
        UpdateExpression="SET #plan.#format = :zero",
        ExpressionAttributeNames={"#plan": "plan", "#format": "format"},
        ExpressionAttributeValues={":zero": {"N": "0"}},
    )

    with pytest.raises(errors.StalePlanError):
        lifecycle.apply(run)
    lifecycle.apply(run)
    assert lifecycle.served() == {"a": "one"}


def test_other_plan_version_than_the_reviewed_one_is_refused_for_good(lifecycle: Any) -> None:
    lifecycle.push(a="one")
    run = lifecycle.run()
    lifecycle.push(b="two")
    lifecycle.publish()
    with pytest.raises(errors.StaleBaseError):
        lifecycle.apply(run, plan_version=1)

    for _ in range(2):
        with pytest.raises(errors.PlanVersionError):
            lifecycle.apply(run, plan_version=1)
    assert lifecycle.knowledge.runs.get_run(lifecycle.source, run.run_id).plan_version == 2
    lifecycle.apply(run, plan_version=2)


@pytest.mark.parametrize("guard", [RemovalGuard(max_items=2), RemovalGuard(max_percent=50)])
def test_run_that_drops_too_much_waits_for_approval_of_its_own_count(lifecycle: Any, guard: RemovalGuard) -> None:
    lifecycle.knowledge.sources.update_source(
        lifecycle.tenant_id, lifecycle.source_id, grace_days=0, removal_guard=guard
    )
    lifecycle.push(a="1", b="2", c="3", d="4")
    lifecycle.publish()
    lifecycle.push("a", "b", "c", e="5")
    run = lifecycle.run()

    for approved in ({}, {"approve_removals": 2}):
        with pytest.raises(errors.RemovalGuardError):
            lifecycle.apply(run, **approved)
    assert lifecycle.served() == {"a": "1", "b": "2", "c": "3", "d": "4"}
    lifecycle.apply(run, approve_removals=3)
    assert lifecycle.served() == {"d": "4", "e": "5"}
    lifecycle.check(settled=True)


def test_run_within_the_guard_needs_no_approval(lifecycle: Any) -> None:
    guard = RemovalGuard(max_percent=50, max_items=2)
    lifecycle.knowledge.sources.update_source(
        lifecycle.tenant_id, lifecycle.source_id, grace_days=0, removal_guard=guard
    )
    lifecycle.push(a="1", b="2", c="3", d="4")
    lifecycle.publish()
    lifecycle.push("a", "b")
    lifecycle.publish()

    assert lifecycle.served() == {"c": "3", "d": "4"}


def test_plan_whose_index_is_not_what_it_says_fails_the_build_and_keeps_the_run(lifecycle: Any) -> None:
    """It is published by nobody, whatever names it: here the index of another run, built on another base."""
    lifecycle.push(a="one")
    other = lifecycle.run()
    first = lifecycle.publish()
    lifecycle.push(a="two")
    run = lifecycle.run()
    row = {"pk": {"S": lifecycle.source_id}, "sk": {"S": f"run#{run.run_id}"}}

    def name_index(index: Any) -> None:
        lifecycle.clients.dynamodb.update_item(
            TableName=lifecycle.settings.catalog_table,
            Key=row,
            UpdateExpression="SET #plan.#index = :index",
            ExpressionAttributeNames={"#plan": "plan", "#index": "index"},
            ExpressionAttributeValues=to_row({":index": asdict(index)}),
        )

    name_index(other.plan.index)
    with pytest.raises(errors.BuildFailedError):
        lifecycle.apply(run)
    failed = lifecycle.knowledge.runs.get_run(lifecycle.source, run.run_id)
    assert (failed.state, failed.last_error.code) == (RunState.READY, "build_failed")
    assert lifecycle.source.lease is None
    assert lifecycle.source.generation_id == first.generation_id
    name_index(run.plan.index)
    lifecycle.apply(run)
    assert lifecycle.served() == {"a": "two"}
    lifecycle.check(settled=True)


def test_run_on_a_lost_index_fails(lifecycle: Any) -> None:
    lifecycle.push(a="one")
    lifecycle.publish()
    lifecycle.push(a="two")
    delete(lifecycle, lifecycle.current.manifest.key)

    with pytest.raises(errors.RunFailedError):
        lifecycle.run(run_id="run_1")
    failed = lifecycle.knowledge.runs.get_run(lifecycle.source, "run_1")
    assert (failed.state, failed.last_error.code) == (RunState.FAILED, "internal_error")


def test_other_tenant_sees_nothing(lifecycle: Any) -> None:
    lifecycle.push(a="one")
    lifecycle.publish()
    with pytest.raises(errors.SourceNotFoundError):
        lifecycle.knowledge.sources.get_source("tenant-b", lifecycle.source_id)
    page = lifecycle.knowledge.sources.list_sources("tenant-b", None, limit=10, position=None, only=None)
    assert not page.items
    assert isinstance(lifecycle.clock, HeldClock)
