"""The rows of snapshots in parts, and the transactions that open and end them together with their source's epoch."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

from knowledge.errors import SnapshotNotFoundError
from knowledge.pages import Page
from knowledge.sources.conditions import ACTIVE, EPOCH_BEFORE, NONE_OPEN, THIS_ONE_OPEN
from knowledge.sources.model import Source, SourceStatus
from knowledge.sources.rows import source_sk
from knowledge.staging.model import Snapshot, SnapshotState, StagingCounts
from knowledge.staging.snapshot_rows import SnapshotPart, part_from, part_sk, snapshot_from, snapshot_row, snapshot_sk
from knowledge.storage.attributes import from_row, to_row
from knowledge.storage.catalog import Action, Catalog, RefusedWriteError
from knowledge.storage.clients import query_rows
from knowledge.storage.transactions import RefusedTransactionError

# A snapshot, and what its source's row says of it meanwhile. Each bar moves the source's epoch:
#
#   opened                       completion begins             ended
#   |-- open, until expiresAt ---|-- completing ---------------|-- completed
#   |-- openSnapshotId, openSnapshotExpiresAt -- openSnapshotId --|   (aborted and expired end from open)
_OPEN = "#state = :open"
_IN_TIME = f"{_OPEN} AND expiresAt > :now"
_COMPLETING = "#state = :completing"
_NOT_YET_SO_FAR = "slotsDone < :done"
_NEW_OR_EXPIRED = "attribute_not_exists(pk) OR #state = :expired"
# Of the source.
_LAPSED = "openSnapshotExpiresAt <= :now"


Parts = list[SnapshotPart]


class TransitionRefusedError(Exception):
    """Raised when a snapshot or its source is not in the state that a step starts from."""


@dataclass(frozen=True, slots=True)
class SnapshotStore:
    """Snapshots of all sources. The steps that others must notice move the source's epoch in the same transaction."""

    catalog: Catalog

    def get_snapshot(self, source_id: str, snapshot_id: str) -> Snapshot:
        """Read a snapshot, consistently. Raises SnapshotNotFoundError when the source has none of that id."""
        row = self.catalog.find(source_id, snapshot_sk(snapshot_id))
        if row is None:
            raise SnapshotNotFoundError
        return snapshot_from(row)

    def list_snapshots(self, source_id: str, *, limit: int, position: Any) -> Page[Snapshot]:
        """List a source's snapshots, newest first."""
        return self.catalog.list(source_id, "snapshot", snapshot_from, limit=limit, position=position)

    def open_snapshot(self, snapshot: Snapshot, *, again: bool = False) -> None:
        """Open a snapshot with the epoch after the source's. Raises TransitionRefusedError when another one is open.

        `again` lets one begin anew that expired.
        """
        row = snapshot_row(snapshot)
        put = self.catalog.putting_new(row)
        if again:
            put = self.catalog.putting(row, _NEW_OR_EXPIRED, {":expired": SnapshotState.EXPIRED})
        self._transact(
            self._source_step(
                snapshot,
                "SET epoch = :epoch, openSnapshotId = :id, openSnapshotExpiresAt = :expires",
                f"{NONE_OPEN} AND {EPOCH_BEFORE} AND {ACTIVE}",
                {
                    ":epoch": snapshot.epoch,
                    ":before": snapshot.epoch - 1,
                    ":expires": snapshot.expires_at,
                    ":active": SourceStatus.ACTIVE,
                },
            ),
            put,
        )

    def prolong_snapshot(self, snapshot: Snapshot, expires_at: int) -> Snapshot:
        """Let an open snapshot, or one that has expired and nobody ended, live on until then (ms)."""
        values = {":expires": expires_at}
        self._transact(
            self._source_step(snapshot, "SET openSnapshotExpiresAt = :expires", THIS_ONE_OPEN, values),
            self._own_step(snapshot, "SET expiresAt = :expires", _OPEN, {**values, ":open": SnapshotState.OPEN}),
        )
        return replace(snapshot, state=SnapshotState.OPEN, expires_at=expires_at)

    def acknowledge_part(self, snapshot: Snapshot, part: SnapshotPart, now: int) -> None:
        """Take a part up, in place of an earlier one of its number, if the snapshot is still open."""
        row = {
            "pk": snapshot.source_id,
            "sk": part_sk(snapshot.snapshot_id, part.number),
            "number": part.number,
            "ids": asdict(part.ids),
            "items": part.items,
            "counts": asdict(part.counts),
        }
        self._transact(
            self.catalog.checking(
                snapshot.source_id,
                snapshot_sk(snapshot.snapshot_id),
                _IN_TIME,
                {":open": SnapshotState.OPEN, ":now": now},
            ),
            self.catalog.putting(row),
        )

    def list_parts(self, source_id: str, snapshot_id: str) -> Parts:
        """Read the acknowledged parts, consistently, in the order of their numbers."""
        query: dict[str, Any] = {
            "TableName": self.catalog.table,
            "KeyConditionExpression": "pk = :pk AND begins_with(sk, :parts)",
            "ExpressionAttributeValues": to_row({":pk": source_id, ":parts": f"{snapshot_sk(snapshot_id)}#part#"}),
            "ConsistentRead": True,
        }
        return [part_from(from_row(row)) for row in query_rows(self.catalog.dynamodb, query)]

    def begin_completion(self, snapshot: Snapshot, now: int) -> None:
        """Flip an open snapshot to completing; from here on it neither expires nor aborts."""
        self._transact(
            self._source_step(
                snapshot,
                "SET epoch = epoch + :one REMOVE openSnapshotExpiresAt",
                f"{THIS_ONE_OPEN} AND {ACTIVE}",
                {":one": 1, ":active": SourceStatus.ACTIVE},
            ),
            self._own_step(
                snapshot,
                "SET #state = :completing",
                _IN_TIME,
                {":completing": SnapshotState.COMPLETING, ":open": SnapshotState.OPEN, ":now": now},
            ),
        )

    def counting_removed(self, snapshot: Snapshot, removed: int) -> Action:
        """The action that counts what a transaction of the completion removes; refused once the snapshot has ended."""
        values = {":removed": removed, ":completing": SnapshotState.COMPLETING}
        return self._own_step(snapshot, "ADD removed :removed", _COMPLETING, values)

    def note_progress(self, snapshot: Snapshot, slots_done: int) -> None:
        """Note how far a completion has come; of two that run side by side the further one stands."""
        try:
            self.catalog.update(
                snapshot.source_id,
                snapshot_sk(snapshot.snapshot_id),
                "SET slotsDone = :done",
                f"{_COMPLETING} AND {_NOT_YET_SO_FAR}",
                {":done": slots_done, ":completing": SnapshotState.COMPLETING},
            )
        except RefusedWriteError:
            return

    def end_snapshot(self, snapshot: Snapshot, state: SnapshotState, counts: StagingCounts | None, now: int) -> None:
        """End a snapshot: completed from completing; aborted or expired from open. The source is free for the next.

        `counts` are those of its parts; what the completion removed was counted with each removal.
        """
        completed = state is SnapshotState.COMPLETED
        values: dict[str, Any] = {
            ":state": state,
            ":before": SnapshotState.COMPLETING if completed else SnapshotState.OPEN,
            ":now": now,
            ":counts": asdict(counts or StagingCounts()),
        }
        self._transact(
            self._source_step(
                snapshot,
                "SET epoch = epoch + :one REMOVE openSnapshotId, openSnapshotExpiresAt",
                THIS_ONE_OPEN,
                {":one": 1},
            ),
            self._own_step(
                snapshot, "SET #state = :state, endedAt = :now, counts = :counts", "#state = :before", values
            ),
        )

    def give_up_import(self, source: Source, now: int) -> None:
        """Free a source from an import that nobody has worked on for so long that it is dead."""
        self._transact(
            self.catalog.updating(
                source.tenant_id,
                source_sk(source.source_id),
                "SET epoch = epoch + :one REMOVE openSnapshotId, openSnapshotExpiresAt",
                f"{THIS_ONE_OPEN} AND {_LAPSED}",
                {":id": source.open_snapshot_id, ":now": now, ":one": 1},
            )
        )

    def _source_step(self, snapshot: Snapshot, expression: str, condition: str, values: Mapping[str, Any]) -> Action:
        """A change of the source's row; `:id` stands for the snapshot."""
        values = {**values, ":id": snapshot.snapshot_id}
        return self.catalog.updating(snapshot.tenant_id, source_sk(snapshot.source_id), expression, condition, values)

    def _own_step(self, snapshot: Snapshot, expression: str, condition: str, values: Mapping[str, Any]) -> Action:
        return self.catalog.updating(
            snapshot.source_id, snapshot_sk(snapshot.snapshot_id), expression, condition, values
        )

    def _transact(self, *actions: Action) -> None:
        try:
            self.catalog.transact(actions)
        except RefusedTransactionError as error:
            raise TransitionRefusedError from error
