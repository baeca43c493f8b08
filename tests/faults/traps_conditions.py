"""Traps for writes that name what they want to find: what was seen is changed, or nothing.

editor A                      editor B
reads revision r
                              reads revision r
compares: r
                              compares, writes: r is gone
writes on condition of r's row: refused, reads again, compares: not r
"""

from __future__ import annotations

from collections.abc import Callable

from knowledge.errors import PreconditionFailedError
from knowledge.revisions import ABSENT, Expected
from knowledge.sources.rows import source_revision

from testing.faults import before_first
from testing.lifecycle import draft
from tests.faults.traps import refused, trap
from tests.support.faulty_world import FaultyWorld


def item_of(world: FaultyWorld, name: str) -> Expected:
    """What an editor expects who read an item now."""
    return Expected(frozenset({world.knowledge.staging.get_item(world.source, name).revision}))


def source_of(world: FaultyWorld) -> Expected:
    """What an editor expects who read the source now."""
    return Expected(frozenset({source_revision(world.source)}))


def pushing(world: FaultyWorld, content: str, expected: Expected) -> Callable[[], object]:
    return lambda: world.knowledge.staging.push_item(world.source, draft("a", content), expected=expected)


def naming(world: FaultyWorld, name: str, expected: Expected) -> Callable[[], object]:
    return lambda: world.knowledge.sources.update_source(world.tenant_id, world.source_id, name=name, expected=expected)


def late(world: FaultyWorld, write: Callable[[], object], other: Callable[[], object]) -> None:
    """A write that another overtakes, between its comparison and its transaction, is refused."""
    met = before_first(world.watch, "transact_write_items", other)
    refused(PreconditionFailedError, write)
    assert met


@trap
def one_of_two_editors_of_an_item_wins(world: FaultyWorld) -> None:
    world.push(a="one")
    expected = item_of(world, "a")
    late(world, pushing(world, "mine", expected), pushing(world, "theirs", expected))
    assert world.knowledge.staging.get_item(world.source, "a").content == "theirs"
    world.check()


@trap
def removal_removes_what_was_seen(world: FaultyWorld) -> None:
    world.push(a="one")
    expected = item_of(world, "a")
    late(
        world,
        lambda: world.knowledge.staging.remove_item(world.source, "a", expected=expected),
        pushing(world, "theirs", expected),
    )
    assert world.knowledge.staging.get_item(world.source, "a").state == "active"


@trap
def one_of_two_creators_of_an_item_wins(world: FaultyWorld) -> None:
    late(world, pushing(world, "mine", ABSENT), pushing(world, "theirs", ABSENT))
    assert world.knowledge.staging.get_item(world.source, "a").content == "theirs"


@trap
def removed_item_that_is_dropped_meanwhile_is_another_one(world: FaultyWorld) -> None:
    """Marking a row keeps its rev."""
    world.push(a="one", b="two")
    world.publish()
    world.remove("a")
    world.clock.advance(days=8)
    run = world.run()
    expected = item_of(world, "a")
    late(world, pushing(world, "mine", expected), lambda: world.apply(run))
    assert world.knowledge.staging.get_item(world.source, "a").state == "tombstoned"


@trap
def one_of_two_editors_of_a_source_wins(world: FaultyWorld) -> None:
    expected = source_of(world)
    late(world, naming(world, "mine", expected), naming(world, "theirs", expected))
    assert world.source.name == "theirs"


@trap
def source_is_archived_as_it_was_seen(world: FaultyWorld) -> None:
    expected = source_of(world)
    archive = world.knowledge.sources.archive_source
    late(
        world,
        lambda: archive(world.tenant_id, world.source_id, expected=expected),
        naming(world, "theirs", expected),
    )
    assert (world.source.name, world.source.active) == ("theirs", True)
    archive(world.tenant_id, world.source_id, expected=source_of(world))
    assert not world.source.active
