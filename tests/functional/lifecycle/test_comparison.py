"""Comparing two generations: what differs, by which leaves, page by page."""

from __future__ import annotations

import random
from typing import Any

import pytest
from knowledge.generations import change_lists
from knowledge.index import trie
from knowledge.index.entries import path_of


def test_comparison_names_every_difference_and_the_fields(lifecycle: Any) -> None:
    lifecycle.push(a="one", b="two", c="three", e="five")
    first = lifecycle.publish().generation_id
    lifecycle.push("c", a="changed", d="four")
    second = lifecycle.publish().generation_id

    there = lifecycle.compare(second, first)
    assert {name: str(change.kind) for name, change in there.items()} == {"a": "updated", "c": "removed", "d": "added"}
    assert there["a"].fields == ("content",)
    assert (there["d"].previous_content_hash, there["c"].removed_at) == (None, lifecycle.clock())
    back = lifecycle.compare(first, second)
    assert {name: str(change.kind) for name, change in back.items()} == {
        "a": "updated",
        "c": "restored",
        "d": "tombstoned",
    }
    assert back["a"].content_hash == there["a"].previous_content_hash
    assert lifecycle.compare(second, second) == {}
    assert lifecycle.compare(first, None).keys() == {"a", "b", "c", "e"}


@pytest.mark.parametrize("a_page", [1, 50])
def test_comparison_equals_that_of_the_sets_whatever_the_shapes(
    lean_lifecycle: Any, monkeypatch: pytest.MonkeyPatch, a_page: int
) -> None:
    lifecycle = lean_lifecycle
    monkeypatch.setattr(trie, "LEAF_ENTRIES", 2)
    monkeypatch.setattr(change_lists, "_REGIONS_AT_A_TIME", 2)
    monkeypatch.setattr(change_lists, "_BATCHES_A_PAGE", a_page)
    lifecycle.knowledge.sources.update_source(lifecycle.tenant_id, lifecycle.source_id, grace_days=0)
    seed = random.Random(11)
    # Ids that crowd under a few pairs of digits, so that groups of leaves come about with little work.
    names = [name for name in (f"item-{number}" for number in range(4000)) if path_of(name)[:2] in {"00", "01", "4f"}]
    states: dict[str, dict[str, str]] = {}
    served: dict[str, str] = {}
    for size in (3, len(names), 25, 26, 9):
        chosen = seed.sample(names, size)
        contents = {name: f"{seed.random()}" for name in sorted(chosen) if name not in served or seed.random() < 0.3}
        lifecycle.push_many(contents)
        lifecycle.push(*sorted(served.keys() - set(chosen)))
        served = {name: text for name, text in {**served, **contents}.items() if name in chosen}
        states[lifecycle.publish().generation_id] = served
    for before_id, before in states.items():
        for after_id, after in states.items():
            expected = dict.fromkeys(after.keys() - before.keys(), "added")
            expected |= dict.fromkeys(before.keys() - after.keys(), "tombstoned")
            expected |= {name: "updated" for name in after.keys() & before.keys() if after[name] != before[name]}
            found = lifecycle.compare(after_id, before_id, limit=seed.choice((1, 3, 200)))
            assert {name: str(change.kind) for name, change in found.items()} == expected


def test_only_leaves_that_differ_are_read(lifecycle: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trie, "LEAF_ENTRIES", 4)
    lifecycle.push_many({f"item-{number}": "text" for number in range(64)})
    first = lifecycle.publish().generation_id
    for name in ("item-1", "item-2"):
        lifecycle.push_many({name: "changed"})
        last = lifecycle.publish().generation_id
    leaves: list[int] = []
    read = trie.Trie.read_columns

    def noted(self: Any, asked: Any) -> Any:
        leaves.append(sum(leaf.columns is None for leaf in asked))
        return read(self, asked)

    monkeypatch.setattr(trie.Trie, "read_columns", noted)
    assert lifecycle.compare(last, first).keys() == {"item-1", "item-2"}
    assert sum(leaves) == 4, "two leaves of each"


def test_changes_from_the_one_before_are_those_that_the_run_has_listed(lifecycle: Any) -> None:
    lifecycle.push(a="one", b="two")
    lifecycle.publish()
    lifecycle.push("b", a="changed", c="three")
    first = lifecycle.current.generation_id
    second = lifecycle.publish().generation_id
    before = len(lifecycle.watch.calls)
    listed = lifecycle.compare(second, first, limit=200)
    assert {name: str(change.kind) for name, change in listed.items()} == {"a": "updated", "b": "removed", "c": "added"}
    assert listed["a"].fields == ("content",)
    # The source, two generations, the run, and the one range of its changes: no index and no content.
    calls = [call.operation for call in lifecycle.watch.calls[before:]]
    assert sorted(calls) == ["get_item"] * 4 + ["get_object"]
    lifecycle.push(z="more")
    third = lifecycle.publish().generation_id
    assert lifecycle.compare(third, first) == {**listed, **lifecycle.compare(third, second)}
