"""What a part of a snapshot came to, compared with the staging set that the snapshot was opened on. Pure.

A part that crashed before it was acknowledged has counted nothing, and its repeat finds its items unchanged; so what is
told goes by the rows, which keep when they were written and in which epoch: a part writes the epoch before the opening.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from knowledge.staging.model import PushResult, Snapshot, StagingCounts
from knowledge.staging.rules import Decision


@dataclass(frozen=True, slots=True)
class PartReceipt:
    """What an acknowledged part came to, compared with the staging set that the snapshot was opened on.

    `overwritten` counts the items that others had changed since then: the part's content stands in place of theirs.
    """

    number: int
    items: int
    counts: StagingCounts
    overwritten: int


def receipt_of(number: int, decisions: Collection[Decision], snapshot: Snapshot) -> PartReceipt:
    """Tell what the part of that number came to."""
    counts = StagingCounts.of(_since_opening(decision, snapshot) for decision in decisions)
    overwritten = sum(_overwrote(decision, snapshot) for decision in decisions)
    return PartReceipt(number, len(decisions), counts, overwritten)


def _since_opening(decision: Decision, snapshot: Snapshot) -> PushResult:
    row, result = decision.row, decision.result
    if result is PushResult.STALE or row is None or row.epoch >= snapshot.epoch:
        return result
    if result is PushResult.CREATED or row.created_at > snapshot.opened_at:
        return PushResult.CREATED
    changed = result is PushResult.UPDATED or row.updated_at > snapshot.opened_at
    return PushResult.UPDATED if changed else PushResult.UNCHANGED


def _overwrote(decision: Decision, snapshot: Snapshot) -> bool:
    """Tell whether others had changed an item; their epoch stays on the row, so that a repeat tells it again."""
    row, result = decision.row, decision.result
    if result is PushResult.STALE or row is None or row.epoch < snapshot.epoch:
        return False
    return result is not PushResult.UNCHANGED or row.updated_at > snapshot.opened_at
