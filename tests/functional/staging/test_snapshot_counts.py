"""What a snapshot says it did is what it did, whatever crashed or ran beside it."""

from __future__ import annotations

import pytest
from knowledge.items.model import ItemDraft
from knowledge.staging.model import SnapshotState, StagingCounts

from testing.faults import Crash, Way, before_first
from testing.lifecycle import draft
from tests.functional.lifecycle.conftest import Checked

OLD = [f"old-{number}" for number in range(150)]


def versioned(name: str, content: str, version: int) -> ItemDraft:
    """An item with its version."""
    return ItemDraft(**{**vars_of(draft(name, content)), "source_version": version})


def vars_of(item: ItemDraft) -> dict[str, object]:
    """The fields of an item."""
    return {name: getattr(item, name) for name in item.__dataclass_fields__}


def opened(lifecycle: Checked) -> str:
    """Open a snapshot, a while after what came before and before what comes next."""
    lifecycle.clock.advance(seconds=1)
    snapshot_id = lifecycle.ids("snp")
    lifecycle.knowledge.snapshots.open_snapshot(lifecycle.source, snapshot_id=snapshot_id)
    lifecycle.clock.advance(seconds=1)
    return snapshot_id


@pytest.mark.parametrize("way", [Way.DIE_BEFORE, Way.DIE_AFTER, Way.REPEATED])
def test_removals_are_counted_once_whatever_call_a_completion_dies_at(lean_lifecycle: Checked, way: Way) -> None:
    service = lean_lifecycle.knowledge.snapshots
    for at in range(0, 120, 3):
        lean_lifecycle.push_many(dict.fromkeys(OLD, f"round {at}"))
        snapshot_id = opened(lean_lifecycle)
        service.put_part(lean_lifecycle.source, snapshot_id, 1, [draft("kept", "x")])
        lean_lifecycle.watch.arm(at, way)
        try:
            done = service.complete_snapshot(lean_lifecycle.source, snapshot_id)
        except Crash:
            lean_lifecycle.watch.disarm()
            done = service.complete_snapshot(lean_lifecycle.source, snapshot_id)
        fired = lean_lifecycle.watch.fired
        lean_lifecycle.watch.disarm()
        assert done.state is SnapshotState.COMPLETED
        assert done.counts.removed == len(OLD), f"{way} at {fired}"
        assert service.get_snapshot(lean_lifecycle.source, snapshot_id) == done
        if fired is None:
            assert at > 20
            return
    raise AssertionError("a completion never ended without reaching the fault")


@pytest.mark.parametrize("operation", ["transact_write_items", "query"])
def test_two_completions_side_by_side_count_every_removal_once(lean_lifecycle: Checked, operation: str) -> None:
    service = lean_lifecycle.knowledge.snapshots
    lean_lifecycle.push_many(dict.fromkeys(OLD, "x"))
    snapshot_id = opened(lean_lifecycle)
    met = before_first(
        lean_lifecycle.watch,
        operation,
        lambda: service.complete_snapshot(lean_lifecycle.source, snapshot_id, allow_empty=True),
        matching="old-7" if operation == "transact_write_items" else "#3",
    )
    done = service.complete_snapshot(lean_lifecycle.source, snapshot_id, allow_empty=True)
    assert met
    assert (done.state, done.counts) == (SnapshotState.COMPLETED, StagingCounts(removed=len(OLD)))


def test_part_that_crashed_before_it_was_taken_up_tells_what_it_did(lean_lifecycle: Checked) -> None:
    service = lean_lifecycle.knowledge.snapshots
    lean_lifecycle.push(same="x", other="x")
    snapshot_id = opened(lean_lifecycle)
    items = [draft("new", "x"), draft("other", "y"), draft("same", "x")]
    before_first(lean_lifecycle.watch, "put_object", _die, matching="part-00001")
    with pytest.raises(Crash):
        service.put_part(lean_lifecycle.source, snapshot_id, 1, items)
    receipt = service.put_part(lean_lifecycle.source, snapshot_id, 1, items)
    assert receipt.counts == StagingCounts(created=1, updated=1, unchanged=1)
    assert service.complete_snapshot(lean_lifecycle.source, snapshot_id).counts == receipt.counts


def test_part_tells_how_many_of_its_items_others_had_changed(lean_lifecycle: Checked) -> None:
    service = lean_lifecycle.knowledge.snapshots
    lean_lifecycle.push(pushed="x", removed="x", touched="x", untouched="x", newer="x")
    snapshot_id = opened(lean_lifecycle)
    lean_lifecycle.push(pushed="theirs", touched="x")
    lean_lifecycle.knowledge.staging.push_items(lean_lifecycle.source, [versioned("newer", "theirs", 9)])
    lean_lifecycle.remove("removed")
    items = [draft(name, "x") for name in ("pushed", "removed", "touched", "untouched")]
    items.append(versioned("newer", "older", 8))
    first = service.put_part(lean_lifecycle.source, snapshot_id, 1, items)
    assert first.counts == StagingCounts(updated=2, unchanged=2, stale=1)
    # What was pushed unchanged was changed by nobody, and what is stale stays theirs.
    assert first.overwritten == 2
    lean_lifecycle.clock.advance(seconds=1)
    assert service.put_part(lean_lifecycle.source, snapshot_id, 1, items).overwritten == 2


def _die() -> None:
    raise Crash("the part")
