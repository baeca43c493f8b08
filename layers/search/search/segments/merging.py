"""Merging neighbours, and building a segment anew: both from what was indexed, never from the engine's files."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from search.errors import DamagedSegmentError
from search.segments.building import Built, build_segments
from search.segments.layout import Head, decode_head, texts_of
from search.segments.liveness import live_places
from search.segments.model import SegmentDocument, SegmentRef, Settings
from search.segments.prefixes import Prefixes, prefix_of
from search.segments.texts import decode_texts


class Part(NamedTuple):
    """A segment that is merged: its ids and its documents, all of them."""

    added: Prefixes
    killed: Prefixes
    documents: Sequence[SegmentDocument]


def read_part(ref: SegmentRef, data: bytes) -> Part:
    """Read a whole segment, and check every byte. Raises DamagedSegmentError, OtherFormatError."""
    head = decode_head(ref, data[: ref.head])
    documents = decode_texts(texts_of(head, data[ref.head :]))
    if Prefixes.of(prefix_of(each.item_id) for each in documents).data != head.added.data:
        raise DamagedSegmentError
    return Part(head.added, head.killed, documents)


def as_part(documents: Sequence[SegmentDocument], killed: set[bytes]) -> Part:
    """Take what a run is about to add as one more segment, without building it before."""
    added = Prefixes.of(prefix_of(each.item_id) for each in documents)
    return Part(added, Prefixes.of(killed), documents)


def merge_parts(
    parts: Sequence[Part], settings: Settings, *, begins_at_oldest: bool, tier: int = 0, folder: Path | None = None
) -> Iterator[Built]:
    """Build what takes the place of neighbours, oldest first; one alone is built anew, with its settings of today.

    A document is dropped when a newer one of these segments adds or kills its item: by its place, never by its id, for
    the id may count elsewhere. What any of them added or killed goes on killing what older segments have, so those ids
    stay, unless there are none: `begins_at_oldest`. What was added and is dropped, a newer one adds or kills.

    Raises EngineFailedError.
    """
    documents = list(live_documents(parts))
    killed: set[bytes] = set()
    if not begins_at_oldest:
        for part in parts:
            killed.update(part.killed)
        killed.difference_update(prefix_of(each.item_id) for each in documents)
    return build_segments(documents, killed, settings, tier=tier, folder=folder)


def live_documents(parts: Sequence[Part]) -> Iterator[SegmentDocument]:
    """Yield the documents of neighbours that count among them, oldest first."""
    for part, live in zip(parts, live_places(parts), strict=True):
        yield from (each for each in part.documents if prefix_of(each.item_id) in live)


def head_of(built: Built) -> Head:
    """Read the head of a segment that was just built."""
    return decode_head(built.ref, built.data[: built.ref.head])
