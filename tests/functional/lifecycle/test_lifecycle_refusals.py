"""Every way an apply is refused, and that a retry publishes when the refusal says so."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from knowledge import errors
from knowledge.model import Discovery, RemovalGuard, RunMode, RunState
from tests.support.faults import Call, throttled
from tests.support.inline_machine import InlineMachine
from tests.support.lifecycle import HeldClock, Lifecycle

Meddle = Callable[[], Any]


def on_first(lifecycle: Any, operation: str, meddle: Meddle, *, matching: str = "") -> None:
    """Do something just before the first call of that name from now on (whose request mentions `matching`)."""
    done: list[Call] = []

    def gate(call: Call) -> None:
        if not done and call.operation == operation and matching in str(call.request):
            done.append(call)
            meddle()

    lifecycle.watch.gate = gate


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

    assert lifecycle.knowledge.runs.get(lifecycle.source, run.run_id).state is RunState.EXPIRED
    with pytest.raises(errors.NotApplyEligibleError):
        lifecycle.apply(run)


def test_run_that_expires_before_the_publishing_write_does_not_publish(lifecycle: Any) -> None:
    lifecycle.push(a="one")
    run = lifecycle.run()
    on_first(lifecycle, "transact_write_items", lambda: lifecycle.clock.advance(days=7), matching="outbox")
    on_first(lifecycle, "put_object", lambda: lifecycle.clock.advance(days=7), matching="manifests/")

    with pytest.raises(errors.KnowledgeError):
        lifecycle.apply(run)
    assert not lifecycle.check().generations


def test_second_apply_while_one_is_at_work_is_in_progress(lifecycle: Any) -> None:
    lifecycle.push(a="one")
    runs = [lifecycle.run(), lifecycle.run()]
    refused: list[Exception] = []

    def meddle() -> None:
        for run in runs:
            with pytest.raises(errors.ApplyInProgressError) as caught:
                rival_of(lifecycle).apply(run)
            refused.append(caught.value)

    on_first(lifecycle, "put_object", meddle, matching="manifests/")
    outcome = lifecycle.apply(runs[0])

    assert len(refused) == 2
    assert lifecycle.current.generation_id == outcome.generation_id
    lifecycle.check(settled=True)


def test_stale_base_is_planned_again_and_the_retry_publishes(lifecycle: Any) -> None:
    lifecycle.push(a="one")
    run = lifecycle.run()
    lifecycle.push(b="two")
    lifecycle.publish()
    lifecycle.push(c="three")

    with pytest.raises(errors.StaleBaseError):
        lifecycle.apply(run)
    again = lifecycle.knowledge.runs.get(lifecycle.source, run.run_id)
    assert (again.plan_version, again.state, again.last_error) == (2, RunState.READY, None)
    assert lifecycle.kinds(again) == {"c": "added"}
    lifecycle.apply(run)
    assert lifecycle.served() == {"a": "one", "b": "two", "c": "three"}
    lifecycle.check(settled=True)


def test_base_that_moves_between_check_and_publish_is_stale(lifecycle: Any) -> None:
    lifecycle.push(a="one")
    run = lifecycle.run()

    def meddle() -> None:
        lifecycle.clock.advance(seconds=61)
        rival_of(lifecycle).publish()

    on_first(lifecycle, "put_object", meddle, matching="manifests/")
    with pytest.raises(errors.StaleBaseError):
        lifecycle.apply(run)
    lifecycle.apply(run)
    assert len(lifecycle.check(settled=True).generations) == 1


@pytest.mark.parametrize("kind", ["pack", "changes"])
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
    assert lifecycle.knowledge.runs.get(lifecycle.source, run.run_id).plan_version == 2
    lifecycle.check(settled=True)


def test_settings_changed_after_the_plan_are_honoured_by_the_next(lifecycle: Any) -> None:
    lifecycle.push(a="one", b="two")
    lifecycle.publish()
    lifecycle.remove("a")
    run = lifecycle.run()
    lifecycle.knowledge.sources.update(lifecycle.tenant_id, lifecycle.source_id, grace_days=0)

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
    assert lifecycle.knowledge.runs.get(lifecycle.source, run.run_id).plan_version == 2
    lifecycle.apply(run, plan_version=2)


def test_holder_whose_lease_was_taken_over_does_not_publish(lifecycle: Any) -> None:
    lifecycle.push(a="one")
    run, other = lifecycle.run(), lifecycle.run()

    def meddle() -> None:
        lifecycle.clock.advance(seconds=61)
        rival = rival_of(lifecycle)
        rival.knowledge.publisher.sources.acquire_lease(
            rival.tenant_id, rival.source_id, other.run_id, lifecycle.clock()
        )

    on_first(lifecycle, "transact_write_items", meddle, matching="event#")
    with pytest.raises(errors.LeaseLostError):
        lifecycle.apply(run)
    assert not lifecycle.check().generations
    assert lifecycle.source.lease.run_id == other.run_id
    lifecycle.clock.advance(seconds=61)
    lifecycle.apply(run)
    lifecycle.check(settled=True)


def test_renewal_finds_that_the_lease_is_lost(lifecycle: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    lifecycle.push(a="one")
    run, other = lifecycle.run(), lifecycle.run()

    def meddle() -> None:
        lifecycle.clock.advance(seconds=61)
        lifecycle.knowledge.publisher.sources.acquire_lease(
            lifecycle.tenant_id, lifecycle.source_id, other.run_id, lifecycle.clock()
        )

    on_first(lifecycle, "head_object", meddle)
    with pytest.raises(errors.LeaseLostError):
        lifecycle.apply(run)
    assert not [key for key in lifecycle.watch.puts.digests if key.startswith("manifests/")]


def test_write_that_stays_busy_is_an_apply_conflict(lifecycle: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    from botocore.exceptions import ClientError

    monkeypatch.setattr("knowledge.generation_store.backoff", lambda _: None)
    lifecycle.push(a="one")
    run = lifecycle.run()

    def gate(call: Call) -> None:
        if call.operation == "transact_write_items":
            answer: Any = {
                "Error": {"Code": "TransactionCanceledException"},
                "CancellationReasons": [{"Code": "TransactionConflict"}],
            }
            raise ClientError(answer, "TransactWriteItems")

    lifecycle.watch.gate = gate
    with pytest.raises(errors.ApplyConflictError):
        lifecycle.apply(run)
    lifecycle.watch.gate = None
    lifecycle.apply(run)
    lifecycle.check(settled=True)


@pytest.mark.parametrize("guard", [RemovalGuard(max_items=2), RemovalGuard(max_percent=50)])
def test_run_that_drops_too_much_waits_for_approval_of_its_own_count(lifecycle: Any, guard: RemovalGuard) -> None:
    lifecycle.knowledge.sources.update(
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
    lifecycle.knowledge.sources.update(lifecycle.tenant_id, lifecycle.source_id, grace_days=0, removal_guard=guard)
    lifecycle.push(a="1", b="2", c="3", d="4")
    lifecycle.publish()
    lifecycle.push("a", "b")
    lifecycle.publish()

    assert lifecycle.served() == {"c": "3", "d": "4"}


def test_lost_index_fails_the_build_and_keeps_the_run(lifecycle: Any) -> None:
    lifecycle.push(a="one")
    first = lifecycle.publish()
    lifecycle.push(a="two")
    run = lifecycle.run()
    leaf = next(key for key in lifecycle.watch.puts.digests if "/leaf-" in key and first.generation_id in key)
    s3 = lifecycle.knowledge.clients.s3._client
    kept = s3.get_object(Bucket=lifecycle.settings.content_bucket, Key=leaf)["Body"].read()
    delete(lifecycle, leaf)

    with pytest.raises(errors.BuildFailedError):
        lifecycle.apply(run)
    failed = lifecycle.knowledge.runs.get(lifecycle.source, run.run_id)
    assert (failed.state, failed.last_error.code) == (RunState.READY, "BuildFailedError")
    assert lifecycle.source.lease is None
    assert lifecycle.source.generation_id == first.generation_id
    s3.put_object(Bucket=lifecycle.settings.content_bucket, Key=leaf, Body=kept)
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
    failed = lifecycle.knowledge.runs.get(lifecycle.source, "run_1")
    assert (failed.state, failed.last_error.code) == (RunState.FAILED, "RunFailedError")


def test_archived_source_refuses_writes_runs_and_applies_and_keeps_serving(lifecycle: Any) -> None:
    lifecycle.push(a="one")
    lifecycle.publish()
    lifecycle.push(a="two")
    run = lifecycle.run()
    lifecycle.knowledge.sources.archive(lifecycle.tenant_id, lifecycle.source_id)

    for write in (
        lambda: lifecycle.push(a="three"),
        lambda: lifecycle.remove("a"),
        lambda: lifecycle.restore("a"),
        lifecycle.run,
        lambda: lifecycle.apply(run),
    ):
        with pytest.raises(errors.SourceInactiveError):
            write()
    assert lifecycle.served() == {"a": "one"}
    lifecycle.knowledge.sources.restore(lifecycle.tenant_id, lifecycle.source_id)
    lifecycle.apply(run)
    assert lifecycle.served() == {"a": "two"}


@pytest.mark.parametrize("moment", ["leaseToken", "event#"])
def test_source_archived_in_the_middle_of_an_apply_does_not_publish(lifecycle: Any, moment: str) -> None:
    lifecycle.push(a="one")
    run = lifecycle.run()
    operation = "update_item" if moment == "leaseToken" else "transact_write_items"
    archive = lifecycle.knowledge.sources.archive
    on_first(lifecycle, operation, lambda: archive(lifecycle.tenant_id, lifecycle.source_id), matching=moment)

    with pytest.raises(errors.SourceInactiveError):
        lifecycle.apply(run)
    assert not lifecycle.check().generations
    assert lifecycle.source.lease is None


def test_run_past_its_deadline_is_failed_by_its_reader_and_planned_by_its_retry(lifecycle: Any) -> None:
    class Silent(InlineMachine):
        def run(self, *_: Any, **__: Any) -> None:
            return None

    lifecycle.push(a="one")
    silent = Lifecycle(
        lifecycle.settings, lifecycle.clients, clock=lifecycle.clock, ids=lifecycle.ids, machine=Silent
    )
    silent.source_id = lifecycle.source_id
    run = silent.run()
    assert run.state is RunState.PLANNING
    with pytest.raises(errors.ApplyInProgressError):
        lifecycle.apply(run)
    lifecycle.clock.advance(seconds=361)
    assert lifecycle.knowledge.runs.get(lifecycle.source, run.run_id).state is RunState.FAILED

    again = lifecycle.knowledge.runs.create(lifecycle.source, RunMode.INCREMENTAL, run_id=run.run_id)
    assert again.state is RunState.READY
    lifecycle.apply(again)
    assert lifecycle.served() == {"a": "one"}


def test_throttle_that_stays_is_reported_as_unavailable_and_the_retry_publishes(lifecycle: Any) -> None:
    lifecycle.push(a="one")
    run = lifecycle.run()

    def gate(call: Call) -> None:
        if call.operation == "put_object":
            raise throttled(call)

    lifecycle.watch.gate = gate
    with pytest.raises(errors.ServiceUnavailableError):
        lifecycle.apply(run)
    lifecycle.watch.gate = None
    assert lifecycle.source.lease is None
    lifecycle.apply(run)
    lifecycle.check(settled=True)


def test_other_tenant_sees_nothing(lifecycle: Any) -> None:
    lifecycle.push(a="one")
    lifecycle.publish()
    with pytest.raises(errors.SourceNotFoundError):
        lifecycle.knowledge.sources.get("tenant-b", lifecycle.source_id)
    page = lifecycle.knowledge.sources.list("tenant-b", limit=10, position=None, only=None)
    assert not page.items
    assert isinstance(lifecycle.clock, HeldClock)
