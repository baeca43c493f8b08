"""Erasures."""

from __future__ import annotations

from typing import Any

from knowledge.actors import author_value
from knowledge.erasures.model import Erasure
from knowledge.times import optional_timestamp, timestamp


def render_erasure(erasure: Erasure) -> dict[str, Any]:
    """Write an erasure: what was done when, and what remains until when."""
    counts = erasure.counts
    return {
        "id": erasure.erasure_id,
        "sourceId": erasure.source_id,
        "state": erasure.state,
        "items": erasure.items,
        "generationId": erasure.generation_id,
        "counts": {
            "rows": counts.stubbed,
            "copiedObjects": counts.copied,
            "rewrittenGenerations": counts.swapped,
            "runs": counts.runs,
            "deletedVersions": counts.deleted,
        },
        "openedAt": timestamp(erasure.opened_at),
        "clearedAt": optional_timestamp(erasure.cleared_at),
        "rewrittenAt": optional_timestamp(erasure.swapped_at),
        "waitsUntil": optional_timestamp(erasure.waits_until),
        "completedAt": optional_timestamp(erasure.completed_at),
        "remains": {
            "backupsUntil": optional_timestamp(erasure.backups_end_at),
        },
        "createdBy": author_value(erasure.created_by),
        "message": erasure.message,
    }
