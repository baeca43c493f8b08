"""The outbox: an event is written in the transaction that makes its fact, and relayed from there."""

from __future__ import annotations

import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from knowledge.environments import Environment

GENERATION_PUBLISHED = "generation.published"
RUN_READY = "run.ready"
RUN_FAILED = "run.failed"
ERASURE_COMPLETED = "erasure.completed"
IMPORT_COMPLETED = "import.completed"
IMPORT_FAILED = "import.failed"
EXPORT_COMPLETED = "export.completed"
EXPORT_FAILED = "export.failed"
SOURCE_ARCHIVED = "source.archived"
SOURCE_DELETED = "source.deleted"
KEY_CREATED = "key.created"
KEY_EXPIRING = "key.expiring"
KEY_ROTATED = "key.rotated"
KEY_REVOKED = "key.revoked"
BUDGET_REACHED = "budget.reached"
WEBHOOK_DISABLED = "webhook.disabled"

UNRELAYED = tuple(f"{shard}" for shard in range(8))


@dataclass(frozen=True, slots=True)
class Event:
    """A fact that others may want to hear of; `occurred_at` is ms, `data` is thin (ids and counts).

    `source_id` is None for what concerns the tenant alone, such as its keys. `environment` is that of what it is about;
    None stands for that of its source, which does not change.
    """

    event_id: str
    event_type: str
    tenant_id: str
    source_id: str | None
    occurred_at: int
    data: Mapping[str, Any]
    environment: Environment | None = None


def event_row(event: Event) -> dict[str, Any]:
    """The outbox row of an event, in the Catalog partition of its source, or of its tenant when it has none.

    `unrelayed` puts it into the index of what is still to be relayed, spread over a few partitions of that index.
    """
    pk, sk = event_key(event)
    return {
        "pk": pk,
        "sk": sk,
        "kind": "event",
        "eventId": event.event_id,
        "eventType": event.event_type,
        "tenantId": event.tenant_id,
        "sourceId": event.source_id,
        "occurredAt": event.occurred_at,
        "data": dict(event.data),
        "environment": event.environment,
        "unrelayed": UNRELAYED[zlib.crc32(event.event_id.encode()) % len(UNRELAYED)],
    }


def notice_row(event: Event) -> dict[str, Any]:
    """The outbox row of an event that is to be relayed when it occurs, which is later. The stream passes it over."""
    return {**event_row(event), "kind": "notice"}


def event_from(row: Mapping[str, Any]) -> Event:
    """Read an event back from its outbox row."""
    return Event(
        event_id=row["eventId"],
        event_type=row["eventType"],
        tenant_id=row["tenantId"],
        source_id=row.get("sourceId"),
        occurred_at=row["occurredAt"],
        data=row["data"],
        environment=Environment(row["environment"]) if row.get("environment") else None,
    )


def event_key(event: Event) -> tuple[str, str]:
    """The partition and the sort key of an event's outbox row."""
    return event.source_id or event.tenant_id, f"event#{event.event_id}"
