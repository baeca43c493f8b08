"""What differs between two trees, whatever their shapes, and from wherever a walk is taken up again."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable
from types import SimpleNamespace
from typing import Any
from unittest import mock

from hypothesis import given
from hypothesis import strategies as st
from knowledge.index import comparison
from knowledge.index.codec import encode_leaf, encode_node, node_ref
from knowledge.index.comparison import Comparison, Difference, Position
from knowledge.index.trie import GROUP_DIGITS, Entries, Entry, LeafRef, NodeRef, Tree, leaf_merkle, oldest, path_of
from knowledge.model import ChangeKind, Counts

# Ids that crowd under a few pairs of digits, so that few of them make deep trees.
NAMES = [name for name in map("item-{}".format, range(3000)) if path_of(name)[:2] in {"00", "01", "4f", "f0"}][:40]


class MemoryIndex:
    """Leaves and groups by digest, and which of them were read."""

    def __init__(self) -> None:
        self.objects: dict[str, Any] = {}
        self.read: list[str] = []
        self.fanout = SimpleNamespace(map=lambda work, values: [work(each) for each in values])

    def read_leaves(self, refs: Collection[LeafRef]) -> list[Entries]:
        self.read += [ref.key for ref in refs]
        return [self.objects[ref.digest] for ref in refs]

    def read_group(self, node: NodeRef) -> list[LeafRef]:
        self.read.append(node.key)
        return list(self.objects[node.digest])

    def prefixes_read(self) -> list[str]:
        """The prefixes of the leaves that were read."""
        return [key.split("/")[1] for key in self.read if key.startswith("leaf/")]

    def tree_of(self, entries: Entries, chooser: Any) -> Tree:
        """A tree with these entries whose leaves end, and whose groups are closed, where `chooser` says so."""
        tree = Tree(leaves={ref.prefix: ref for ref in self._leaves("", entries, chooser)})
        groups: dict[str, list[LeafRef]] = {}
        for ref in tree.leaves.values():
            if len(ref.prefix) >= GROUP_DIGITS:
                groups.setdefault(ref.prefix[:GROUP_DIGITS], []).append(ref)
        for prefix, leaves in groups.items():
            if len(leaves) > 1 and chooser():
                digest = hashlib.sha256(encode_node(prefix, leaves)).hexdigest()
                self.objects[digest] = leaves
                tree.nodes[prefix] = node_ref(prefix, f"node/{prefix}/{digest}", digest, leaves)
                for leaf in leaves:
                    del tree.leaves[leaf.prefix]
        return tree

    def _leaves(self, prefix: str, entries: Entries, chooser: Any) -> Iterable[LeafRef]:
        if len(entries) > 1 and chooser():
            for digit in "0123456789abcdef":
                under = {name: entry for name, entry in entries.items() if path_of(name).startswith(prefix + digit)}
                yield from self._leaves(prefix + digit, under, chooser)
        elif entries:
            digest = hashlib.sha256(encode_leaf(prefix, entries)).hexdigest()
            self.objects[digest] = entries
            first_removed = oldest(entry.removed_at for entry in entries.values())
            yield LeafRef(
                prefix, f"leaf/{prefix}/{digest}", digest, leaf_merkle(entries), len(entries), 0, first_removed
            )


def entry(name: str, content: str = "1", removed_at: int | None = None, pack: str = "pack") -> Entry:
    return Entry(name, hashlib.sha256(content.encode()).hexdigest(), "t", pack, 0, 1, 1, removed_at)


def expected(before: Entries, after: Entries) -> dict[str, ChangeKind]:
    """The definition, item by item."""
    kinds: dict[str, ChangeKind] = {}
    for name in before.keys() | after.keys():
        old, new = before.get(name), after.get(name)
        if old is None:
            kinds[name] = ChangeKind.ADDED
        elif new is None:
            kinds[name] = ChangeKind.TOMBSTONED
        elif old.content_hash != new.content_hash:
            kinds[name] = ChangeKind.UPDATED
        elif old.removed_at != new.removed_at:
            kinds[name] = ChangeKind.REMOVED if new.removed_at is not None else ChangeKind.RESTORED
    return kinds


served = st.dictionaries(
    st.sampled_from(NAMES), st.tuples(st.sampled_from("12"), st.none() | st.just(7), st.sampled_from(["p", "q"]))
).map(lambda found: {name: entry(name, *each) for name, each in found.items()})


@given(served, served, st.randoms(use_true_random=False))
def test_differences_are_those_of_the_sets_whatever_the_shapes_and_from_wherever_one_goes_on(
    before: Entries, after: Entries, random: Any
) -> None:
    index = MemoryIndex()
    trees = [index.tree_of(entries, lambda: random.random() < 0.7) for entries in (before, after)]
    compared = Comparison(index, *trees)  # type: ignore[arg-type]
    with mock.patch.object(comparison, "_REGIONS_AT_A_TIME", 2):
        walk = list(compared.differences())
        found = [step for step in walk if isinstance(step, Difference)]
        assert {each.external_item_id: each.kind for each in found} == expected(before, after)
        assert len(found) == len({each.external_item_id for each in found})
        for place, step in enumerate(walk):
            at = Position(step.prefix, step.external_item_id)
            index.read.clear()
            rest = [each for each in compared.differences(at) if isinstance(each, Difference)]
            assert rest == [each for each in walk[place + 1 :] if isinstance(each, Difference)]
            assert all(prefix >= at.prefix for prefix in index.prefixes_read())


@given(served, st.randoms(use_true_random=False))
def test_tree_that_is_the_same_is_not_read(entries: Entries, random: Any) -> None:
    index = MemoryIndex()
    tree = index.tree_of(entries, lambda: random.random() < 0.7)
    assert list(Comparison(index, tree, tree).differences()) == []  # type: ignore[arg-type]
    assert index.read == []


def test_contents_that_only_lie_elsewhere_are_not_read_but_for_grace() -> None:
    """A compaction moves contents; the time of a removal is in no hash, so what is in grace has to be looked at."""
    index = MemoryIndex()
    plain, moved = ({"a": entry("a", pack=pack)} for pack in ("old", "new"))
    trees = [index.tree_of(entries, bool) for entries in (plain, moved)]
    assert list(Comparison(index, *trees).differences()) == []  # type: ignore[arg-type]
    assert index.read == []
    removed = index.tree_of({"a": entry("a", removed_at=5)}, bool)
    (found,) = Comparison(index, trees[0], removed).differences()  # type: ignore[arg-type]
    assert isinstance(found, Difference)
    assert found.kind is ChangeKind.REMOVED


@given(served, served)
def test_counts_sum_up_the_differences(before: Entries, after: Entries) -> None:
    index = MemoryIndex()
    trees = [index.tree_of(entries, bool) for entries in (before, after)]
    kinds = expected(before, after)
    counts = Comparison(index, *trees).counts(lambda: None)  # type: ignore[arg-type]
    assert counts == Counts.of({kind: list(kinds.values()).count(kind) for kind in ChangeKind}, len(before))
    assert counts.total == len(after)
