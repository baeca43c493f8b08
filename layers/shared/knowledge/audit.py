"""The audit: one row for each change that somebody asked for, written in the transaction that makes the change. Pure.

Pushes write no row here: their rows and journal entries carry the key's id. What the system does by itself (upkeep,
settling, expiry) has no actor, and no row.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from knowledge.actors import Actor, Author
from knowledge.ids import new_id
from knowledge.limits import AUDIT_KEPT_SECONDS
from knowledge.times import day_of

_MONTH = re.compile(r"[0-9]{4}-(?:0[1-9]|1[0-2])", re.ASCII)


class AuditKind(StrEnum):
    """What was changed, and how."""

    SOURCE_CREATED = "source.created"
    SOURCE_UPDATED = "source.updated"
    SOURCE_ARCHIVED = "source.archived"
    SOURCE_RESTORED = "source.restored"
    SOURCE_DELETED = "source.deleted"
    IMPORT_CREATED = "import.created"
    IMPORT_CANCELLED = "import.cancelled"
    EXPORT_CREATED = "export.created"
    RUN_CREATED = "run.created"
    RUN_APPLIED = "run.applied"
    RUN_DISCARDED = "run.discarded"
    GENERATION_RESTORED = "generation.restored"
    ERASURE_CREATED = "erasure.created"
    QUESTION_DELETED = "question.deleted"
    WEBHOOK_CREATED = "webhook.created"
    WEBHOOK_UPDATED = "webhook.updated"
    WEBHOOK_DELETED = "webhook.deleted"
    WEBHOOK_SECRET_ROTATED = "webhook.secret_rotated"  # noqa: S105
    KEY_CREATED = "key.created"
    KEY_UPDATED = "key.updated"
    KEY_ROTATED = "key.rotated"
    KEY_REVOKED = "key.revoked"
    SESSION_CREATED = "session.created"
    SIGN_IN_LINK_CREATED = "session.link_created"
    SESSION_ENDED = "session.ended"


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """One change: when (ms), what, by whom, and to what.

    `subject` names the ids of what was changed. `before` and `after` hold the settings that differ: no `before` of what
    was made, no `after` of what is gone.
    """

    tenant_id: str
    at: int
    kind: AuditKind
    actor: Actor
    subject: Mapping[str, str]
    before: Mapping[str, Any] | None = None
    after: Mapping[str, Any] | None = None
    message: str | None = None
    entry_id: str = field(default_factory=lambda: new_id("aud"))


def entry_of(
    by: Actor | None,
    kind: AuditKind,
    tenant_id: str,
    at: int,
    subject: Mapping[str, str],
    *,
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
    message: str | None = None,
) -> AuditEntry | None:
    """Make the entry of what somebody changed; None when the system did it by itself, which is not written down."""
    return None if by is None else AuditEntry(tenant_id, at, kind, by, subject, before, after, message)


def audit_row(entry: AuditEntry) -> dict[str, Any]:
    """The row of a change, in the partition of its tenant and month (UTC)."""
    actor = entry.actor
    return {
        "pk": audit_partition(entry.tenant_id, month_of(entry.at)),
        "sk": f"{entry.at:015d}#{entry.entry_id}",
        "at": entry.at,
        "kind": entry.kind,
        "by": actor.author.to_value(),
        "lineId": actor.line_id,
        "requestId": actor.request_id,
        "address": actor.address,
        "userAgent": actor.user_agent,
        "subject": dict(entry.subject),
        "before": entry.before,
        "after": entry.after,
        "message": entry.message,
        "entryId": entry.entry_id,
        "tenantId": entry.tenant_id,
        "expiresAt": entry.at // 1000 + AUDIT_KEPT_SECONDS,
    }


def audit_entry_from(row: Mapping[str, Any]) -> AuditEntry:
    """Read a row."""
    by = row["by"]
    author = Author(by["keyId"], by["name"], by.get("sessionId"))
    return AuditEntry(
        tenant_id=row["tenantId"],
        at=row["at"],
        kind=AuditKind(row["kind"]),
        actor=Actor(author, row["lineId"], row["requestId"], row.get("address"), row.get("userAgent")),
        subject=row["subject"],
        before=row.get("before"),
        after=row.get("after"),
        message=row.get("message"),
        entry_id=row["entryId"],
    )


def audit_partition(tenant_id: str, month: str) -> str:
    """The partition of a tenant's changes of a month, such as `2026-11`."""
    return f"{tenant_id}#{month}"


def month_of(at: int) -> str:
    """The month (UTC) of a time in ms, as `2026-11`."""
    return day_of(at)[:7]


def month_before(month: str) -> str:
    """The month before one."""
    year, number = int(month[:4]), int(month[5:])
    return f"{year - 1:04d}-12" if number == 1 else f"{year:04d}-{number - 1:02d}"


def is_month(text: str) -> bool:
    """Tell whether a text names a month, as `month_of` writes it."""
    return _MONTH.fullmatch(text) is not None


def changed_settings(before: Mapping[str, Any], after: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """The settings that differ, as they were and as they are."""
    names = [name for name in after if before.get(name) != after[name]]
    return {name: before.get(name) for name in names}, {name: after[name] for name in names}
