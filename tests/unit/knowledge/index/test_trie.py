"""The index trie: its shape and root hash depend on the set alone, whatever the road to it."""

from __future__ import annotations

import hashlib
import random
from collections.abc import Collection, Mapping

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from knowledge.index import trie
from knowledge.index.trie import EMPTY_HASH, Entries, Entry, LeafRef, Tree, leaf_merkle, path_of, update


class MemoryIndex:
    """A tree whose leaves are kept in memory, and which counts what is loaded and written."""

    def __init__(self) -> None:
        self.tree = Tree()
        self.contents: dict[str, Entries] = {}
        self.loaded: list[str] = []

    def load(self, refs: Collection[LeafRef]) -> Mapping[str, Entries]:
        self.loaded.extend(ref.prefix for ref in refs)
        return {ref.prefix: self.contents[ref.prefix] for ref in refs}

    def apply(self, changes: Mapping[str, Entry | None]) -> trie.TreeUpdate:
        self.loaded.clear()
        outcome = update(self.tree, changes, self.load)
        for prefix in outcome.gone:
            del self.tree.leaves[prefix]
            del self.contents[prefix]
        for prefix, entries in outcome.written.items():
            self.contents[prefix] = entries
            self.tree.leaves[prefix] = LeafRef(prefix, "k", "d", leaf_merkle(entries), len(entries), 0, None)
        return outcome

    def everything(self) -> Entries:
        return {name: entry for entries in self.contents.values() for name, entry in entries.items()}


def entry(name: str, content: str = "1") -> Entry:
    digest = hashlib.sha256(content.encode()).hexdigest()
    return Entry(name, digest, "t", "pack", 0, 1, 1, None)


def canonical_leaves(names: Collection[str], prefix: str = "") -> set[str]:
    """The definition of the shape, written down as plainly as it can be."""
    under = [name for name in names if path_of(name).startswith(prefix)]
    if not under:
        return set()
    if len(under) <= trie.LEAF_ENTRIES:
        return {prefix}
    return set().union(*(canonical_leaves(under, prefix + digit) for digit in "0123456789abcdef"))


@pytest.fixture
def small_leaves(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trie, "LEAF_ENTRIES", 4)


steps = st.lists(
    st.dictionaries(st.integers(0, 60), st.sampled_from(["put", "change", "drop"]), min_size=1, max_size=25),
    min_size=1,
    max_size=12,
)


@pytest.mark.usefixtures("small_leaves")
@given(steps=steps)
@settings(max_examples=200)
def test_any_road_to_a_set_gives_its_canonical_shape_and_root_hash(steps: list[dict[int, str]]) -> None:
    trie.LEAF_ENTRIES = 4
    index, model = MemoryIndex(), {}
    for step in steps:
        changes: dict[str, Entry | None] = {}
        for number, action in step.items():
            name = f"item-{number}"
            changes[name] = None if action == "drop" else entry(name, action)
        for name, value in changes.items():
            if value is None:
                model.pop(name, None)
            else:
                model[name] = value
        index.apply(changes)
        assert index.everything() == model
        assert set(index.contents) == canonical_leaves(model)
    direct = MemoryIndex()
    direct.apply(dict(model))
    assert direct.tree.root_hash == index.tree.root_hash


def test_one_change_in_many_items_loads_and_writes_one_leaf() -> None:
    index = MemoryIndex()
    index.apply({f"item-{number}": entry(f"item-{number}") for number in range(20_000)})
    outcome = index.apply({"item-7": entry("item-7", "other")})
    assert len(index.loaded) == 1
    assert len(outcome.written) == 1
    assert not outcome.gone


def test_root_hash_tells_sets_apart_but_not_their_packs() -> None:
    first, second, third = MemoryIndex(), MemoryIndex(), MemoryIndex()
    first.apply({"a": entry("a"), "b": entry("b")})
    second.apply({"a": entry("a")._replace(pack="elsewhere", offset=9, removed_at=5), "b": entry("b")})
    third.apply({"a": entry("b")._replace(external_item_id="a"), "b": entry("b", "2")})
    assert first.tree.root_hash == second.tree.root_hash
    assert first.tree.root_hash != third.tree.root_hash
    assert Tree().root_hash == EMPTY_HASH != first.tree.root_hash


@pytest.mark.usefixtures("small_leaves")
def test_emptied_tree_has_no_leaves() -> None:
    index = MemoryIndex()
    names = [f"n{number}" for number in range(100)]
    index.apply({name: entry(name) for name in names})
    random.Random(7).shuffle(names)
    for name in names:
        index.apply({name: None})
    assert not index.contents
    assert index.tree.root_hash == EMPTY_HASH


@pytest.mark.usefixtures("small_leaves")
def test_merge_loads_only_the_neighbours_it_takes_in() -> None:
    index = MemoryIndex()
    names = [f"n{number}" for number in range(40)]
    index.apply({name: entry(name) for name in names})
    leaves = len(index.contents)
    for name in names[:-5]:
        index.apply({name: None})
        assert len(index.loaded) <= 1 + 16
    assert len(index.contents) < leaves
