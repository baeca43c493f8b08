"""What webhooks and the event bus tell: every type of event has a schema, and docs/webhooks.md tells its fields.

That what is sent fits its schema is held where events are made: by the functional tests, which together make each type.
"""

from __future__ import annotations

import json
import re
from typing import Any

import knowledge.events
import pytest
from knowledge.events import Event
from webhooks.deliveries.model import WEBHOOK_TEST
from webhooks.deliveries.payload import payload_of
from webhooks.endpoints.model import EventType

from local.template import ROOT
from testing import spec
from testing.told_events import event_faults, schema_of

TYPES = sorted({*EventType, WEBHOOK_TEST})


def schema(event_type: str) -> dict[str, Any]:
    return spec.document()["components"]["schemas"][schema_of(event_type)]


def test_every_type_that_the_code_has_can_be_subscribed_to_and_has_a_schema() -> None:
    named = {value for name, value in vars(knowledge.events).items() if name.isupper() and isinstance(value, str)}
    assert named == set(EventType)
    subscribed = spec.document()["components"]["schemas"]["CreateWebhookRequest"]["properties"]["events"]["items"]
    assert set(subscribed["enum"]) == named
    documented = {name for name in spec.document()["components"]["schemas"] if name.endswith("Event")}
    assert documented == {schema_of(event_type) for event_type in TYPES}


@pytest.mark.parametrize("event_type", TYPES)
def test_schema_names_its_type_and_has_every_part_of_a_body(event_type: str) -> None:
    body = json.loads(payload_of(Event("evt_1", event_type, "ten_1", "src_1", 0, {})))
    assert schema(event_type)["properties"]["type"]["enum"] == [event_type]
    assert schema(event_type)["properties"].keys() == body.keys() == set(schema(event_type)["required"])
    data = schema(event_type)["properties"]["data"]
    assert data["properties"].keys() == set(data["required"])
    # Nothing is said that is not in the schema, and nothing of it is left out.
    assert all("is a required property" in fault for fault in event_faults(body))
    assert event_faults({**body, "data": {"unheard": 1}})


def test_page_tells_the_fields_of_every_event() -> None:
    told: dict[str, set[str]] = {}
    for line in (ROOT / "docs" / "webhooks.md").read_text("utf-8").splitlines():
        cells = line.split(" | ")
        for event_type in re.findall(r"`(\w+\.\w+)`", cells[0]) if line.startswith("| `") and len(cells) == 3 else ():
            told[event_type] = set(re.findall(r"`(\w+)`", re.sub(r"\([^)]*\)", "", cells[2])))
    assert told == {event_type: set(schema(event_type)["properties"]["data"]["properties"]) for event_type in TYPES}
