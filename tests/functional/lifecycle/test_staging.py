"""The staging protocol on Dynoxide: what a write costs, what races do to it, and how lists hold still."""

from __future__ import annotations

import random
from collections.abc import Callable

import pytest
from botocore.exceptions import ClientError
from knowledge.errors import ServiceUnavailableError, SnapshotOpenError, StagingConflictError, StaleVersionError
from knowledge.items.model import Removal
from knowledge.staging.model import ItemState, PushResult, SnapshotState

from testing.faults import Call, Crash, Way, before_first
from testing.lifecycle import draft
from tests.functional.lifecycle.conftest import Checked

NOISE = random.Random(3).randbytes(20_000).hex()


def operations(lifecycle: Checked, work: Callable[[], object]) -> list[Call]:
    """The AWS calls of a piece of work, without the read of the source that a request does before."""
    lifecycle.watch.calls.clear()
    work()
    return list(lifecycle.watch.calls)


def transactions(calls: list[Call]) -> list[int]:
    return [len(call.request["TransactItems"]) for call in calls if call.operation == "transact_write_items"]


def everything(lifecycle: Checked, *, limit: int, after_page: Callable[[], object] = lambda: None) -> list[str]:
    found: list[str] = []
    position = None
    while True:
        page = lifecycle.knowledge.staging.list_items(
            lifecycle.source, state=None, prefix=None, limit=limit, position=position, include_content=False
        )
        found += [item.external_item_id for item in page.items]
        position = page.next_position
        if position is None:
            return found
        after_page()


def test_batch_of_5_000_takes_51_transactions_and_unchanged_takes_none(lean_lifecycle: Checked) -> None:
    source = lean_lifecycle.source
    items = [draft(f"doc-{number}", f"text {number}") for number in range(5_000)]
    staging = lean_lifecycle.knowledge.staging
    sizes = transactions(operations(lean_lifecycle, lambda: staging.push_items(source, items)))
    # 99 rows and the journal entry that names them.
    assert sizes == [100] * 50 + [51]
    again = operations(lean_lifecycle, lambda: staging.push_items(source, items))
    assert {call.operation for call in again} == {"batch_get_item"}
    assert len(again) == 50


def test_transactions_stay_under_3_5_mb(lean_lifecycle: Checked) -> None:
    # 8 000 bytes of noise stay inline; metadata makes the rows as large as rows get.
    noise = random.Random(5)
    items = [
        draft(f"doc-{number}", noise.randbytes(3_500).hex(), metadata={"x": noise.randbytes(8_000).hex()})
        for number in range(150)
    ]
    calls = operations(
        lean_lifecycle, lambda: lean_lifecycle.knowledge.staging.push_items(lean_lifecycle.source, items)
    )
    for call in calls:
        if call.operation == "transact_write_items":
            blobs = [
                len(value["B"])
                for action in call.request["TransactItems"]
                for value in action["Put"]["Item"].values()
                if "B" in value
            ]
            assert sum(blobs) < 3_500_000


def test_writer_that_lost_a_race_decides_again(lifecycle: Checked) -> None:
    lifecycle.push(a="first")
    other = lifecycle.knowledge.staging
    source = lifecycle.source
    before_first(
        lifecycle.watch,
        "transact_write_items",
        lambda: other.push_items(source, [draft("a", "theirs", source_version=5)]),
    )
    with pytest.raises(StaleVersionError):
        other.push_item(source, draft("a", "mine", source_version=4))
    assert other.get_item(source, "a").content == "theirs"
    before_first(lifecycle.watch, "transact_write_items", lambda: other.push_items(source, [draft("a", "mine")]))
    assert other.push_items(source, [draft("a", "mine")])[0].result is PushResult.UNCHANGED


