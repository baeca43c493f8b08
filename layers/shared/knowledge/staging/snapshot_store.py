"""The rows of snapshots in parts, and the transactions that open and end them together with their source's epoch.

A snapshot's row lies beside the rows of its acknowledged parts, `snapshot#<id>#part#<number>`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

from knowledge.errors import SnapshotNotFoundError
from knowledge.model import ObjectRef
from knowledge.pages import Page
from knowledge.sources.model import Source, SourceStatus
from knowledge.sources.store import source_sk
from knowledge.staging.model import Snapshot, SnapshotState, StagingCounts
from knowledge.storage.attributes import from_row, to_row
from knowledge.storage.catalog import Action, Catalog, RefusedWriteError, ordered
from knowledge.storage.clients import query_rows
from knowledge.storage.transactions import RefusedTransactionError


@dataclass(frozen=True, slots=True)
class SnapshotPart:
    """An acknowledged part: the object that lists its ids, how many there are, and what staging them came to."""

    number: int
    ids: ObjectRef
    items: int
    counts: StagingCounts


Parts = list[SnapshotPart]


class TransitionRefusedError(Exception):
    """Raised when a snapshot or its source is not in the state that a step starts from."""


def snapshot_sk(snapshot_id: str) -> str:
    """The sort key of a snapshot's row; its pk is the source."""
    return f"snapshot#{snapshot_id}"


@dataclass(frozen=True, slots=True)
class SnapshotStore:
    """Snapshots of all sources. The steps that others must notice move the source's epoch in the same transaction."""

    catalog: Catalog

    def get_snapshot(self, source_id: str, snapshot_id: str) -> Snapshot:
        """Read a snapshot, consistently; SnapshotNotFoundError when the source has none of that id."""
        row = self.catalog.find(source_id, snapshot_sk(snapshot_id))
        if row is None:
            raise SnapshotNotFoundError
        return _snapshot(row)

    def list_snapshots(self, source_id: str, *, limit: int, position: Any) -> Page[Snapshot]:
        """List a source's snapshots, newest first."""
        return self.catalog.list(source_id, "snapshot", _snapshot, limit=limit, position=position)

    def open_snapshot(self, snapshot: Snapshot, *, again: bool = False) -> None:
        """Open a snapshot with the epoch after the source's; TransitionRefusedError when another one is open.

        `again` lets one begin anew that expired.
        """
        row = _row(snapshot)
        put = self.catalog.putting_new(row)
        if again:
            free = "attribute_not_exists(pk) OR #state = :expired"
            put = self.catalog.putting(row, free, {":expired": SnapshotState.EXPIRED})
        self._transact(
            self._source_step(
                snapshot,
                "SET epoch = :epoch, openSnapshotId = :id, openSnapshotExpiresAt = :expires",
                "attribute_not_exists(openSnapshotId) AND epoch = :before AND #status = :active",
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
            self._source_step(snapshot, "SET openSnapshotExpiresAt = :expires", "openSnapshotId = :id", values),
            self._own_step(
                snapshot, "SET expiresAt = :expires", "#state = :open", {**values, ":open": SnapshotState.OPEN}
            ),
        )
        return replace(snapshot, state=SnapshotState.OPEN, expires_at=expires_at)

    def acknowledge_part(self, snapshot: Snapshot, part: SnapshotPart, now: int) -> None:
        """Take a part up, in place of an earlier one of its number, if the snapshot is still open."""
        row = {
            "pk": snapshot.source_id,
            "sk": _part_sk(snapshot.snapshot_id, part.number),
            "number": part.number,
            "ids": asdict(part.ids),
            "items": part.items,
            "counts": asdict(part.counts),
        }
        self._transact(
            self.catalog.checking(
                snapshot.source_id,
                snapshot_sk(snapshot.snapshot_id),
                "#state = :open AND expiresAt > :now",
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
        return [_part(from_row(row)) for row in query_rows(self.catalog.dynamodb, query)]

    def begin_completion(self, snapshot: Snapshot, now: int) -> None:
        """Flip an open snapshot to completing; from here on it neither expires nor aborts."""
        self._transact(
            self._source_step(
                snapshot,
                "SET epoch = epoch + :one REMOVE openSnapshotExpiresAt",
                "openSnapshotId = :id AND #status = :active",
                {":one": 1, ":active": SourceStatus.ACTIVE},
            ),
            self._own_step(
                snapshot,
                "SET #state = :completing",
                "#state = :open AND expiresAt > :now",
                {":completing": SnapshotState.COMPLETING, ":open": SnapshotState.OPEN, ":now": now},
            ),
        )

    def note_progress(self, snapshot: Snapshot, slots_done: int, removed: int) -> None:
        """Note how far a completion has come; of two that run side by side the further one stands."""
        try:
            self.catalog.update(
                snapshot.source_id,
                snapshot_sk(snapshot.snapshot_id),
                "SET slotsDone = :done, removed = :removed",
                "#state = :completing AND (slotsDone < :done OR (slotsDone = :done AND removed < :removed))",
                {":done": slots_done, ":removed": removed, ":completing": SnapshotState.COMPLETING},
            )
        except RefusedWriteError:
            return

    def end_snapshot(self, snapshot: Snapshot, state: SnapshotState, counts: StagingCounts | None, now: int) -> None:
        """End a snapshot: completed from completing; aborted or expired from open. The source is free for the next."""
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
                "openSnapshotId = :id",
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
                "openSnapshotId = :id AND openSnapshotExpiresAt <= :now",
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


def _part_sk(snapshot_id: str, number: int) -> str:
    return f"{snapshot_sk(snapshot_id)}#part#{number:05d}"


def _row(snapshot: Snapshot) -> dict[str, Any]:
    return {
        "pk": snapshot.source_id,
        "sk": snapshot_sk(snapshot.snapshot_id),
        "order": ordered("snapshot", snapshot.opened_at, snapshot.snapshot_id),
        "tenantId": snapshot.tenant_id,
        "snapshotId": snapshot.snapshot_id,
        "state": snapshot.state,
        "epoch": snapshot.epoch,
        "slotsDone": 0,
        "removed": 0,
        "openedAt": snapshot.opened_at,
        "expiresAt": snapshot.expires_at,
    }


def _snapshot(row: Mapping[str, Any]) -> Snapshot:
    counts = row.get("counts")
    return Snapshot(
        tenant_id=row["tenantId"],
        source_id=row["pk"],
        snapshot_id=row["snapshotId"],
        state=SnapshotState(row["state"]),
        epoch=row["epoch"],
        parts=0,
        items=0,
        counts=StagingCounts(removed=row["removed"]) if counts is None else StagingCounts(**counts),
        slots_done=row["slotsDone"],
        opened_at=row["openedAt"],
        expires_at=row["expiresAt"],
        ended_at=row.get("endedAt"),
    )


def _part(row: Mapping[str, Any]) -> SnapshotPart:
    return SnapshotPart(row["number"], ObjectRef(**row["ids"]), row["items"], StagingCounts(**row["counts"]))
