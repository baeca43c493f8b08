"""A decision against publishing, taken before each AWS call of what publishes: one of the two wins, whichever it is."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import pytest
from knowledge.errors import KnowledgeError, PublishingLockedError, RunDiscardedError, RunPublishedError
from knowledge.runs.model import RunState

from testing.faults import Call
from tests.faults.mutating import without
from tests.faults.traps_decisions import discard, lock
from tests.support.faulty_world import FaultyWorld

NewWorld = Callable[..., FaultyWorld]


def outcome_of(request: Callable[[], object]) -> type[Exception] | None:
    try:
        request()
    except KnowledgeError as error:
        return type(error)
    return None


def race(
    world: FaultyWorld, place: int, decide: Callable[[], object], publish: Callable[[], object]
) -> tuple[Any, Any]:
    """Decide before the call number `place` (from 0) of what publishes; `never` when there are fewer."""
    decided: list[type[Exception] | None] = []
    seen = iter(range(place + 1))

    def gate(_: Call) -> None:
        if next(seen, place) == place and not decided:
            world.watch.gate = None
            decided.append(outcome_of(decide))

    world.watch.gate = gate
    published = outcome_of(publish)
    world.watch.gate = None
    return (decided[0] if decided else "never"), published


def discards(world: FaultyWorld, place: int) -> bool:
    world.push(a="one")
    run = world.run()
    decided, published = race(world, place, lambda: discard(world, run), lambda: world.apply(run))
    if decided == "never":
        return False
    state = world.knowledge.runs.get_run(world.source, run.run_id).state
    served = len(world.reader.read().generations)
    if decided is None:
        assert (published, state, served) == (RunDiscardedError, RunState.DISCARDED, 0), place
    else:
        assert (decided, published, state, served) == (RunPublishedError, None, RunState.PUBLISHED, 1), place
    return True


def locks(world: FaultyWorld, place: int) -> bool:
    world.push(a="one")
    run = world.run()
    at_the_lock: list[int] = []

    def decide() -> None:
        lock(world)
        at_the_lock.append(world.source.sequence)

    decided, published = race(world, place, decide, lambda: world.apply(run))
    if decided == "never":
        return False
    # What is served when the lock is answered is what is served from then on.
    assert at_the_lock == [world.source.sequence], place
    assert published is (PublishingLockedError if at_the_lock == [0] else None), place
    return True


def everywhere(case: Callable[[FaultyWorld, int], bool], new_world: Callable[[], FaultyWorld]) -> int:
    place = 0
    while case(new_world(), place):
        place += 1
    return place


@pytest.mark.parametrize(
    ("case", "guard"), [(discards, "#state = :ready"), (locks, "attribute_not_exists(publishLock)")]
)
def test_one_of_two_wins(case: Callable[[FaultyWorld, int], bool], guard: str, new_world: NewWorld) -> None:
    assert everywhere(case, new_world) > 5

    def unguarded() -> FaultyWorld:
        world = new_world()
        loosen = without(guard, where=":generation")

        def rewrite(call: Call) -> dict[str, Any]:
            request = copy.deepcopy(dict(call.request))
            loosen(request)
            return request

        world.watch.rewrite = rewrite
        return world

    with pytest.raises(AssertionError):
        everywhere(case, unguarded)
