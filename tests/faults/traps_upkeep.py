"""Traps for restores, the collector and compaction."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from knowledge import errors
from knowledge.upkeep import retention, scattered

from testing.faults import before_first
from tests.faults.traps import acquire, meddle_before_publishing, refused, trap
from tests.support.faulty_world import LEASE_SECONDS, FaultyWorld


@contextmanager
def short_memory(generations: int = 1) -> Iterator[None]:
    """Keep so many generations, and others for an hour; compact whenever there are two objects of a kind."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(retention, "GENERATIONS_KEPT", generations)
        patched.setattr(retention, "GENERATION_KEPT_MS", 3_600_000)
        patched.setattr(scattered, "SMALL_OBJECTS", 2)
        yield


def collect(world: FaultyWorld) -> None:
    """A pass of the collector; what it deleted must be missed when things are read again."""
    world.knowledge.upkeep.collector.collect_garbage(world.source)
    world.reader.forget()


def compact(world: FaultyWorld) -> bool:
    """A pass of the collector, and the compaction that follows."""
    upkeep = world.knowledge.upkeep
    upkeep.collector.collect_garbage(world.source)
    made = upkeep.compactor.compact_source(world.source)
    world.reader.forget()
    return made is not None


@trap
def restore_is_followed_by_full_runs_until_one_publishes(world: FaultyWorld) -> None:
    """An abandoned full run must leave the next one full: the journal says nothing of what was restored."""
    world.push(a="one")
    first = world.publish().generation_id
    world.push(a="two", b="more")
    world.publish()
    world.roll_back(first)
    world.run()
    world.push(c="three")
    world.apply(world.run())
    assert world.served() == {"a": "two", "b": "more", "c": "three"}
    world.finish()


@trap
def compaction_keeps_the_mark_of_a_restore(world: FaultyWorld) -> None:
    with short_memory():
        world.push(a="one")
        world.publish()
        world.push(b="one")
        first = world.publish().generation_id
        world.push(a="two", b="two")
        world.publish()
        world.roll_back(first)
        world.clock.advance(days=2)
        assert compact(world)
        world.push(c="three")
        world.publish()
        assert world.served() == {"a": "two", "b": "two", "c": "three"}
    world.finish()


@trap
def generation_that_was_retired_is_not_restored(world: FaultyWorld) -> None:
    """Between the check and the publishing write the collector retires it and deletes what it alone names."""
    with short_memory():
        world.push(a="one")
        first = world.publish().generation_id
        world.push(a="two")
        second = world.publish().generation_id
        world.clock.advance(days=2)
        meddle_before_publishing(world, lambda: collect(world))
        refused(errors.GenerationRetiredError, lambda: world.roll_back(first))
        assert world.current.generation_id == second
    world.reader.forget()
    world.finish()


@trap
def collector_spares_what_an_apply_is_about_to_name(world: FaultyWorld) -> None:
    """The run was planned days ago; its packs are looked at, and then collected, just before it is published."""
    world.push(a="one")
    run = world.run()
    world.clock.advance(days=2)
    meddle_before_publishing(world, lambda: collect(world))
    world.apply(run)
    world.reader.forget()
    assert world.served() == {"a": "one"}
    world.finish()


@trap
def run_that_was_collected_is_never_published(world: FaultyWorld) -> None:
    """Its time runs out between the moment that the publishing write names and the write itself."""
    world.push(a="one")
    run = world.run()
    world.clock.advance(days=7, seconds=-1)

    def meddle() -> None:
        world.clock.advance(seconds=1)
        collect(world)

    meddle_before_publishing(world, meddle)
    refused(errors.StalePlanError, lambda: world.apply(run))
    world.reader.forget()
    assert not world.check().generations
    world.finish()


@trap
def collector_finds_a_generation_that_is_published_while_it_looks(world: FaultyWorld) -> None:
    """Runs are read before generations, so a run that is published in between is one or the other."""
    world.push(a="one")
    run = world.run()
    world.clock.advance(days=7, seconds=-1)
    before_first(world.watch, "query", lambda: world.apply(run), matching="generation#")
    world.knowledge.upkeep.collector.collect_garbage(world.source)
    world.clock.advance(days=1)
    collect(world)
    assert world.served() == {"a": "one"}
    world.finish()


@trap
def compaction_gives_way_to_what_was_published_meanwhile(world: FaultyWorld) -> None:
    """Even under a lease: what it was made from is not what is served any more."""
    with short_memory():
        for text in ("one", "two", "three"):
            world.push(**{f"item-{text}": text})
            world.publish()
        world.clock.advance(days=2)
        world.push(a="new")

        def meddle() -> None:
            token, holder = world.source.lease_token, world.source.lease
            assert holder is not None
            world.clock.advance(seconds=LEASE_SECONDS)
            world.publish()
            world.set_on_source(
                leaseToken=token, leaseRunId=holder.run_id, leaseRenewedAt=0, leaseExpiresAt=0, settleRunId=None
            )

        meddle_before_publishing(world, meddle)
        assert not compact(world)
        assert world.served()["a"] == "new"
    world.finish()


@trap
def collector_spares_what_older_generations_alone_are_served_from(world: FaultyWorld) -> None:
    """What a compaction and a restore left out of the tables to come is still named by those before them."""
    made: dict[str, object] = {}

    def publish(**contents: str) -> None:
        world.push(**contents)
        generation_id = world.publish().generation_id
        made[generation_id] = world.served()

    with short_memory(generations=20):
        for number in range(3):
            publish(a=f"edition {number}", **{f"item_{number}": "text"})
        world.clock.advance(days=2)
        assert compact(world)
        publish(a="after the compaction")
        world.roll_back(next(iter(made)))
        publish(a="after the restore")
        world.clock.advance(days=2)
        # What a compaction serves from is named by itself alone until the next run.
        assert compact(world)
        world.clock.advance(days=2)
        collect(world)
        world.check()
        assert {generation_id: world.served(generation_id) for generation_id in made} == made
        world.finish()


@trap
def compaction_takes_away_no_name_that_is_needed(world: FaultyWorld) -> None:
    with short_memory():
        for number in range(4):
            world.push_many({f"item-{item}": f"edition {number}" for item in range(number, 60)})
            world.publish()
        world.clock.advance(days=2)
        before = world.served()
        assert compact(world)
        world.check()
        assert world.served() == before
        world.push_many({"item-7": "new"})
        world.publish()
    world.finish()


@trap
def restore_waits_for_an_apply(world: FaultyWorld) -> None:
    world.push(a="one")
    first = world.publish().generation_id
    world.push(a="two")
    run = world.run()
    acquire(world, run.run_id)
    refused(errors.ApplyInProgressError, lambda: world.roll_back(first))
    world.clock.advance(seconds=LEASE_SECONDS)
    world.apply(run)
    world.roll_back(first)
    assert world.served() == {"a": "one"}
    world.finish()
