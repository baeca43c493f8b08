"""The index trie: its shape and root hash depend on the set alone, whatever the road to it."""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping, Sequence
from unittest import mock

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from knowledge.index import trie
from knowledge.index.blocks import DamagedBlockError, Place
from knowledge.index.entries import Entries, Entry, path_number
from knowledge.index.leaf import encode_leaf
from knowledge.index.nodes import EMPTY_HASH, Inner, Leaf, Node, node_hash
from knowledge.index.trie import Trie

from tests.support.index_states import IndexStates, canonical_shape, entry


class MemoryTrie:
    """A trie whose leaves are kept as bytes, and which counts what is read and written; nothing of it is closed."""

    def __init__(self) -> None:
        self.trie = Trie(self.read)
        self.blocks: dict[int, bytes] = {}
        self.read_places: list[Place] = []
        self.written_bytes = 0

    def read(self, places: Sequence[Place]) -> list[bytes]:
        self.read_places += places
        return [self.blocks[place.offset] for place in places]

    def apply(self, changes: Mapping[str, Entry | None]) -> list[Leaf]:
        """Change items, and write what is new as a builder does; returns what was written."""
        self.read_places.clear()
        self.trie.update(changes)
        fresh = self.trie.take_fresh()
        for leaf in fresh:
            columns = leaf.columns
            assert columns is not None
            leaf.content_bytes, leaf.oldest, leaf.merkle = columns.content_bytes, columns.oldest, columns.merkle()
            leaf.place = Place(0, len(self.blocks), len(encode_leaf(columns)))
            self.blocks[leaf.place.offset] = encode_leaf(columns)
            self.written_bytes += leaf.place.length
            leaf.columns = None
        return fresh

    def everything(self) -> Entries:
        return {each.external_item_id: each for _, each in self.trie.entries_from(self.trie.walk())}

    def shape(self) -> dict[str, set[str]]:
        found: dict[str, set[str]] = {}
        for path, each in self.trie.entries_from(self.trie.walk()):
            found.setdefault(path, set()).add(each.external_item_id)
        return found

    @property
    def root_hash(self) -> bytes:
        return EMPTY_HASH if self.trie.root is None else merkle_of(self.trie.root)


def merkle_of(node: Node | None) -> bytes:
    if isinstance(node, Inner):
        return node_hash(merkle_of(node.left), merkle_of(node.right))
    return bytes(32) if node is None else node.merkle


@pytest.fixture
def small_leaves() -> Iterator[None]:
    with mock.patch.object(trie, "LEAF_ENTRIES", 4):
        yield


steps = st.lists(
    st.dictionaries(st.integers(0, 60), st.sampled_from(["put", "change", "drop"]), min_size=1, max_size=25),
    min_size=1,
    max_size=12,
)


@given(steps=steps, leaf_entries=st.sampled_from([1, 2, 4, 32]))
@settings(max_examples=200)
def test_any_road_to_a_set_gives_its_canonical_shape_and_root_hash(
    steps: list[dict[int, str]], leaf_entries: int
) -> None:
    with mock.patch.object(trie, "LEAF_ENTRIES", leaf_entries):
        index, model = MemoryTrie(), {}
        for step in steps:
            names = {f"item-{number}": action for number, action in step.items()}
            changes = {name: None if action == "drop" else entry(name, action) for name, action in names.items()}
            assert index.trie.find(names) == {name: model[name] for name in names if name in model}
            model = {name: each for name, each in {**model, **changes}.items() if each is not None}
            index.apply(changes)
            assert index.everything() == model
            assert index.shape() == canonical_shape(model, leaf_entries)
            assert index.trie.entries == len(model)
        direct = MemoryTrie()
        direct.apply(dict(model))
        assert direct.root_hash == index.root_hash
        assert direct.trie.member_bytes == index.trie.member_bytes == sum(each.length for each in model.values())
        assert index.written_bytes - index.trie.left_bytes == direct.written_bytes


def test_one_change_in_many_items_loads_and_writes_one_leaf() -> None:
    index = MemoryTrie()
    index.apply({f"item-{number}": entry(f"item-{number}") for number in range(20_000)})
    for changes in ({"item-7": entry("item-7", "other")}, {"item-7": None}, {"item-x": entry("item-x")}):
        written = index.apply(changes)
        assert len(index.read_places) == 1
        assert len(written) == 1


