"""Traps on the way from a write to a plan, and what is done with the journal afterwards."""

from __future__ import annotations

from typing import Any

from knowledge import errors
from knowledge.runs.model import RunMode
from knowledge.staging.model import ItemState, PushResult
from knowledge.staging.store import ItemStore

from testing.faults import before_first
from testing.lifecycle import draft
from tests.faults.traps import refused, trap
from tests.support.faulty_world import FaultyWorld


@trap
def acknowledged_writes_are_in_the_next_run(world: FaultyWorld) -> None:
    world.push(a="one", b="two")
    world.publish()
    world.push("b", a="new", c="three")
    assert world.kinds(world.run()) == {"a": "updated", "b": "removed", "c": "added"}
    world.finish()


@trap
def empty_apply_forgets_nothing(world: FaultyWorld) -> None:
    """Else an older run could be published over what it forgot, and nobody would notice."""
    world.push(a="one")
    world.publish()
    world.push(a="two")
    older = world.run()
    world.push(a="one")
    empty = world.run()
    assert empty.plan is not None
    assert empty.plan.counts.changes == 0
    world.apply(empty)
    world.apply(older)
    assert world.served() == {"a": "two"}
    world.publish()
    assert world.served() == {"a": "one"}
    world.finish()


@trap
def replanning_is_a_fresh_diff(world: FaultyWorld) -> None:
    """A rebased change set would bring back what was taken back since."""
    world.push(a="one")
    world.publish()
    world.push(a="two", b="taken back")
    run = world.run()
    world.push("b", a="three")
    world.publish()
    refused(errors.StaleBaseError, lambda: world.apply(run))
    world.apply(run)
    assert world.served() == {"a": "three"}
    world.finish()


@trap
def two_plannings_of_a_run_never_write_one_key(world: FaultyWorld) -> None:
    """And the one that ends first stands: what was reviewed is what is applied."""
    world.push(a="one")
    run_id = world.ids("run")
    seen: list[Any] = []

    def meddle() -> None:
        world.push(a="two", b="more")
        seen.append(world.rival().run(run_id=run_id))

    before_first(world.watch, "transact_write_items", meddle, matching="planExpiresAt")
    run = world.run(run_id=run_id)
    assert [run.plan] == [rival.plan for rival in seen]
    world.check()
    world.apply(run)
    assert world.served() == {"a": "two", "b": "more"}
    world.finish()


@trap
def journal_entry_seen_before_its_row_is_kept(world: FaultyWorld) -> None:
    """A query may show a transaction's entry while a read still gives its rows as they were."""
    world.push(a="one")
    world.publish()
    before = world.knowledge.stores.items.read_for_run(world.source_id, ["a"], world.clock())
    world.push(a="two", b="new")
    read = ItemStore.read_for_run
    ItemStore.read_for_run = lambda *_: before  # type: ignore[method-assign]
    try:
        run = world.run()
    finally:
        ItemStore.read_for_run = read  # type: ignore[method-assign]
    world.push(c="three")
    world.apply(run)
    world.publish()
    assert world.served() == {"a": "two", "b": "new", "c": "three"}
    world.finish()


@trap
def torn_entry_is_kept_when_other_changes_are_published(world: FaultyWorld) -> None:
    world.push(a="one")
    world.publish()
    before = world.knowledge.stores.items.read_for_run(world.source_id, ["a"], world.clock())
    world.push(a="two")
    world.push(c="three")
    read = ItemStore.read_for_run

    def late(store: ItemStore, source_id: str, names: Any, now: int) -> Any:
        return {**read(store, source_id, [name for name in names if name != "a"], now), **before}

    ItemStore.read_for_run = late  # type: ignore[method-assign]
    try:
        run = world.run()
    finally:
        ItemStore.read_for_run = read  # type: ignore[method-assign]
    world.apply(run)
    assert world.served() == {"a": "one", "c": "three"}
    world.publish()
    assert world.served() == {"a": "two", "c": "three"}
    world.finish()


