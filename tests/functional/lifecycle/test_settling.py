"""What a publication still owes is done by whoever comes next, even where somebody else should have done it before."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import pytest
from knowledge import tasks
from knowledge.errors import SettlingUnfinishedError
from knowledge.generations import settling
from knowledge.generations.settling import Settler
from knowledge.items.model import Removal
from knowledge.runs import parts
from knowledge.runs.model import RunState
from knowledge.sources.model import NOTHING_SETTLED, Settled
from knowledge.staging.model import SnapshotState
from knowledge.upkeep import scattered

from testing.faults import Call, Crash, Way
from testing.import_files import Importing, ndjson
from testing.lifecycle import draft


@contextmanager
def nobody_settling() -> Iterator[None]:
    """Every clean-up is cut short before it begins."""

    def cut_short(*_: Any) -> bool:
        raise SettlingUnfinishedError

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(Settler, "settle_plan", cut_short)
        yield


def owe_a_tombstone(lifecycle: Any) -> str:
    """Publish a removal whose grace is over without its clean-up; return the generation before it."""
    lifecycle.push(a="one", b="two")
    before = lifecycle.publish().generation_id
    lifecycle.push("a")
    lifecycle.publish()
    lifecycle.clock.advance(days=8)
    lifecycle.push(late="five")
    with nobody_settling():
        lifecycle.publish()
    assert lifecycle.source.settle_run_id is not None
    assert lifecycle.check().rows["a"]["state"] == "removed"
    return str(before)


def test_apply_settles_what_its_planning_left(lean_lifecycle: Any) -> None:
    owe_a_tombstone(lean_lifecycle)
    lean_lifecycle.push(c="three")
    with nobody_settling():
        run = lean_lifecycle.run()
    lean_lifecycle.apply(run)
    assert lean_lifecycle.check(settled=True).rows["a"]["state"] == "tombstoned"


def test_restore_settles_first(lean_lifecycle: Any) -> None:
    before = owe_a_tombstone(lean_lifecycle)
    lean_lifecycle.roll_back(before)
    assert lean_lifecycle.source.settle_run_id is None
    assert lean_lifecycle.check().rows["a"]["state"] == "tombstoned"


def test_compaction_settles_first(lean_lifecycle: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scattered, "SMALL_OBJECTS", 2)
    lean_lifecycle.push(d="four")
    lean_lifecycle.publish()
    owe_a_tombstone(lean_lifecycle)
    # Runs that wait to be applied hold a compaction up; these expire.
    lean_lifecycle.clock.advance(days=8)
    report = lean_lifecycle.knowledge.upkeep.go_on(lambda: True)
    assert (report.compacted, report.failed) == (1, 0)
    assert lean_lifecycle.check(settled=True).rows["a"]["state"] == "tombstoned"


def test_import_ends_a_snapshot_that_died_while_it_was_completing(importing: Importing) -> None:
    life = importing.life
    life.push(a="one")
    snapshots = life.knowledge.snapshots
    snapshot_id = snapshots.open_snapshot(life.source, snapshot_id=life.ids("snp")).snapshot_id
    snapshots.put_part(life.source, snapshot_id, 1, [draft("b", "two")])
    source = life.source
    # The flip to completing is the third call: two reads come before it.
    life.watch.arm(2, Way.DIE_AFTER)
    with pytest.raises(Crash):
        snapshots.complete_snapshot(source, snapshot_id)
    life.watch.disarm()
    assert snapshots.get_snapshot(life.source, snapshot_id).state is SnapshotState.COMPLETING
    life.clock.advance(days=2)
    job = importing.whole(ndjson({"c": "three"}))
    assert job.state == "completed"
    assert snapshots.get_snapshot(life.source, snapshot_id).state is SnapshotState.COMPLETED
    # What no part of the snapshot named went before the import began; it had never been published.
    assert set(life.served()) == {"b", "c"}


# A clean-up that is larger than a call of a function. The calls that a call may make stand for its time.


def owe_much(lifecycle: Any, monkeypatch: pytest.MonkeyPatch, *, rows: int, entries: int) -> None:
    """Publish removals of `rows` items, and `entries` single pushes, without any clean-up."""
    monkeypatch.setattr(settling, "_STEPS_A_NOTE", 20)
    names = [f"gone-{number:03}" for number in range(rows)]
    lifecycle.push_many(dict.fromkeys(names, "x"))
    lifecycle.publish()
    lifecycle.knowledge.staging.push_items(lifecycle.source, [], [Removal(name) for name in names])
    lifecycle.publish()
    lifecycle.clock.advance(days=8)
    for number in range(entries):
        lifecycle.push(**{f"single-{number:03}": "y"})
    with nobody_settling():
        lifecycle.publish()
    assert lifecycle.source.settle_run_id is not None


def settle_in_tries(
    lifecycle: Any, budget: int, *, most: int, counted: Sequence[str] = ("update_item", "batch_write_item")
) -> int:
    """Settle with so many calls a try, after which the function is killed; return how many tries it took."""
    for tries in range(1, most + 1):
        left = budget

        def count(call: Call) -> Way | None:
            nonlocal left
            left -= call.operation in counted
            return Way.DIE_BEFORE if left < 0 else None

        lifecycle.watch.gate = count
        try:
            lifecycle.knowledge.settler.settle(lifecycle.source)
        except Crash:
            continue
        finally:
            lifecycle.watch.gate = None
        return tries
    raise AssertionError("the source is locked for good")


def test_clean_up_that_is_killed_again_and_again_goes_on_where_it_was(
    lean_lifecycle: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    owe_much(lean_lifecycle, monkeypatch, rows=130, entries=3)
    # Of 25 calls 20 marks and a note count; what was marked behind the note is marked again.
    assert settle_in_tries(lean_lifecycle, 25, most=20) == 7
    stored = lean_lifecycle.check(settled=True)
    assert {row["state"] for name, row in stored.rows.items() if name.startswith("gone")} == {"tombstoned"}
    assert lean_lifecycle.source.settled == NOTHING_SETTLED


def owe_many_parts(lean_lifecycle: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Publish 41 parts without any clean-up, of which each but one has a row to mark."""
    names = [f"gone-{number:02}" for number in range(40)]
    lean_lifecycle.push_many(dict.fromkeys(names, "x"))
    lean_lifecycle.publish()
    lean_lifecycle.push(*names)
    lean_lifecycle.publish()
    lean_lifecycle.clock.advance(days=8)
    lean_lifecycle.push(late="y")
    monkeypatch.setattr(parts, "CHANGES_PER_PART", 1)
    with nobody_settling():
        lean_lifecycle.publish()


