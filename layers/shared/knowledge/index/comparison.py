"""What differs between two published states, by reading only the parts of their tries that differ.

Two nodes with the same Merkle hash and nothing in grace serve the same, wherever their contents lie; and two that lie
at the same place are the same. Shapes may differ: where one trie has a leaf and the other a branch, the leaf's entries
are split as the branch is.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from knowledge.index.entries import PATH_BITS, Entry, path_number
from knowledge.index.nodes import Block, Inner, Leaf
from knowledge.index.store import PublishedIndex
from knowledge.index.walking import Position
from knowledge.model import ChangeKind, Counts

_BLOCKS_AT_A_TIME = 64
_REGIONS_AHEAD = 128
_REGIONS_AT_A_TIME = 64

# What lies under a path: a node, or entries that were split off a leaf; nothing.
Side = Leaf | Block | Inner | Sequence[Entry] | None


class Difference(NamedTuple):
    """One item that two states do not serve alike; at least one of the entries is there."""

    path: str
    external_item_id: str
    kind: ChangeKind
    before: Entry | None
    after: Entry | None


class _Region(NamedTuple):
    path: str
    before: Side
    after: Side


@dataclass(frozen=True, slots=True)
class Comparison:
    """Compares two published states; None is one that serves nothing.

    `regions_at_a_time` says of how many paths leaves are read at once; None leaves it open.
    """

    before: PublishedIndex | None
    after: PublishedIndex | None
    regions_at_a_time: int | None = None

    def differences(self, start: Position | None = None) -> Iterator[Difference | Position]:
        """Walk over what differs in index order, from behind a position on.

        Yields a position after each batch of leaves, so that a caller may stop when little differs in much.
        """
        at_a_time, batch = self.regions_at_a_time or _REGIONS_AT_A_TIME, list[_Region]()
        for region in self._regions("" if start is None else start.path):
            batch.append(region)
            if len(batch) == at_a_time:
                yield from self._compared(batch, start)
                yield Position(region.path)
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
        return Counts.of(tally, 0 if self.before is None else self.before.manifest.entries)

    def _regions(self, begin: str) -> Iterator[_Region]:
        """Walk over the paths at which both sides are leaves, entries or nothing, and not the same."""
        roots = [None if index is None else index.trie.root for index in (self.before, self.after)]
        todo = list(self._expanded(_Region("", *roots), begin))
        while todo:
            region = todo.pop()
            if _is_closed(region):
                todo.append(region)
                self._open_next(todo)
            elif isinstance(region.before, Inner) or isinstance(region.after, Inner):
                todo.extend(reversed(list(self._expanded(region, begin))))
            elif not self._alike(region.before, region.after):
                yield region

    def _expanded(self, region: _Region, begin: str) -> Iterator[_Region]:
        """Split a region as far as both sides are in memory; what is the same is left out."""
        path, before, after = region
        if self._alike(before, after):
            return
        if _is_closed(region) or not (isinstance(before, Inner) or isinstance(after, Inner)):
            yield region
            return
        befores, afters = _split(self.before, before, len(path)), _split(self.after, after, len(path))
        for bit in (0, 1):
            under = f"{path}{bit}"
            if under >= begin[: len(under)]:
                yield from self._expanded(_Region(under, befores[bit], afters[bit]), begin)

    def _open_next(self, todo: list[_Region]) -> None:
        """Look into the blocks of the next regions of a walk, which lie on top of its stack."""
        top = range(len(todo) - 1, max(-1, len(todo) - 1 - _REGIONS_AHEAD), -1)
        places = [at for at in top if _is_closed(todo[at])][:_BLOCKS_AT_A_TIME]
        befores = _opened(self.before, [todo[at].before for at in places])
        afters = _opened(self.after, [todo[at].after for at in places])
        for at, before, after in zip(places, befores, afters, strict=True):
            todo[at] = _Region(todo[at].path, before, after)

    def _compared(self, regions: Sequence[_Region], start: Position | None) -> Iterator[Difference]:
        befores = _entries(self.before, [region.before for region in regions])
        afters = _entries(self.after, [region.after for region in regions])
        for (path, _, _), before, after in zip(regions, befores, afters, strict=True):
            for name in sorted(before.keys() | after.keys()):
                kind = kind_of(before.get(name), after.get(name))
                if kind is not None and (start is None or _follows(start, path, name)):
                    yield Difference(path, name, kind, before.get(name), after.get(name))

    def _alike(self, before: Side, after: Side) -> bool:
        if not before or not after:
            return not before and not after
        before = before.closed if isinstance(before, Inner) else before
        after = after.closed if isinstance(after, Inner) else after
        if not isinstance(before, Leaf | Block) or not isinstance(after, Leaf | Block) or before.merkle != after.merkle:
            return False
        return (before.oldest == 0 and after.oldest == 0) or self._same_place(before, after)

    def _same_place(self, before: Leaf | Block, after: Leaf | Block) -> bool:
        if self.before is None or self.after is None or before.place is None or after.place is None:
            return False
        if before.place[1:] != after.place[1:]:
            return False
        self.before.look_up([before.place.number])
        self.after.look_up([after.place.number])
        return self.before.key(before.place.number) == self.after.key(after.place.number)


def _is_closed(region: _Region) -> bool:
    return isinstance(region.before, Block) or isinstance(region.after, Block)


def _opened(index: PublishedIndex | None, sides: Sequence[Side]) -> list[Side]:
    blocks = [side for side in sides if isinstance(side, Block)]
    inners = iter(index.trie.open_all(blocks) if index is not None and blocks else ())
    return [next(inners) if isinstance(side, Block) else side for side in sides]


def _split(index: PublishedIndex | None, side: Side, depth: int) -> tuple[Side, Side]:
    """What lies under the two branches of a path."""
    if isinstance(side, Inner):
        return side.left, side.right
    if index is None or not side or isinstance(side, Block):
        return None, None
    entries = index.trie.read_columns([side])[0].entries() if isinstance(side, Leaf) else side
    branches: tuple[list[Entry], list[Entry]] = ([], [])
    for entry in entries:
        branches[path_number(entry.external_item_id) >> (PATH_BITS - 1 - depth) & 1].append(entry)
    return branches


def _entries(index: PublishedIndex | None, sides: Sequence[Side]) -> list[dict[str, Entry]]:
    leaves = [side for side in sides if isinstance(side, Leaf)]
    columns = iter(index.trie.read_columns(leaves) if index is not None else ())
    found = []
    for side in sides:
        entries = next(columns).entries() if isinstance(side, Leaf) else side
        found.append({entry.external_item_id: entry for entry in entries or ()})  # type: ignore[union-attr]
    return found


def _follows(start: Position, path: str, external_item_id: str) -> bool:
    """Tell whether an item of a region is still to come."""
    if path != start.path:
        return path > start.path
    return start.external_item_id is not None and external_item_id > start.external_item_id


def kind_of(before: Entry | None, after: Entry | None) -> ChangeKind | None:
    """What became of an item between two states, by what they have of it; None when they serve it alike."""
    if before is None and after is None:
        return None
    if before is None:
        return ChangeKind.ADDED
    if after is None:
        return ChangeKind.TOMBSTONED
    if before.content_hash != after.content_hash:
        return ChangeKind.UPDATED
    if before.removed_at == after.removed_at:
        return None
    return ChangeKind.RESTORED if after.removed_at is None else ChangeKind.REMOVED
