"""Nodes: a block opens into the branches that its rows name, and only when they hash to it."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st
from knowledge.index.blocks import STRIDE, DamagedBlockError, Place, Ref
from knowledge.index.nodes import (
    EMPTY_HASH,
    Block,
    Inner,
    Leaf,
    Node,
    branch_hash,
    leaves_under,
    node_hash,
    node_of,
    opened,
    ref_to,
)

ABSENT = bytes(32)


def ref(bits: int, slot: int, *, is_block: bool = False, entries: int = 1) -> Ref:
    merkle = hashlib.sha256(f"{bits} {slot}".encode()).digest()
    return Ref(is_block, bits, slot, Place(3, 100 * slot, 10), entries, 7, slot, merkle)


def merkle_of(refs: list[Ref], bits: int = 0, slot: int = 0) -> bytes:
    """The definition: the hash of the two branches, of which 32 zero bytes stand for one with nothing under it."""
    for each in refs:
        if (each.bits, each.slot) == (bits, slot):
            return each.merkle
    below = any(each.bits > bits and each.slot >> (each.bits - bits) == slot for each in refs)
    if not below:
        return ABSENT
    return node_hash(merkle_of(refs, bits + 1, 2 * slot), merkle_of(refs, bits + 1, 2 * slot + 1))


def block_of(refs: list[Ref]) -> Block:
    return Block(Place(3, 5, 5), sum(each.entries for each in refs), 0, 0, merkle_of(refs))


def refs_in(node: Node | None, bits: int = 0, slot: int = 0) -> Iterator[Ref]:
    if isinstance(node, Inner):
        yield from refs_in(node.left, bits + 1, 2 * slot)
        yield from refs_in(node.right, bits + 1, 2 * slot + 1)
    elif node is not None:
        yield ref_to(node, bits, slot)


@st.composite
def rows(draw: st.DrawFn) -> list[Ref]:
    """The rows of a block: leaves at any depth, blocks at its lower edge, none under another."""

    def under(bits: int, slot: int) -> list[Ref]:
        what = draw(st.sampled_from(["leaf", "none", "branch", "branch"]))
        if bits == STRIDE and what == "branch":
            return [ref(bits, slot, is_block=True, entries=40)]
        if bits and what != "branch":
            return [ref(bits, slot)] if what == "leaf" else []
        return [] if bits == STRIDE else [*under(bits + 1, 2 * slot), *under(bits + 1, 2 * slot + 1)]

    return under(0, 0)


@given(rows().filter(bool))
def test_block_opens_into_what_its_rows_name(refs: list[Ref]) -> None:
    block = block_of(refs)
    inner = opened(block, refs)
    assert list(refs_in(inner)) == refs
    assert inner.closed is block
    assert inner.entries == block.entries


@given(rows().filter(bool), st.data())
def test_rows_that_are_not_those_of_the_hash_are_refused(refs: list[Ref], data: st.DataObject) -> None:
    """A block of another node, sealed as well as this one."""
    block, at = block_of(refs), data.draw(st.integers(0, len(refs) - 1))
    others = [*refs[:at], refs[at]._replace(merkle=bytes(31) + b"1"), *refs[at + 1 :]]
    for wrong in (others, refs[:at] + refs[at + 1 :], []):
        with pytest.raises(DamagedBlockError):
            opened(block, wrong)


@given(rows().filter(bool))
def test_row_and_node_say_the_same(refs: list[Ref]) -> None:
    for each in refs:
        node = node_of(each)
        assert isinstance(node, Block) == each.is_block
        assert ref_to(node, each.bits, each.slot) == each


def test_hashes_of_nodes_of_leaves_and_of_nothing_are_told_apart() -> None:
    assert branch_hash(None) == ABSENT != EMPTY_HASH
    assert branch_hash(node_of(ref(1, 0))) == ref(1, 0).merkle
    assert node_hash(b"a" * 32, b"b" * 32) != node_hash(b"b" * 32, b"a" * 32)
    assert node_hash(ABSENT, b"a" * 32) != node_hash(b"a" * 32, ABSENT)


def test_leaves_come_in_order_and_none_from_what_is_closed() -> None:
    one, two, three = (Leaf(None, 1) for _ in range(3))
    assert list(leaves_under(Inner(Inner(one, None), Inner(two, three)))) == [one, two, three]
    assert list(leaves_under(None)) == []
    with pytest.raises(AssertionError):
        list(leaves_under(Inner(one, block_of([ref(1, 0)]))))


def test_row_of_a_leaf_that_lies_nowhere_is_an_error() -> None:
    with pytest.raises(AssertionError):
        ref_to(Leaf(None, 1), 1, 0)
