"""From the staging set to what is served, through the services."""

from __future__ import annotations

import random
from typing import Any

import pytest
from knowledge.errors import GenerationNotFoundError, ItemNotFoundError, StaleVersionError
from knowledge.generations.change_lists import Asked
from knowledge.items.fields import DETAILS
from knowledge.items.model import Removal
from knowledge.model import ChangeKind
from knowledge.runs import parts
from knowledge.runs.model import RunMode, RunState
from knowledge.staging.model import ItemState, PushResult

from testing.lifecycle import draft
from tests.support.invariants import root_hash


def test_nothing_serves_before_the_first_apply(lifecycle: Any) -> None:
    lifecycle.push(a="one")
    run = lifecycle.run()

    assert (run.state, run.plan.counts.added, run.plan.counts.total) == (RunState.READY, 1, 1)
    with pytest.raises(GenerationNotFoundError):
        _ = lifecycle.current


def test_what_was_staged_is_served_after_run_and_apply(lifecycle: Any) -> None:
    lifecycle.push(a="one", b="two")
    run = lifecycle.run()
    outcome = lifecycle.apply(run)

    assert lifecycle.served() == {"a": "one", "b": "two"}
    assert outcome.generation_id == lifecycle.current.generation_id
    assert (lifecycle.current.sequence, lifecycle.current.run_id) == (1, run.run_id)
    assert lifecycle.knowledge.runs.get_run(lifecycle.source, run.run_id).state is RunState.PUBLISHED
    lifecycle.check(settled=True)


def test_first_apply_of_an_empty_source_makes_a_generation(lifecycle: Any) -> None:
    outcome = lifecycle.publish()

    assert (lifecycle.current.generation_id, lifecycle.current.counts.total) == (outcome.generation_id, 0)
    assert lifecycle.current.root_hash == root_hash({})
    lifecycle.check(settled=True)


def test_whole_item_comes_back_from_the_generation(lifecycle: Any) -> None:
    item = draft(
        "FAQ/1 ü%2F",
        "<p>hello</p>",
        title="Ü",
        content_type="text/html",
        url="https://example.org/a",
        language="de-CH",
        tags=("a", "b"),
        metadata={"deep": [1, {"x": None}]},
    )
    lifecycle.knowledge.staging.push_item(lifecycle.source, item)
    lifecycle.publish()
    (served,) = lifecycle.generation_items()

    for name in ("external_item_id", "title", "content"):
        assert getattr(served, name) == getattr(item, name), name
    for name in DETAILS:
        assert getattr(served.details, name) == getattr(item, name), name


def test_apply_without_changes_keeps_the_generation_and_forgets_nothing(lifecycle: Any) -> None:
    lifecycle.push(a="one")
    first = lifecycle.publish()
    lifecycle.push(a="two")
    lifecycle.push(a="one")
    journal = lifecycle.check().journal.keys()
    run = lifecycle.run()

    assert run.plan.counts.changes == 0
    assert lifecycle.apply(run).generation_id == first.generation_id
    stored = lifecycle.check()
    assert (len(stored.generations), stored.journal.keys()) == (1, journal)
    assert len(journal) == 2
    assert lifecycle.knowledge.runs.get_run(lifecycle.source, run.run_id).state is RunState.PUBLISHED


def test_run_names_each_change_and_the_fields_that_differ(lifecycle: Any) -> None:
    lifecycle.push(a="one", b="two", c="three")
    lifecycle.publish()
    lifecycle.knowledge.staging.push_items(
        lifecycle.source,
        [draft("a", "changed", tags=("x",)), draft("b", "two", title="Another"), draft("d", "four")],
        [Removal("c")],
    )
    run = lifecycle.run()
    changes = {change.external_item_id: change for change in lifecycle.changes(run)}

    assert {name: str(change.kind) for name, change in changes.items()} == {
        "a": "updated",
        "b": "updated",
        "c": "removed",
        "d": "added",
    }
    assert changes["a"].fields == ("content", "tags")
    assert changes["b"].fields == ("title",)
    assert changes["c"].removed_at == lifecycle.clock()
    assert changes["d"].previous_content_hash is None
    only = lifecycle.knowledge.reviewer.list_changes(lifecycle.source, run.run_id, Asked(ChangeKind.ADDED, 5, None))
    assert [each.change.external_item_id for each in only.page.items] == ["d"]


