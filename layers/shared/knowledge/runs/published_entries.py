"""What a run reads of its base generation: entries of some items, under a prefix, and those whose grace may be over."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from knowledge.index.store import IndexStore
from knowledge.index.trie import Entries, Tree, groups_on_the_way, locate, path_of
from knowledge.runs.diff import is_due


@dataclass(slots=True)
class PublishedEntries:
    """The entries of one tree, whose groups and leaves are read as they are asked for."""

    index: IndexStore
    tree: Tree
    # The last leaf that was read: in trie order, the next batch begins where the last one ended.
    _held: dict[str, Entries] = field(default_factory=dict)

    def among(self, names: Sequence[str]) -> Entries:
        """The entries of these items, as far as there are any, among others of their leaves."""
        paths = [path_of(name) for name in names]
        self.index.open_groups(self.tree, groups_on_the_way(self.tree, paths))
        leaves = self.tree.leaves
        wanted = sorted({prefix for prefix in locate(self.tree, paths).values() if prefix in leaves})
        loaded = self.index.load_leaves([leaves[prefix] for prefix in wanted if prefix not in self._held])
        found: Entries = {}
        for entries in (*self._held.values(), *loaded.values()):
            found.update(entries)
        if wanted and wanted[-1] in loaded:
            self._held = {wanted[-1]: loaded[wanted[-1]]}
        return found

    def under(self, prefix: str) -> Entries:
        """All entries whose paths begin with some digits."""

        def lies_along(at: str) -> bool:
            return at.startswith(prefix) or prefix.startswith(at)

        self.index.open_groups(self.tree, {at for at in self.tree.nodes if lies_along(at)})
        leaves = {at: leaf for at, leaf in self.tree.leaves.items() if lies_along(at)}
        unread = [leaf for at, leaf in leaves.items() if at not in self._held]
        loaded = {**self._held, **self.index.load_leaves(unread)}
        # One that reaches beyond the prefix is asked for again by the next.
        self._held = {at: loaded[at] for at in leaves if prefix.startswith(at)}
        return {name: entry for at in leaves for name, entry in loaded[at].items() if path_of(name).startswith(prefix)}

    def count(self, prefix: str) -> int:
        """How many entries there are below a prefix of one digit, of those that are not in a root leaf."""
        return sum(ref.entries for ref in self.tree.refs() if ref.prefix.startswith(prefix))

    def due(self, now: int, grace_ms: int) -> Iterator[str]:
        """The items in grace whose time may be over, from the leaves that hold such; their rows decide."""

        def over(removed_at: int | None) -> bool:
            return removed_at is not None and is_due(removed_at, now, grace_ms)

        closed = {node.prefix for node in self.tree.nodes.values() if over(node.oldest_removed_at)}
        self.index.open_groups(self.tree, closed)
        leaves = [leaf for leaf in self.tree.leaves.values() if over(leaf.oldest_removed_at)]
        for entries in self.index.load_leaves(leaves).values():
            yield from (name for name, entry in entries.items() if over(entry.removed_at))
