"""Rewriting a state without some of its objects: it serves the same, and names none of what was left."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from unittest import mock

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from knowledge.index import trie
from knowledge.index.entries import Entry
from knowledge.index.manifest import BuiltIndex
from knowledge.index.names import GONE, ObjectKind
from knowledge.index.packs import PackWriter, read_documents
from knowledge.index.store import IndexStore, PublishedIndex
from knowledge.items.content import encode_item
from knowledge.items.model import ItemDraft
from knowledge.storage.objects import ObjectStore
from knowledge.upkeep import compaction
from knowledge.upkeep.compaction import _Rewriting

from tests.support.index_states import IndexStates, entries_of, shape_of

GENERATION, ATTEMPT = "gen_" + "0" * 25 + "G", "att_" + "0" * 25 + "A"


@dataclass
class Stores:
    objects: ObjectStore
    index: IndexStore


def published(states: IndexStates, changes: dict[str, str | None], base: BuiltIndex | None) -> BuiltIndex | None:
    """Publish contents (None: drop the item) as a run does, packs first."""
    builder = states.begin(base)
    owner = f"run_{builder.own.owner}"
    pack = PackWriter(states.objects, builder, ObjectKind.RUN_PACK, owner, ATTEMPT)
    entries: dict[str, Entry | None] = {}
    for name, content in changes.items():
        entries[name] = None
        if content is not None:
            item = encode_item(ItemDraft(name, "Title", content))
            number, offset, length = pack.number, pack.add(item.member), len(item.member)
            entries[name] = Entry(
                name, item.content_hash, "Title", number, offset, length, item.content_bytes, None, item.fields
            )
    pack.close()
    builder.update(entries)
    return builder.finish()


def rewritten(states: IndexStates, base: BuiltIndex, packs: set[int], indexes: set[int]) -> PublishedIndex:
    stores: Any = Stores(states.objects, states.store)
    rewriting = _Rewriting(stores, base.manifest, GENERATION, ATTEMPT, frozenset(packs), frozenset(indexes))
    return states.open(rewriting.rewrite(states.open(base)))


def served(index: PublishedIndex) -> dict[str, tuple[str, str]]:
    entries = list(entries_of(index).values())
    documents = read_documents(index, entries)
    return {
        each.external_item_id: (each.content_hash, document["content"])
        for each, document in zip(entries, documents, strict=True)
    }


def check_rewritten(states: IndexStates, base: BuiltIndex, packs: set[int], indexes: set[int]) -> None:
    before = states.open(base)
    rows = before.named_objects()
    left = {row.name.key("ten_1", "src_1") for number, row in enumerate(rows) if number in packs | indexes}
    expected = (served(before), shape_of(before), before.built.root_hash, before.manifest.member_bytes)
    after = rewritten(states, base, packs, indexes)
    # What is left is collected some day.
    for key in left:
        del states.bucket.objects[key]
    assert (served(after), shape_of(after), after.built.root_hash, after.manifest.member_bytes) == expected
    assert not after.keys() & left
    assert after.keys() <= states.bucket.objects.keys()
    assert after.named_objects()[: len(rows)] == [
        GONE if number in packs | indexes else row for number, row in enumerate(rows)
    ]


changes = st.tuples(st.none() | st.integers(0, 3), st.integers(0, 60), st.integers(1, 20))
histories = st.lists(st.lists(changes, min_size=1, max_size=2), min_size=1, max_size=8)


@given(histories, st.randoms(use_true_random=False), st.sampled_from([2, 4]), st.sampled_from([1, 2_000, 1 << 25]))
@settings(max_examples=60)
def test_state_serves_the_same_without_any_of_its_objects(
    history: list[list[tuple[int | None, int, int]]], random: Any, leaf_entries: int, index_bytes: int
) -> None:
    """Whichever are left, and also when the index is written in several objects."""
    states, base = IndexStates(), None
    with mock.patch.object(trie, "LEAF_ENTRIES", leaf_entries):
        for publication in history:
            contents: dict[str, str | None] = {}
            for edition, first, count in publication:
                for name in map("item-{}".format, range(first, first + count)):
                    contents[name] = None if edition is None else f"{name} {edition}"
            base = published(states, contents, base) or base
        assert base is not None
        rows = states.open(base).named_objects()
        chosen = {number for number in range(len(rows)) if random.random() < 0.5} or {0}
        indexes = {number for number in chosen if rows[number].name.is_index}
        with (
            mock.patch.object(compaction, "_INDEX_BYTES", index_bytes),
            mock.patch.object(compaction, "_LEAVES_AT_A_TIME", 3),
        ):
            check_rewritten(states, base, chosen - indexes, indexes)


def test_block_that_was_written_when_a_leaf_went_away_is_written_anew() -> None:
    """Nothing under it lies in an object that is left, and it may be looked into before the walk comes to it."""
    states, tried = IndexStates(), 0
    with mock.patch.object(trie, "LEAF_ENTRIES", 2):
        base = published(states, {f"item-{number}": "x" for number in range(200)}, None)
        assert base is not None
        objects = dict(states.bucket.objects)
        for under in shape_of(states.open(base)).values():
            states.bucket.objects = dict(objects)
            after = published(states, dict.fromkeys(under), base)
            assert after is not None
            own = len(states.open(after).manifest.names)
            leaves = [leaf for _, leaf in states.open(after).trie.walk()]
            if all(leaf.place is not None and leaf.place.number < own for leaf in leaves):
                tried += 1
                check_rewritten(states, after, set(), {own})
    assert tried > 10


@pytest.mark.parametrize("indexes", [set(), {1}, {1, 2}])
def test_state_of_which_nothing_is_left_is_rewritten(indexes: set[int]) -> None:
    states = IndexStates()
    base = published(states, {"a": None}, published(states, {"a": "one"}, None))
    assert base is not None
    check_rewritten(states, base, {0}, indexes)