def test_items_of_one_leaf_are_read_and_written_together() -> None:
    index = MemoryTrie()
    index.apply({f"item-{number}": entry(f"item-{number}") for number in range(2_000)})
    names = next(iter(index.shape().values()))
    assert len(names) > 1
    assert len(index.apply({name: entry(name, "other") for name in names})) == 1
    assert len(index.read_places) == 1


def test_root_hash_tells_sets_apart_but_not_their_packs_or_removals() -> None:
    first, second, third = MemoryTrie(), MemoryTrie(), MemoryTrie()
    first.apply({"a": entry("a"), "b": entry("b")})
    second.apply({"a": entry("a")._replace(pack=7, offset=9, removed_at=5), "b": entry("b")})
    third.apply({"a": entry("a"), "b": entry("b", "2")})
    assert first.root_hash == second.root_hash
    assert len({EMPTY_HASH, first.root_hash, third.root_hash, MemoryTrie().root_hash}) == 3


@pytest.mark.usefixtures("small_leaves")
def test_emptied_trie_has_no_leaves() -> None:
    index = MemoryTrie()
    names = [f"n{number}" for number in range(100)]
    index.apply({name: entry(name) for name in names})
    random.Random(7).shuffle(names)
    for name in names:
        index.apply({name: None})
    assert index.trie.root is None
    assert (index.trie.entries, index.trie.member_bytes) == (0, 0)
    assert index.written_bytes == index.trie.left_bytes


@pytest.mark.usefixtures("small_leaves")
def test_merge_loads_only_the_neighbours_it_takes_in() -> None:
    index = MemoryTrie()
    names = [f"n{number}" for number in range(40)]
    index.apply({name: entry(name) for name in names})
    merges = 0
    for name in names:
        before = {path: leaf.place for path, leaf in index.trie.walk()}
        index.apply({name: None})
        after = {path: leaf.place for path, leaf in index.trie.walk()}
        gone = {place for path, place in before.items() if after.get(path) != place}
        assert set(index.read_places) == gone
        assert len(index.read_places) == len(gone)
        merges += len(after) < len(before)
    assert merges > 3


@pytest.mark.usefixtures("small_leaves")
def test_drop_of_what_is_not_there_changes_nothing_that_is_served() -> None:
    index = MemoryTrie()
    index.apply({"a": None})
    assert index.trie.root is None
    index.apply({"a": entry("a"), "b": None})
    assert index.everything() == {"a": entry("a")}
    index.apply({})
    assert index.read_places == []


@pytest.mark.usefixtures("small_leaves")
def test_leaf_that_is_another_than_was_named_is_refused() -> None:
    """One that is as whole, of as many entries, at the place that was read."""
    index = MemoryTrie()
    index.apply({f"i{number}": entry(f"i{number}") for number in range(40)})
    leaves = [leaf for _, leaf in index.trie.walk()]
    one, two = next((a, b) for a in leaves for b in leaves if a is not b and a.entries == b.entries)
    one.place = two.place
    with pytest.raises(DamagedBlockError):
        index.trie.load([one])
    with pytest.raises(DamagedBlockError):
        index.everything()


def test_more_items_than_a_leaf_holds_on_one_path_are_refused() -> None:
    with mock.patch.object(trie, "path_number", lambda _: 5), pytest.raises(ValueError, match="64 bits"):
        MemoryTrie().apply({f"i{number}": entry(f"i{number}") for number in range(33)})


@pytest.mark.parametrize("keeps", [False, True])
def test_trie_that_keeps_reads_a_leaf_once(keeps: bool) -> None:
    states = IndexStates()
    found = states.open(states.build({f"item-{number}": entry(f"item-{number}") for number in range(4_000)})).trie
    found.keeps = keeps
    # The items by their places: the first leaves lie farthest from the end, which is in memory.
    first, *_, last = sorted((f"item-{number}" for number in range(4_000)), key=path_number)
    found.find([first])
    found.find([last])
    states.bucket.reads.clear()
    assert set(found.find([first])) == {first}
    assert len(states.bucket.reads) == (0 if keeps else 1)