def test_update_serves_the_new_content_and_keeps_the_old_generation(lifecycle: Any) -> None:
    lifecycle.push(a="one", b="two")
    first = lifecycle.publish()
    lifecycle.push(a="changed")
    second = lifecycle.publish()

    assert lifecycle.served() == {"a": "changed", "b": "two"}
    assert lifecycle.served(first.generation_id) == {"a": "one", "b": "two"}
    assert (second.counts.updated, second.counts.unchanged, second.counts.total) == (1, 1, 2)
    lifecycle.check(settled=True)


def test_large_content_goes_through_the_bucket_and_comes_back(lifecycle: Any) -> None:
    noise = random.Random(1).randbytes(400_000).hex()
    lifecycle.push(big=noise, small="x")
    staged = lifecycle.knowledge.staging.get_item(lifecycle.source, "big")
    assert staged.content == noise
    lifecycle.publish()

    assert lifecycle.served() == {"big": noise, "small": "x"}
    assert lifecycle.check(settled=True).rows["big"]["contentKey"].startswith(f"content/{lifecycle.tenant_id}/")


def test_older_source_version_is_refused_and_newer_wins(lifecycle: Any) -> None:
    push = lifecycle.knowledge.staging.push_item
    push(lifecycle.source, draft("a", "five", source_version=5))
    with pytest.raises(StaleVersionError):
        push(lifecycle.source, draft("a", "four", source_version=4))
    with pytest.raises(StaleVersionError):
        lifecycle.remove("a", source_version=4)
    assert push(lifecycle.source, draft("a", "five", source_version=9))[1] is PushResult.UNCHANGED
    with pytest.raises(StaleVersionError):
        push(lifecycle.source, draft("a", "eight", source_version=8))
    lifecycle.publish()

    assert lifecycle.served() == {"a": "five"}
    # The rise to 9 wrote the row alone: no run has to look at it.
    lifecycle.check(settled=True)


def test_removing_what_is_not_there_is_not_found(lifecycle: Any) -> None:
    with pytest.raises(ItemNotFoundError):
        lifecycle.remove("a")
    assert [result.result for result in lifecycle.push("a")] == [PushResult.UNCHANGED]


def test_applying_twice_gives_the_same_generation(lifecycle: Any) -> None:
    lifecycle.push(a="one")
    run = lifecycle.run()
    first = lifecycle.apply(run)
    lifecycle.push(a="two")
    lifecycle.publish()

    assert lifecycle.apply(run) == first
    assert lifecycle.served() == {"a": "two"}
    lifecycle.check(settled=True)


@pytest.mark.parametrize("mode", ["incremental", "full"])
def test_incremental_and_full_find_the_same_changes(lifecycle: Any, mode: str) -> None:
    _busy_history(lifecycle)
    kinds = {name: lifecycle.kinds(lifecycle.run(name)) for name in ("incremental", "full")}

    assert kinds["incremental"] == kinds["full"] != {}
    lifecycle.publish(mode)
    lifecycle.check(settled=True)
    assert lifecycle.run("full").plan.counts.changes == lifecycle.run().plan.counts.changes == 0


