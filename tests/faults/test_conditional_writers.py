"""Editors of one item, and of one source, who read the same: in every schedule of their calls exactly one wins."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

import pytest
from knowledge.errors import PreconditionFailedError, SourceInactiveError
from knowledge.revisions import ABSENT, Expected

from testing.lifecycle import draft
from tests.faults import settings
from tests.faults.traps_conditions import source_of
from tests.support.actors import Stage, Temper
from tests.support.faulty_world import FaultyWorld

EDITORS = ("one", "two", "three")
Edit = Callable[[str], object]


def play(world: FaultyWorld, seed: int, edit: Edit) -> tuple[list[str], list[str]]:
    """Let every editor write at once; who won, and what was done in which order."""
    dice = random.Random(seed)
    stage = Stage(dice, world.clock, Temper(dice.choice((0, 0.5, 0.9)), 0, 0))
    won: list[str] = []

    def editing(name: str) -> Callable[[], None]:
        def body() -> None:
            try:
                edit(name)
            except (PreconditionFailedError, SourceInactiveError):
                return
            won.append(name)

        return body

    for name in EDITORS:
        stage.enter(name, editing(name))
    before, world.watch.gate = world.watch.gate, stage.gate
    stage.play()
    world.watch.gate = before
    return won, stage.schedule


@pytest.mark.parametrize("seed", range(settings.SEED, settings.SEED + settings.INTERLEAVINGS // 30))
def test_exactly_one_of_those_who_read_the_same_wins(new_world: Callable[..., FaultyWorld], seed: int) -> None:
    world = new_world()
    staging, service = world.knowledge.staging, world.knowledge.sources
    world.push(a="from the start")
    read = Expected(frozenset({staging.get_item(world.source, "a").revision}))
    settings_read = source_of(world)

    def push(name: str, expected: Expected) -> Edit:
        return lambda who: staging.push_item(world.source, draft(name, who), expected=expected)

    def remove_or_push(who: str) -> object:
        if who == "one":
            return staging.remove_item(world.source, "a", expected=reread)
        return staging.push_item(world.source, draft("a", f"{who} again"), expected=reread)

    def change(who: str) -> object:
        if who == "one":
            return service.archive_source(world.tenant_id, world.source_id, expected=settings_read)
        return service.update_source(world.tenant_id, world.source_id, name=who, expected=settings_read)

    def one(edit: Edit) -> tuple[str, Any]:
        won, schedule = play(world, seed, edit)
        assert len(won) == 1, (won, schedule)
        return won[0], schedule

    winner, schedule = one(push("a", read))
    assert staging.get_item(world.source, "a").content == winner, schedule
    reread = Expected(frozenset({staging.get_item(world.source, "a").revision}))
    winner, schedule = one(remove_or_push)
    assert staging.get_item(world.source, "a").state == ("removed" if winner == "one" else "active"), schedule
    winner, schedule = one(push("b", ABSENT))
    assert staging.get_item(world.source, "b").content == winner, schedule
    world.check()
    winner, schedule = one(change)
    assert (world.source.active, world.source.name == winner) == ((winner != "one"), winner != "one"), schedule
