"""What the operations on webhooks take."""

from __future__ import annotations

from typing import Annotated, Any

from knowledge.items.field_rules import line_text, plain_text
from knowledge.limits import (
    DEFAULT_OVERLAP_SECONDS,
    MAX_OVERLAP_SECONDS,
    WEBHOOK_DESCRIPTION_CHARACTERS,
    WEBHOOK_SOURCES,
    WEBHOOK_URL_BYTES,
)
from pydantic import Field
from webhooks.deliveries.model import DeliveryState
from webhooks.endpoints.model import EventType

from httpapi.schemas.fields import (
    BodyModel,
    ListQuery,
    SourceId,
    Timestamp,
    distinct,
    refuse_nulls,
    tell_no_null,
)

Url = Annotated[str, plain_text(1, WEBHOOK_URL_BYTES)]
Description = Annotated[str, line_text(WEBHOOK_DESCRIPTION_CHARACTERS)]
EventTypes = Annotated[list[Annotated[EventType, Field(strict=False)]], Field(min_length=1, max_length=len(EventType))]
SourceIds = Annotated[list[SourceId], Field(min_length=1, max_length=WEBHOOK_SOURCES)]


class CreateWebhookRequest(BodyModel):
    """An endpoint to be made; `events` and `sourceIds` absent or null mean all."""

    url: Url
    description: Description | None = None
    events: EventTypes | None = None
    source_ids: SourceIds | None = None
    enabled: bool = True


class UpdateWebhookRequest(BodyModel):
    """What is to change; what is absent stays."""

    url: Annotated[Url | None, Field(json_schema_extra=tell_no_null)] = None
    description: Description | None = None
    events: EventTypes | None = None
    source_ids: SourceIds | None = None
    enabled: Annotated[bool | None, Field(json_schema_extra=tell_no_null)] = None

    def changes(self) -> dict[str, Any]:
        """Return what was sent, as the service takes it. Raises ValidationFailedError for a null that means nothing."""
        refuse_nulls(self, "url", "enabled")
        taken = {
            "url": self.url,
            "enabled": self.enabled,
            "description": self.description,
            "event_types": distinct(self.events),
            "source_ids": distinct(self.source_ids),
        }
        names = {"event_types": "events"}
        return {name: value for name, value in taken.items() if names.get(name, name) in self.model_fields_set}


class RotateSecretRequest(BodyModel):
    """For how long the old secret goes on signing beside the new one."""

    overlap_seconds: Annotated[int, Field(ge=0, le=MAX_OVERLAP_SECONDS)] = DEFAULT_OVERLAP_SECONDS


class RedeliverFailedRequest(BodyModel):
    """From when on failed deliveries are delivered again."""

    since: Timestamp


class DeliveryQuery(ListQuery):
    """Which deliveries to list."""

    state: DeliveryState | None = None
