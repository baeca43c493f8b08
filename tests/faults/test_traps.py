"""Each trap is laid, and catches nobody; with one guard of the product taken away, the trap it was for closes."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.faults.mutations import MUTATIONS, Mutation
from tests.faults.traps import TRAPS, Trap
from tests.support.faulty_world import FaultyWorld

NewWorld = Callable[..., FaultyWorld]


@pytest.mark.parametrize("trap", TRAPS, ids=lambda trap: trap.__name__)
def test_trap_catches_nobody(trap: Trap, new_world: NewWorld) -> None:
    trap(new_world())


@pytest.mark.parametrize("mutation", MUTATIONS, ids=lambda mutation: mutation.name)
def test_missing_guard_is_caught(mutation: Mutation, new_world: NewWorld, monkeypatch: pytest.MonkeyPatch) -> None:
    world = new_world()
    mutation.make(world, monkeypatch)
    with pytest.raises(Exception) as caught:
        mutation.caught_by(world)
    assert world.watch.rewrite is None or mutation.met, "the mutation met no request: the product's words have changed"
    assert "ValidationException" not in str(caught.value), "the mutation made no sense to the database"
