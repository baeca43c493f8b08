"""The nodes of the trie in memory. Pure.

A node is a leaf, a closed block that was not looked into, or an inner node of two branches. A leaf and a block know
their place; a leaf without one is new, and an inner node without one has no block of its own, or none that holds.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from typing import TypeAlias

from knowledge.index.blocks import STRIDE, DamagedBlockError, Place, Ref
from knowledge.index.leaf import Columns

EMPTY_HASH = hashlib.sha256(b"empty\0").digest()
_ABSENT = bytes(32)


class Leaf:
    """A leaf: where it lies, what it sums up to, and its columns while they are needed."""

    __slots__ = ("columns", "content_bytes", "entries", "merkle", "oldest", "place")

    def __init__(
        self,
        place: Place | None,
        entries: int,
        content_bytes: int = 0,
        oldest: int = 0,
        merkle: bytes = b"",
        columns: Columns | None = None,
    ) -> None:
        self.place, self.entries, self.content_bytes = place, entries, content_bytes
        self.oldest, self.merkle, self.columns = oldest, merkle, columns


class Block:
    """A node with a block of its own that was not looked into."""

    __slots__ = ("content_bytes", "entries", "merkle", "oldest", "place")

    def __init__(self, place: Place, entries: int, content_bytes: int, oldest: int, merkle: bytes) -> None:
        self.place, self.entries, self.content_bytes = place, entries, content_bytes
        self.oldest, self.merkle = oldest, merkle


class Inner:
    """An inner node. `closed` is the block that it was read from, as long as nothing under it has changed."""

    __slots__ = ("closed", "entries", "left", "right")
    entries: int

    def __init__(self, left: Node | None, right: Node | None, closed: Block | None = None) -> None:
        self.left, self.right, self.closed = left, right, closed
        self.entries = (left.entries if left else 0) + (right.entries if right else 0)


Node: TypeAlias = Leaf | Block | Inner


def node_of(ref: Ref) -> Leaf | Block:
    """The node that a row names."""
    kind = Block if ref.is_block else Leaf
    return kind(ref.place, ref.entries, ref.content_bytes, ref.oldest, ref.merkle)


def ref_to(node: Leaf | Block, bits: int, slot: int) -> Ref:
    """The row that names a node."""
    if node.place is None:
        raise AssertionError
    sums = (node.entries, node.content_bytes, node.oldest, node.merkle)
    return Ref(isinstance(node, Block), bits, slot, node.place, *sums)


def opened(block: Block, refs: list[Ref]) -> Inner:
    """The inner node of a block, from its rows. Raises DamagedBlockError when they are not those of its hash."""
    known: dict[tuple[int, int], Node] = {(ref.bits, ref.slot): node_of(ref) for ref in refs}

    def make(bits: int, slot: int) -> tuple[Node | None, bytes]:
        found = known.get((bits, slot))
        if found is not None:
            return found, found.merkle  # type: ignore[union-attr]
        if bits == STRIDE:
            return None, _ABSENT
        (left, left_hash), (right, right_hash) = make(bits + 1, 2 * slot), make(bits + 1, 2 * slot + 1)
        if left is None and right is None:
            return None, _ABSENT
        return Inner(left, right), node_hash(left_hash, right_hash)

    (left, left_hash), (right, right_hash) = make(1, 0), make(1, 1)
    if node_hash(left_hash, right_hash) != block.merkle:
        raise DamagedBlockError
    return Inner(left, right, block)


def node_hash(left: bytes, right: bytes) -> bytes:
    """The Merkle hash of an inner node, from those of its branches; 32 zero bytes stand for an absent one."""
    return hashlib.sha256(b"node\0" + left + right).digest()


def branch_hash(node: Leaf | Block | None) -> bytes:
    """The Merkle hash of a branch."""
    return _ABSENT if node is None else node.merkle


def leaves_under(node: Node | None) -> Iterator[Leaf]:
    """Walk over the leaves under a node of which nothing is closed."""
    if isinstance(node, Leaf):
        yield node
    elif isinstance(node, Inner):
        yield from leaves_under(node.left)
        yield from leaves_under(node.right)
    elif node is not None:
        raise AssertionError
