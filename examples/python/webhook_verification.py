"""Verifies webhooks (Standard Webhooks 1.0). Needs standardwebhooks; copy it with your receiver."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from standardwebhooks import Webhook

HEADERS = ("webhook-id", "webhook-timestamp", "webhook-signature")


class UnverifiedWebhookError(Exception):
    """Raised for a message that must not be believed; `status` is what to answer."""

    def __init__(self, message: str, status: int) -> None:
        super().__init__(message)
        self.status = status


def verify(body: bytes, headers: Mapping[str, str], secrets: Iterable[str]) -> dict[str, Any]:
    """Return the event of a message that one of the secrets signed within the last five minutes.

    `body` is what came over the wire, byte for byte: JSON that was parsed and written again has another signature.
    `secrets` are the `whsec_...` of the endpoint: two while one is rotated. Raises UnverifiedWebhookError.
    """
    given = {name.lower(): value for name, value in headers.items()}
    missing = [name for name in HEADERS if not given.get(name)]
    if missing:
        raise UnverifiedWebhookError(f"no {', '.join(missing)}: this is no webhook", 400)
    for secret in secrets:
        try:
            Webhook(secret).verify(body, given, json_parse=False)
        # Beside its own exception the library lets those of malformed base64 and text through.
        except Exception:
            continue
        event = json.loads(body)
        if isinstance(event, dict):
            return event
        raise UnverifiedWebhookError("the body is no JSON object", 400)
    raise UnverifiedWebhookError("none of the secrets signed this within the last five minutes", 401)
