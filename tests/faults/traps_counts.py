"""Traps for the number of items that are staged: it is exact, or it is not told."""

from __future__ import annotations

import pytest
from knowledge.generations import settling

from testing.faults import before_first
from testing.import_files import Importing, ndjson
from tests.faults.traps import trap
from tests.support.erasing import erase_wholly
from tests.support.faulty_world import FaultyWorld

QUARTER_HOUR_SECONDS = 16 * 60


def told(world: FaultyWorld) -> int | None:
    """How many items the source says it has staged."""
    pending = world.knowledge.staging.find_pending(world.source)[1]
    return None if pending is None else pending.staged_items


def owe(world: FaultyWorld, patched: pytest.MonkeyPatch) -> None:
    """Publish three pushes, of which the first step of the clean-up is done alone."""
    patched.setattr(settling, "BUDGET_MS", -1)
    patched.setattr(settling, "HELP_MS", -1)
    patched.setattr(settling, "_STEPS_A_NOTE", 1)
    for name in ("a", "b", "c"):
        world.push(**{name: "one"})
    world.publish()
    assert world.source.settle_run_id is not None


@trap
def run_planned_while_the_last_is_tidied_up_counts_nothing_twice(world: FaultyWorld) -> None:
    with pytest.MonkeyPatch.context() as patched:
        owe(world, patched)
        assert told(world) is None
        world.push("a", d="one")
        run = world.run()
        assert world.source.settle_run_id is not None
    world.apply(run)
    assert told(world) == 3
    world.finish()


def lose_the_plan(world: FaultyWorld) -> tuple[str, bytes]:
    """Have the published plan gone before its entries are forgotten; returns its file."""
    with pytest.MonkeyPatch.context() as patched:
        owe(world, patched)
    run = world.knowledge.runs.get_run(world.source, world.source.settle_run_id or "")
    assert run.plan is not None
    key = run.plan.parts[0].object.key
    return key, world.bucket.objects.pop(key)


@trap
def entries_that_nobody_knows_to_be_covered_make_the_count_unknown(world: FaultyWorld) -> None:
    """Until a full run counts anew, when all is still."""
    key, lost = lose_the_plan(world)
    world.knowledge.settler.settle(world.source)
    assert told(world) is None
    world.push("a", d="one")
    world.publish("full")
    assert told(world) is None, "somebody wrote just before it"
    world.remove("b")
    world.clock.advance(seconds=QUARTER_HOUR_SECONDS)
    world.publish("full")
    assert told(world) == 2
    # For who checks everything.
    world.bucket.objects[key] = lost
    world.finish()


@trap
def run_that_finds_the_last_plan_gone_does_not_know_what_it_covers(world: FaultyWorld) -> None:
    lose_the_plan(world)
    world.push(d="one")
    world.publish()
    assert told(world) is None


@trap
def count_of_a_full_run_leaves_out_what_is_written_meanwhile(world: FaultyWorld) -> None:
    world.push(a="one", b="two")
    world.clock.advance(seconds=QUARTER_HOUR_SECONDS)
    # Behind the listing of the journal, and before the slots are read.
    before_first(world.watch, "query", lambda: world.push(c="three"), matching=f"{world.source_id}#0")
    run = world.run("full")
    world.apply(run)
    assert told(world) == 3
    world.finish()


@trap
def erased_items_are_not_counted(world: FaultyWorld) -> None:
    world.push(a="one", b="two", c="three")
    world.publish()
    world.push("b")
    erase_wholly(world, "a", "b", "never-there")
    assert told(world) == 1
    world.push(d="four")
    world.publish()
    assert told(world) == 2
    oldest = world.knowledge.stores.journal.find_oldest_at
    erase_wholly(world, "c")
    assert oldest(world.source_id) is None, "nobody has to apply an erasure"
    assert told(world) == 1
    world.push(e="five")
    assert oldest(world.source_id) is not None
    world.finish()


@trap
def item_that_a_file_names_twice_counts_once(world: FaultyWorld) -> None:
    world.push(a="one")
    Importing(world).whole(ndjson({"a": "two", "b": "one"}) + ndjson({"b": "two"}))
    assert told(world) == 2
    world.publish()
    assert told(world) == 2
    world.finish()


@trap
def publication_beside_the_reading_of_a_count_is_noticed(world: FaultyWorld) -> None:
    world.push(a="one")
    run = world.run()
    source = world.source
    before_first(world.watch, "get_item", lambda: world.apply(run))
    assert world.knowledge.staging.find_pending(source)[1] is None
    assert told(world) == 1
    world.finish()
