"""Index objects built one on another: each is what one built afresh would be, whatever the history."""

from __future__ import annotations

from unittest import mock

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from knowledge.index import trie
from knowledge.index.building import IndexBuilder
from knowledge.index.comparison import Comparison, Difference
from knowledge.index.entries import Entries, Entry
from knowledge.index.manifest import BuiltIndex, manifest_bytes
from knowledge.index.nodes import EMPTY_HASH, Block, Inner, Leaf
from knowledge.index.store import PublishedIndex

from tests.support.index_states import SOURCE, TENANT, IndexStates, canonical_shape, entries_of, entry, shape_of

MOST_MANIFEST_BYTES = 3 * 1024
# Puts (by the edition of the content; some are in grace) or drops items from a number on.
changes = st.tuples(st.none() | st.integers(0, 9), st.integers(0, 150), st.integers(1, 60))
batches = st.lists(changes, min_size=1, max_size=3)
histories = st.lists(st.lists(batches, min_size=1, max_size=3), min_size=1, max_size=8)


def changes_of(batch: list[tuple[int | None, int, int]]) -> dict[str, Entry | None]:
    made: dict[str, Entry | None] = {}
    for edition, first, count in batch:
        for name in map("item-{}".format, range(first, first + count)):
            removed_at = None if edition is None or edition % 4 else 1_700_000_000_000 + 1_000 * edition
            made[name] = None if edition is None else entry(name, "x" * edition, removed_at)
    return made


def applied(entries: Entries, batch: dict[str, Entry | None]) -> Entries:
    return {name: each for name, each in {**entries, **batch}.items() if each is not None}


def check_state(states: IndexStates, built: BuiltIndex, model: Entries, leaf_entries: int) -> None:
    """What is served, its sums, its canonical shape, and that it is what one built afresh would be."""
    index = states.open(built)
    assert entries_of(index) == model
    assert shape_of(index) == canonical_shape(model, leaf_entries)
    assert index.built == built
    assert (built.entries, built.content_bytes) == (len(model), sum(each.content_bytes for each in model.values()))
    assert index.manifest.member_bytes == sum(each.length for each in model.values())
    assert index.manifest.index_bytes == sum(bytes_under(index))
    assert len(manifest_bytes(index.tail)) <= MOST_MANIFEST_BYTES
    if model:
        fresh = states.build(dict(model))
        assert fresh.root_hash == built.root_hash
        assert states.open(fresh).manifest.index_bytes == index.manifest.index_bytes
        comparing = Comparison(index, states.open(fresh))
        assert not [step for step in comparing.differences() if isinstance(step, Difference)]
    else:
        assert built.root_hash == EMPTY_HASH.hex()


