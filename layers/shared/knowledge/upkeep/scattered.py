"""Which objects of a published state are worth rewriting. Pure; the compactor does it.

Every publication adds a pack and an index object, and every update leaves dead bytes in old ones. Small ones are put
together when there are `SMALL_OBJECTS` of a kind; and when the objects of a kind have over twice the bytes that are
part of the state, those with the most dead bytes are rewritten. Bounded in bytes, so that a look stays within its time.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from knowledge.index.manifest import Manifest
from knowledge.index.names import GONE, NamedObject

SMALL_BYTES = 1024 * 1024
SMALL_OBJECTS = 8
MOVED_BYTES = 256 * 1024 * 1024
# Less than that is not worth a generation.
_DEAD_BYTES = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Scattered:
    """The numbers of objects that are worth rewriting; `folds_packs` says that packs are to be chosen by their use."""

    packs: frozenset[int]
    indexes: frozenset[int]
    folds_packs: bool


def find_scattered(rows: Sequence[NamedObject], manifest: Manifest) -> Scattered:
    """Choose from the objects of a state, by their numbers; the last row is its own index object."""
    packs = {number: row.bytes for number, row in enumerate(rows) if row != GONE and not row.name.is_index}
    indexes = {number: row.bytes for number, row in enumerate(rows) if row != GONE and row.name.is_index}
    folds_indexes = is_half_dead(sum(indexes.values()), manifest.index_bytes)
    return Scattered(
        packs=_small(packs),
        indexes=_within(indexes) if folds_indexes else _small(indexes),
        folds_packs=is_half_dead(sum(packs.values()), manifest.member_bytes),
    )


def is_half_dead(named_bytes: int, live_bytes: int) -> bool:
    """Tell whether less than half of what is named is part of a state, and that is not little."""
    return named_bytes > 2 * live_bytes and named_bytes - live_bytes > _DEAD_BYTES


def most_dead(sizes: Mapping[int, int], live: Mapping[int, int]) -> frozenset[int]:
    """Choose the packs that are less than half live, those with the smallest share first; bounded by what is moved."""
    half_dead = [number for number, size in sizes.items() if 2 * live.get(number, 0) < size]
    chosen, room = set(), MOVED_BYTES
    for number in sorted(half_dead, key=lambda number: (live.get(number, 0) / sizes[number], number)):
        room -= live.get(number, 0)
        if room < 0:
            break
        chosen.add(number)
    return frozenset(chosen)


def _small(sizes: Mapping[int, int]) -> frozenset[int]:
    small = {number: size for number, size in sizes.items() if size < SMALL_BYTES}
    return _within(small) if len(small) >= SMALL_OBJECTS else frozenset()


def _within(sizes: Mapping[int, int]) -> frozenset[int]:
    chosen, room = set(), MOVED_BYTES
    for number in sorted(sizes, key=lambda number: (sizes[number], number)):
        room -= sizes[number]
        if room < 0:
            break
        chosen.add(number)
    return frozenset(chosen)