def test_journal_entry_seen_before_its_row_is_not_covered(lifecycle: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    lifecycle.push(a="one")
    lifecycle.publish()
    items = lifecycle.knowledge.stores.items
    before = items.read_for_run(lifecycle.source_id, ["a"], lifecycle.clock())
    lifecycle.push(a="two", b="new")
    lifecycle.push(c="seen whole")
    read = type(items).read_for_run

    def read_late(store: Any, source_id: str, names: list[str], now: int) -> Any:
        # A query shows the transaction's entry; its rows are still the old ones.
        return {**read(store, source_id, [name for name in names if name == "c"], now), **before}

    with monkeypatch.context() as patched:
        patched.setattr(type(items), "read_for_run", read_late)
        run = lifecycle.run()
    assert lifecycle.kinds(run) == {"c": "added"}
    lifecycle.apply(run)

    assert len(lifecycle.check().journal) == 1
    lifecycle.publish()
    assert lifecycle.served() == {"a": "two", "b": "new", "c": "seen whole"}
    lifecycle.check(settled=True)


def test_full_run_in_parts_does_not_cover_an_entry_seen_before_its_row(
    lifecycle: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    _small_parts(monkeypatch, 1)
    names = [f"item-{number}" for number in range(12)]
    lifecycle.push_many(dict.fromkeys(names, "one"))
    lifecycle.publish()
    items = lifecycle.knowledge.stores.items
    late = items.read_for_run(lifecycle.source_id, ["item-7"], lifecycle.clock())
    for name in names:
        lifecycle.push_many({name: "two"})
    read = type(items).read_slot_for_run

    def read_late(store: Any, *asked: Any, **most: Any) -> Any:
        rows, behind = read(store, *asked, **most)
        return rows | (late if "item-7" in rows else {}), behind

    with monkeypatch.context() as patched:
        patched.setattr(type(items), "read_slot_for_run", read_late)
        lifecycle.publish("full")
    assert lifecycle.served() == {name: "one" if name == "item-7" else "two" for name in names}
    assert len(lifecycle.check().journal) == 1
    lifecycle.publish()
    assert lifecycle.served() == dict.fromkeys(names, "two")


def test_entry_over_an_hour_old_is_covered_whatever_its_rows_say(
    lifecycle: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    lifecycle.push(a="one")
    items = type(lifecycle.knowledge.stores.items)
    lifecycle.clock.advance(seconds=3601)
    with monkeypatch.context() as patched:
        patched.setattr(items, "read_for_run", lambda *_: {})
        lifecycle.publish()

    assert not lifecycle.check().journal


def test_stale_row_state_is_shown_in_item_view(lifecycle: Any) -> None:
    lifecycle.push(a="one")
    lifecycle.publish()
    lifecycle.remove("a")
    lifecycle.clock.advance(days=8)
    lifecycle.publish()

    view = lifecycle.knowledge.staging.get_item(lifecycle.source, "a")
    assert (view.state, view.tombstoned_at, view.content) == (ItemState.TOMBSTONED, lifecycle.clock(), "one")


def test_repeated_creation_of_a_run_returns_the_first(lifecycle: Any) -> None:
    lifecycle.push(a="one")
    run = lifecycle.run()
    lifecycle.push(a="two")

    assert lifecycle.knowledge.runs.create_run(lifecycle.source, RunMode.FULL, run_id=run.run_id) == run


def _small_parts(monkeypatch: pytest.MonkeyPatch, changes_per_part: int) -> None:
    monkeypatch.setattr(parts, "CHANGES_PER_PART", changes_per_part)


def _busy_history(lifecycle: Any) -> None:
    """Leave a source with every kind of change to find."""
    lifecycle.push_many({f"item-{number}": f"text {number}" for number in range(12)})
    lifecycle.publish()
    lifecycle.push("item-0", "item-1", "item-2")
    lifecycle.publish()
    lifecycle.clock.advance(days=6)
    lifecycle.push("item-3", "item-4")
    lifecycle.restore("item-1")
    lifecycle.push_many({"item-5": "changed", "item-6": "changed", "new": "here", "never": "served"})
    lifecycle.push("never", "item-6")
    lifecycle.clock.advance(days=2)
