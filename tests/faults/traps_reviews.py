"""Traps between reading what a run changes and publishing it."""

from __future__ import annotations

from knowledge import errors
from knowledge.generations.change_lists import Asked

from testing.faults import before_first
from tests.faults.traps import refused, trap
from tests.support.faulty_world import FaultyWorld
from tests.support.reviewing import review


@trap
def what_was_reviewed_is_what_is_published(world: FaultyWorld) -> None:
    """A reviewer reads the staged text, somebody pushes another, and the apply publishes: the first, and no third."""
    world.push(a="one", b="two")
    world.publish()
    world.push(a="reviewed", c="added")
    world.remove("b")
    run = world.run()
    world.push(a="a third", c="another")
    seen = review(world, run.run_id)
    texts = {name: shown.after and shown.after.fields.get("content") for name, shown in seen.seen.items()}
    assert texts == {"a": "reviewed", "b": None, "c": "added"}
    world.push(b="back again")
    seen.check(world, world.apply(run, plan_version=seen.plan_version).generation_id)
    world.finish()


@trap
def what_is_pushed_while_a_page_is_read_is_not_on_it(world: FaultyWorld) -> None:
    world.push(a="one")
    world.publish()
    world.push(a="reviewed")
    run = world.run()
    rival = world.rival()

    def meddle() -> None:
        rival.push(a="a third")
        rival.publish()

    before_first(world.watch, "get_object", meddle)
    seen = review(world, run.run_id)
    shown = seen.seen["a"]
    assert shown.before is not None
    assert shown.after is not None
    # Before is what it was planned against, not what is served by now.
    assert (shown.before.fields["content"], shown.after.fields["content"]) == ("one", "reviewed")
    refused(errors.StaleBaseError, lambda: world.apply(run, plan_version=seen.plan_version))
    refused(errors.PlanVersionError, lambda: world.apply(run, plan_version=seen.plan_version))
    world.finish()


@trap
def later_plan_that_was_published_is_no_success_of_the_one_that_was_reviewed(world: FaultyWorld) -> None:
    world.push(a="reviewed")
    run = world.run()
    seen = review(world, run.run_id)
    world.push(a="a third")
    world.knowledge.planner.plan_run(world.tenant_id, world.source_id, run.run_id)
    world.apply(run)
    refused(errors.PlanVersionError, lambda: world.apply(run, plan_version=seen.plan_version))
    world.apply(run, plan_version=2)
    world.finish()


@trap
def list_that_was_begun_does_not_go_on_in_another_plan(world: FaultyWorld) -> None:
    world.push(a="one", b="two", c="three")
    run = world.run()
    list_changes = world.knowledge.reviewer.list_changes
    first, version = list_changes(world.source, run.run_id, Asked(None, 1, None, include_content=True))
    assert (len(first.items), version) == (1, 1)
    world.push(a="a third", b="a third", c="a third")
    world.knowledge.planner.plan_run(world.tenant_id, world.source_id, run.run_id)
    further = Asked(None, 1, first.next_position, include_content=True)
    refused(errors.InvalidPositionError, lambda: list_changes(world.source, run.run_id, further))
    world.finish()
