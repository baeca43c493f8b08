"""Full runs over slots that are larger than what is read at once."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest
from knowledge.errors import StaleBaseError
from knowledge.index import trie
from knowledge.index.entries import path_of
from knowledge.model import ObjectRef
from knowledge.ports import StillRunningError
from knowledge.runs import full_walk, parts
from knowledge.runs.model import Run, RunMode, RunState

from testing.faults import Call, Crash, Way, before_first
from testing.lifecycle import Lifecycle

AT_ONCE = 10


def names_in(prefix: str) -> Iterator[str]:
    """Ids without end whose rows lie in one slot, or further down the index."""
    return (name for number in itertools.count() if path_of(name := f"item-{number:05d}").startswith(prefix))


def some(slot: str, count: int, first: int = 0) -> list[str]:
    return list(itertools.islice(names_in(slot), first, first + count))


@pytest.fixture(autouse=True)
def _small_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(full_walk, "ROWS_AT_ONCE", AT_ONCE)
    monkeypatch.setattr(full_walk, "IDS_A_PIECE", AT_ONCE)
    monkeypatch.setattr(parts, "CHANGES_PER_PART", AT_ONCE)
    monkeypatch.setattr(trie, "LEAF_ENTRIES", 8)


def start(lifecycle: Lifecycle, mode: str = "full") -> str:
    """A run that nobody has planned yet."""
    run_id = lifecycle.ids("run")
    machine = lifecycle.knowledge.machine
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(machine, "run_action", lambda *_, **__: {})
        lifecycle.knowledge.runs.create_run(lifecycle.source, RunMode(mode), run_id=run_id)
    return run_id


def plan(lifecycle: Lifecycle, run_id: str, between: Callable[[int], object] = lambda _: None) -> Run:
    """Plan a run call by call, with something done before each but the first."""
    checkpoint: ObjectRef | None = None
    for call in itertools.count():
        progress = lifecycle.knowledge.planner.plan_run(lifecycle.tenant_id, lifecycle.source_id, run_id, checkpoint)
        if progress.done:
            return lifecycle.knowledge.stores.runs.get_run(lifecycle.source_id, run_id)
        checkpoint = progress.checkpoint
        between(call)
    raise AssertionError


def busy_history(lifecycle: Any) -> list[str]:
    """One slot with every kind of change in it, and a few items elsewhere; returns the ids of the slot."""
    names = some("3", 60)
    lifecycle.push_many({name: f"text of {name}" for name in [*names[:50], *some("a", 3)]})
    lifecycle.publish()
    lifecycle.push(*names[:10])
    lifecycle.publish()
    lifecycle.clock.advance(days=6)
    lifecycle.push(*names[10:15])
    lifecycle.restore(names[3])
    lifecycle.push_many(dict.fromkeys([*names[20:30], *names[50:]], "changed or new"))
    # And what is first and last in its slot.
    lifecycle.push_many(dict.fromkeys([*some("300", 1), *some("3ff", 1)], "new"))
    lifecycle.push(names[55])
    lifecycle.clock.advance(days=2)
    return names


def test_no_call_reads_more_than_its_bound(lean_lifecycle: Any) -> None:
    lean_lifecycle.push_many(dict.fromkeys(some("3", 150), "text"))
    read = [0]

    def count(call: Call, answer: Any) -> None:
        if call.operation == "query" and "#journal" not in str(call.request):
            read[-1] += len(answer["Items"])
        if call.operation == "batch_get_item":
            read[-1] += sum(map(len, answer["Responses"].values()))

    run_id = start(lean_lifecycle)

    def page(call: Call) -> Any:
        """A page of DynamoDB is 1 MB, which here is more than there is."""
        return {**call.request, "Limit": AT_ONCE} if call.operation == "query" else call.request

    lean_lifecycle.watch.rewrite = page
    lean_lifecycle.watch.after = count
    run = plan(lean_lifecycle, run_id, lambda _: read.append(0))
    lean_lifecycle.watch.after = lean_lifecycle.watch.rewrite = None
    assert run.plan.counts.added == 150
    assert max(read) <= 2 * AT_ONCE, "a call lists or reads a part's worth, and the step that goes beyond"
    # Listing and reading take a call for each ten, and the other slots fit into the last.
    assert len(read) <= 2 * 150 / AT_ONCE + 1


def test_slot_in_pieces_is_found_as_it_is_at_once(lean_lifecycle: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    busy_history(lean_lifecycle)
    incremental, pieces = lean_lifecycle.run(), lean_lifecycle.run("full")
    with monkeypatch.context() as patched:
        patched.setattr(full_walk, "ROWS_AT_ONCE", 1_000)
        whole = lean_lifecycle.run("full")
    assert lean_lifecycle.changes(pieces) == lean_lifecycle.changes(whole) == lean_lifecycle.changes(incremental)
    assert pieces.plan.counts == whole.plan.counts == incremental.plan.counts
    assert {"added", "updated", "removed", "restored", "tombstoned"} == set(lean_lifecycle.kinds(pieces).values())
    # In the order of the index, so that a build goes through it once.
    found = [change.external_item_id for change in lean_lifecycle.changes(pieces)]
    assert found == sorted(found, key=path_of)
    lean_lifecycle.apply(pieces)
    lean_lifecycle.check(settled=True, leaf_entries=8)


def test_contents_bound_what_is_read_at_once(lean_lifecycle: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(full_walk, "ROWS_AT_ONCE", 1_000)
    monkeypatch.setattr(full_walk, "BYTES_AT_ONCE", 300)
    lean_lifecycle.push_many(dict.fromkeys(some("3", 30), "text"))
    lean_lifecycle.watch.calls.clear()
    run = lean_lifecycle.run("full")
    assert any("/ids-3-" in str(call.request.get("Key")) for call in lean_lifecycle.watch.calls)
    assert run.plan.counts.added == 30


def test_index_that_is_larger_than_what_is_staged_bounds_it_too(lean_lifecycle: Any) -> None:
    """Rows are missing, as those of tombstones are in the end: what a restore serves anew may have none."""
    names = some("3", 40)
    lean_lifecycle.push_many(dict.fromkeys(names, "text"))
    lean_lifecycle.publish()
    for name in names[2:]:
        key = {"pk": {"S": f"{lean_lifecycle.source_id}#3"}, "sk": {"S": name}}
        lean_lifecycle.clients.dynamodb.delete_item(TableName=lean_lifecycle.settings.items_table, Key=key)
    lean_lifecycle.watch.calls.clear()
    calls: list[int] = []
    run = plan(lean_lifecycle, start(lean_lifecycle), calls.append)
    assert lean_lifecycle.kinds(run) == dict.fromkeys(sorted(names[2:], key=path_of), "removed")
    assert len(calls) >= 3


@pytest.mark.parametrize("seed", range(6))
def test_pushes_between_the_pieces_are_in_this_run_or_the_next(lean_lifecycle: Any, seed: int) -> None:
    """Whatever is written while it reads, each item is planned as it was at some moment, and nothing is lost."""
    names = busy_history(lean_lifecycle)
    late = some("3", 20, first=60)

    def meddle(call: int) -> None:
        number = (call * 7 + seed * 13) % 60
        lean_lifecycle.push_many({names[number]: f"while it reads {call}", late[call % 20]: "new while it reads"})
        lean_lifecycle.push(names[(number + 30) % 60])

    run = plan(lean_lifecycle, start(lean_lifecycle), meddle)
    # What was acknowledged before the run began is in it, or something later is.
    found = lean_lifecycle.kinds(run)
    assert all(found[name] in {"added", "updated", "removed"} for name in names[20:30])
    lean_lifecycle.apply(run)
    lean_lifecycle.check(leaf_entries=8)
    lean_lifecycle.push(last="x")
    lean_lifecycle.publish()
    lean_lifecycle.check(settled=True, leaf_entries=8)
    assert lean_lifecycle.run("full").plan.counts.changes == 0


def test_new_row_that_the_journal_names_before_a_query_shows_it_is_found(
    lean_lifecycle: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = some("3", 40)
    lean_lifecycle.push_many(dict.fromkeys(names, "text"))
    store = type(lean_lifecycle.knowledge.stores.items)
    list_ids, late = store.list_ids, names[35]

    def list_late(self: Any, *asked: Any) -> Any:
        ids, last = list_ids(self, *asked)
        return [each for each in ids if each != late], last

    with monkeypatch.context() as patched:
        patched.setattr(store, "list_ids", list_late)
        run = lean_lifecycle.run("full")
    assert lean_lifecycle.kinds(run)[late] == "added"
    lean_lifecycle.apply(run)
    lean_lifecycle.check(settled=True, leaf_entries=8)


@pytest.mark.parametrize("way", [Way.DIE_BEFORE, Way.DIE_AFTER])
@pytest.mark.parametrize("where", ["/ids-3-", "/checkpoint.json.gz", "/changes-"])
def test_call_that_dies_around_a_piece_is_repeated(lean_lifecycle: Any, way: Way, where: str) -> None:
    busy_history(lean_lifecycle)
    expected = lean_lifecycle.changes(lean_lifecycle.run())
    run_id, checkpoint, died, calls = start(lean_lifecycle), None, 0, set()

    def die(call: Call) -> Way | None:
        key = str(call.request.get("Key"))
        if call.operation == "put_object" and where in key and run_id in key and (count := len(calls)) not in dead:
            dead.add(count)
            return way
        return None

    dead: set[int] = set()
    lean_lifecycle.watch.gate = die
    while True:
        try:
            planner = lean_lifecycle.knowledge.planner
            progress = planner.plan_run(lean_lifecycle.tenant_id, lean_lifecycle.source_id, run_id, checkpoint)
        except Crash:
            died += 1
            continue
        calls.add(len(calls))
        if progress.done:
            break
        checkpoint = progress.checkpoint
    lean_lifecycle.watch.gate = None
    assert died > 1
    run = lean_lifecycle.knowledge.stores.runs.get_run(lean_lifecycle.source_id, run_id)
    assert lean_lifecycle.changes(run) == expected
    lean_lifecycle.apply(run)
    lean_lifecycle.check(settled=True, leaf_entries=8)


class ShortExecutions:
    """A machine whose executions end after so many parts, as an Express execution does after 5 minutes."""

    def __init__(self, lifecycle: Lifecycle, parts: int) -> None:
        self.lifecycle = lifecycle
        self.parts = parts

    def run_action(self, _action: Any, tenant_id: str, source_id: str, run_id: str, **_: Any) -> Any:
        checkpoint: ObjectRef | None = None
        for _part in range(self.parts):
            planned = self.lifecycle.knowledge.planner.plan_run(tenant_id, source_id, run_id, checkpoint)
            if planned.done:
                return {}
            checkpoint = planned.checkpoint
        raise StillRunningError


def repeat(lifecycle: Any, run_id: str, mode: str, *, parts: int, between: Callable[[int], object]) -> tuple[Run, int]:
    """Send the request that starts a run until it is planned, as a client with an Idempotency-Key does."""
    life = replace(lifecycle.knowledge.runs, machine=ShortExecutions(lifecycle, parts))
    for tries in range(1, 30):
        run = life.create_run(lifecycle.source, RunMode(mode), run_id=run_id)
        if run.plan is not None:
            return run, tries
        assert run.state is RunState.PLANNING, "an answer of any other state is kept, and its repeat starts nothing"
        lifecycle.clock.advance(seconds=420)
        # Nobody waits longer than that for an execution.
        assert life.get_run(lifecycle.source, run_id).state is RunState.FAILED
        between(tries)
    raise AssertionError("the run does not end")


@pytest.mark.parametrize("mode", ["full", "incremental"])
def test_run_that_outlives_its_execution_goes_on_in_the_next(lean_lifecycle: Any, mode: str) -> None:
    names = some("3", 150)
    lean_lifecycle.push_many(dict.fromkeys(names, "text"))
    calls: list[int] = []
    expected = plan(lean_lifecycle, start(lean_lifecycle, mode), calls.append)
    in_all = len(calls) + 1
    run, tries = repeat(lean_lifecycle, lean_lifecycle.ids("run"), mode, parts=5, between=lambda _: None)
    # Of the five parts of an execution the last is not noted, since its successor would have done that.
    assert tries == 1 + -(-(in_all - 5) // 4)
    assert run.plan.counts == expected.plan.counts
    assert lean_lifecycle.changes(run) == lean_lifecycle.changes(expected)
    lean_lifecycle.apply(run)
    lean_lifecycle.check(settled=True, leaf_entries=8)


def republish(lifecycle: Any) -> None:
    lifecycle.push(other="new")
    lifecycle.publish()


def open_and_abort(lifecycle: Any) -> None:
    snapshots, snapshot_id = lifecycle.knowledge.snapshots, lifecycle.ids("snp")
    snapshots.open_snapshot(lifecycle.source, snapshot_id=snapshot_id)
    snapshots.abort_snapshot(lifecycle.source, snapshot_id)


def lose_the_checkpoint(lifecycle: Any) -> None:
    for key in [key for key in lifecycle.bucket.objects if key.endswith("/checkpoint.json.gz")]:
        del lifecycle.bucket.objects[key]


@pytest.mark.parametrize(
    "meddle",
    [
        republish,
        open_and_abort,
        lose_the_checkpoint,
        lambda life: life.knowledge.sources.update_source(life.tenant_id, life.source_id, grace_days=0),
    ],
    ids=["base", "epoch", "objects", "settings"],
)
def test_what_a_planning_read_against_has_changed_so_it_begins_anew(
    lean_lifecycle: Any, meddle: Callable[[Any], object]
) -> None:
    """To go on would end in a plan that is refused, or none at all."""
    names = some("3", 60)
    lean_lifecycle.push_many(dict.fromkeys(names, "text"))
    lean_lifecycle.publish()
    lean_lifecycle.push_many(dict.fromkeys(names, "new"))

    def between(tries: int) -> None:
        if tries == 1:
            lean_lifecycle.push(late="seen, since the planning began anew")
            meddle(lean_lifecycle)

    run, _ = repeat(lean_lifecycle, lean_lifecycle.ids("run"), "full", parts=8, between=between)
    lean_lifecycle.apply(run)
    assert lean_lifecycle.served()["late"] == "seen, since the planning began anew"
    lean_lifecycle.check(settled=True, leaf_entries=8)


def test_run_does_not_go_on_with_what_another_noted(lean_lifecycle: Any) -> None:
    lean_lifecycle.push_many(dict.fromkeys(some("3", 60), "text"))
    first, second = start(lean_lifecycle), start(lean_lifecycle)
    planner = lean_lifecycle.knowledge.planner
    noted = planner.plan_run(lean_lifecycle.tenant_id, lean_lifecycle.source_id, first).checkpoint
    planner.plan_run(lean_lifecycle.tenant_id, lean_lifecycle.source_id, first, noted)
    lean_lifecycle.push(late="x")
    lean_lifecycle.clock.advance(seconds=420)
    run = plan(lean_lifecycle, second)
    assert lean_lifecycle.kinds(run)["late"] == "added"
    lean_lifecycle.apply(run)
    lean_lifecycle.check(settled=True, leaf_entries=8)


def test_plan_that_is_made_again_is_a_fresh_one(lean_lifecycle: Any) -> None:
    """A stale run is planned again under its id; what its first planning noted is nothing to it."""
    names = some("3", 60)
    lean_lifecycle.push_many(dict.fromkeys(names, "text"))
    run = plan(lean_lifecycle, start(lean_lifecycle))
    lean_lifecycle.push(other="one")
    lean_lifecycle.publish()
    with pytest.raises(StaleBaseError):
        lean_lifecycle.apply(run)
    again = lean_lifecycle.knowledge.stores.runs.get_run(lean_lifecycle.source_id, run.run_id)
    assert (again.plan_version, again.plan.counts.changes) == (run.plan_version + 1, 0)
    lean_lifecycle.apply(again)
    lean_lifecycle.check(settled=True, leaf_entries=8)


def test_two_planners_of_a_run_that_goes_by_pieces(lean_lifecycle: Any) -> None:
    """The one that ends first stands; the other's pieces are nobody's."""
    names = busy_history(lean_lifecycle)
    run_id = start(lean_lifecycle)
    rivals: list[Run] = []

    def meddle() -> None:
        lean_lifecycle.push_many({names[40]: "by the other"})
        rival = Lifecycle(
            lean_lifecycle.settings, lean_lifecycle.clients, clock=lean_lifecycle.clock, ids=lean_lifecycle.ids
        )
        rival.source_id = lean_lifecycle.source_id
        rivals.append(plan(rival, run_id))

    before_first(lean_lifecycle.watch, "put_object", meddle, matching="/ids-3-0003")
    run = plan(lean_lifecycle, run_id)
    assert [run.plan] == [rival.plan for rival in rivals]
    assert lean_lifecycle.kinds(run)[names[40]] == "updated"
    lean_lifecycle.apply(run)
    lean_lifecycle.check(leaf_entries=8)
    # The other one had taken up what this one noted, so it had not listed the entry of that push.
    lean_lifecycle.push(last="x")
    lean_lifecycle.publish()
    lean_lifecycle.check(settled=True, leaf_entries=8)
