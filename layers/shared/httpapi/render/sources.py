"""Sources."""

from __future__ import annotations

from typing import Any

from knowledge.actors import author_value
from knowledge.sources.model import DEVELOPER_API, PublishLock, RemovalGuard, Source, Synonyms
from knowledge.staging.model import Pending
from knowledge.times import optional_timestamp, timestamp


def render_source(source: Source) -> dict[str, Any]:
    """Write a source; `generationId` and `sequence` are those it serves now."""
    return {
        "id": source.source_id,
        "type": DEVELOPER_API,
        "name": source.name,
        "label": source.label,
        "environment": source.environment,
        "status": source.status,
        "graceDays": source.grace_days,
        "removalGuard": _guard(source.removal_guard),
        "serving": source.serving,
        "titleWeight": source.title_weight,
        "defaultLanguage": source.default_language,
        "synonymGroups": source.synonyms.groups,
        "questionLog": source.question_log,
        "publishing": source.publishing,
        "publishLock": _lock(source.publish_lock),
        "generationId": source.generation_id,
        "sequence": source.sequence,
        "servedItems": source.served_items,
        "servedBytes": source.served_bytes,
        "lastPublishedAt": optional_timestamp(source.published_at),
        "createdAt": timestamp(source.created_at),
        "createdBy": author_value(source.created_by),
        "updatedAt": timestamp(source.updated_at),
    }


def render_whole_source(source: Source, synonyms: Synonyms) -> dict[str, Any]:
    """Write a source with its synonyms; where they changed since it was read, it has as many as there are now."""
    return render_source(source) | {"synonymGroups": len(synonyms), "synonyms": synonyms}


def render_pending(pending: Pending | None) -> dict[str, Any]:
    """Write how much was staged that is not published; null while it can't be told."""
    return {
        "stagedItems": None if pending is None else pending.staged_items,
        "pendingChanges": None if pending is None else pending.changes,
        "pendingChangesMore": pending is None or pending.more,
        "oldestUnappliedAt": optional_timestamp(pending.oldest_at if pending else None),
    }


def _lock(lock: PublishLock | None) -> dict[str, Any] | None:
    if lock is None:
        return None
    return {
        "reason": lock.reason,
        "lockedAt": timestamp(lock.locked_at),
        "lockedBy": author_value(lock.locked_by),
    }


def _guard(guard: RemovalGuard | None) -> dict[str, Any] | None:
    return None if guard is None else {"maxPercent": guard.max_percent, "maxItems": guard.max_items}
