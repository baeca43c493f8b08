"""Snapshots and their parts."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from knowledge.staging.model import Snapshot
from knowledge.staging.part_receipts import PartReceipt
from knowledge.times import optional_timestamp, timestamp


def render_snapshot(snapshot: Snapshot) -> dict[str, Any]:
    """Write a snapshot with what its parts, and its completion, came to."""
    return {
        "id": snapshot.snapshot_id,
        "sourceId": snapshot.source_id,
        "state": snapshot.state,
        "parts": snapshot.parts,
        "items": snapshot.items,
        "counts": asdict(snapshot.counts),
        "openedAt": timestamp(snapshot.opened_at),
        "expiresAt": timestamp(snapshot.expires_at),
        "endedAt": optional_timestamp(snapshot.ended_at),
    }


def render_part(receipt: PartReceipt) -> dict[str, Any]:
    """Write what an acknowledged part came to."""
    return {
        "part": {"partNumber": receipt.number, "items": receipt.items},
        "counts": asdict(receipt.counts),
        "overwritten": receipt.overwritten,
    }
