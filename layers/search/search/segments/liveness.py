"""Which documents of a list of segments count: those of which no newer segment adds or kills the item. Pure.

A list has the segments of one source, oldest first. An item that is added again shadows what older segments have of it,
so no segment is ever changed.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from search.segments.prefixes import Prefixes


class Ids(Protocol):
    """The ids of a segment."""

    @property
    def added(self) -> Prefixes:
        """Those that have a document in it."""

    @property
    def killed(self) -> Prefixes:
        """Those of which no older document counts, besides."""


def is_live(segments: Sequence[Ids], place: int, prefix: bytes) -> bool:
    """Tell whether the document that the segment at `place` has of an item counts."""
    return prefix in segments[place].added and not any(
        prefix in newer.added or prefix in newer.killed for newer in segments[place + 1 :]
    )


def live_places(segments: Sequence[Ids]) -> list[set[bytes]]:
    """Return for each segment the items whose documents in it count; for many at once."""
    gone: set[bytes] = set()
    places: list[set[bytes]] = []
    for segment in reversed(segments):
        added = set(segment.added)
        places.append(added - gone)
        gone |= added
        gone.update(segment.killed)
    return places[::-1]


def dead_documents(segments: Sequence[Ids], entries: int) -> int:
    """Count the documents that don't count, of a list whose generation serves so many items.

    Below zero the list lacks documents, and is none of that generation.
    """
    return sum(len(segment.added) for segment in segments) - entries
