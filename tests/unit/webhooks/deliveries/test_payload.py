"""The body of an event, as receivers parse it."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from knowledge.events import Event
from webhooks.deliveries.payload import payload_of

values = st.none() | st.booleans() | st.integers() | st.text() | st.dictionaries(st.text(), st.integers())


@given(st.text(), st.none() | st.text(), st.integers(0, 253_402_300_799_999), st.dictionaries(st.text(), values))
def test_body_parses_to_what_happened(name: str, source_id: str | None, at: int, data: dict[str, Any]) -> None:
    body = json.loads(payload_of(Event(name, "run.ready", "ten_1", source_id, at, data)))
    assert body.pop("timestamp").endswith("Z")
    assert body == {"id": name, "type": "run.ready", "tenantId": "ten_1", "sourceId": source_id, "data": data}


def test_body_is_compact_and_in_one_order() -> None:
    """It is signed byte by byte, and shown in the log of deliveries."""
    event = Event("evt_1", "run.ready", "ten_1", None, 1_795_000_000_007, {"runId": "rün"})
    assert payload_of(event) == (
        '{"id":"evt_1","type":"run.ready","timestamp":"2026-11-18T11:06:40.007Z","tenantId":"ten_1",'
        '"sourceId":null,"data":{"runId":"rün"}}'
    )
