"""What traps are made of. A trap is laid in a fresh world and raises when the product is caught in it.

`traps_planning` and `traps_publishing` hold the traps that earlier drafts of the design fell into, and others like
them. `mutations` takes the product's guards away one by one and names the trap that must catch it then.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from knowledge import errors
from knowledge.runs import parts

from testing.faults import before_first
from tests.support.faulty_world import FaultyWorld
from tests.support.storage_reader import StoredState

Trap = Callable[[FaultyWorld], None]
TRAPS: list[Trap] = []
PUBLISHING = ":manifest"


def trap(laid: Trap) -> Trap:
    TRAPS.append(laid)
    return laid


def refused(refusal: type[Exception], request: Callable[[], object]) -> None:
    """Make sure that a request is refused, by that very error."""
    assert refusal_of(request) is refusal


def refusal_of(request: Callable[[], object]) -> type[Exception] | None:
    """The class of the error that a request is refused with, None when it is not."""
    try:
        request()
    except errors.KnowledgeError as error:
        return type(error)
    return None


def meddle_before_publishing(world: FaultyWorld, meddle: Callable[[], object]) -> list[Any]:
    """Do something after the checks and just before the write that publishes."""
    return before_first(world.watch, "transact_write_items", meddle, matching=PUBLISHING)


@contextmanager
def small_parts() -> Iterator[None]:
    """Bring the size of a part down to one change."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(parts, "CHANGES_PER_PART", 1)
        yield


def acquire(world: FaultyWorld, run_id: str) -> None:
    store = world.knowledge.stores.sources
    store.acquire_lease(world.tenant_id, world.source_id, run_id, world.clock())


def leaf_of(world: FaultyWorld) -> tuple[str, int, int]:
    """Where the only leaf of what is served lies: object, offset and length."""
    generation = world.current
    state = StoredState(world.reader.body, generation.manifest.key, generation.manifest.digest)
    assert state.root is not None
    key, _, _ = state.names[state.root.number]
    assert key is not None
    return key, state.root.offset, state.root.length
