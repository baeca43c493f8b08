"""The index of a generation: a binary trie over SHA-256(externalItemId) whose shape depends on the set alone.

A node is a leaf exactly when at most `LEAF_ENTRIES` entries lie under it; empty branches do not exist. The Merkle hash
over that shape and (externalItemId, contentHash) is the generation's root hash: where contents lie in packs, how nodes
share blocks, and by which road the set came about do not enter it. Everything here is pure; blocks and leaves that are
not in memory are asked for through a callback, those of one level together.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from operator import itemgetter
from typing import Any

from knowledge.index.blocks import Place
from knowledge.index.entries import PATH_BITS, Entries, Entry, path_number
from knowledge.index.leaf import LEAF_ENTRIES, Putting, columns_of
from knowledge.index.nodes import Block, Inner, Leaf, Node, leaves_under
from knowledge.index.walking import TrieReader

# From which path in a list to which, and the leaf that these lead to; None where there is none.
Reached = tuple[int, int, Leaf | None]


@dataclass(slots=True)
class Trie(TrieReader):
    """A trie, of which as much is in memory as was looked at. `fresh` are its leaves that lie nowhere yet.

    One that `keeps` lets go of no leaf that was read: it is asked again and again. Updates sum up by how much the bytes
    of the index (`left_bytes`, of what is no more part of it) and of the contents (`member_bytes`) have changed.
    """

    fresh: list[Leaf] = field(default_factory=list)
    left_bytes: int = 0
    member_bytes: int = 0
    keeps: bool = False
    _loaded: list[Leaf] = field(default_factory=list)
    # Of what was asked for last: that is what is mostly changed next.
    _paths: dict[str, int] = field(default_factory=dict)

    @property
    def entries(self) -> int:
        """How many items it holds."""
        return 0 if self.root is None else self.root.entries

    def find(self, names: Iterable[str]) -> Entries:
        """The entries of these items, as far as there are any. Their leaves stay in memory until the next are read."""
        by_path = sorted([(path_number(name), name) for name in names])
        self._paths = {name: path for path, name in by_path}
        found: Entries = {}
        for low, high, leaf in self._load_along([path for path, _ in by_path]):
            if leaf is None or leaf.columns is None:
                continue
            columns = leaf.columns
            places = {name: place for place, name in enumerate(columns.ids)}
            for _, name in by_path[low:high]:
                if name in places:
                    found[name] = columns.entry(places[name])
        return found

    def deepest_place(self, name: str) -> Place | None:
        """Where the deepest block lies on the way to an item that was looked for; None when nothing is there at all.

        As long as another state leads through that block too, it has the same of the item, or lacks it as well.
        """
        path, node, place = path_number(name), self.root, None
        for depth in range(PATH_BITS):
            block = node.closed if isinstance(node, Inner) else node
            place = place if block is None else block.place
            if not isinstance(node, Inner):
                break
            node = node.right if path >> (PATH_BITS - 1 - depth) & 1 else node.left
        return place

    def update(self, changes: Mapping[str, Entry | None]) -> None:
        """Put (entry) or drop (None) items by id, and bring the touched part back to its canonical shape."""
        known = self._paths
        work = sorted(
            [(known[name] if name in known else path_number(name), name, entry) for name, entry in changes.items()],
            key=_first,
        )
        if not work:
            return
        paths = [path for path, _, _ in work]
        puts = [(name, entry) for _, name, entry in work]
        self._load_along(paths)
        self.root = self._put(self.root, 0, 0, len(work), paths, puts)

    def take_fresh(self) -> list[Leaf]:
        """Hand over the leaves that are to be written."""
        # What was merged away since has no columns.
        fresh, self.fresh = [leaf for leaf in self.fresh if leaf.columns is not None], []
        return fresh

    def load(self, leaves: Sequence[Leaf]) -> None:
        """Read leaves that are not in memory, and keep them there. Raises DamagedBlockError."""
        for leaf, columns in zip(leaves, self.read_columns(leaves), strict=True):
            leaf.columns = columns

    def _load_along(self, paths: Sequence[int]) -> list[Reached]:
        """Load the leaves on some paths; those that were needed before are let go of, but what lies nowhere yet."""
        reached = self._reach(paths)
        leaves = [leaf for _, _, leaf in reached if leaf is not None]
        wanted = {id(leaf) for leaf in leaves}
        for leaf in self._loaded:
            if leaf.place is not None and id(leaf) not in wanted and not self.keeps:
                leaf.columns = None
        self.load(leaves)
        self._loaded = leaves
        return reached

    def _reach(self, paths: Sequence[int]) -> list[Reached]:
        """The leaves that some paths (sorted) lead to."""
        found: list[Reached] = []
        todo: list[tuple[Inner | None, bool, Node | None, int, int, int]] = [(None, False, self.root, 0, 0, len(paths))]
        while todo:
            closed: list[tuple[Inner | None, bool, Block, int, int, int]] = []
            while todo:
                parent, is_right, node, depth, low, high = todo.pop()
                if isinstance(node, Inner):
                    middle = _middle(paths, depth, low, high)
                    if middle < high:
                        todo.append((node, True, node.right, depth + 1, middle, high))
                    if low < middle:
                        todo.append((node, False, node.left, depth + 1, low, middle))
                elif isinstance(node, Block):
                    closed.append((parent, is_right, node, depth, low, high))
                else:
                    found.append((low, high, node))
            inners = self.open_all([each[2] for each in closed]) if closed else []
            for (parent, is_right, _, depth, low, high), inner in zip(closed, inners, strict=True):
                if parent is None:
                    self.root = inner
                elif is_right:
                    parent.right = inner
                else:
                    parent.left = inner
                todo.append((parent, is_right, inner, depth, low, high))
        return sorted(found, key=_first)

    def _put(
        self, node: Node | None, depth: int, low: int, high: int, paths: Sequence[int], puts: Sequence[Putting]
    ) -> Node | None:
        if not isinstance(node, Inner):
            return self._put_leaf(node, depth, low, high, paths, puts)
        middle = _middle(paths, depth, low, high)
        if low < middle:
            node.left = self._put(node.left, depth + 1, low, middle, paths, puts)
        if middle < high:
            node.right = self._put(node.right, depth + 1, middle, high, paths, puts)
        if node.closed is not None:
            self.left_bytes += node.closed.place.length
            node.closed = None
        node.entries = (node.left.entries if node.left else 0) + (node.right.entries if node.right else 0)
        return node if node.entries > LEAF_ENTRIES else self._merge(node)

    def _put_leaf(
        self, leaf: Node | None, depth: int, low: int, high: int, paths: Sequence[int], puts: Sequence[Putting]
    ) -> Node | None:
        if leaf is None:
            new = [(paths[at], entry) for at in range(low, high) if (entry := puts[at][1]) is not None]
            self.member_bytes += sum([entry.length for _, entry in new])
            return self._grow(new, depth)
        if not isinstance(leaf, Leaf) or leaf.columns is None:
            raise AssertionError
        self._leave(leaf)
        self.member_bytes -= sum(leaf.columns.lengths)
        columns, leaf.columns = leaf.columns.put(puts[low:high]), None
        if columns is None:
            return None
        self.member_bytes += sum(columns.lengths)
        if len(columns.ids) <= LEAF_ENTRIES:
            return self._new_leaf(Leaf(None, len(columns.ids), columns=columns))
        known = {puts[at][0]: paths[at] for at in range(low, high)}
        items = [(known.get(entry[0]) or path_number(entry[0]), entry) for entry in columns.entries()]
        return self._grow(sorted(items, key=_first), depth)

    def _grow(self, items: Sequence[tuple[int, Entry]], depth: int) -> Node | None:
        """The trie of some items in the order of their paths, which agree in their first `depth` bits."""
        if not items:
            return None
        if len(items) <= LEAF_ENTRIES:
            columns = columns_of([entry for _, entry in items])
            return self._new_leaf(Leaf(None, len(items), columns=columns))
        if depth == PATH_BITS:
            message = f"more than {LEAF_ENTRIES} items share {PATH_BITS} bits of their paths"
            raise ValueError(message)
        middle = _middle([path for path, _ in items], depth, 0, len(items))
        return Inner(self._grow(items[:middle], depth + 1), self._grow(items[middle:], depth + 1))

    def _merge(self, node: Inner) -> Leaf | None:
        """One leaf in the place of a node under which few entries are left; closed blocks hold more than that."""
        leaves = list(leaves_under(node))
        self.load(leaves)
        entries = [entry for leaf in leaves if leaf.columns is not None for entry in leaf.columns.entries()]
        for leaf in leaves:
            self._leave(leaf)
            leaf.columns = None
        return self._new_leaf(Leaf(None, len(entries), columns=columns_of(entries))) if entries else None

    def _leave(self, leaf: Leaf) -> None:
        if leaf.place is not None:
            self.left_bytes += leaf.place.length

    def _new_leaf(self, leaf: Leaf) -> Leaf:
        self.fresh.append(leaf)
        return leaf


def _middle(paths: Sequence[int], depth: int, low: int, high: int) -> int:
    """Where, among paths that agree in their first `depth` bits, those begin whose next bit is set."""
    shift = PATH_BITS - 1 - depth
    return bisect_left(paths, ((paths[low] >> shift) | 1) << shift, low, high)


_first: Callable[[tuple[int, Any, Any] | tuple[int, Any]], int] = itemgetter(0)
