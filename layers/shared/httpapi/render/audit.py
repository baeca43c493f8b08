"""Who changed what."""

from __future__ import annotations

from typing import Any

from knowledge.actors import author_value
from knowledge.audit import AuditEntry
from knowledge.times import timestamp


def render_entry(entry: AuditEntry) -> dict[str, Any]:
    """Write a change; `before` and `after` hold the settings that differ."""
    return {
        "id": entry.entry_id,
        "at": timestamp(entry.at),
        "kind": entry.kind,
        "by": author_value(entry.actor.author),
        "address": entry.actor.address,
        "userAgent": entry.actor.user_agent,
        "requestId": entry.actor.request_id,
        "subject": dict(entry.subject),
        "before": None if entry.before is None else dict(entry.before),
        "after": None if entry.after is None else dict(entry.after),
        "message": entry.message,
    }
