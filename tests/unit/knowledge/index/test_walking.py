"""Walks over a trie: in order, from any node on, and only into what is wanted."""

from __future__ import annotations

from unittest import mock

import pytest
from hypothesis import given
from hypothesis import strategies as st
from knowledge.index import trie
from knowledge.index.entries import path_number
from knowledge.index.nodes import Block, Inner, Leaf
from knowledge.index.store import PublishedIndex
from knowledge.index.trie import Trie
from knowledge.index.walking import Position

from tests.support.index_states import IndexStates, canonical_shape, entry


def opened(numbers: set[int], leaf_entries: int = 2) -> tuple[IndexStates, PublishedIndex]:
    states = IndexStates()
    with mock.patch.object(trie, "LEAF_ENTRIES", leaf_entries):
        return states, states.open(states.build({f"i{number}": entry(f"i{number}") for number in numbers}))


numbers = st.sets(st.integers(0, 200), min_size=1)
paths = st.text("01", max_size=8)


@given(numbers, paths)
def test_walk_goes_on_from_a_node_in_order(some: set[int], path: str) -> None:
    walk = opened(some)[1].trie.walk
    every = [at for at, _ in walk()]
    assert every == sorted(canonical_shape({f"i{number}" for number in some}, 2))
    assert [at for at, _ in walk(Position(path))] == [at for at in every if at >= path[: len(at)]]
    assert [at for at, _ in walk(ahead=1)] == every


@given(numbers, paths)
def test_walk_under_a_node_comes_to_all_that_lies_there(some: set[int], path: str) -> None:
    """And to more only where a leaf reaches beyond, which counts whole."""
    index = opened(some)[1]
    under = [each.external_item_id for _, each in index.trie.entries_from(index.trie.walk_under(path))]
    inside = {f"i{number}" for number in some if f"{path_number(f'i{number}'):064b}".startswith(path)}
    assert inside <= set(under)
    assert index.trie.count_under(path) == len(under)
    if not any(path.startswith(at) for at, _ in index.trie.walk()):
        assert inside == set(under)


def test_nothing_lies_under_a_node_of_nothing() -> None:
    states = IndexStates()
    index = states.open(states.build({}))
    assert list(index.trie.walk()) == list(index.trie.walk_under("01")) == []
    assert index.trie.count_under("") == index.trie.count_under("01") == 0


@pytest.mark.parametrize("ahead", [1, 100, 5_000])
def test_every_block_is_asked_for_when_the_walk_comes_to_it(ahead: int) -> None:
    """Also one that was looked into ahead, with another: nothing comes of what is not wanted."""
    index = opened(set(range(400)))[1]
    above: dict[str, list[object]] = {}
    asked: list[object] = []

    def note(node: Leaf | Block) -> bool:
        asked.append(node.place)
        return True

    for path, _ in index.trie.walk(wanted=note, ahead=ahead):
        above[path] = list(asked)

    def blocks_over(node: Leaf | Block | Inner | None, path: str, over: list[object]) -> None:
        if isinstance(node, Leaf):
            # Each of them, before the leaf itself, which is the last that was asked for.
            assert set(over) <= set(above[path])
            assert above[path][-1] == node.place
        elif isinstance(node, Block):
            blocks_over(index.trie.open_all([node])[0], path, [*over, node.place])
        elif node is not None:
            blocks_over(node.left, path + "0", over)
            blocks_over(node.right, path + "1", over)

    blocks_over(index.trie.root, "", [])


@pytest.mark.parametrize("ahead", [1, 100, 5_000])
def test_nothing_comes_from_under_a_block_that_is_not_wanted(ahead: int) -> None:
    index = opened(set(range(200)))[1]
    every = sum(1 for _ in index.trie.walk())
    blocks = nodes_of(index)
    assert len(blocks) > 16
    for block in blocks:
        lost = {leaf.place for leaf in leaves_of(index, block)}
        left = [
            leaf.place for _, leaf in index.trie.walk(wanted=lambda node, b=block: node.place != b.place, ahead=ahead)
        ]
        assert len(left) == every - len(lost)
        assert not lost & set(left)


def nodes_of(index: PublishedIndex) -> list[Block]:
    found: list[Block] = []

    def look(node: Leaf | Block | Inner | None) -> None:
        if isinstance(node, Block):
            found.append(node)
            look(index.trie.open_all([node])[0])
        elif isinstance(node, Inner):
            look(node.left)
            look(node.right)

    look(index.trie.root)
    return found


def leaves_of(index: PublishedIndex, block: Block) -> list[Leaf]:
    return [leaf for _, leaf in Trie(index.read, block).walk()]


def test_walk_reads_as_many_leaves_at_once_as_hold_what_is_wanted() -> None:
    index = opened(set(range(2_000)), 32)[1]
    read = Trie.read_columns
    with mock.patch.object(Trie, "read_columns", autospec=True, side_effect=read) as reads:
        walk = index.trie.entries_from(index.trie.walk(), ahead=40)
        next(walk)
        assert len(reads.mock_calls) == 1
        assert 2 <= len(reads.mock_calls[0].args[1]) <= 10
        assert sum(1 for _ in walk) == 1_999
    leaves = [leaf.place for call in reads.mock_calls for leaf in call.args[1]]
    assert len(leaves) == len(set(leaves))


def test_blocks_side_by_side_are_looked_into_by_one_read() -> None:
    states, index = opened(set(range(3_000)), 2)
    states.bucket.reads.clear()
    levels = sum(1 for _ in index.trie.walk(ahead=1))
    one_by_one = len(states.bucket.reads)
    states.bucket.reads.clear()
    assert sum(1 for _ in index.trie.walk()) == levels
    assert len(states.bucket.reads) < one_by_one
