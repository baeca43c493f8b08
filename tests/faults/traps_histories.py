"""Traps between reading the history of an item and taking the item back."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from knowledge.upkeep import scattered

from testing.faults import Call, Way
from tests.faults.traps import trap
from tests.support.erasing import carry_out, erase
from tests.support.faulty_world import FaultyWorld
from tests.support.item_histories import expected_history, history_of

_CALLS = 12


def meddle_at(world: FaultyWorld, number: int, meddle: Callable[[], object]) -> list[Call]:
    """Do something just before a call from now on, by its number; returns a list that holds the call afterwards."""
    met: list[Call] = []
    calls, otherwise = iter(range(number + 1)), world.watch.gate

    def gate(call: Call) -> Way | None:
        if next(calls) == number:
            world.watch.gate = otherwise
            met.append(call)
            meddle()
        return None if otherwise is None else otherwise(call)

    world.watch.gate = gate
    return met


def publish_two(world: FaultyWorld, name: str, *, gone: bool) -> None:
    """Publish an item twice, and if it is to be gone, without it; older generations are not kept."""
    store = world.knowledge.stores.generations
    before = store.list_kept(world.source_id)
    for text in ("one", "two"):
        world.push_many({name: f"{text} {name}"})
        world.publish()
    if gone:
        world.remove(name)
        world.publish()
        world.clock.advance(days=8)
        world.publish()
    for generation in before:
        store.retire_generation(generation, world.clock())


@trap
def erasure_in_the_midst_of_a_reading_is_told_or_not_yet(world: FaultyWorld) -> None:
    """Of an item that is served, and of one that is not, for which an erasure has nothing to publish."""
    for number in range(2 * _CALLS):
        name, opened = f"item-{number}", list[str]()
        publish_two(world, name, gone=number % 2 == 0)

        def take_back(name: str = name, opened: list[str] = opened) -> None:
            opened.append(erase(world, name).erasure_id)
            carry_out(world, opened[0], waits=False)

        before = history_of(world, name)
        met = meddle_at(world, number // 2, take_back)
        told = history_of(world, name)
        if not met:
            break
        ended = history_of(world, name)
        assert (ended.changes, ended.erased_at is None) == ([], False)
        assert told in (before, ended), met
        carry_out(world, opened[0])
    else:
        message = "a reading has more calls than this goes through"
        raise AssertionError(message)


@trap
def erased_item_that_is_pushed_again_has_come_anew(world: FaultyWorld) -> None:
    """While older generations are written anew, one by one, and after a compaction of what is left."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(scattered, "SMALL_OBJECTS", 2)
        for text in ("one", "two", "three"):
            world.push(a=text, b=text)
            world.publish()
        erasure = erase(world, "a")
        world.push(a="anew")
        world.publish()
        for _ in range(40):
            for name in "ab":
                assert history_of(world, name, 3) == expected_history(world, name)
            erasure = world.knowledge.erasures.eraser.advance(erasure, lambda: False)
            if erasure.waits_until is not None:
                break
        carry_out(world, erasure.erasure_id)
        world.clock.advance(days=2)
        world.knowledge.upkeep.compactor.compact_source(world.source)
        assert [kind for _, kind in history_of(world, "a", 1).changes] == ["added"]
        assert [kind for _, kind in history_of(world, "b", 1).changes] == ["updated", "updated", "added"]
    world.finish()
