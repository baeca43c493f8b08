"""Every operation fails at every AWS call it makes, in every way; one plain retry leaves nothing wrong."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress

import pytest
from knowledge.index import trie
from knowledge.runs import full_walk, listing, parts, plan_parts
from knowledge.staging import store as item_store
from knowledge.staging import writing as staging

from testing.faults import Call, Way
from tests.faults.operations import OPERATIONS, Operation
from tests.faults.striking import FAILURES, strike_everywhere
from tests.support.faulty_world import OWN_TAKEOVER_SECONDS, FaultyWorld

NewWorld = Callable[..., FaultyWorld]
CANARY = "the-canary"


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda operation: operation.name)
def test_one_retry_repairs_a_fault_at_any_call(
    operation: Operation, new_world: NewWorld, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """See the module; prints how many cases there are and how many were run."""
    if operation.small:
        make_small(monkeypatch)
    calls = _calls_of(operation, new_world)
    strike_everywhere(
        operation.name, calls, lambda number, way: _crash_and_retry(operation, new_world, number, way), capsys
    )


def make_small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Bring bounds down so that a handful of items makes parts, chunks, splits and groups."""
    monkeypatch.setattr(parts, "CHANGES_PER_PART", 3)
    monkeypatch.setattr(plan_parts, "PARTS_IN_PLAN", 1)
    for module in (listing, full_walk):
        monkeypatch.setattr(module, "REGIONS", tuple("0123456789abcdef"))
    monkeypatch.setattr(full_walk, "ROWS_AT_ONCE", 1)
    monkeypatch.setattr(full_walk, "IDS_A_PIECE", 1)
    monkeypatch.setattr(staging, "ROWS_PER_TRANSACTION", 2)
    monkeypatch.setattr(item_store, "ROWS_PER_TRANSACTION", 2)
    monkeypatch.setattr(trie, "LEAF_ENTRIES", 2)


def _calls_of(operation: Operation, new_world: NewWorld) -> list[Call]:
    """The calls that the operation makes when nothing goes wrong, and that it does what it should then."""
    world = _world(operation, new_world, 0)
    state = operation.prepare(world)
    world.watch.calls.clear()
    operation.request(world, state)
    calls = list(world.watch.calls)
    _finish(operation, world)
    return calls


def _crash_and_retry(operation: Operation, new_world: NewWorld, number: int, way: Way) -> None:
    world = _world(operation, new_world, task_retries=number % 2)
    state = operation.prepare(world)
    world.watch.arm(number, way)
    with suppress(*FAILURES):
        operation.request(world, state)
    assert world.watch.fired is not None, "the call was not reached"
    world.watch.disarm()
    world.check()
    # A client that honours Retry-After comes back when a dead attempt's lease may be taken over.
    world.clock.advance(seconds=OWN_TAKEOVER_SECONDS)
    operation.request(world, state)
    world.check()
    _finish(operation, world)


def _finish(operation: Operation, world: FaultyWorld) -> None:
    stored = world.finish()
    served = {name: entry.content for name, entry in stored.current.items() if name != CANARY}
    assert served == operation.served, "what is served in the end is not what was asked for"


def _world(operation: Operation, new_world: NewWorld, task_retries: int) -> FaultyWorld:
    return new_world(task_retries=task_retries, leaf_entries=2 if operation.small else 32)
