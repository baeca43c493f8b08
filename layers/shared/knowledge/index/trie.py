"""The index of a generation: a hex-prefix trie over SHA-256(externalItemId) whose shape depends on the set alone.

A node is a leaf exactly when at most `LEAF_ENTRIES` entries lie under it; empty children do not exist. The Merkle hash
over that shape and (externalItemId, contentHash) is the generation's root hash: where contents lie in packs, and by
which road the set came about, do not enter it. Everything here is pure; leaves that are not in memory are asked for
through a callback.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import NamedTuple

LEAF_ENTRIES = 1024
GROUP_DIGITS = 2
GROUPED_PAST_LEAVES = 256
EMPTY_HASH = hashlib.sha256(b"empty\0").hexdigest()
_ABSENT_CHILD = bytes(32)
_DIGITS = "0123456789abcdef"


class Entry(NamedTuple):
    """One served item: what it is, and where its gzip member lies. Offsets, lengths and sizes are bytes."""

    external_item_id: str
    content_hash: str
    title: str
    pack: str
    offset: int
    length: int
    content_bytes: int
    removed_at: int | None


class LeafRef(NamedTuple):
    """A leaf as the manifest names it; `digest` is of the object's bytes, `merkle` of its set."""

    prefix: str
    key: str
    digest: str
    merkle: str
    entries: int
    content_bytes: int
    oldest_removed_at: int | None


class NodeRef(NamedTuple):
    """A group of leaves under two hex digits that is an object of its own."""

    prefix: str
    key: str
    digest: str
    merkle: str
    entries: int
    content_bytes: int
    oldest_removed_at: int | None
    leaves: int


Entries = dict[str, Entry]
LoadLeaves = Callable[[Collection[LeafRef]], Mapping[str, Entries]]


@dataclass(slots=True)
class Tree:
    """The leaves that are known by name, and the groups whose leaves were not looked at."""

    leaves: dict[str, LeafRef] = field(default_factory=dict)
    nodes: dict[str, NodeRef] = field(default_factory=dict)

    def refs(self) -> Iterator[LeafRef | NodeRef]:
        """Walk over everything that has entries."""
        yield from self.leaves.values()
        yield from self.nodes.values()

    @property
    def entries(self) -> int:
        """How many items the tree holds."""
        return sum(ref.entries for ref in self.refs())

    @property
    def content_bytes(self) -> int:
        """The size of all contents together."""
        return sum(ref.content_bytes for ref in self.refs())

    @property
    def root_hash(self) -> str:
        """The Merkle hash of the whole set (hex)."""
        return merkle({ref.prefix: ref.merkle for ref in self.refs()})

    def open_node(self, prefix: str, leaves: Iterable[LeafRef]) -> None:
        """Replace a group by the leaves it was found to name."""
        del self.nodes[prefix]
        self.leaves.update((leaf.prefix, leaf) for leaf in leaves)


@dataclass(frozen=True, slots=True)
class TreeUpdate:
    """What an update writes: the entries of each new leaf, and the leaves that are no more."""

    written: dict[str, Entries]
    gone: frozenset[str]


# A diff asks for the path of each item of a batch more than once.
@lru_cache(maxsize=2048)
def path_of(external_item_id: str) -> str:
    """The road of an item through the trie: the hex SHA-256 of its id."""
    return hashlib.sha256(external_item_id.encode()).hexdigest()


def leaf_merkle(entries: Entries) -> str:
    """The Merkle hash of one leaf's set; lengths are written out so that no two sets share an encoding."""
    parts = [b"leaf\0"]
    for external_item_id in sorted(entries):
        raw = external_item_id.encode()
        parts += (len(raw).to_bytes(4, "big"), raw, bytes.fromhex(entries[external_item_id].content_hash))
    return hashlib.sha256(b"".join(parts)).hexdigest()


def merkle(hashes: Mapping[str, str], root: str = "") -> str:
    """The Merkle hash of the subtree at `root`, from the hashes of the leaves or groups under it."""
    if not hashes:
        return EMPTY_HASH
    if root in hashes:
        return hashes[root]
    depth = len(root)
    children: dict[str, dict[str, str]] = {}
    for prefix, value in hashes.items():
        children.setdefault(prefix[: depth + 1], {})[prefix] = value
    digest = hashlib.sha256(b"node\0")
    for digit in _DIGITS:
        child = children.get(root + digit)
        digest.update(bytes.fromhex(merkle(child, root + digit)) if child else _ABSENT_CHILD)
    return digest.hexdigest()