def bytes_under(index: PublishedIndex) -> list[int]:
    """The lengths of all blocks and leaves of a state, by looking into every one; and what each sums up is right."""
    lengths: list[int] = []

    def look(node: Leaf | Block | Inner | None) -> list[Entry]:
        if node is None:
            return []
        if isinstance(node, Inner):
            return look(node.left) + look(node.right)
        assert node.place is not None
        lengths.append(node.place.length)
        found = index.trie.read_columns([node])[0].entries() if isinstance(node, Leaf) else look(opened(node))
        assert (node.entries, node.content_bytes) == (len(found), sum(each.content_bytes for each in found))
        removals = [each.removed_at // 1000 for each in found if each.removed_at is not None]
        assert node.oldest == min(removals, default=0)
        return found

    def opened(block: Block) -> Inner:
        return index.trie.open_all([block])[0]

    look(index.trie.root)
    return lengths


@pytest.mark.parametrize("leaf_entries", [2, 4, 32])
@given(histories)
@settings(max_examples=25)
def test_any_history_gives_what_its_set_built_afresh_gives(
    leaf_entries: int, history: list[list[list[tuple[int | None, int, int]]]]
) -> None:
    states, model, base = IndexStates(), {}, None
    states_before: list[tuple[BuiltIndex, Entries]] = []
    with mock.patch.object(trie, "LEAF_ENTRIES", leaf_entries):
        for publication in history:
            builder = states.begin(base)
            for batch in map(changes_of, publication):
                names = [*batch, "nope"]
                assert builder.find(names) == {name: model[name] for name in names if name in model}
                builder.update(batch)
                model = applied(model, batch)
            built = builder.finish()
            if built is None:
                # Nothing was put, and there was nothing to drop.
                assert model == {}
                continue
            check_state(states, built, model, leaf_entries)
            check_differences(states, states_before, built, model)
            states_before.append((built, model))
            base = built
    # What was published before is as it was.
    for earlier, entries in states_before:
        assert entries_of(states.open(earlier)) == entries


def check_differences(
    states: IndexStates, earlier: list[tuple[BuiltIndex, Entries]], built: BuiltIndex, model: Entries
) -> None:
    for before, entries in earlier[:1] + earlier[-1:]:
        comparison = Comparison(states.open(before), states.open(built))
        found = [each.external_item_id for each in comparison.differences() if isinstance(each, Difference)]
        served = [
            {name: (each.content_hash, each.removed_at) for name, each in some.items()} for some in (entries, model)
        ]
        assert sorted(found) == sorted(n for n in entries | model if served[0].get(n) != served[1].get(n))


def test_manifest_names_the_published_state_that_it_is_for_and_not_a_part_before_it() -> None:
    """What a run builds part by part is to be published over what was published when it began."""
    states = IndexStates()
    published = states.build({"a": entry("a")})
    first, second = states.begin(published), states.name()
    first.update({"b": entry("b")})
    part = first.finish()
    assert part is not None
    builder = IndexBuilder(states.objects, TENANT, SOURCE, second, states.open(part), published.manifest)
    builder.update({"c": entry("c")})
    built = builder.finish()
    assert built is not None
    assert states.open(built).manifest.base_digest == published.manifest.digest
    assert states.open(published).manifest.base_digest is None
    assert entries_of(states.open(built)).keys() == {"a", "b", "c"}


def test_nothing_is_written_where_nothing_was_changed() -> None:
    states = IndexStates()
    base = states.build({"a": entry("a")})
    objects = dict(states.bucket.objects)
    builder = states.begin(base)
    assert builder.find(["a", "b"]) == {"a": entry("a")}
    builder.update({})
    assert builder.finish() is None
    assert states.bucket.objects == objects


def test_first_state_is_written_though_it_serves_nothing() -> None:
    states = IndexStates()
    built = states.build({"a": None})
    assert (built.root_hash, built.entries, built.content_bytes) == (EMPTY_HASH.hex(), 0, 0)
    assert entries_of(states.open(built)) == {}
    assert states.open(built).manifest.index_bytes == 0


def test_one_change_writes_a_leaf_and_the_blocks_above_it() -> None:
    states = IndexStates()
    base = states.build({f"item-{number}": entry(f"item-{number}") for number in range(5_000)})
    states.bucket.reads.clear()
    built = states.build({"item-7": entry("item-7", "other")}, base=base)
    own = len(states.open(built).manifest.names)
    new = [leaf for _, leaf in states.open(built).trie.walk() if leaf.place is not None and leaf.place.number == own]
    assert len(new) == 1
    assert len(states.bucket.objects[built.manifest.key][0]) < 8 * 1024


def test_blocks_that_changed_again_in_one_object_are_counted_once() -> None:
    states = IndexStates()
    names = [f"item-{number}" for number in range(300)]
    once = states.build({name: entry(name, "end") for name in names})
    often = states.build(*({name: entry(name, content) for name in names} for content in ("one", "two", "end")))
    one, other = states.open(once).manifest, states.open(often).manifest
    assert one.index_bytes == other.index_bytes
    assert one.member_bytes == other.member_bytes
    assert once.root_hash == often.root_hash
