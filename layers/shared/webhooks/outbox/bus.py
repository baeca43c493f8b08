"""The stack's event bus, on which whoever keeps something else in step hears what is published.

An entry is the body that webhooks get. EventBridge may take a part of a call: it answers 200 then, and says of each
entry whether it took it. https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_PutEvents.html
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError
from knowledge.errors import ServiceUnavailableError
from knowledge.events import GENERATION_PUBLISHED, Event
from knowledge.storage.clients import translated
from telemetry.lines import Metric, write_line

from webhooks.deliveries.payload import payload_of

if TYPE_CHECKING:
    from types_boto3_events import EventBridgeClient

BATCH = 10
"""How many entries EventBridge takes at once. They may have 256 KB together, which as many events are far from."""

_SOURCE = "knowledge"
# What is told here, by the names that rules match.
_DETAIL_TYPES = {GENERATION_PUBLISHED: "knowledge.generation.published"}


@dataclass(frozen=True, slots=True)
class EventBus:
    """The bus; `events` makes the client when the first event is put. Of other types no call is made."""

    events: Callable[[], EventBridgeClient]
    name: str

    def put(self, events: Sequence[Event]) -> frozenset[str]:
        """Put those of the events that are told here; returns the ids of the ones that the bus did not take."""
        told = [event for event in events if event.event_type in _DETAIL_TYPES]
        refused = [each for start in range(0, len(told), BATCH) for each in self._put(told[start : start + BATCH])]
        return frozenset(refused)

    def _put(self, events: Sequence[Event]) -> Iterator[str]:
        entries: Any = [
            {
                "EventBusName": self.name,
                "Source": _SOURCE,
                "DetailType": _DETAIL_TYPES[event.event_type],
                "Time": datetime.fromtimestamp(event.occurred_at / 1000, UTC),
                "Detail": payload_of(event),
            }
            for event in events
        ]
        try:
            with translated():
                results = self.events().put_events(Entries=entries)["Entries"]
        except (ServiceUnavailableError, ClientError) as error:
            _tell(events, exc_info=error)
            yield from (event.event_id for event in events)
            return
        for event, result in zip(events, results, strict=True):
            if "EventId" not in result:
                _tell([event], code=result.get("ErrorCode"))
                yield event.event_id


def _tell(events: Sequence[Event], *, exc_info: Exception | None = None, code: str | None = None) -> None:
    metric = Metric("BusRefusals", len(events))
    ids = [event.event_id for event in events]
    write_line("bus_refused", metric, level="ERROR", exc_info=exc_info, event_ids=ids, bus_code=code)
