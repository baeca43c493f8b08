"""What is kept, and for how long. Pure; the collector carries it out.

A generation is kept while it is among the last `GENERATIONS_KEPT`, or was superseded within `GENERATION_KEPT_MS`. A run
is kept while it may be applied (`RUN_KEPT_MS` after it was planned, unless somebody discards it), while its clean-up is
owed, and as long as the generation that it published.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

from knowledge.generations.model import Generation
from knowledge.limits import GENERATION_KEPT_MS, GENERATIONS_KEPT, SNAPSHOT_PARTS_KEPT_MS, UNPLANNED_RUN_KEPT_MS
from knowledge.runs.model import Run, RunState
from knowledge.staging.model import Snapshot, SnapshotState


def to_retire(kept: Sequence[Generation], now: int) -> list[Generation]:
    """Choose from the generations that are kept (the latest first) those to be retired, the oldest first."""
    chosen: list[Generation] = []
    for place in range(len(kept) - 1, GENERATIONS_KEPT - 1, -1):
        superseded_at = kept[place - 1].published_at
        if superseded_at + GENERATION_KEPT_MS > now:
            break
        chosen.append(kept[place])
    return chosen


def has_expired(run: Run, now: int) -> bool:
    """Tell whether a run that is not marked yet can never be applied any more."""
    if run.state is RunState.READY and run.plan is not None:
        return run.plan.expires_at <= now
    unplanned = run.state in {RunState.PLANNING, RunState.FAILED}
    return unplanned and run.created_at + UNPLANNED_RUN_KEPT_MS <= now


def needs_objects(run: Run, published: Collection[str | None], settle_run_id: str | None, now: int) -> bool:
    """Tell whether the plan of a run may still be read; `published` are the runs of generations that are kept."""
    if run.run_id == settle_run_id:
        return True
    if run.state in {RunState.EXPIRED, RunState.DISCARDED}:
        return False
    if run.state is RunState.PUBLISHED:
        unexpired = run.plan is not None and run.plan.expires_at > now
        return unexpired or run.run_id in published
    return True


def snapshot_needs_parts(snapshot: Snapshot, now: int) -> bool:
    """Tell whether the parts of a snapshot may still be read."""
    if snapshot.state is SnapshotState.OPEN:
        return snapshot.expires_at + SNAPSHOT_PARTS_KEPT_MS > now
    return snapshot.state is SnapshotState.COMPLETING
