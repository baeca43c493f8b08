"""Traps for what somebody decides beside an apply: that a run is not to be published, or nothing of a source is."""

from __future__ import annotations

from knowledge import errors
from knowledge.runs.model import Run, RunState
from knowledge.sources.model import Publishing

from testing.faults import before_first
from testing.import_files import Importing, ndjson
from tests.faults.traps import meddle_before_publishing, refused, trap
from tests.faults.traps_upkeep import collect, compact, short_memory
from tests.support.faulty_world import FaultyWorld


def discard(world: FaultyWorld, run: Run) -> Run:
    return world.knowledge.runs.discard_run(world.source, run.run_id)


def lock(world: FaultyWorld, publishing: Publishing = Publishing.LOCKED) -> None:
    world.knowledge.sources.update_source(world.tenant_id, world.source_id, publishing=publishing)


@trap
def run_discarded_after_the_checks_is_not_published(world: FaultyWorld) -> None:
    world.push(a="one")
    run = world.run()
    meddle_before_publishing(world, lambda: discard(world, run))
    refused(errors.RunDiscardedError, lambda: world.apply(run))
    assert not world.check().generations
    refused(errors.RunDiscardedError, lambda: world.apply(run))
    assert discard(world, run).plan_version == 1, "nobody plans it again"
    world.finish()


@trap
def published_run_is_not_discarded(world: FaultyWorld) -> None:
    """Published between what the discard was asked for and its write: what is served has a run that says so."""
    world.push(a="one")
    run = world.run()
    before_first(world.watch, "transact_write_items", lambda: world.rival().apply(run), matching=":discarded")
    refused(errors.RunPublishedError, lambda: discard(world, run))
    assert world.knowledge.runs.get_run(world.source, run.run_id).state is RunState.PUBLISHED
    world.finish()


@trap
def empty_apply_of_a_run_that_is_discarded_meanwhile_is_refused(world: FaultyWorld) -> None:
    world.push(a="one")
    world.publish()
    run = world.run()
    before_first(
        world.watch, "transact_write_items", lambda: discard(world, run), matching="generationId = :generation"
    )
    refused(errors.RunDiscardedError, lambda: world.apply(run))
    assert world.knowledge.runs.get_run(world.source, run.run_id).state is RunState.DISCARDED
    world.finish()


@trap
def run_discarded_while_it_is_planned_never_gets_a_plan(world: FaultyWorld) -> None:
    world.push(a="one")
    run_id = world.ids("run")
    found: list[Run] = []

    def meddle() -> None:
        (run,) = world.knowledge.runs.list_runs(world.source, limit=1, position=None).items
        found.append(discard(world, run))

    before_first(world.watch, "transact_write_items", meddle, matching="planExpiresAt = :expires")
    assert world.run(run_id=run_id).state is RunState.DISCARDED
    assert [run.state for run in found] == [RunState.DISCARDED]
    # A repeat of the request that started it starts nothing.
    assert world.run(run_id=run_id).plan is None
    refused(errors.RunDiscardedError, lambda: world.apply(run_id))
    world.finish()


@trap
def discarded_run_loses_its_objects_and_nothing_else(world: FaultyWorld) -> None:
    world.push(a="one")
    world.publish()
    world.push(b="two")
    gone, kept = world.run(), world.run()
    discard(world, gone)
    world.clock.advance(days=2)
    collect(world)
    objects = world.clients.s3._client.objects
    assert not [key for key in objects if gone.run_id in key]
    assert [key for key in objects if kept.run_id in key]
    world.apply(kept)
    assert world.served() == {"a": "one", "b": "two"}
    world.finish()


@trap
def lock_that_is_set_after_the_checks_holds(world: FaultyWorld) -> None:
    world.push(a="one")
    run = world.run()
    meddle_before_publishing(world, lambda: lock(world))
    refused(errors.PublishingLockedError, lambda: world.apply(run))
    assert not world.check().generations
    lock(world, Publishing.OPEN)
    world.apply(run)
    assert world.served() == {"a": "one"}
    world.finish()


@trap
def lock_that_is_set_during_a_restore_holds(world: FaultyWorld) -> None:
    world.push(a="one")
    first = world.publish().generation_id
    world.push(a="two")
    world.publish()
    meddle_before_publishing(world, lambda: lock(world))
    refused(errors.PublishingLockedError, lambda: world.roll_back(first))
    refused(errors.PublishingLockedError, lambda: world.roll_back(first))
    assert world.served() == {"a": "two"}
    lock(world, Publishing.OPEN)
    world.roll_back(first)
    assert world.served() == {"a": "one"}
    world.finish()


@trap
def lock_holds_up_no_upkeep(world: FaultyWorld) -> None:
    """What serves the same is published from fewer objects, locked or not."""
    with short_memory():
        for text in ("one", "two", "three"):
            world.push(a=text, b=text)
            world.publish()
        lock(world)
        world.clock.advance(days=2)
        before = world.current
        assert compact(world)
        assert world.current.root_hash == before.root_hash
        assert world.served() == {"a": "three", "b": "three"}
    lock(world, Publishing.OPEN)
    world.finish()


@trap
def import_that_is_to_be_applied_ends_at_a_lock_and_at_a_discard(world: FaultyWorld) -> None:
    """Neither passes by itself, so nothing is tried again; what it staged stays, and so does the run behind a lock."""
    importing = Importing(world)
    for name, code in (("a", "publishing_locked"), ("b", "run_discarded")):
        job = importing.create(apply=True)
        importing.deliver(importing.upload(job, ndjson({name: "one"})))
        if name == "a":
            lock(world)
        else:
            meddle_before_publishing(
                world,
                lambda: discard(world, world.knowledge.runs.list_runs(world.source, limit=1, position=None).items[0]),
            )
        began = world.clock.now
        importing.run()
        ended = importing.get(job)
        assert ended.last_error is not None
        assert (ended.state, ended.last_error.code) == ("failed", code)
        assert world.clock.now - began < 60_000, "it waited for what does not pass"
        assert not world.check().generations
        lock(world, Publishing.OPEN)
    world.finish()
