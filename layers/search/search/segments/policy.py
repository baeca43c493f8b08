"""When segments are merged, and into what tier. Pure.

The segment of a run is of tier 0, or of a higher one if it is large; what is merged is one tier higher than its
highest input. A segment that stands before a larger tier counts as of that tier, since only neighbours are merged. A
run builds its segment together with the last seven of the list once those are of one tier: eight inputs, one merge. So
each document is written once a tier, and there are seven segments a tier. Other merges are the compaction's.

With tiers by size alone, publications of different sizes would stand in each other's way.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

FAN_OUT = 8
# Of the dead documents among all of a list; past it a merge is owed.
DEAD_SHARE = 0.2
_DEAD_DOCUMENTS = 200
# Of what a run adds, below it one publication is as good as another.
_SMALL_DOCUMENTS = 512
# A young list may be longer, which saves most sources their first merges of several thousand documents: so many of
# the tier stand together before, while so many stand above it.
_PATIENT_TIER = 2
_PATIENT_COUNT = 9
_YOUNG = 4


class Listed(Protocol):
    """A segment of a list."""

    @property
    def tier(self) -> int:
        """Its tier."""

    @property
    def documents(self) -> int:
        """How many documents it has, dead ones among them."""


def tier_of(documents: int, merged: int = 0) -> int:
    """Return the tier of a segment with so many documents; `merged` is what it is for what it was merged of."""
    tier = 0
    while documents >= _SMALL_DOCUMENTS * FAN_OUT**tier:
        tier += 1
    return max(tier, merged)


def replaced(listed: Sequence[Listed], documents: int) -> int:
    """Return how many of the newest segments of a list a run builds together with its own documents: 7 or none."""
    most = FAN_OUT - 1
    if len(listed) < most:
        return 0
    tiers = _effective(listed, tier_of(documents))
    tier = tiers[-most]
    if tier != tiers[-1] or tiers.count(tier) < _needed(tiers):
        return 0
    sizes = [each.documents for each in listed[-most:]]
    # A source's first publication is not written again for the few that follow it.
    return most if max(sizes) <= FAN_OUT * (sum(sizes) + documents - max(sizes)) else 0


def merged_tier(listed: Sequence[Listed], documents: int) -> int:
    """Return what tier comes of merging neighbours with so many documents of a run, or none."""
    return 1 + max([each.tier for each in listed] + [tier_of(documents)] * bool(documents))


def is_merge_owed(documents: int, entries: int) -> bool:
    """Tell whether too many of the documents of a list are dead, when so many items are served."""
    return documents - entries > max(DEAD_SHARE * documents, _DEAD_DOCUMENTS)


def _effective(listed: Sequence[Listed], own: int) -> list[int]:
    tiers: list[int] = []
    for each in reversed(listed):
        own = max(own, each.tier)
        tiers.append(own)
    return tiers[::-1]


def _needed(tiers: Sequence[int]) -> int:
    is_young = tiers[-1] == _PATIENT_TIER and sum(tier > _PATIENT_TIER for tier in tiers) <= _YOUNG
    return _PATIENT_COUNT if is_young else FAN_OUT - 1
