"""Snapshots: a whole staging set in parts, or in one request. Afterwards what no part names is removed.

What would break it, and what stands against it:

- A completion crashes half-way: the snapshot is `completing`, which neither expires nor aborts, and any retry rolls it
  forward; until then every run is incomplete, so half of it can't be applied.
- Somebody pushes an item while the snapshot is open: the row carries the epoch since the opening, and stays.
- A part is repeated with fewer items: parts write the epoch before the opening, so what is no longer named goes.
- A part is lost on its way, and its items would go: what is completed has parts 1 to n, and as many as the client says.
  A part that comes between this look and the flip only adds names.
- A part is staged and its acknowledgement is lost: it names nothing; the repeat finds its items unchanged.
- A snapshot in one request dies: its retry, which has its id, is given the time anew and goes on with it.
- A completion that was taken for dead goes on beside its retry: it removes only rows older than the opening that no
  part names, on condition of their rev, and those are the same for both.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from knowledge.earlier_tries import find_earlier
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
from knowledge.limits import SNAPSHOT_OPEN_MS
from knowledge.pages import Page
from knowledge.ports import Clock, NewId
from knowledge.sources.model import Source
from knowledge.staging.expected_parts import ANY_PARTS, ExpectedParts
from knowledge.staging.model import Snapshot, SnapshotState, StagingCounts
from knowledge.staging.part_receipts import PartReceipt, receipt_of
from knowledge.staging.rules import Push, StagingCommand
from knowledge.staging.snapshot_completion import SnapshotCompleter, summed
from knowledge.staging.snapshot_rows import SnapshotPart
from knowledge.staging.snapshot_store import TransitionRefusedError
from knowledge.staging.stores import StagingStores
from knowledge.staging.writing import StagingWriter
from knowledge.storage.format import FORMAT, pack_json

# A snapshot in one request is over when its function's time is; nobody can send it further parts.
ONE_REQUEST_LIFE_MS = 35_000
_FRESH_MS = 1_000


@dataclass(frozen=True, slots=True)
class SnapshotService:
    """What can be done with snapshots."""

    stores: StagingStores
    writer: StagingWriter
    completer: SnapshotCompleter
    clock: Clock
    new_id: NewId

    def open_snapshot(
        self, source: Source, *, snapshot_id: str, earlier_id: str | None = None, life_ms: int = SNAPSHOT_OPEN_MS
    ) -> Snapshot:
        """Open a snapshot; one that has this id already is returned (a repeated creation).

        So is one of the last 24 hours that has `earlier_id`: it was opened by a try on the day before.
        Raises SnapshotOpenError while another one of the source is under way. One that expired is ended first.
        """
        if not source.active:
            raise SourceInactiveError
        get = partial(self.get_snapshot, source)
        earlier = find_earlier(earlier_id, get, lambda made: made.opened_at, self.clock())
        if earlier is not None:
            return earlier
        if source.open_snapshot_id is not None:
            if source.open_snapshot_id == snapshot_id:
                return self.get_snapshot(source, snapshot_id)
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
            self.stores.snapshots.open_snapshot(snapshot)
        except TransitionRefusedError as error:
            with suppress(SnapshotNotFoundError):
                return self.get_snapshot(source, snapshot_id)
            now_there = self.stores.sources.get_source(source.tenant_id, source.source_id)
            if now_there.open_snapshot_id is None and now_there.epoch != source.epoch:
                # Another snapshot came and went since the source was read.
                return self.open_snapshot(now_there, snapshot_id=snapshot_id, life_ms=life_ms)
            if not now_there.active:
                raise SourceInactiveError from error
            raise SnapshotOpenError from error
        return snapshot

    def get_snapshot(self, source: Source, snapshot_id: str) -> Snapshot:
        """Read a snapshot with the sums of its parts. Raises SnapshotNotFoundError when the source has none such."""
        snapshot = self.stores.snapshots.get_snapshot(source.source_id, snapshot_id)
        if snapshot.state is SnapshotState.OPEN and snapshot.expires_at <= self.clock():
            snapshot = replace(snapshot, state=SnapshotState.EXPIRED)
        return summed(snapshot, self.stores.snapshots.list_parts(source.source_id, snapshot_id))

    def list_snapshots(self, source: Source, *, limit: int, position: Any) -> Page[Snapshot]:
        """List snapshots, newest first, without the sums of their parts."""
        return self.stores.snapshots.list_snapshots(source.source_id, limit=limit, position=position)

    def put_part(
        self,
        source: Source,
        snapshot_id: str,
        number: int,
        items: Sequence[ItemDraft],
        *,
        key_id: str | None = None,
    ) -> PartReceipt:
        """Stage a part's items and take it up; a part of the same number is replaced.

        Raises SnapshotClosedError when the snapshot is not open any more; then the items may be staged all the same.
        """
        snapshot = self._open_one(source, snapshot_id)
        commands: list[StagingCommand] = [Push(encode_item(item), item.source_version) for item in items]
        decisions = self.writer.stage_commands(source, commands, epoch=snapshot.epoch - 1, touch=False, key_id=key_id)
        receipt = receipt_of(number, decisions.values(), snapshot)
        key = f"snapshots/{source.tenant_id}/{source.source_id}/{snapshot_id}/part-{number:05d}-{self.new_id('att')}"
        ids = pack_json({"format": FORMAT, "ids": [command.external_item_id for command in commands]})
        part = SnapshotPart(number, self.stores.objects.put_once(f"{key}.json.gz", ids), receipt.items, receipt.counts)
        try:
            self.stores.snapshots.acknowledge_part(snapshot, part, self.clock())
        except TransitionRefusedError as error:
            raise SnapshotClosedError from error
        return receipt

    def complete_snapshot(
        self,
        source: Source,
        snapshot_id: str,
        *,
        allow_empty: bool = False,
        expected: ExpectedParts = ANY_PARTS,
        key_id: str | None = None,
    ) -> Snapshot:
        """Remove what no part names; see `SnapshotCompleter.complete_snapshot`."""
        return self.completer.complete_snapshot(
            source, snapshot_id, allow_empty=allow_empty, expected=expected, key_id=key_id
        )

    def abort_snapshot(self, source: Source, snapshot_id: str) -> Snapshot:
        """End an open snapshot; nothing is removed, and what its parts staged stays. Twice is the same as once."""
        snapshot = self.stores.snapshots.get_snapshot(source.source_id, snapshot_id)
        try:
            self.stores.snapshots.end_snapshot(snapshot, SnapshotState.ABORTED, None, self.clock())
        except TransitionRefusedError as error:
            snapshot = self.get_snapshot(source, snapshot_id)
            if snapshot.state not in (SnapshotState.ABORTED, SnapshotState.EXPIRED):
                raise SnapshotClosedError from error
            return snapshot
        return self.get_snapshot(source, snapshot_id)

    def replace_all(
        self,
        source: Source,
        items: Sequence[ItemDraft],
        *,
        snapshot_id: str,
        earlier_id: str | None = None,
        allow_empty: bool = False,
        key_id: str | None = None,
    ) -> Snapshot:
        """Make the staging set exactly `items`, by the same steps as a snapshot in parts.

        A retry has the id of the try that died, and goes on with its snapshot however late it comes.
        """
        if not items and not allow_empty:
            raise EmptySnapshotError
        snapshot = self.open_snapshot(
            source, snapshot_id=snapshot_id, earlier_id=earlier_id, life_ms=ONE_REQUEST_LIFE_MS
        )
        if snapshot.expires_at < self.clock() + ONE_REQUEST_LIFE_MS - _FRESH_MS:
            snapshot = self._give_time(source, snapshot)
        if snapshot.state is SnapshotState.OPEN:
            self.put_part(source, snapshot.snapshot_id, 1, items, key_id=key_id)
        return self.complete_snapshot(source, snapshot.snapshot_id, allow_empty=allow_empty, key_id=key_id)

    def _give_time(self, source: Source, snapshot: Snapshot) -> Snapshot:
        """Give a retry as much time as the try before it had, unless there is nothing left to wait for."""
        now = self.clock()
        if snapshot.state not in (SnapshotState.OPEN, SnapshotState.EXPIRED):
            return snapshot
        with suppress(TransitionRefusedError):
            return self.stores.snapshots.prolong_snapshot(snapshot, now + ONE_REQUEST_LIFE_MS)
        stored = self.get_snapshot(source, snapshot.snapshot_id)
        if stored.state is not SnapshotState.EXPIRED:
            return stored
        # Another snapshot was opened after this one's time, so it begins anew.
        source = self.stores.sources.get_source(source.tenant_id, source.source_id)
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
            self.stores.snapshots.open_snapshot(anew, again=True)
        except TransitionRefusedError as error:
            raise SnapshotOpenError from error
        return anew

    def _open_one(self, source: Source, snapshot_id: str) -> Snapshot:
        if not source.active:
            raise SourceInactiveError
        snapshot = self.stores.snapshots.get_snapshot(source.source_id, snapshot_id)
        if snapshot.state is not SnapshotState.OPEN or snapshot.expires_at <= self.clock():
            raise SnapshotClosedError
        return snapshot

    def clear_way(self, source: Source) -> Source:
        """Get a snapshot that stands in the way out of it, if it expired. Raises SnapshotOpenError if it is alive.

        A completing one of a single request has nobody left to complete it, so it is rolled forward here.
        """
        now = self.clock()
        if is_id("imp", source.open_snapshot_id or ""):
            return self._end_dead_import(source, now)
        standing = self.stores.snapshots.get_snapshot(source.source_id, source.open_snapshot_id or "")
        if standing.state is SnapshotState.COMPLETING and standing.expires_at <= now:
            if self.complete_snapshot(source, standing.snapshot_id).state is not SnapshotState.COMPLETED:
                raise SnapshotOpenError
        elif standing.state is SnapshotState.OPEN and standing.expires_at <= now:
            try:
                self.stores.snapshots.end_snapshot(standing, SnapshotState.EXPIRED, None, now)
            except TransitionRefusedError as error:
                raise SnapshotOpenError from error
        elif standing.state in (SnapshotState.OPEN, SnapshotState.COMPLETING):
            raise SnapshotOpenError
        return self.stores.sources.get_source(source.tenant_id, source.source_id)

    def _end_dead_import(self, source: Source, now: int) -> Source:
        """An import that stages stands where an open snapshot does; one that died there loses its place."""
        if source.awaits_more(now):
            raise SnapshotOpenError("An import of this source is under way. Retry when it has been staged.")
        try:
            self.stores.snapshots.give_up_import(source, now)
        except TransitionRefusedError as error:
            raise SnapshotOpenError from error
        return self.stores.sources.get_source(source.tenant_id, source.source_id)
