"""Snapshots that die, dawdle or meet others: what a plain retry makes of them."""

from __future__ import annotations

import random
from collections.abc import Callable

import pytest
from knowledge.errors import (
    EmptySnapshotError,
    ServiceUnavailableError,
    SnapshotClosedError,
    SnapshotNotFoundError,
    SnapshotOpenError,
)
from knowledge.staging.model import ItemState, PushResult, Snapshot, SnapshotState

from testing.faults import Call, Crash, Way, before_first
from testing.lifecycle import draft
from tests.functional.lifecycle.conftest import Checked


@pytest.fixture
def opened(lean_lifecycle: Checked) -> Callable[[], str]:
    def open_one() -> str:
        snapshot_id = lean_lifecycle.ids("snp")
        lean_lifecycle.knowledge.snapshots.open_snapshot(lean_lifecycle.source, snapshot_id=snapshot_id)
        return snapshot_id

    return open_one


def active(lifecycle: Checked) -> list[str]:
    page = lifecycle.knowledge.staging.list_items(
        lifecycle.source, state=ItemState.ACTIVE, prefix=None, limit=200, position=None, include_content=False
    )
    return [item.external_item_id for item in page.items]


def replace(lifecycle: Checked, snapshot_id: str, *names: str) -> Snapshot:
    # The text differs from snapshot to snapshot, so that each leaves something to publish.
    return lifecycle.knowledge.snapshots.replace_all(
        lifecycle.source, [draft(name, snapshot_id) for name in names], snapshot_id=snapshot_id
    )


@pytest.mark.long
@pytest.mark.parametrize("way", [Way.DIE_BEFORE, Way.DIE_AFTER])
@pytest.mark.parametrize("pause_seconds", [0, 3_600])
def test_one_request_snapshot_that_crashed_anywhere_is_finished_by_its_retry(
    lean_lifecycle: Checked, way: Way, pause_seconds: int
) -> None:
    """The retry has the same id, since that derives from the Idempotency-Key, and may come at once or an hour later."""
    lifecycle = lean_lifecycle
    for at in range(60):
        lifecycle.push_many({f"old-{number}": f"round {at}" for number in range(3)})
        snapshot_id = lifecycle.ids("snp")
        lifecycle.watch.arm(at, way)
        try:
            replace(lifecycle, snapshot_id, "kept")
        except Crash:
            lifecycle.watch.disarm()
            lifecycle.clock.advance(seconds=pause_seconds)
            done = replace(lifecycle, snapshot_id, "kept")
            assert done.state is SnapshotState.COMPLETED
        fired = lifecycle.watch.fired
        lifecycle.watch.disarm()
        assert active(lifecycle) == ["kept"]
        assert lifecycle.source.open_snapshot_id is None
        lifecycle.publish()
        lifecycle.check(settled=True)
        if fired is None:
            assert at > 20
            return
    raise AssertionError("a snapshot never ended without reaching the crash")


def test_late_retry_gives_way_to_a_snapshot_that_is_open(lean_lifecycle: Checked, opened: Callable[[], str]) -> None:
    snapshot_id = lean_lifecycle.ids("snp")
    lean_lifecycle.watch.arm(4, Way.DIE_AFTER)
    with pytest.raises(Crash):
        replace(lean_lifecycle, snapshot_id, "a")
    lean_lifecycle.watch.disarm()
    lean_lifecycle.clock.advance(seconds=36)
    other = opened()
    with pytest.raises(SnapshotOpenError):
        replace(lean_lifecycle, snapshot_id, "a")
    lean_lifecycle.push(b="x")
    lean_lifecycle.knowledge.snapshots.abort_snapshot(lean_lifecycle.source, other)
    assert replace(lean_lifecycle, snapshot_id, "a").state is SnapshotState.COMPLETED
    # What was pushed before the retry began anew is not newer than its opening.
    assert active(lean_lifecycle) == ["a"]


