"""Traps for segments: what is found must be what is served, which every `check` of a world demands."""

from __future__ import annotations

from typing import Any

from knowledge import errors
from knowledge.segments import writing

from tests.faults.traps import refused, trap
from tests.faults.traps_upkeep import collect, compact, short_memory
from tests.support.faulty_world import FaultyWorld


def publish_one_by_one(world: FaultyWorld, first: int, count: int) -> None:
    """As many small segments."""
    for number in range(first, first + count):
        world.push(**{f"item_{number}": f"text {number}"})
        world.publish()


def segments_of(world: FaultyWorld) -> Any:
    return world.knowledge.stores.index.open_index(world.current.manifest).manifest.segments


@trap
def dropped_item_is_found_no_more(world: FaultyWorld) -> None:
    world.push(a="one", b="two")
    world.publish()
    world.remove("a")
    world.publish()
    world.clock.advance(days=8)
    world.publish()
    world.check()
    world.finish()


@trap
def item_that_was_dropped_does_not_come_back_by_a_merge(world: FaultyWorld) -> None:
    """Its document stands in a segment before those that are put together, its end in one of them."""
    world.push_many({f"item-{number}": "text" for number in range(600)})
    world.publish()
    world.remove("item-7")
    world.publish()
    world.clock.advance(days=8)
    world.publish()
    publish_one_by_one(world, 0, 10)
    assert segments_of(world).rows[0].documents == 600, "the first segment was merged, too"
    assert len(segments_of(world).rows) < 10
    world.check()
    world.finish()


@trap
def item_that_was_changed_does_not_come_back_by_a_merge(world: FaultyWorld) -> None:
    """Older and newer documents of one item meet in a merge, in which the newer one counts."""
    for number in range(12):
        world.push(a=f"edition {number}", **{f"item_{number}": "text"})
        world.publish()
    world.check()
    assert segments_of(world).documents < 24
    world.finish()


@trap
def collector_spares_segments_that_a_merge_left(world: FaultyWorld) -> None:
    """Generations before a run that put segments together are still served from those, of runs that are long over."""
    with short_memory(generations=3):
        number = 0
        while not number or not segments_of(world).replaces:
            publish_one_by_one(world, number, 1)
            number += 1
        world.clock.advance(days=40)
        collect(world)
        world.check()
    world.finish()


@trap
def state_without_all_its_documents_is_not_published(world: FaultyWorld) -> None:
    world.push(a="one")
    world.publish()
    world.push(b="two")
    add, lost = writing.SegmentWriter.add_item, []

    def losing(self: Any, item_id: str, *rest: Any) -> None:
        lost.append(item_id)
        assert add is not None and rest

    writing.SegmentWriter.add_item = losing  # type: ignore[method-assign]
    try:
        run = world.run()
    finally:
        writing.SegmentWriter.add_item = add  # type: ignore[method-assign]
    refused(errors.BuildFailedError, lambda: world.apply(run))
    assert lost == ["b"]
    world.check()


@trap
def compaction_builds_segments_of_all_that_is_served(world: FaultyWorld) -> None:
    """One is lost: it is missed by the compaction, which has the contents."""
    with short_memory():
        publish_one_by_one(world, 0, 3)
        row = segments_of(world).rows[1]
        world.knowledge.stores.objects.delete_objects([row.name.key(world.tenant_id, world.source_id)])
        assert compact(world)
        assert segments_of(world).documents == 3
        # What was served from it before is retired.
        world.clock.advance(days=2)
        collect(world)
        world.check()
    world.finish()
