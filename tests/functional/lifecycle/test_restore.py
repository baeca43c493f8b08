"""Restoring an older generation, and what comes after it."""

from __future__ import annotations

from typing import Any

import pytest
from knowledge.errors import (
    ApplyInProgressError,
    GenerationNotFoundError,
    SourceInactiveError,
    StaleBaseError,
)
from knowledge.generations.model import GenerationOrigin
from knowledge.model import Counts


def _two_generations(lifecycle: Any) -> tuple[str, str]:
    lifecycle.push(a="one", b="two", c="three")
    first = lifecycle.publish().generation_id
    lifecycle.push("c", a="changed", d="four")
    return first, lifecycle.publish().generation_id


def test_restored_generation_serves_the_older_state_at_once(lifecycle: Any) -> None:
    first, second = _two_generations(lifecycle)
    outcome = lifecycle.roll_back(first)

    restored = lifecycle.current
    assert restored.generation_id == outcome.generation_id not in (first, second)
    assert (restored.origin, restored.restored_from, restored.run_id) == (GenerationOrigin.RESTORE, first, None)
    assert (restored.sequence, restored.base_generation_id) == (3, second)
    assert lifecycle.served() == {"a": "one", "b": "two", "c": "three"}
    assert outcome.counts == Counts(updated=1, restored=1, tombstoned=1, unchanged=1, total=3)
    assert restored.root_hash == lifecycle.knowledge.generations.get_generation(lifecycle.source, first).root_hash
    lifecycle.check()


def test_next_run_compares_in_full_and_finds_what_is_staged(lifecycle: Any) -> None:
    first, _ = _two_generations(lifecycle)
    lifecycle.roll_back(first)
    lifecycle.push(e="five")
    run = lifecycle.run()

    assert lifecycle.kinds(run) == {"a": "updated", "c": "removed", "d": "added", "e": "added"}
    lifecycle.apply(run)
    assert lifecycle.served() == {"a": "changed", "b": "two", "c": "three", "d": "four", "e": "five"}
    lifecycle.check(settled=True)


def test_abandoned_full_run_leaves_the_next_one_full(lifecycle: Any) -> None:
    first, _ = _two_generations(lifecycle)
    lifecycle.roll_back(first)
    lifecycle.run()
    run = lifecycle.run()
    assert lifecycle.kinds(run) == {"a": "updated", "c": "removed", "d": "added"}
    lifecycle.apply(run)
    assert lifecycle.run().plan.counts.changes == 0
    lifecycle.check(settled=True)


def test_run_planned_before_a_restore_is_planned_again(lifecycle: Any) -> None:
    first, _ = _two_generations(lifecycle)
    lifecycle.push(e="five")
    run = lifecycle.run()
    lifecycle.roll_back(first)
    with pytest.raises(StaleBaseError):
        lifecycle.apply(run)
    outcome = lifecycle.apply(run)
    assert outcome.counts == Counts(added=2, updated=1, removed=1, unchanged=1, total=5)
    lifecycle.check(settled=True)


def test_restoring_what_is_served_publishes_nothing(lifecycle: Any) -> None:
    _, second = _two_generations(lifecycle)
    for which in (second, "current"):
        assert lifecycle.roll_back(which).generation_id == second
    assert lifecycle.current.sequence == 2
    lifecycle.check(settled=True)


def test_repeat_finds_the_generation_that_it_made(lifecycle: Any) -> None:
    first, second = _two_generations(lifecycle)
    new_id = lifecycle.ids("gen")
    outcome = lifecycle.roll_back(first, new_id)
    lifecycle.roll_back(second)
    assert lifecycle.roll_back(first, new_id) == outcome
    assert lifecycle.current.sequence == 4
    restorer = lifecycle.knowledge.restorer
    again = restorer.restore_generation(
        lifecycle.source, first, new_generation_id=lifecycle.ids("gen"), earlier_id=new_id
    )
    assert again == outcome
    lifecycle.clock.advance(days=2)
    later = restorer.restore_generation(
        lifecycle.source, first, new_generation_id=lifecycle.ids("gen"), earlier_id=new_id
    )
    assert (later.generation_id, lifecycle.current.sequence) == (lifecycle.current.generation_id, 5)
    lifecycle.check()


def test_removed_and_forgotten_items_come_back_until_the_next_run(lifecycle: Any) -> None:
    lifecycle.push(a="one", b="two")
    first = lifecycle.publish().generation_id
    lifecycle.remove("a")
    lifecycle.publish()
    lifecycle.clock.advance(days=8)
    lifecycle.publish()
    lifecycle.clock.advance(days=31)
    assert lifecycle.served() == {"b": "two"}
    lifecycle.roll_back(first)
    assert lifecycle.served() == {"a": "one", "b": "two"}
    run = lifecycle.run()
    assert lifecycle.kinds(run) == {"a": "removed"}, "its row is gone: a missing row counts as removed"
    lifecycle.apply(run)
    lifecycle.check()


def test_refusals(lifecycle: Any) -> None:
    with pytest.raises(GenerationNotFoundError):
        lifecycle.roll_back("current")
    first, second = _two_generations(lifecycle)
    with pytest.raises(GenerationNotFoundError):
        lifecycle.roll_back(lifecycle.ids("gen"))
    run = lifecycle.run()
    store = lifecycle.knowledge.stores.sources
    store.acquire_lease(lifecycle.tenant_id, lifecycle.source_id, run.run_id, lifecycle.clock())
    with pytest.raises(ApplyInProgressError):
        lifecycle.roll_back(first)
    lifecycle.clock.advance(seconds=61)
    lifecycle.knowledge.sources.archive_source(lifecycle.tenant_id, lifecycle.source_id)
    with pytest.raises(SourceInactiveError):
        lifecycle.roll_back(first)
    assert lifecycle.current.generation_id == second