@trap
def higher_source_version_is_never_lost(world: FaultyWorld) -> None:
    """Two writers of one item: the one that read first and wrote last decides again."""
    world.push(a="old")
    push = world.knowledge.staging.push_item

    def meddle() -> None:
        push(world.source, draft("a", "newest", source_version=5))

    before_first(world.watch, "transact_write_items", meddle)
    refused(errors.StaleVersionError, lambda: push(world.source, draft("a", "older", source_version=4)))
    world.publish()
    assert world.served() == {"a": "newest"}
    assert world.knowledge.staging.get_item(world.source, "a").source_version == 5
    world.finish()


@trap
def two_creations_of_one_item_are_one(world: FaultyWorld) -> None:
    """The second to write finds the first, though it read that there was none."""
    results: list[PushResult] = []

    def meddle() -> None:
        results.extend(result.result for result in world.push(a="first"))

    before_first(world.watch, "transact_write_items", meddle)
    results.extend(result.result for result in world.push(a="second"))
    assert results == [PushResult.CREATED, PushResult.UPDATED]
    world.publish()
    assert world.served() == {"a": "second"}
    world.finish()


@trap
def item_pushed_again_before_it_is_marked_stays(world: FaultyWorld) -> None:
    """A dropped row is marked after the publication; by then it may be wanted again."""
    world.push(a="one", b="two")
    world.publish()
    world.remove("a")
    world.clock.advance(days=8)
    run = world.run()
    before_first(world.watch, "update_item", lambda: world.push(a="again"), matching=":tombstoned")
    world.apply(run)
    assert world.served() == {"b": "two"}
    assert world.knowledge.staging.get_item(world.source, "a").state is ItemState.ACTIVE
    world.publish()
    assert world.served() == {"a": "again", "b": "two"}
    world.finish()


@trap
def run_that_began_before_a_publication_is_stale(world: FaultyWorld) -> None:
    """It read its base first: what is published and forgotten while it reads makes it stale, not blind."""
    world.push(a="one")
    planned = world.run()
    before_first(world.watch, "query", lambda: world.rival().apply(planned), matching="#journal")
    world.push(b="two")
    run_id = world.ids("run")
    world.knowledge.runs.create_run(world.source, RunMode.INCREMENTAL, run_id=run_id)
    refused(errors.StaleBaseError, lambda: world.apply(run_id))
    world.apply(run_id)
    assert world.served() == {"a": "one", "b": "two"}
    world.finish()


@trap
def half_of_a_snapshot_is_never_published(world: FaultyWorld) -> None:
    """Neither while its parts arrive nor while its removals are under way."""
    world.push(a="one", b="two")
    world.publish()
    snapshots, snapshot_id = world.knowledge.snapshots, world.ids("snp")
    snapshots.open_snapshot(world.source, snapshot_id=snapshot_id)
    snapshots.put_part(world.source, snapshot_id, 1, [draft("a", "new")])
    runs = [world.run()]
    before_first(world.watch, "transact_write_items", lambda: runs.append(world.run()), matching="removed")
    snapshots.complete_snapshot(world.source, snapshot_id)
    assert len(runs) == 2
    for run in runs:
        refused(errors.NotApplyEligibleError, lambda run=run: world.apply(run))
    assert world.kinds(world.run()) == {"a": "updated", "b": "removed"}
    world.finish()


@trap
def snapshot_that_comes_and_goes_while_a_run_reads_is_noticed(world: FaultyWorld) -> None:
    """It is open neither when the run begins nor when it ends; what it staged may have been read by half."""
    world.push(a="one", b="two")
    world.publish()
    world.push(c="three")

    def come_and_go() -> None:
        world.knowledge.snapshots.replace_all(world.source, [draft("a", "new")], snapshot_id=world.ids("snp"))

    before_first(world.watch, "batch_get_item", come_and_go)
    run = world.run()
    refused(errors.NotApplyEligibleError, lambda: world.apply(run))
    world.finish()


@trap
def run_never_reads_older_than_what_was_acknowledged(world: FaultyWorld) -> None:
    acknowledged_writes_are_in_the_next_run(world)
