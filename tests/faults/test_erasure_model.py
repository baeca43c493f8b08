"""Erasures, pushes, runs, restores, compactions, collections and crashes in random order, against a dictionary."""

from __future__ import annotations

import random
import sys
from collections.abc import Callable

import pytest
from knowledge.index import trie
from knowledge.runs import parts, plan_parts

from tests.faults import settings
from tests.faults.traps_upkeep import short_memory
from tests.support.erasure_model import ErasureModel
from tests.support.faulty_world import FaultyWorld

STEPS = 45


def test_erasures_keep_their_promises_among_everything_else(
    new_world: Callable[..., FaultyWorld], capsys: pytest.CaptureFixture[str]
) -> None:
    """Prints how much was played; a failure prints its seed and what was done."""
    plays = max(1, settings.INTERLEAVINGS // 10)
    erasures = generations = 0
    for seed in range(settings.SEED, settings.SEED + plays):
        dice = random.Random(seed)
        leaf_entries, part = dice.choice(((32, 25_000), (2, 25_000), (2, 2)))
        world = new_world(leaf_entries=leaf_entries, grace_days=0, task_retries=dice.choice((0, 1)))
        model = ErasureModel(world, dice, dice.choice((0.0, 0.002, 0.01)), dice.choice((0.0, 0.01, 0.04)))
        with pytest.MonkeyPatch.context() as patched, short_memory(generations=dice.choice((2, 4, 20))):
            patched.setattr(trie, "LEAF_ENTRIES", leaf_entries)
            patched.setattr(parts, "CHANGES_PER_PART", part)
            patched.setattr(plan_parts, "PARTS_IN_PLAN", dice.choice((1, 50)))
            try:
                model.play(STEPS)
            except BaseException as error:
                done = "\n".join(model.log)
                pytest.fail(f"{error!r}\n{done}\nreplay: FAULTS_SEED={seed} FAULTS_INTERLEAVINGS=10")
        erasures += len(model.erasures)
        generations += len(model.seen)
    with capsys.disabled():
        sys.stdout.write(f"\n  {plays} plays, {erasures} erasures, {generations} generations ")
