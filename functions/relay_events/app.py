"""Relays the outbox: records of the Catalog's stream; every minute what that missed, and deliveries that are due."""

from __future__ import annotations

from typing import Any

from telemetry.process import prepare_process

prepare_process()  # First, since it is for what is imported below.

from telemetry.tasks import observed
from webhooks.assembly import WebhookServices, WebhookSettings
from webhooks.tasks import relay_events

_webhooks = WebhookServices(WebhookSettings.from_environment())


@observed("relay_events")
def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Relay what an event brings; see `webhooks.tasks`."""
    return relay_events(_webhooks, event, context.get_remaining_time_in_millis)
