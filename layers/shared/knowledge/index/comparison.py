"""What differs between two generations, by reading only the parts of their indexes that differ.

Leaves and groups are immutable, so two that bear the same digest are the same; and two with the same Merkle hash and
nothing in grace serve the same, wherever their contents lie. Shapes may differ: one tree may hold as one leaf what the
other holds as many. So trees are compared by regions, the coarsest prefixes at which both can be read.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from knowledge.index.store import IndexStore
from knowledge.index.trie import Entries, Entry, LeafRef, NodeRef, Tree
from knowledge.model import ChangeKind, Counts

_REGIONS_AT_A_TIME = 32

Refs = Sequence[LeafRef | NodeRef]


class Difference(NamedTuple):
    """One item that two generations do not serve alike; at least one of the entries is there."""

    prefix: str
    external_item_id: str
    kind: ChangeKind
    before: Entry | None
    after: Entry | None


class Position(NamedTuple):
    """A place in the walk: behind one item of a region, or behind the whole region."""

    prefix: str
    external_item_id: str | None = None

    def precedes(self, prefix: str, external_item_id: str) -> bool:
        """True for an item that is still to come."""
        if prefix != self.prefix:
            return prefix > self.prefix
        return self.external_item_id is not None and external_item_id > self.external_item_id


class _Region(NamedTuple):
    prefix: str
    before: Sequence[LeafRef]
    after: Sequence[LeafRef]


@dataclass(frozen=True, slots=True)
class Comparison:
    """Compares the trees of two generations."""

    index: IndexStore
    before: Tree
    after: Tree

    def differences(self, start: Position | None = None) -> Iterator[Difference | Position]:
        """Walk over what differs in index order, from behind a position on.

        Yields a position after each batch of leaves, so that a caller may stop when little differs in much.
        """
        batch: list[_Region] = []
        for region in self._regions(list(self.before.refs()), list(self.after.refs()), start and start.prefix):
            batch.append(region)
            if len(batch) == _REGIONS_AT_A_TIME:
                yield from self._compared(batch, start)
                yield Position(region.prefix)
                batch = []
        yield from self._compared(batch, start)

    def counts(self, keep_alive: Callable[[], None]) -> Counts:
        """Count what differs; what is not served any more counts as tombstoned."""
        tally: Counter[str] = Counter()
        for step in self.differences():
            if isinstance(step, Difference):
                tally[step.kind] += 1
            else:
                keep_alive()
        return Counts.of(tally, self.before.entries)

    def _compared(self, regions: Sequence[_Region], start: Position | None) -> Iterator[Difference]:
        wanted = {ref.key: ref for region in regions for ref in (*region.before, *region.after)}
        loaded = dict(zip(wanted, self.index.read_leaves(list(wanted.values())), strict=True))
        for prefix, befores, afters in regions:
            before = _together([loaded[ref.key] for ref in befores])
            after = _together([loaded[ref.key] for ref in afters])
            for name in sorted(before.keys() | after.keys()):
                kind = _kind(before.get(name), after.get(name))
                if kind is not None and (start is None or start.precedes(prefix, name)):
                    yield Difference(prefix, name, kind, before.get(name), after.get(name))

    def _regions(self, before: Refs, after: Refs, start: str | None) -> Iterator[_Region]:
        """Split two sets of refs into regions that may differ, in order; groups are opened as the walk gets there."""
        for prefix in _coarsest([ref.prefix for ref in (*before, *after)]):
            old = [ref for ref in before if ref.prefix.startswith(prefix)]
            new = [ref for ref in after if ref.prefix.startswith(prefix)]
            behind_us = start is not None and prefix < start[: len(prefix)]
            if behind_us or (len(old) == len(new) == 1 and _alike(old[0], new[0])):
                continue
            old_leaves, new_leaves = _leaves(old), _leaves(new)
            if len(old_leaves) == len(old) and len(new_leaves) == len(new):
                if start is None or prefix >= start:
                    yield _Region(prefix, old_leaves, new_leaves)
            else:
                yield from self._regions(self._opened(old), self._opened(new), start)

    def _opened(self, refs: Refs) -> Refs:
        closed = [ref for ref in refs if isinstance(ref, NodeRef)]
        groups = self.index.fanout.map(self.index.read_group, closed)
        return [*_leaves(refs), *(leaf for group in groups for leaf in group)]


def _leaves(refs: Refs) -> list[LeafRef]:
    return [ref for ref in refs if isinstance(ref, LeafRef)]


def _coarsest(prefixes: Sequence[str]) -> list[str]:
    """The prefixes that no other one of them leads to, in order."""
    chosen: list[str] = []
    for prefix in sorted(set(prefixes)):
        if not chosen or not prefix.startswith(chosen[-1]):
            chosen.append(prefix)
    return chosen


def _alike(before: LeafRef | NodeRef, after: LeafRef | NodeRef) -> bool:
    if before.digest == after.digest:
        return True
    in_grace = before.oldest_removed_at is not None or after.oldest_removed_at is not None
    return before.merkle == after.merkle and not in_grace


def _together(leaves: Sequence[Entries]) -> Entries:
    return {name: entry for leaf in leaves for name, entry in leaf.items()}


def _kind(before: Entry | None, after: Entry | None) -> ChangeKind | None:
    if before is None:
        return ChangeKind.ADDED
    if after is None:
        return ChangeKind.TOMBSTONED
    if before.content_hash != after.content_hash:
        return ChangeKind.UPDATED
    if before.removed_at == after.removed_at:
        return None
    return ChangeKind.RESTORED if after.removed_at is None else ChangeKind.REMOVED
