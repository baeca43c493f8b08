"""Applies that meet each other, a settings change, an archived source or a busy service on the way."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from knowledge import errors
from knowledge.index import comparison, store, trie
from knowledge.runs.model import RunMode, RunState

from testing.faults import Call, before_first, throttled
from testing.inline_machine import InlineMachine
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


def test_run_that_expires_before_the_publishing_write_does_not_publish(lifecycle: Any) -> None:
    lifecycle.push(a="one")
    run = lifecycle.run()
    on_first(lifecycle, "head_object", lambda: lifecycle.clock.advance(days=7))

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

    on_first(lifecycle, "head_object", meddle)
    outcome = lifecycle.apply(runs[0])

    assert len(refused) == 2
    assert lifecycle.current.generation_id == outcome.generation_id
    lifecycle.check(settled=True)


def test_base_that_moves_between_check_and_publish_is_stale(lifecycle: Any) -> None:
    lifecycle.push(a="one")
    run = lifecycle.run()

    def meddle() -> None:
        lifecycle.clock.advance(seconds=61)
        rival_of(lifecycle).publish()

    on_first(lifecycle, "head_object", meddle)
    with pytest.raises(errors.StaleBaseError):
        lifecycle.apply(run)
    lifecycle.apply(run)
    assert len(lifecycle.check(settled=True).generations) == 1


def test_holder_whose_lease_was_taken_over_does_not_publish(lifecycle: Any) -> None:
    lifecycle.push(a="one")
    run, other = lifecycle.run(), lifecycle.run()

    def meddle() -> None:
        lifecycle.clock.advance(seconds=61)
        rival = rival_of(lifecycle)
        rival.knowledge.stores.sources.acquire_lease(rival.tenant_id, rival.source_id, other.run_id, lifecycle.clock())

    on_first(lifecycle, "transact_write_items", meddle, matching="event#")
    with pytest.raises(errors.LeaseLostError):
        lifecycle.apply(run)
    assert not lifecycle.check().generations
    assert lifecycle.source.lease.run_id == other.run_id
    lifecycle.clock.advance(seconds=61)
    lifecycle.apply(run)
    lifecycle.check(settled=True)


def test_lease_that_is_lost_while_objects_are_asked_for_publishes_nothing(lifecycle: Any) -> None:
    lifecycle.push(a="one")
    run, other = lifecycle.run(), lifecycle.run()

    def meddle() -> None:
        lifecycle.clock.advance(seconds=61)
        lifecycle.knowledge.stores.sources.acquire_lease(
            lifecycle.tenant_id, lifecycle.source_id, other.run_id, lifecycle.clock()
        )

    on_first(lifecycle, "head_object", meddle)
    with pytest.raises(errors.LeaseLostError):
        lifecycle.apply(run)
    assert not lifecycle.check().generations
    assert lifecycle.source.lease.run_id == other.run_id


def test_restore_that_compares_for_long_keeps_its_lease(lifecycle: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    first, run = _two_to_compare(lifecycle, monkeypatch)
    renewed: list[str] = []

    def slow(call: Call) -> None:
        if call.operation == "get_object":
            lifecycle.clock.advance(seconds=5)
        update = call.request.get("UpdateExpression", "")
        if "leaseRenewedAt = :now" in update and "ADD leaseToken" not in update:
            renewed.append(call.operation)
            with pytest.raises(errors.ApplyInProgressError):
                rival_of(lifecycle).apply(run)

    lifecycle.watch.gate = slow
    lifecycle.roll_back(first)
    lifecycle.watch.gate = None
    assert len(renewed) > 2
    lifecycle.check(leaf_entries=2)


def test_renewal_finds_that_the_lease_is_lost(lifecycle: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    first, run = _two_to_compare(lifecycle, monkeypatch)

    def take_over() -> None:
        lifecycle.clock.advance(seconds=61)
        lifecycle.knowledge.stores.sources.acquire_lease(
            lifecycle.tenant_id, lifecycle.source_id, run.run_id, lifecycle.clock()
        )

    # The first two are the manifests.
    on_first(lifecycle, "get_object", lambda: on_first(lifecycle, "get_object", take_over))
    with pytest.raises(errors.LeaseLostError):
        lifecycle.roll_back(first)
    assert len(lifecycle.check(leaf_entries=2).generations) == 2
    assert lifecycle.source.lease.run_id == run.run_id


def _two_to_compare(lifecycle: Any, monkeypatch: pytest.MonkeyPatch) -> tuple[str, Any]:
    """Two generations that differ in many leaves, which are compared a few at a time, and a run on the second."""
    monkeypatch.setattr(trie, "LEAF_ENTRIES", 2)
    monkeypatch.setattr(comparison, "_REGIONS_AT_A_TIME", 1)
    # Else both would be in memory with their manifests.
    monkeypatch.setattr(store, "TAIL_BYTES", 600)
    lifecycle.push_many({f"item-{number}": "old" for number in range(12)})
    first = lifecycle.publish().generation_id
    lifecycle.push_many({f"item-{number}": "new" for number in range(12)})
    lifecycle.publish()
    lifecycle.push(z="more")
    return first, lifecycle.run()


def test_write_that_stays_busy_is_an_apply_conflict(lifecycle: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    from botocore.exceptions import ClientError

    monkeypatch.setattr("knowledge.storage.transactions.backoff", lambda _: None)
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


def test_archived_source_refuses_writes_runs_and_applies_and_keeps_serving(lifecycle: Any) -> None:
    lifecycle.push(a="one")
    lifecycle.publish()
    lifecycle.push(a="two")
    run = lifecycle.run()
    lifecycle.knowledge.sources.archive_source(lifecycle.tenant_id, lifecycle.source_id)

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
    lifecycle.knowledge.sources.restore_source(lifecycle.tenant_id, lifecycle.source_id)
    lifecycle.apply(run)
    assert lifecycle.served() == {"a": "two"}


@pytest.mark.parametrize("moment", ["leaseToken", "event#"])
def test_source_archived_in_the_middle_of_an_apply_does_not_publish(lifecycle: Any, moment: str) -> None:
    lifecycle.push(a="one")
    run = lifecycle.run()
    operation = "update_item" if moment == "leaseToken" else "transact_write_items"
    archive = lifecycle.knowledge.sources.archive_source
    on_first(lifecycle, operation, lambda: archive(lifecycle.tenant_id, lifecycle.source_id), matching=moment)

    with pytest.raises(errors.SourceInactiveError):
        lifecycle.apply(run)
    assert not lifecycle.check().generations
    assert lifecycle.source.lease is None


def test_run_past_its_deadline_is_failed_by_its_reader_and_planned_by_its_retry(lifecycle: Any) -> None:
    class Silent(InlineMachine):
        def run_action(self, *_: Any, **__: Any) -> dict[str, Any]:
            return {}

    lifecycle.push(a="one")
    silent = Lifecycle(lifecycle.settings, lifecycle.clients, clock=lifecycle.clock, ids=lifecycle.ids, machine=Silent)
    silent.source_id = lifecycle.source_id
    run = silent.run()
    assert run.state is RunState.PLANNING
    with pytest.raises(errors.ApplyInProgressError):
        lifecycle.apply(run)
    lifecycle.clock.advance(seconds=361)
    assert lifecycle.knowledge.runs.get_run(lifecycle.source, run.run_id).state is RunState.FAILED

    again = lifecycle.knowledge.runs.create_run(lifecycle.source, RunMode.INCREMENTAL, run_id=run.run_id)
    assert again.state is RunState.READY
    lifecycle.apply(again)
    assert lifecycle.served() == {"a": "one"}


def test_throttle_that_stays_is_reported_as_unavailable_and_the_retry_publishes(lifecycle: Any) -> None:
    lifecycle.push(a="one")
    run = lifecycle.run()

    def gate(call: Call) -> None:
        if call.operation == "head_object":
            raise throttled(call)

    lifecycle.watch.gate = gate
    with pytest.raises(errors.ServiceUnavailableError):
        lifecycle.apply(run)
    lifecycle.watch.gate = None
    assert lifecycle.source.lease is None
    lifecycle.apply(run)
    lifecycle.check(settled=True)
