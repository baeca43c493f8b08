"""Completing a snapshot: what no part names is removed, slot by slot, for as long as there is time."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace

from knowledge.errors import EmptySnapshotError, SnapshotClosedError, SourceInactiveError
from knowledge.ports import Clock
from knowledge.sources.model import Source
from knowledge.staging.expected_parts import ANY_PARTS, ExpectedParts
from knowledge.staging.model import ItemState, PushResult, Snapshot, SnapshotState, StagingCounts
from knowledge.staging.rows import SLOTS
from knowledge.staging.rules import Decision, StagingCommand, Sweep
from knowledge.staging.snapshot_rows import SnapshotPart
from knowledge.staging.snapshot_store import TransitionRefusedError
from knowledge.staging.store import SideActionRefusedError
from knowledge.staging.stores import StagingStores
from knowledge.staging.writing import Actions, StagingWriter
from knowledge.storage.format import unpack_json

COMPLETION_BUDGET_MS = 20_000
_REMOVALS_AT_A_TIME = 980


@dataclass(frozen=True, slots=True)
class SnapshotCompleter:
    """Rolls snapshots forward that are completing."""

    stores: StagingStores
    writer: StagingWriter
    clock: Clock

    def complete_snapshot(
        self,
        source: Source,
        snapshot_id: str,
        *,
        allow_empty: bool = False,
        expected: ExpectedParts = ANY_PARTS,
        key_id: str | None = None,
    ) -> Snapshot:
        """Remove what no part names; the answer is `completing` when that takes over 20 s, and a repeat goes on.

        Raises EmptySnapshotError when it names nothing and `allow_empty` is not set, SnapshotIncompleteError when its
        parts are not the `expected` ones, SnapshotClosedError when it was aborted or expired. A completed one is
        returned as it is.
        """
        if not source.active:
            raise SourceInactiveError
        started = self.clock()
        snapshot = self.stores.snapshots.get_snapshot(source.source_id, snapshot_id)
        parts = self.stores.snapshots.list_parts(source.source_id, snapshot_id)
        if snapshot.state is SnapshotState.OPEN:
            if not allow_empty and not any(part.items for part in parts):
                raise EmptySnapshotError
            expected.check_parts(parts)
            try:
                self.stores.snapshots.begin_completion(snapshot, started)
            except TransitionRefusedError:
                snapshot = self.stores.snapshots.get_snapshot(source.source_id, snapshot_id)
            else:
                snapshot = replace(snapshot, state=SnapshotState.COMPLETING)
            # A part may have been acknowledged since the parts were read, and none can be after the flip.
            parts = self.stores.snapshots.list_parts(source.source_id, snapshot_id)
        if snapshot.state is SnapshotState.COMPLETED:
            return summed(snapshot, parts)
        if snapshot.state is not SnapshotState.COMPLETING:
            raise SnapshotClosedError
        return self._roll_forward(source, snapshot, parts, started, key_id)

    def _roll_forward(
        self,
        source: Source,
        snapshot: Snapshot,
        parts: Sequence[SnapshotPart],
        started: int,
        key_id: str | None,
    ) -> Snapshot:
        named = self._named(parts)
        # Another completion of this snapshot may end first; it found the same, and nothing is left to remove.
        with suppress(TransitionRefusedError, SideActionRefusedError):
            for done in range(snapshot.slots_done, len(SLOTS)):
                for batch in self._unnamed(source, snapshot, SLOTS[done], named):
                    if self.clock() - started > COMPLETION_BUDGET_MS:
                        self.stores.snapshots.note_progress(snapshot, done)
                        return self._stored(snapshot)
                    self._sweep(source, snapshot, batch, key_id)
            counts = summed(replace(snapshot, counts=StagingCounts()), parts).counts
            self.stores.snapshots.end_snapshot(snapshot, SnapshotState.COMPLETED, counts, self.clock())
        return self._stored(snapshot)

    def _sweep(self, source: Source, snapshot: Snapshot, batch: Sequence[StagingCommand], key_id: str | None) -> None:
        """Remove what is still to be removed. Each transaction counts what it removes, so a crash leaves it counted."""

        def counting(made: Mapping[str, Decision]) -> Actions:
            removed = sum(decision.result is PushResult.REMOVED for decision in made.values())
            return [self.stores.snapshots.counting_removed(snapshot, removed)]

        self.writer.stage_commands(source, batch, epoch=snapshot.epoch, touch=False, beside=counting, key_id=key_id)

    def _stored(self, snapshot: Snapshot) -> Snapshot:
        stored = self.stores.snapshots.get_snapshot(snapshot.source_id, snapshot.snapshot_id)
        return summed(stored, self.stores.snapshots.list_parts(snapshot.source_id, snapshot.snapshot_id))

    def _named(self, parts: Sequence[SnapshotPart]) -> set[str]:
        listed = self.stores.fanout.map(lambda part: unpack_json(self.stores.objects.get(part.ids))["ids"], parts)
        return {external_item_id for ids in listed for external_item_id in ids}

    def _unnamed(
        self, source: Source, snapshot: Snapshot, slot: str, named: set[str]
    ) -> Iterator[list[StagingCommand]]:
        """What is to be removed of one slot, some at a time.

        The first batch is empty: it lets the caller look at the time before the slot is read.
        """
        yield []
        doomed: list[StagingCommand] = [
            Sweep(row.external_item_id, snapshot.epoch)
            for row in self.stores.items.list_slot(source.source_id, slot)
            if row.state is ItemState.ACTIVE and row.epoch < snapshot.epoch and row.external_item_id not in named
        ]
        for start in range(0, len(doomed), _REMOVALS_AT_A_TIME):
            yield doomed[start : start + _REMOVALS_AT_A_TIME]


def summed(snapshot: Snapshot, parts: Sequence[SnapshotPart]) -> Snapshot:
    """A snapshot with the sums of its parts; a completed one keeps the counts it ended with."""
    counts = snapshot.counts
    if snapshot.state is not SnapshotState.COMPLETED:
        for part in parts:
            counts = counts.plus(part.counts)
    return replace(snapshot, parts=len(parts), items=sum(part.items for part in parts), counts=counts)