def test_completion_of_one_crowded_slot_keeps_to_its_time(
    lean_lifecycle: Checked, opened: Callable[[], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each call of AWS takes a second here, and all the removals lie in one slot."""
    lifecycle, service = lean_lifecycle, lean_lifecycle.knowledge.snapshots
    monkeypatch.setattr("knowledge.staging.snapshot_completion._REMOVALS_AT_A_TIME", 10)
    crowd = [name for name in (f"doc-{number}" for number in range(4_000)) if _slot(name) == "7"][:100]
    lifecycle.push_many(dict.fromkeys(crowd, "x"))
    lifecycle.publish()
    snapshot_id = opened()
    source = lifecycle.source

    def tick(_: Call) -> None:
        lifecycle.clock.advance(seconds=1)

    lifecycle.watch.gate = tick
    took, removed, answers = [], [], 0
    while True:
        started = lifecycle.clock()
        done = service.complete_snapshot(source, snapshot_id, allow_empty=True)
        took.append(lifecycle.clock() - started)
        removed.append(done.counts.removed)
        answers += 1
        if done.state is SnapshotState.COMPLETED:
            break
        assert answers < 20
    lifecycle.watch.gate = None
    assert max(took) <= 25_000
    assert removed == sorted(removed)
    assert removed[-1] == len(crowd)
    assert active(lifecycle) == []


def _slot(name: str) -> str:
    from tests.support.invariants import path_of

    return path_of(name)[0]


def test_part_over_what_others_pushed_does_not_take_their_mark_away(
    lean_lifecycle: Checked, opened: Callable[[], str]
) -> None:
    service = lean_lifecycle.knowledge.snapshots
    snapshot_id = opened()
    lean_lifecycle.push(theirs="x")
    service.put_part(lean_lifecycle.source, snapshot_id, 1, [draft("theirs", "from the part"), draft("ours", "x")])
    service.put_part(lean_lifecycle.source, snapshot_id, 1, [draft("kept", "x")])
    service.complete_snapshot(lean_lifecycle.source, snapshot_id)
    assert active(lean_lifecycle) == ["kept", "theirs"]


def test_part_that_repeats_itself_and_one_that_crashed_leave_the_same(
    lean_lifecycle: Checked, opened: Callable[[], str]
) -> None:
    service = lean_lifecycle.knowledge.snapshots
    snapshot_id = opened()
    for at in range(4):
        lean_lifecycle.watch.arm(at + 1, Way.DIE_AFTER)
        with pytest.raises(Crash):
            service.put_part(lean_lifecycle.source, snapshot_id, 1, [draft("a", f"{at}"), draft(f"only-{at}", "x")])
        lean_lifecycle.watch.disarm()
    receipt = service.put_part(lean_lifecycle.source, snapshot_id, 1, [draft("a", "last")])
    assert (receipt.number, receipt.items) == (1, 1)
    done = service.complete_snapshot(lean_lifecycle.source, snapshot_id)
    assert active(lean_lifecycle) == ["a"]
    assert (done.parts, done.items) == (1, 1)


def test_part_that_comes_during_the_flip_is_named_or_refused(
    lean_lifecycle: Checked, opened: Callable[[], str]
) -> None:
    """A part that is acknowledged just before the flip counts; one that comes just after it is refused."""
    service = lean_lifecycle.knowledge.snapshots
    for before in (True, False):
        snapshot_id = opened()
        service.put_part(lean_lifecycle.source, snapshot_id, 1, [draft("a", "x")])
        source = lean_lifecycle.source
        refused: list[bool] = []

        def put(snapshot_id: str = snapshot_id, refused: list[bool] = refused) -> None:
            try:
                service.put_part(lean_lifecycle.source, snapshot_id, 2, [draft("b", "x")])
            except SnapshotClosedError:
                refused.append(True)

        before_first(
            lean_lifecycle.watch,
            "transact_write_items" if before else "query",
            put,
            matching="" if before else "journal",
        )
        if not before:
            lean_lifecycle.watch.gate = _after_flip(lean_lifecycle, put)
        service.complete_snapshot(source, snapshot_id)
        lean_lifecycle.watch.gate = None
        assert bool(refused) is not before
        assert active(lean_lifecycle) == (["a", "b"] if before else ["a"])


def _after_flip(lifecycle: Checked, put: Callable[[], None]) -> Callable[[Call], Way | None]:
    """Do it at the first look at a slot, which comes after the flip."""

    def gate(call: Call) -> Way | None:
        if call.operation == "query" and call.request["TableName"] == lifecycle.settings.items_table:
            lifecycle.watch.gate = None
            put()
        return None

    return gate


def test_throttled_completion_is_told_and_finished_by_its_retry(
    lean_lifecycle: Checked, opened: Callable[[], str]
) -> None:
    service = lean_lifecycle.knowledge.snapshots
    lean_lifecycle.push(a="x", b="x")
    snapshot_id = opened()
    source = lean_lifecycle.source
    lean_lifecycle.watch.gate = lambda call: Way.THROTTLED if "#journal" in str(call.request) else None
    with pytest.raises(ServiceUnavailableError):
        service.complete_snapshot(source, snapshot_id, allow_empty=True)
    lean_lifecycle.watch.gate = None
    assert service.get_snapshot(source, snapshot_id).state is SnapshotState.COMPLETING
    assert lean_lifecycle.run().plan.discovery == "incomplete"
    # What is completing is neither aborted nor added to, and needs no word on emptiness any more.
    with pytest.raises(SnapshotClosedError):
        service.abort_snapshot(source, snapshot_id)
    with pytest.raises(SnapshotClosedError):
        service.put_part(source, snapshot_id, 1, [draft("c", "x")])
    done = service.complete_snapshot(source, snapshot_id)
    assert done.state is SnapshotState.COMPLETED
    assert done.counts.removed == 2
    assert lean_lifecycle.run().plan.discovery == "complete"


def test_completing_snapshot_outlives_its_day_and_the_next_opening_ends_it(
    lean_lifecycle: Checked, opened: Callable[[], str]
) -> None:
    service = lean_lifecycle.knowledge.snapshots
    lean_lifecycle.push(a="x")
    first = opened()
    service.put_part(lean_lifecycle.source, first, 1, [draft("b", "x")])
    # The flip is the third call: two reads come before it.
    source = lean_lifecycle.source
    lean_lifecycle.watch.arm(2, Way.DIE_AFTER)
    with pytest.raises(Crash):
        service.complete_snapshot(source, first)
    lean_lifecycle.watch.disarm()
    with pytest.raises(SnapshotOpenError):
        opened()
    lean_lifecycle.clock.advance(days=2)
    assert service.get_snapshot(lean_lifecycle.source, first).state is SnapshotState.COMPLETING
    assert lean_lifecycle.run().plan.discovery == "incomplete"
    second = opened()
    assert service.get_snapshot(lean_lifecycle.source, first).state is SnapshotState.COMPLETED
    assert active(lean_lifecycle) == ["b"]
    service.abort_snapshot(lean_lifecycle.source, second)


def test_snapshot_of_another_source_is_not_found(lean_lifecycle: Checked, opened: Callable[[], str]) -> None:
    snapshot_id = opened()
    service, sources = lean_lifecycle.knowledge.snapshots, lean_lifecycle.knowledge.sources
    other = sources.create_source(
        lean_lifecycle.tenant_id, name="Other", grace_days=7, removal_guard=None, source_id=lean_lifecycle.ids("src")
    )
    for does in (
        lambda: service.get_snapshot(other, snapshot_id),
        lambda: service.put_part(other, snapshot_id, 1, []),
        lambda: service.complete_snapshot(other, snapshot_id, allow_empty=True),
        lambda: service.abort_snapshot(other, snapshot_id),
    ):
        with pytest.raises(SnapshotNotFoundError):
            does()


def test_empty_parts_are_an_empty_snapshot(lean_lifecycle: Checked, opened: Callable[[], str]) -> None:
    service = lean_lifecycle.knowledge.snapshots
    lean_lifecycle.push(a="x")
    snapshot_id = opened()
    service.put_part(lean_lifecycle.source, snapshot_id, 1, [])
    with pytest.raises(EmptySnapshotError):
        service.complete_snapshot(lean_lifecycle.source, snapshot_id)
    assert service.get_snapshot(lean_lifecycle.source, snapshot_id).state is SnapshotState.OPEN
    assert service.complete_snapshot(lean_lifecycle.source, snapshot_id, allow_empty=True).counts.removed == 1


def test_large_set_in_shuffled_parts_changes_only_what_differs(
    lean_lifecycle: Checked, opened: Callable[[], str]
) -> None:
    """3 000 items in 30 parts that come in any order, some twice: the rows written are those that differ."""
    lifecycle, service, rng = lean_lifecycle, lean_lifecycle.knowledge.snapshots, random.Random(7)
    before = {f"doc-{number:04d}": "x" for number in range(3_000)}
    lifecycle.push_many(before)
    after = {name: text for name, text in before.items() if name != "doc-0007"} | {"doc-0013": "changed", "new": "x"}
    names = sorted(after)
    rng.shuffle(names)
    parts = {number + 1: names[number::30] for number in range(30)}
    order = [*parts, *rng.sample(list(parts), 5)]
    rng.shuffle(order)
    snapshot_id = opened()
    source = lifecycle.source
    lifecycle.watch.calls.clear()
    for number in order:
        service.put_part(source, snapshot_id, number, [draft(name, after[name]) for name in parts[number]])
    done = service.complete_snapshot(source, snapshot_id)
    written = [
        action["Put"]["Item"]["sk"]["S"]
        for call in lifecycle.watch.calls
        if call.operation == "transact_write_items"
        for action in call.request["TransactItems"]
        if action.get("Put", {}).get("TableName") == lifecycle.settings.items_table
        and not action["Put"]["Item"]["pk"]["S"].endswith("#journal")
    ]
    assert sorted(written) == ["doc-0007", "doc-0013", "new"]
    assert (done.parts, done.items, done.counts.removed) == (30, 3_000, 1)
    assert lifecycle.push(new="x")[0].result is PushResult.UNCHANGED
