"""Delivers webhooks: each message of the queue is one attempt."""

from __future__ import annotations

from typing import Any

from telemetry.process import prepare_process

prepare_process()  # First, since it is for what is imported below.

from telemetry.tasks import observed
from webhooks.assembly import WebhookServices, WebhookSettings
from webhooks.tasks import deliver_webhooks

_webhooks = WebhookServices(WebhookSettings.from_environment())


@observed("deliver_webhook")
def handler(event: dict[str, Any], _context: object) -> dict[str, Any]:
    """Attempt what the messages ask for; see `webhooks.tasks`."""
    return deliver_webhooks(_webhooks, event)
