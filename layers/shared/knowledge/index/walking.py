"""Walks over a trie, which read of it what they come to. Pure: blocks and leaves are asked for through a callback."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from knowledge.index.blocks import DamagedBlockError, Place, decode_node
from knowledge.index.entries import Entry
from knowledge.index.leaf import Columns, decode_leaf
from knowledge.index.nodes import Block, Inner, Leaf, Node, opened

# Reads the bytes at some places, in their order.
Read = Callable[[Sequence[Place]], list[bytes]]
# Tells whether a walk is to come to what lies under a leaf or a block.
Wanted = Callable[[Leaf | Block], bool]
_BLOCKS_AT_A_TIME = 64
# About 250 leaves; who wants fewer says so.
ENTRIES_AHEAD = 5_000


def _everything(_: Leaf | Block) -> bool:
    return True


class Position(NamedTuple):
    """A place in the order of the index: a node by its path (a text of 0 and 1), and an id behind which it is.

    Without an id it is behind the whole node.
    """

    path: str
    external_item_id: str | None = None


@dataclass(slots=True)
class TrieReader:
    """A trie, of which as much is in memory as was looked at and is to be changed."""

    read: Read
    root: Node | None = None

    def walk(
        self,
        start: Position | None = None,
        *,
        wanted: Wanted = _everything,
        foreseen: Wanted = _everything,
        ahead: int = ENTRIES_AHEAD,
    ) -> Iterator[tuple[str, Leaf]]:
        """Walk over the leaves with their paths, in order, from the node of a position on; `wanted` leaves some out.

        Blocks are looked into when the walk comes to them, together with those of the next `ahead` entries, as far as
        they are `foreseen` to be wanted.
        """
        todo: list[tuple[str, Node]] = [("", self.root)] if self.root is not None else []
        begin = "" if start is None else start.path
        while todo:
            path, node = todo.pop()
            if isinstance(node, Leaf):
                if wanted(node):
                    yield path, node
            elif isinstance(node, Block):
                if wanted(node):
                    todo.append((path, node))
                    self._open_next(todo, foreseen, ahead)
            # What was looked into ahead is asked for when the walk comes to it.
            elif node.closed is None or wanted(node.closed):
                todo.extend(reversed(list(_branches(path, node, begin))))

    def walk_under(self, path: str) -> Iterator[tuple[str, Leaf]]:
        """Walk over the leaves that hold something under a node (a text of 0 and 1)."""
        for at, leaf in self.walk(Position(path)):
            if not (at.startswith(path) or path.startswith(at)):
                return
            yield at, leaf

    def count_under(self, path: str) -> int:
        """How many entries lie under a node (a text of 0 and 1), or under the leaf that has its."""
        node = self.root
        for bit in path:
            if isinstance(node, Block):
                node = self.open_all([node])[0]
            if not isinstance(node, Inner):
                break
            node = node.right if bit == "1" else node.left
        return 0 if node is None else node.entries

    def entries_from(
        self, leaves: Iterable[tuple[str, Leaf]], *, ahead: int = ENTRIES_AHEAD
    ) -> Iterator[tuple[str, Entry]]:
        """Read the leaves of a walk, `ahead` entries at once, and walk over them; nothing is kept."""
        walk = iter(leaves)
        while batch := list(_some(walk, ahead)):
            for (path, _), columns in zip(batch, self.read_columns([leaf for _, leaf in batch]), strict=True):
                for entry in columns.entries():
                    yield path, entry

    def _open_next(self, todo: list[tuple[str, Node]], foreseen: Wanted, ahead: int) -> None:
        """Look into the block on top of the stack of a walk, and into those that come next."""
        places = [len(todo) - 1]
        for at in range(len(todo) - 2, -1, -1):
            ahead -= todo[at + 1][1].entries
            if ahead <= 0 or len(places) == _BLOCKS_AT_A_TIME:
                break
            node = todo[at][1]
            if isinstance(node, Block) and foreseen(node):
                places.append(at)
        blocks = [node for _, node in map(todo.__getitem__, places) if isinstance(node, Block)]
        for at, inner in zip(places, self.open_all(blocks), strict=True):
            todo[at] = (todo[at][0], inner)

    def open_all(self, blocks: Sequence[Block]) -> list[Inner]:
        """Look into blocks, all at once. Raises DamagedBlockError."""
        datas = self.read([block.place for block in blocks])
        return [opened(block, decode_node(data)) for block, data in zip(blocks, datas, strict=True)]

    def read_columns(self, leaves: Sequence[Leaf]) -> list[Columns]:
        """Read leaves, without keeping them in memory. Raises DamagedBlockError."""
        datas = iter(self.read([leaf.place for leaf in leaves if leaf.columns is None and leaf.place is not None]))
        return [_columns_in(next(datas), leaf) if leaf.columns is None else leaf.columns for leaf in leaves]


def _branches(path: str, node: Inner, begin: str) -> Iterator[tuple[str, Node]]:
    """What lies under an inner node, down to leaves and to nodes with a block of their own, in order."""
    for bit, branch in (("0", node.left), ("1", node.right)):
        under = path + bit
        if branch is None or under < begin[: len(under)]:
            continue
        if isinstance(branch, Inner) and branch.closed is None:
            yield from _branches(under, branch, begin)
        else:
            yield under, branch


def _some(walk: Iterator[tuple[str, Leaf]], entries: int) -> Iterator[tuple[str, Leaf]]:
    """Take as many leaves from a walk as hold so many entries."""
    for path, leaf in walk:
        yield path, leaf
        entries -= leaf.entries
        if entries <= 0:
            return


def _columns_in(data: bytes, leaf: Leaf) -> Columns:
    columns = decode_leaf(data)
    if len(columns.ids) != leaf.entries or columns.merkle() != leaf.merkle:
        raise DamagedBlockError
    return columns
