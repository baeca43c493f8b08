"""Runs, the changes in them, and what applying one came to."""

from __future__ import annotations

from typing import Any

from knowledge.actors import author_value
from knowledge.model import Change
from knowledge.runs.model import ApplyOutcome, Discovery, Run, RunState
from knowledge.times import optional_timestamp, timestamp

from httpapi.render.counts import render_counts

_INCOMPLETE = "Part of the desired state was known to be missing: a snapshot or an import was under way."


def render_run(run: Run) -> dict[str, Any]:
    """Write a run. What only a plan can tell is null while there is none."""
    plan = run.plan
    incomplete = plan is not None and plan.discovery is Discovery.INCOMPLETE
    body: dict[str, Any] = {
        "id": run.run_id,
        "sourceId": run.source_id,
        "mode": run.mode,
        "state": run.state,
        "planVersion": run.plan_version,
        "baseGenerationId": plan.base_generation_id if plan else None,
        "discovery": plan.discovery if plan else None,
        "applyEligible": plan is not None and not incomplete and run.state in {RunState.READY, RunState.APPLYING},
        "counts": render_counts(plan.counts) if plan else None,
        "generationId": run.generation_id,
        "lastError": _last_error(run),
        "createdAt": timestamp(run.created_at),
        "createdBy": author_value(run.created_by),
        "message": run.message,
        "writers": list(plan.writers) if plan else None,
        "erasedCount": plan.erased if plan else 0,
        "updatedAt": timestamp(run.updated_at),
        "expiresAt": optional_timestamp(plan.expires_at if plan else None),
    }
    if incomplete:
        body["reason"] = _INCOMPLETE
    return body


def render_change(change: Change) -> dict[str, Any]:
    """Write one change; `fields` names what differs from the published item."""
    return {
        "externalItemId": change.external_item_id,
        "change": change.kind,
        "title": change.title,
        "contentHash": change.content_hash,
        "previousContentHash": change.previous_content_hash,
        "removedAt": optional_timestamp(change.removed_at),
        "fields": list(change.fields),
    }


def render_outcome(outcome: ApplyOutcome) -> dict[str, Any]:
    """Write what an apply came to."""
    return {
        "status": "published",
        "generationId": outcome.generation_id,
        "counts": render_counts(outcome.counts),
    }


def _last_error(run: Run) -> dict[str, Any] | None:
    failure = run.last_error
    if failure is None:
        return None
    return {"code": failure.code, "message": failure.message, "at": timestamp(failure.at)}
