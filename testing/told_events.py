"""What the product tells others of, each body held against its schema of openapi.yaml as it is written or sent."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import knowledge.events
import webhooks.deliveries.payload
from knowledge.events import Event

from testing import spec


def schema_of(event_type: str) -> str:
    """Name the schema of a type of event, such as RunReadyEvent for `run.ready`."""
    return "".join(word.capitalize() for word in event_type.split(".")) + "Event"


def event_faults(body: dict[str, Any]) -> list[str]:
    """List where the body of an event departs from its schema; one that has none is a fault."""
    name = schema_of(body["type"])
    if name not in spec.document()["components"]["schemas"]:
        return [f"openapi.yaml has no {name}"]
    return spec.schema_faults({"$ref": f"#/components/schemas/{name}"}, body)


class EventWatch:
    """Refuses to write or send an event that its schema does not allow, while it is on, and notes the type of each.

    Every event goes through one of two functions, its row's or its body's; who has imported them gets these instead.
    """

    def __init__(self, note: Callable[[str], None]) -> None:
        self._note = note
        self._on = False
        write_row, write_body = knowledge.events.event_row, webhooks.deliveries.payload.payload_of

        def checked_row(event: Event) -> dict[str, Any]:
            if self._on:
                self._check(write_body(event))
            return write_row(event)

        def checked_body(event: Event) -> str:
            return self._check(write_body(event))

        for original, checked in ((write_row, checked_row), (write_body, checked_body)):
            for module in list(sys.modules.values()):
                if getattr(module, original.__name__, None) is original:
                    setattr(module, original.__name__, checked)

    @contextmanager
    def on(self) -> Iterator[None]:
        """Look at what is told meanwhile."""
        self._on = True
        try:
            yield
        finally:
            self._on = False

    def _check(self, text: str) -> str:
        if self._on:
            body = json.loads(text)
            faults = event_faults(body)
            assert not faults, f"{body['type']}: {faults}"
            self._note(body["type"])
        return text
