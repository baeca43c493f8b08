"""The walk of a full run over all that is staged and all that is published, in steps of bounded size.

A slot that is small is read at once. Of a large one the ids are listed first, a piece a step (see `listing`); then the
rows of one region a step are read, as those are that the journal names. So each item is looked at once, in the order of
the index, and as it is at some moment after the journal was listed: every write that was acknowledged before the run
began is in it, and one that comes later is in it or has left an entry that the run does not cover.

What would break it, and what stands against it:

- An item is pushed behind the place that the listing has come to, or into a region that is done: see above.
- An id that is listed has another row by then, or none: the row is read with its region, and decides.
- A published item is in no piece, since its row is missing or came later: the index names it, and its row is read, too.
- A new row that the journal names is in no piece, since DynamoDB showed its entry first: the journal's names are read.
- A call dies between a piece and the checkpoint that names it: the piece is written again, under another attempt.
- Two plannings of one run: each names pieces of its own.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

from knowledge.index.entries import Entry, path_of
from knowledge.index.trie import Trie
from knowledge.runs.checkpoint import Checkpoint
from knowledge.runs.listing import REGIONS, Listing, Piece, decode_region, encode_ids
from knowledge.runs.parts import WorkItem, in_trie_order
from knowledge.runs.published_entries import count_under, entries_under
from knowledge.runs.stores import RunStores
from knowledge.staging.rows import SLOTS, RunRow

# What a small slot may hold, of rows or entries and of contents in its rows; the function has 1.7 GB and 2 minutes.
ROWS_AT_ONCE = 50_000
BYTES_AT_ONCE = 128 * 1024 * 1024
IDS_A_PIECE = 100_000
_ITEMS_AT_A_TIME = 1000


class Batch(NamedTuple):
    """Items to compare, in the order of the index, with their rows and entries, among others."""

    work: Sequence[WorkItem]
    rows: Mapping[str, RunRow]
    entries: Mapping[str, Entry]


class Step(NamedTuple):
    """One step: where the walk is behind it, how many rows it read, and what is to be compared."""

    state: Checkpoint
    rows: int
    batches: Iterator[Batch]


@dataclass(frozen=True, slots=True)
class FullWalk:
    """Goes through all slots; `prefix` is the folder of the attempt that does it."""

    stores: RunStores
    published: Trie
    prefix: str

    def step(self, state: Checkpoint) -> Step:
        """Go one step on in the slot at hand."""
        slot = SLOTS[state.position]
        if state.listing is None:
            return self._read_slot(state, slot)
        if state.listing.behind is not None:
            return self._list_ids(state, slot, state.listing, state.listing.behind)
        return self._read_region(state, slot, state.listing)

    def _read_slot(self, state: Checkpoint, slot: str) -> Step:
        rows, behind = self.stores.items.read_slot_for_run(
            state.source_id, slot, state.now, most_rows=ROWS_AT_ONCE, most_bytes=BYTES_AT_ONCE
        )
        if behind is not None or count_under(self.published, slot) > ROWS_AT_ONCE:
            return self._note_ids(state, Listing(behind=behind), slot, list(rows))
        entries = entries_under(self.published, slot)
        named, state = _named(state, slot)
        work = in_trie_order(dict.fromkeys([*rows, *entries], 0) | named)
        return Step(replace(state, position=state.position + 1), len(rows), iter([Batch(work, rows, entries)]))

    def _list_ids(self, state: Checkpoint, slot: str, listing: Listing, behind: str) -> Step:
        ids, last = self.stores.items.list_ids(state.source_id, slot, behind, IDS_A_PIECE)
        return self._note_ids(state, listing._replace(behind=last), slot, ids)

    def _note_ids(self, state: Checkpoint, listing: Listing, slot: str, ids: Sequence[str]) -> Step:
        if ids:
            data, offsets = encode_ids(ids)
            key = f"{self.prefix}/ids-{slot}-{len(listing.pieces):04d}.gz"
            piece = Piece(self.stores.objects.put_once(key, data).key, offsets)
            listing = listing._replace(pieces=(*listing.pieces, piece))
        return Step(replace(state, listing=listing), len(ids), iter(()))

    def _read_region(self, state: Checkpoint, slot: str, listing: Listing) -> Step:
        region = listing.regions_done
        prefix = slot + REGIONS[region]
        entries = entries_under(self.published, prefix)
        named, state = _named(state, prefix)
        work = in_trie_order(dict.fromkeys([*self._listed(listing, region), *entries], 0) | named)
        if region + 1 == len(REGIONS):
            state = replace(state, position=state.position + 1, listing=None)
        else:
            state = replace(state, listing=listing._replace(regions_done=region + 1))
        return Step(state, len(work), self._batches(state, work, entries))

    def _listed(self, listing: Listing, region: int) -> Iterator[str]:
        spans = [(piece.key, *piece.span(region)) for piece in listing.pieces]
        members = self.stores.fanout.map(
            lambda span: self.stores.objects.read_range(*span), [span for span in spans if span[2]]
        )
        for member in members:
            yield from decode_region(member)

    def _batches(self, state: Checkpoint, work: Sequence[WorkItem], entries: Mapping[str, Entry]) -> Iterator[Batch]:
        for start in range(0, len(work), _ITEMS_AT_A_TIME):
            batch = work[start : start + _ITEMS_AT_A_TIME]
            rows = self.stores.items.read_for_run(state.source_id, [name for name, _ in batch], state.now)
            yield Batch(batch, rows, entries)


def _named(state: Checkpoint, prefix: str) -> tuple[dict[str, int], Checkpoint]:
    """What the journal names under a prefix that comes next in the index, and the checkpoint without it."""
    end = bisect_right(state.work, prefix, key=lambda item: path_of(item[0])[: len(prefix)])
    return dict(state.work[:end]), replace(state, work=state.work[end:])