def test_row_that_never_holds_still_is_given_up(lifecycle: Checked, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("knowledge.staging.writing.backoff", lambda _: None)
    lifecycle.push(a="0")
    source, staging = lifecycle.source, lifecycle.knowledge.staging
    count = iter(range(1, 100))
    meddling = []

    def gate(call: Call) -> Way | None:
        if call.operation == "transact_write_items" and not meddling:
            meddling.append(True)
            staging.push_items(source, [draft("a", f"theirs {next(count)}")])
            meddling.clear()
        return None

    lifecycle.watch.gate = gate
    with pytest.raises(StagingConflictError):
        staging.push_items(source, [draft("a", "mine")])
    lifecycle.watch.gate = None
    lifecycle.publish()
    lifecycle.check(settled=True)


def test_transaction_conflict_is_tried_again_and_throttles_are_told(
    lifecycle: Checked, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("knowledge.storage.transactions.backoff", lambda _: None)
    conflicts = iter([True, True, False])

    def conflict(call: Call) -> Way | None:
        if call.operation == "transact_write_items" and next(conflicts, False):
            reasons = [{"Code": "TransactionConflict"}, {"Code": "None"}]
            raise ClientError(
                {"Error": {"Code": "TransactionCanceledException"}, "CancellationReasons": reasons}, call.operation
            )
        return None

    lifecycle.watch.gate = conflict
    assert lifecycle.push(a="1")[0].result is PushResult.CREATED
    lifecycle.watch.gate = lambda call: Way.THROTTLED if call.operation == "transact_write_items" else None
    with pytest.raises(ServiceUnavailableError):
        lifecycle.push(a="2")
    lifecycle.watch.gate = None
    assert lifecycle.push(a="2")[0].result is PushResult.UPDATED


def test_large_content_is_stored_once_a_day(lifecycle: Checked) -> None:
    lifecycle.push(large=NOISE)
    lifecycle.push(large="small now")
    lifecycle.push(large=NOISE)
    keys = [key for key in lifecycle.watch.puts.digests if key.startswith("content/")]
    assert len(keys) == 1
    assert not lifecycle.watch.puts.overwritten
    lifecycle.clock.advance(days=1)
    lifecycle.push(large="small again")
    lifecycle.push(large=NOISE)
    assert len([key for key in lifecycle.watch.puts.digests if key.startswith("content/")]) == 2
    lifecycle.publish()
    assert lifecycle.served() == {"large": NOISE}


def test_list_runs_in_id_order_over_all_slots_whatever_the_page(lean_lifecycle: Checked) -> None:
    lifecycle = lean_lifecycle
    names = [f"{stem}{number}" for stem in ("a", "Z", "é", "😀", "a/") for number in range(12)]
    lifecycle.push_many(dict.fromkeys(names, "x"))
    in_order = sorted(names, key=lambda name: name.encode())
    for limit in (1, 7, 200):
        assert everything(lifecycle, limit=limit) == in_order


def test_list_neither_skips_nor_repeats_what_was_there_throughout(lean_lifecycle: Checked) -> None:
    lifecycle = lean_lifecycle
    lasting = [f"doc-{number:03d}" for number in range(0, 200, 2)]
    lifecycle.push_many(dict.fromkeys(lasting, "x"))
    rng = random.Random(11)

    def meddle() -> None:
        lifecycle.clock.advance(seconds=1)
        lifecycle.push_many({f"doc-{rng.randrange(1, 200, 2):03d}": "new" for _ in range(3)})
        lifecycle.push_many({rng.choice(lasting): f"changed {rng.random()}"})
        lifecycle.push(rng.choice(lasting))

    listed = everything(lifecycle, limit=9, after_page=meddle)
    assert [name for name in listed if name in set(lasting)] == lasting
    assert len(listed) == len(set(listed))


def test_list_of_contents_ends_a_page_at_4_mb(lifecycle: Checked) -> None:
    text = "lorem " * 150_000
    lifecycle.push_many({f"doc-{number}": f"{text} {number}" for number in range(6)})
    page = lifecycle.knowledge.staging.list_items(
        lifecycle.source, state=None, prefix=None, limit=200, position=None, include_content=True
    )
    assert len(page.items) == 4
    assert sum(item.content_bytes for item in page.items) <= 4_000_000
    assert page.next_position == page.items[-1].external_item_id


def test_list_by_state_and_prefix(lifecycle: Checked) -> None:
    lifecycle.push(a1="x", a2="x", b1="x")
    lifecycle.push("a2", "b1")

    def listed(**asked: object) -> list[str]:
        filters: dict[str, object] = {"state": None, "prefix": None, **asked}
        page = lifecycle.knowledge.staging.list_items(
            lifecycle.source, limit=50, position=None, include_content=False, **filters
        )
        return [item.external_item_id for item in page.items]

    assert listed(state=ItemState.REMOVED) == ["a2", "b1"]
    assert listed(prefix="a") == ["a1", "a2"]
    assert listed(prefix="a", state=ItemState.ACTIVE) == ["a1"]


@pytest.mark.long
@pytest.mark.parametrize("way", [Way.DIE_BEFORE, Way.DIE_AFTER])
def test_completion_that_crashed_anywhere_rolls_forward(lean_lifecycle: Checked, way: Way) -> None:
    lifecycle = lean_lifecycle
    service = lifecycle.knowledge.snapshots
    for at in range(40):
        # What the round before swept is no longer in grace, so every round starts alike.
        lifecycle.push_many({f"old-{number}": f"round {at}" for number in range(5)})
        snapshot_id = lifecycle.ids("snp")
        service.open_snapshot(lifecycle.source, snapshot_id=snapshot_id)
        service.put_part(lifecycle.source, snapshot_id, 1, [draft("kept", f"round {at}")])
        source = lifecycle.source
        lifecycle.watch.arm(at, way)
        try:
            service.complete_snapshot(source, snapshot_id)
        except Crash:
            lifecycle.watch.disarm()
            ended = service.get_snapshot(lifecycle.source, snapshot_id).state
            if ended is SnapshotState.COMPLETING:
                assert lifecycle.run().plan.discovery == "incomplete"
            assert service.complete_snapshot(lifecycle.source, snapshot_id).state is SnapshotState.COMPLETED
        fired = lifecycle.watch.fired
        lifecycle.watch.disarm()
        lifecycle.publish()
        lifecycle.check(settled=True)
        active = lifecycle.knowledge.staging.list_items(
            lifecycle.source, state=ItemState.ACTIVE, prefix=None, limit=50, position=None, include_content=False
        )
        assert [item.external_item_id for item in active.items] == ["kept"]
        if fired is None:
            assert at > 20
            return
    raise AssertionError("a completion never ended without reaching the crash")


def test_stale_items_of_a_part_are_kept_and_counted(lifecycle: Checked) -> None:
    service, staging = lifecycle.knowledge.snapshots, lifecycle.knowledge.staging
    staging.push_items(lifecycle.source, [draft("versioned", "new", source_version=9), draft("gone", "x")])
    snapshot_id = lifecycle.ids("snp")
    service.open_snapshot(lifecycle.source, snapshot_id=snapshot_id)
    service.put_part(lifecycle.source, snapshot_id, 1, [draft("versioned", "old", source_version=8)])
    done = service.complete_snapshot(lifecycle.source, snapshot_id)
    assert (done.counts.stale, done.counts.removed) == (1, 1)
    assert staging.get_item(lifecycle.source, "versioned").content == "new"


def test_item_pushed_while_a_snapshot_is_open_stays_even_unchanged(lifecycle: Checked) -> None:
    service = lifecycle.knowledge.snapshots
    lifecycle.push(same="x", restored="x", forgotten="x")
    snapshot_id = lifecycle.ids("snp")
    service.open_snapshot(lifecycle.source, snapshot_id=snapshot_id)
    assert lifecycle.push(same="x")[0].result is PushResult.UNCHANGED
    lifecycle.remove("restored")
    lifecycle.restore("restored")
    service.complete_snapshot(lifecycle.source, snapshot_id, allow_empty=True)
    lifecycle.publish()
    removed = {item.external_item_id: item.removed_at is not None for item in lifecycle.generation_items()} or {}
    assert removed == {"restored": False, "same": False}
    assert lifecycle.knowledge.staging.get_item(lifecycle.source, "forgotten").state is not ItemState.ACTIVE


def test_push_between_the_sweep_s_look_and_its_write_wins(lifecycle: Checked) -> None:
    service = lifecycle.knowledge.snapshots
    lifecycle.push(a="x", b="x")
    snapshot_id = lifecycle.ids("snp")
    service.open_snapshot(lifecycle.source, snapshot_id=snapshot_id)
    source = lifecycle.source
    met = before_first(
        lifecycle.watch,
        "transact_write_items",
        lambda: lifecycle.knowledge.staging.push_items(lifecycle.source, [draft("a", "x")]),
        matching="'removed'",
    )
    done = service.complete_snapshot(source, snapshot_id, allow_empty=True)
    assert met
    assert lifecycle.knowledge.staging.get_item(source, "a").state is ItemState.ACTIVE
    assert done.counts.removed == 1


def test_crashed_one_request_snapshot_makes_room_after_its_time(lifecycle: Checked) -> None:
    service = lifecycle.knowledge.snapshots
    for way_in in (3, 8):
        lifecycle.watch.arm(way_in, Way.DIE_AFTER)
        with pytest.raises(Crash):
            service.replace_all(lifecycle.source, [draft("a", f"{way_in}")], snapshot_id=lifecycle.ids("snp"))
        lifecycle.watch.disarm()
        with pytest.raises(SnapshotOpenError):
            service.replace_all(lifecycle.source, [draft("b", "y")], snapshot_id=lifecycle.ids("snp"))
        lifecycle.clock.advance(seconds=36)
        service.replace_all(lifecycle.source, [draft("b", "y")], snapshot_id=lifecycle.ids("snp"))
        assert lifecycle.source.open_snapshot_id is None
    lifecycle.publish()
    assert set(lifecycle.served()) == {"b"}


def test_removals_and_items_of_one_batch_are_one_write(lifecycle: Checked) -> None:
    lifecycle.push(a="x", b="x")
    source = lifecycle.source
    calls = operations(
        lifecycle,
        lambda: lifecycle.knowledge.staging.push_items(source, [draft("a", "y")], [Removal("b"), Removal("c")]),
    )
    assert transactions(calls) == [3]