def test_parts_with_little_to_mark_are_not_read_again(lean_lifecycle: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    owe_many_parts(lean_lifecycle, monkeypatch)
    tries = settle_in_tries(lean_lifecycle, 15, most=5, counted=("get_object",))
    assert tries == 4, "of 15 parts that a try reads, ten are noted"
    lean_lifecycle.check(settled=True)


def test_calls_that_end_at_each_note_leave_no_part_out(lean_lifecycle: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    owe_many_parts(lean_lifecycle, monkeypatch)
    monkeypatch.setattr(settling, "BUDGET_MS", -1)
    ended = 0
    while lean_lifecycle.source.settle_run_id is not None:
        try:
            lean_lifecycle.knowledge.settler.settle(lean_lifecycle.source)
        except SettlingUnfinishedError:
            ended += 1
    assert ended == 4
    lean_lifecycle.check(settled=True)


def test_journal_that_is_forgotten_by_pieces(lean_lifecycle: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    owe_much(lean_lifecycle, monkeypatch, rows=0, entries=110)
    # A piece is one call of 20 deletions, and a note.
    assert settle_in_tries(lean_lifecycle, 3, most=20) <= 6
    assert not lean_lifecycle.check(settled=True).journal


def test_machine_calls_again_until_a_clean_up_is_done(lean_lifecycle: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    owe_much(lean_lifecycle, monkeypatch, rows=130, entries=1)
    lean_lifecycle.push(new="x")
    # A run that gives it no time marks one piece, and lists entries that are still to be forgotten.
    monkeypatch.setattr(settling, "HELP_MS", -1)
    run = lean_lifecycle.run()
    assert lean_lifecycle.source.settle_run_id is not None
    took: list[int] = []

    def tick(call: Call) -> None:
        lean_lifecycle.clock.advance(ms=100)

    settle = Settler.settle

    def timed(self: Settler, source: Any) -> None:
        began = lean_lifecycle.clock()
        try:
            settle(self, source, 2_000)
        finally:
            took.append(lean_lifecycle.clock() - began)

    monkeypatch.setattr(Settler, "settle", timed)
    # A builder that was made before has the door that was there before.
    lean_lifecycle.knowledge.__dict__.pop("builder", None)
    # As often as the definition says.
    lean_lifecycle.knowledge.machine.retries = 20
    lean_lifecycle.watch.gate = tick
    lean_lifecycle.apply(run)
    lean_lifecycle.watch.gate = None
    assert len(took) > 2
    assert max(took) < 2_000 + 20 * 100 + 1_000
    lean_lifecycle.check(settled=True)


def marks_of(lifecycle: Any) -> int:
    """How many rows were marked, or tried to be, since the calls were counted anew."""
    return sum(call.operation == "update_item" and ":tombstoned" in str(call.request) for call in lifecycle.watch.calls)


def test_run_helps_with_a_clean_up_and_waits_for_none(lean_lifecycle: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    owe_much(lean_lifecycle, monkeypatch, rows=130, entries=3)
    lean_lifecycle.push(new="x")
    monkeypatch.setattr(settling, "HELP_MS", -1)
    for helped in (20, 40):
        lean_lifecycle.watch.calls.clear()
        run = lean_lifecycle.run()
        assert (run.state, marks_of(lean_lifecycle)) == (RunState.READY, 20)
        assert lean_lifecycle.source.settled == Settled(0, helped)
        # What is not forgotten yet is in the journal, and changes nothing.
        assert lean_lifecycle.kinds(run) == {"new": "added"}
    lean_lifecycle.check()
    lean_lifecycle.apply(run)
    lean_lifecycle.check(settled=True)


def test_full_run_over_what_is_not_settled_finds_the_same(lean_lifecycle: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    owe_much(lean_lifecycle, monkeypatch, rows=130, entries=3)
    lean_lifecycle.push("single-000", new="x")
    monkeypatch.setattr(settling, "HELP_MS", -1)
    full, incremental = lean_lifecycle.run("full"), lean_lifecycle.run()
    assert lean_lifecycle.source.settle_run_id is not None
    assert lean_lifecycle.kinds(full) == lean_lifecycle.kinds(incremental) == {"single-000": "removed", "new": "added"}
    assert full.plan.counts == incremental.plan.counts
    lean_lifecycle.apply(full)
    lean_lifecycle.check(settled=True)


def test_run_plans_while_nothing_can_be_settled(lean_lifecycle: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    owe_much(lean_lifecycle, monkeypatch, rows=30, entries=1)
    lean_lifecycle.push(new="x")
    lean_lifecycle.watch.gate = lambda call: Way.THROTTLED if ":tombstoned" in str(call.request) else None
    run = lean_lifecycle.run()
    lean_lifecycle.watch.gate = None
    assert lean_lifecycle.kinds(run) == {"new": "added"}
    lean_lifecycle.apply(run)
    lean_lifecycle.check(settled=True)


def test_apply_and_restore_that_publish_nothing_wait_for_nothing(
    lean_lifecycle: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    lean_lifecycle.push(kept="x")
    lean_lifecycle.publish()
    owe_much(lean_lifecycle, monkeypatch, rows=30, entries=0)
    owed, current = lean_lifecycle.source.settle_run_id, lean_lifecycle.current.generation_id
    monkeypatch.setattr(settling, "HELP_MS", -1)
    run = lean_lifecycle.run()
    lean_lifecycle.watch.calls.clear()
    assert lean_lifecycle.apply(run).generation_id == current
    assert lean_lifecycle.roll_back(current).generation_id == current
    assert (lean_lifecycle.source.settle_run_id, marks_of(lean_lifecycle)) == (owed, 0)


def test_publication_that_is_tried_again_settles_from_its_note_on(
    lean_lifecycle: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(settling, "_STEPS_A_NOTE", 20)
    names = [f"gone-{number:03}" for number in range(90)]
    lean_lifecycle.push_many(dict.fromkeys(names, "x"))
    lean_lifecycle.publish()
    lean_lifecycle.push(*names)
    lean_lifecycle.publish()
    lean_lifecycle.clock.advance(days=8)
    run = lean_lifecycle.run()
    lean_lifecycle.knowledge.machine.retries = 1
    lean_lifecycle.watch.calls.clear()

    def fail_once(call: Call) -> Way | None:
        """The task fails behind 70 marks in a way that the publisher does not take for its own."""
        if marks_of(lean_lifecycle) == 70:
            lean_lifecycle.watch.gate = None
            return Way.FUNCTION_DIES
        return None

    lean_lifecycle.watch.gate = fail_once
    publication = tasks.build_generation(lean_lifecycle.knowledge, state_of(lean_lifecycle, run))
    state = {**state_of(lean_lifecycle, run), "build": {"value": publication}}
    with pytest.raises(Crash):
        tasks.publish_generation(lean_lifecycle.knowledge, state)
    assert lean_lifecycle.source.settled == Settled(0, 60)
    tasks.publish_generation(lean_lifecycle.knowledge, state)
    assert marks_of(lean_lifecycle) == 70 + 30 + 1
    assert tasks.publish_generation(lean_lifecycle.knowledge, state)["status"] == "published"
    assert marks_of(lean_lifecycle) == 70 + 30 + 1, "what is settled is not settled again"
    lean_lifecycle.check(settled=True)


def state_of(lifecycle: Any, run: Any) -> dict[str, Any]:
    """The state of an execution that applies a run."""
    return {"tenantId": lifecycle.tenant_id, "sourceId": lifecycle.source_id, "runId": run.run_id}


def test_upkeep_helps_a_source_whose_clean_up_is_larger_than_a_call(
    lean_lifecycle: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    owe_much(lean_lifecycle, monkeypatch, rows=130, entries=1)
    monkeypatch.setattr(settling, "BUDGET_MS", -1)
    with pytest.raises(SettlingUnfinishedError):
        lean_lifecycle.knowledge.settler.settle(lean_lifecycle.source)
    assert lean_lifecycle.source.settled == Settled(0, 20)
    # The tests of a module share a table, and each has a clock of its own.
    key = {"pk": {"S": "upkeep"}, "sk": {"S": "round"}}
    lean_lifecycle.clients.dynamodb.delete_item(TableName=lean_lifecycle.settings.catalog_table, Key=key)
    report = lean_lifecycle.knowledge.upkeep.go_on(lambda: True)
    assert (report.sources, report.failed, lean_lifecycle.source.settle_run_id) == (1, 0, None)


def test_note_that_comes_late_or_from_behind_changes_nothing(
    lean_lifecycle: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    owe_much(lean_lifecycle, monkeypatch, rows=40, entries=1)
    source, sources = lean_lifecycle.source, lean_lifecycle.knowledge.stores.sources
    for part, steps, stands in ((0, 20, (0, 20)), (1, 20, (1, 20)), (0, 40, (1, 20)), (1, 10, (1, 20))):
        sources.note_settled(source.tenant_id, source.source_id, source.settle_run_id, Settled(part, steps))
        assert lean_lifecycle.source.settled == stands
    lean_lifecycle.knowledge.settler.settle(source)
    sources.note_settled(source.tenant_id, source.source_id, source.settle_run_id, Settled(1, 20))
    assert (lean_lifecycle.source.settled, lean_lifecycle.source.settle_run_id) == (NOTHING_SETTLED, None)
