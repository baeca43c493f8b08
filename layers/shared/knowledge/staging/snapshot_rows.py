"""The rows of snapshots in parts and of their acknowledged parts, `snapshot#<id>#part#<number>`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from knowledge.model import ObjectRef
from knowledge.staging.model import Snapshot, SnapshotState, StagingCounts
from knowledge.storage.catalog import ordered


@dataclass(frozen=True, slots=True)
class SnapshotPart:
    """An acknowledged part: the object that lists its ids, how many there are, and what staging them came to."""

    number: int
    ids: ObjectRef
    items: int
    counts: StagingCounts


def snapshot_sk(snapshot_id: str) -> str:
    """The sort key of a snapshot's row; its pk is the source."""
    return f"snapshot#{snapshot_id}"


def part_sk(snapshot_id: str, number: int) -> str:
    """The sort key of the row of an acknowledged part."""
    return f"{snapshot_sk(snapshot_id)}#part#{number:05d}"


def snapshot_row(snapshot: Snapshot) -> dict[str, Any]:
    """Write the row of a snapshot that is being opened."""
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


def snapshot_from(row: Mapping[str, Any]) -> Snapshot:
    """Read a row of a snapshot; what its parts come to is not in it."""
    counts = row.get("counts", {})
    return Snapshot(
        tenant_id=row["tenantId"],
        source_id=row["pk"],
        snapshot_id=row["snapshotId"],
        state=SnapshotState(row["state"]),
        epoch=row["epoch"],
        parts=0,
        items=0,
        counts=replace(StagingCounts(**counts), removed=row["removed"]),
        slots_done=row["slotsDone"],
        opened_at=row["openedAt"],
        expires_at=row["expiresAt"],
        ended_at=row.get("endedAt"),
    )


def part_from(row: Mapping[str, Any]) -> SnapshotPart:
    """Read the row of an acknowledged part."""
    return SnapshotPart(row["number"], ObjectRef(**row["ids"]), row["items"], StagingCounts(**row["counts"]))