def groups_on_the_way(tree: Tree, paths: Iterable[str]) -> set[str]:
    """Name the unopened groups that these paths lead into."""
    return {path[:GROUP_DIGITS] for path in paths} & tree.nodes.keys() if tree.nodes else set()


def locate(tree: Tree, paths: Iterable[str]) -> dict[str, str]:
    """For each path, the prefix of the leaf it falls into, or would found; groups on the way must be open."""
    inner = _inner_prefixes(tree)
    located: dict[str, str] = {}
    for path in paths:
        depth = 0
        while path[:depth] in inner:
            depth += 1
        located[path] = path[:depth]
    return located


def update(tree: Tree, changes: Mapping[str, Entry | None], load: LoadLeaves) -> TreeUpdate:
    """Put (entry) or drop (None) items by id and bring the touched part of the trie back to its canonical shape.

    The groups that the changed ids lead into must be open. `load` is asked for the touched leaves once, and once more
    for the neighbours that a merge takes in.
    """
    paths = {external_item_id: path_of(external_item_id) for external_item_id in changes}
    located = locate(tree, paths.values())
    touched: dict[str, Entries] = {prefix: {} for prefix in located.values()}
    present = [tree.leaves[prefix] for prefix in touched if prefix in tree.leaves]
    for prefix, entries in load(present).items():
        touched[prefix] = dict(entries)
    for external_item_id, entry in changes.items():
        leaf = touched[located[paths[external_item_id]]]
        if entry is None:
            leaf.pop(external_item_id, None)
        else:
            leaf[external_item_id] = entry
    old = touched.keys() & tree.leaves.keys()
    merged, absorbed = _merge(tree, touched, load)
    written: dict[str, Entries] = {}
    for prefix, entries in merged.items():
        written.update(_split(prefix, entries, paths))
    return TreeUpdate(written, frozenset((old | absorbed) - written.keys()))


def _inner_prefixes(tree: Tree) -> set[str]:
    return {prefix[:depth] for prefix in (*tree.leaves, *tree.nodes) for depth in range(len(prefix))}


def _split(prefix: str, entries: Entries, paths: Mapping[str, str]) -> dict[str, Entries]:
    """Split a leaf until no part is too large; `paths` are those that are known already."""
    if not entries:
        return {}
    if len(entries) <= LEAF_ENTRIES:
        return {prefix: entries}
    parts: dict[str, Entries] = {}
    todo = [(prefix, [(paths.get(name) or path_of(name), entry) for name, entry in entries.items()])]
    while todo:
        prefix, under = todo.pop()
        if len(under) <= LEAF_ENTRIES:
            parts[prefix] = {entry.external_item_id: entry for _, entry in under}
            continue
        depth = len(prefix) + 1
        children: dict[str, list[tuple[str, Entry]]] = {}
        for each in under:
            children.setdefault(each[0][:depth], []).append(each)
        todo += children.items()
    return parts


def _merge(tree: Tree, touched: dict[str, Entries], load: LoadLeaves) -> tuple[dict[str, Entries], set[str]]:
    """Merge touched leaves upward while all that lies under the parent fits into one leaf.

    A group that was not opened holds more entries than a leaf may (else it would be one leaf), so it is never
    swallowed by a merge.
    """
    sizes = {ref.prefix: ref.entries for ref in tree.refs()} | {prefix: len(rows) for prefix, rows in touched.items()}
    under: dict[str, int] = {}
    for prefix, size in sizes.items():
        for depth in range(len(prefix) + 1):
            under[prefix[:depth]] = under.get(prefix[:depth], 0) + size
    goals: set[str] = set()
    for prefix in touched:
        goal = prefix
        while goal and under[goal[:-1]] <= LEAF_ENTRIES:
            goal = goal[:-1]
        goals.add(goal)
    taken_in = {
        prefix: ref
        for prefix, ref in tree.leaves.items()
        if prefix not in touched and any(prefix[:depth] in goals for depth in range(len(prefix)))
    }
    contents: dict[str, Entries] = {**touched, **(load(list(taken_in.values())) if taken_in else {})}
    merged: dict[str, Entries] = {goal: {} for goal in goals}
    for prefix, entries in contents.items():
        goal = next(prefix[:depth] for depth in range(len(prefix) + 1) if prefix[:depth] in goals)
        merged[goal].update(entries)
    return merged, set(taken_in)


def oldest(moments: Iterable[int | None]) -> int | None:
    """The earliest of some moments, None when there is none."""
    return min((moment for moment in moments if moment is not None), default=None)
