"""Snapshots: a whole staging set in parts, or in one request. Afterwards what no part names is removed.

What would break it, and what stands against it:

- A completion crashes half-way: the snapshot is `completing`, which neither expires nor aborts, and any retry rolls it
  forward; until then every run is incomplete, so half of it can't be applied.
- Somebody pushes an item while the snapshot is open: the row carries the epoch since the opening, and stays.
- A part is repeated with fewer items: parts write the epoch before the opening, so what is no longer named goes.
- A part is staged and its acknowledgement is lost: it names nothing; the repeat finds its items unchanged.
- A snapshot in one request dies: its retry, which has its id, is given the time anew and goes on with it.
- A completion that was taken for dead goes on beside its retry: it removes only rows older than the opening that no
  part names, on condition of their rev, and those are the same for both.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any

from knowledge.errors import (
    EmptySnapshotError,
    SnapshotClosedError,
    SnapshotNotFoundError,
    SnapshotOpenError,
    SourceInactiveError,
)
from knowledge.ids import is_id
from knowledge.items.content import encode_item
from knowledge.items.model import ItemDraft
from knowledge.pages import Page
from knowledge.ports import Clock, NewId
from knowledge.sources.model import Source
from knowledge.sources.store import SourceStore
from knowledge.staging.model import ItemState, PushResult, Snapshot, SnapshotState, StagingCounts
from knowledge.staging.rows import SLOTS
from knowledge.staging.rules import Decision, Push, Sweep, Wish
from knowledge.staging.service import StagingService
from knowledge.staging.snapshot_store import SnapshotPart, SnapshotStore, TransitionRefusedError
from knowledge.storage.format import FORMAT, pack_json, unpack_json
from knowledge.storage.objects import ObjectStore
from knowledge.times import MS_PER_DAY

LIFE_MS = MS_PER_DAY
# A snapshot in one request is over when its function's time is; nobody can send it further parts.
ONE_REQUEST_LIFE_MS = 35_000
COMPLETION_BUDGET_MS = 20_000
_REMOVALS_AT_A_TIME = 990
_FRESH_MS = 1_000
Wishes = list[Wish]


@dataclass(frozen=True, slots=True)
class PartReceipt:
    """What an acknowledged part came to."""

    number: int
    items: int
    counts: StagingCounts


@dataclass(frozen=True, slots=True)
class SnapshotService:
    """What can be done with snapshots."""

    store: SnapshotStore
    sources: SourceStore
    staging: StagingService
    objects: ObjectStore
    clock: Clock
    new_id: NewId

    def open(
        self, source: Source, *, snapshot_id: str, earlier_id: str | None = None, life_ms: int = LIFE_MS
    ) -> Snapshot:
        """Open a snapshot; one that has this id already is returned (a repeated creation).

        So is one of the last 24 hours that has `earlier_id`: it was opened by a try on the day before.
        SnapshotOpenError while another one of the source is under way. One that expired is ended first.
        """
        if not source.active:
            raise SourceInactiveError
        if earlier_id is not None:
            with suppress(SnapshotNotFoundError):
                earlier = self.get(source, earlier_id)
                if earlier.opened_at > self.clock() - MS_PER_DAY:
                    return earlier
        if source.open_snapshot_id is not None:
            if source.open_snapshot_id == snapshot_id:
                return self.get(source, snapshot_id)
            source = self.clear_way(source)
        now = self.clock()
        snapshot = Snapshot(
            tenant_id=source.tenant_id,
            source_id=source.source_id,
            snapshot_id=snapshot_id,
            state=SnapshotState.OPEN,
            epoch=source.epoch + 1,
            parts=0,
            items=0,
            counts=StagingCounts(),
            slots_done=0,
            opened_at=now,
            expires_at=now + life_ms,
            ended_at=None,
        )
        try:
            self.store.open(snapshot)
        except TransitionRefusedError as error:
            with suppress(SnapshotNotFoundError):
                return self.get(source, snapshot_id)
            now_there = self.sources.get(source.tenant_id, source.source_id)
            if now_there.open_snapshot_id is None and now_there.epoch != source.epoch:
                # Another snapshot came and went since the source was read.
                return self.open(now_there, snapshot_id=snapshot_id, life_ms=life_ms)
            if not now_there.active:
                raise SourceInactiveError from error
            raise SnapshotOpenError from error
        return snapshot

    def get(self, source: Source, snapshot_id: str) -> Snapshot:
        """Read a snapshot with the sums of its parts; SnapshotNotFoundError when the source has none of that id."""
        snapshot = self.store.get(source.source_id, snapshot_id)
        if snapshot.state is SnapshotState.OPEN and snapshot.expires_at <= self.clock():
            snapshot = replace(snapshot, state=SnapshotState.EXPIRED)
        return self._summed(snapshot, self.store.parts(source.source_id, snapshot_id))

    def list(self, source: Source, *, limit: int, position: Any) -> Page[Snapshot]:
        """List snapshots, newest first, without the sums of their parts."""
        return self.store.list(source.source_id, limit=limit, position=position)

    def put_part(self, source: Source, snapshot_id: str, number: int, items: Sequence[ItemDraft]) -> PartReceipt:
        """Stage a part's items and take it up; a part of the same number is replaced.

        SnapshotClosedError when the snapshot is not open any more; then the items may be staged all the same.
        """
        snapshot = self._open_one(source, snapshot_id)
        wishes = [Push(encode_item(item), item.source_version) for item in items]
        decisions = self.staging.stage(source, wishes, epoch=snapshot.epoch - 1, touch=False)
        counts = counts_of(decisions.values())
        key = f"snapshots/{source.tenant_id}/{source.source_id}/{snapshot_id}/part-{number:05d}-{self.new_id('att')}"
        ids = pack_json({"format": FORMAT, "ids": [wish.external_item_id for wish in wishes]})
        part = SnapshotPart(number, self.objects.put_once(f"{key}.json.gz", ids), len(wishes), counts)
        try:
            self.store.acknowledge(snapshot, part, self.clock())
        except TransitionRefusedError as error:
            raise SnapshotClosedError from error
        return PartReceipt(number, len(wishes), counts)

    def complete(self, source: Source, snapshot_id: str, *, allow_empty: bool = False) -> Snapshot:
        """Remove what no part names; the answer is `completing` when that takes over 20 s, and a repeat goes on.

        EmptySnapshotError when it names nothing and `allow_empty` is not set; SnapshotClosedError when it was aborted
        or expired. A completed one is returned as it is.
        """
        if not source.active:
            raise SourceInactiveError
        started = self.clock()
        snapshot = self.store.get(source.source_id, snapshot_id)
        parts = self.store.parts(source.source_id, snapshot_id)
        if snapshot.state is SnapshotState.OPEN:
            if not allow_empty and not any(part.items for part in parts):
                raise EmptySnapshotError
            try:
                self.store.begin_completion(snapshot, started)
            except TransitionRefusedError:
                snapshot = self.store.get(source.source_id, snapshot_id)
            else:
                snapshot = replace(snapshot, state=SnapshotState.COMPLETING)
            # A part may have been acknowledged since the parts were read, and none can be after the flip.
            parts = self.store.parts(source.source_id, snapshot_id)
        if snapshot.state is SnapshotState.COMPLETED:
            return self._summed(snapshot, parts)
        if snapshot.state is not SnapshotState.COMPLETING:
            raise SnapshotClosedError
        return self._roll_forward(source, snapshot, parts, started)

    def abort(self, source: Source, snapshot_id: str) -> Snapshot:
        """End an open snapshot; nothing is removed, and what its parts staged stays. Twice is the same as once."""
        snapshot = self.store.get(source.source_id, snapshot_id)
        try:
            self.store.end(snapshot, SnapshotState.ABORTED, None, self.clock())
        except TransitionRefusedError as error:
            snapshot = self.get(source, snapshot_id)
            if snapshot.state not in (SnapshotState.ABORTED, SnapshotState.EXPIRED):
                raise SnapshotClosedError from error
            return snapshot
        return self.get(source, snapshot_id)

    def replace_all(
        self,
        source: Source,
        items: Sequence[ItemDraft],
        *,
        snapshot_id: str,
        earlier_id: str | None = None,
        allow_empty: bool = False,
    ) -> Snapshot:
        """Make the staging set exactly `items`, by the same steps as a snapshot in parts.

        A retry has the id of the try that died, and goes on with its snapshot however late it comes.
        """
        if not items and not allow_empty:
            raise EmptySnapshotError
        snapshot = self.open(source, snapshot_id=snapshot_id, earlier_id=earlier_id, life_ms=ONE_REQUEST_LIFE_MS)
        if snapshot.expires_at < self.clock() + ONE_REQUEST_LIFE_MS - _FRESH_MS:
            snapshot = self._give_time(source, snapshot)
        if snapshot.state is SnapshotState.OPEN:
            self.put_part(source, snapshot.snapshot_id, 1, items)
        return self.complete(source, snapshot.snapshot_id, allow_empty=allow_empty)

    def _give_time(self, source: Source, snapshot: Snapshot) -> Snapshot:
        """Give a retry as much time as the try before it had, unless there is nothing left to wait for."""
        now = self.clock()
        if snapshot.state not in (SnapshotState.OPEN, SnapshotState.EXPIRED):
            return snapshot
        with suppress(TransitionRefusedError):
            return self.store.prolong(snapshot, now + ONE_REQUEST_LIFE_MS)
        stored = self.get(source, snapshot.snapshot_id)
        if stored.state is not SnapshotState.EXPIRED:
            return stored
        # Another snapshot was opened after this one's time, so it begins anew.
        source = self.sources.get(source.tenant_id, source.source_id)
        if source.open_snapshot_id is not None:
            source = self.clear_way(source)
        anew = replace(
            stored,
            state=SnapshotState.OPEN,
            epoch=source.epoch + 1,
            opened_at=now,
            expires_at=now + ONE_REQUEST_LIFE_MS,
        )
        try:
            self.store.open(anew, again=True)
        except TransitionRefusedError as error:
            raise SnapshotOpenError from error
        return anew

    def _open_one(self, source: Source, snapshot_id: str) -> Snapshot:
        if not source.active:
            raise SourceInactiveError
        snapshot = self.store.get(source.source_id, snapshot_id)
        if snapshot.state is not SnapshotState.OPEN or snapshot.expires_at <= self.clock():
            raise SnapshotClosedError
        return snapshot

    def clear_way(self, source: Source) -> Source:
        """Get a snapshot that stands in the way out of it, if it expired; SnapshotOpenError if it is alive.

        A completing one of a single request has nobody left to complete it, so it is rolled forward here.
        """
        now = self.clock()
        if is_id("imp", source.open_snapshot_id or ""):
            return self._end_dead_import(source, now)
        standing = self.store.get(source.source_id, source.open_snapshot_id or "")
        if standing.state is SnapshotState.COMPLETING and standing.expires_at <= now:
            if self.complete(source, standing.snapshot_id).state is not SnapshotState.COMPLETED:
                raise SnapshotOpenError
        elif standing.state is SnapshotState.OPEN and standing.expires_at <= now:
            try:
                self.store.end(standing, SnapshotState.EXPIRED, None, now)
            except TransitionRefusedError as error:
                raise SnapshotOpenError from error
        elif standing.state in (SnapshotState.OPEN, SnapshotState.COMPLETING):
            raise SnapshotOpenError
        return self.sources.get(source.tenant_id, source.source_id)

    def _end_dead_import(self, source: Source, now: int) -> Source:
        """An import that stages stands where an open snapshot does; one that died there loses its place."""
        if source.awaits_more(now):
            raise SnapshotOpenError("An import of this source is under way. Retry when it has been staged.")
        try:
            self.store.give_up_import(source, now)
        except TransitionRefusedError as error:
            raise SnapshotOpenError from error
        return self.sources.get(source.tenant_id, source.source_id)

    def _roll_forward(
        self, source: Source, snapshot: Snapshot, parts: Sequence[SnapshotPart], started: int
    ) -> Snapshot:
        named = self._named(parts)
        removed = snapshot.counts.removed
        for done in range(snapshot.slots_done, len(SLOTS)):
            for batch in self._unnamed(source, snapshot, SLOTS[done], named):
                if self.clock() - started > COMPLETION_BUDGET_MS:
                    self.store.note_progress(snapshot, done, removed)
                    return self._summed(replace(snapshot, counts=StagingCounts(removed=removed)), parts)
                decisions = self.staging.stage(source, batch, epoch=snapshot.epoch, touch=False)
                removed += sum(decision.result is PushResult.REMOVED for decision in decisions.values())
        counts = self._summed(replace(snapshot, counts=StagingCounts(removed=removed)), parts).counts
        try:
            self.store.end(snapshot, SnapshotState.COMPLETED, counts, self.clock())
        except TransitionRefusedError:
            # Another completion of this snapshot ended first; it found the same.
            return self.get(source, snapshot.snapshot_id)
        return self.get(source, snapshot.snapshot_id)

    def _named(self, parts: Sequence[SnapshotPart]) -> set[str]:
        listed = self.staging.items.fanout.map(lambda part: unpack_json(self.objects.get(part.ids))["ids"], parts)
        return {external_item_id for ids in listed for external_item_id in ids}

    def _unnamed(self, source: Source, snapshot: Snapshot, slot: str, named: set[str]) -> Iterator[Wishes]:
        """What is to be removed of one slot, some at a time.

        The first batch is empty: it lets the caller look at the time before the slot is read.
        """
        yield []
        doomed: Wishes = [
            Sweep(row.external_item_id, snapshot.epoch)
            for row in self.staging.items.list_slot(source.source_id, slot)
            if row.state is ItemState.ACTIVE and row.epoch < snapshot.epoch and row.external_item_id not in named
        ]
        for start in range(0, len(doomed), _REMOVALS_AT_A_TIME):
            yield doomed[start : start + _REMOVALS_AT_A_TIME]

    def _summed(self, snapshot: Snapshot, parts: Sequence[SnapshotPart]) -> Snapshot:
        """A snapshot with the sums of its parts; a completed one keeps the counts it ended with."""
        counts = snapshot.counts
        if snapshot.state is not SnapshotState.COMPLETED:
            for part in parts:
                counts = counts.plus(part.counts)
        return replace(snapshot, parts=len(parts), items=sum(part.items for part in parts), counts=counts)


def counts_of(decisions: Iterable[Decision]) -> StagingCounts:
    """Count what decisions came to."""
    tally = Counter(str(decision.result) for decision in decisions)
    return StagingCounts(**tally)
