"""The counts that runs, applies and generations share."""

from __future__ import annotations

from typing import Any

from knowledge.model import Counts


def render_counts(counts: Counts) -> dict[str, Any]:
    """Write counts; `total` is what is served afterwards."""
    return {
        "added": counts.added,
        "updated": counts.updated,
        "removed": counts.removed,
        "restored": counts.restored,
        "tombstoned": counts.tombstoned,
        "unchanged": counts.unchanged,
        "total": counts.total,
    }
