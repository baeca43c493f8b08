"""What is sent: a thin body that names what happened; receivers read the rest from the API. Pure."""

from __future__ import annotations

import json

from knowledge.events import Event
from knowledge.times import timestamp


def payload_of(event: Event) -> str:
    """Write the body of an event, a few hundred bytes of JSON."""
    return json.dumps(
        {
            "id": event.event_id,
            "type": event.event_type,
            "timestamp": timestamp(event.occurred_at),
            "tenantId": event.tenant_id,
            "sourceId": event.source_id,
            "data": event.data,
        },
        ensure_ascii=False,
        separators=(",", ":"),
    )
