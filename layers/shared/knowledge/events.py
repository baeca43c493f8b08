"""The outbox: an event is written in the transaction that makes its fact, and relayed from there."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

GENERATION_PUBLISHED = "generation.published"
RUN_READY = "run.ready"
RUN_FAILED = "run.failed"
IMPORT_COMPLETED = "import.completed"
IMPORT_FAILED = "import.failed"
KEY_ROTATED = "key.rotated"
KEY_REVOKED = "key.revoked"


@dataclass(frozen=True, slots=True)
class Event:
    """A fact that others may want to hear of; `occurred_at` is ms, `data` is thin (ids and counts).

    `source_id` is None for what concerns the tenant alone, such as its keys.
    """

    event_id: str
    event_type: str
    tenant_id: str
    source_id: str | None
    occurred_at: int
    data: Mapping[str, Any]


def event_row(event: Event) -> dict[str, Any]:
    """The outbox row of an event, in the Catalog partition of its source, or of its tenant when it has none."""
    return {
        "pk": event.source_id or event.tenant_id,
        "sk": f"event#{event.event_id}",
        "kind": "event",
        "eventId": event.event_id,
        "eventType": event.event_type,
        "tenantId": event.tenant_id,
        "sourceId": event.source_id,
        "occurredAt": event.occurred_at,
        "data": dict(event.data),
    }
