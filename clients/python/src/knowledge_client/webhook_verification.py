"""Tells real webhooks from others (Standard Webhooks 1.0). It knows no connection, and the clock can be handed in."""

from __future__ import annotations

import base64
import binascii
import hmac
import json
import time
from collections.abc import Iterable, Mapping
from hashlib import sha256
from typing import Any

from knowledge_client.errors import InvalidArgumentError, UnverifiedWebhookError

HEADERS = ("webhook-id", "webhook-timestamp", "webhook-signature")
TOLERANCE_SECONDS = 300
_PREFIX = "whsec_"


def verify_webhook(
    body: bytes,
    headers: Mapping[str, str],
    secrets: str | Iterable[str],
    *,
    tolerance_seconds: float = TOLERANCE_SECONDS,
    now: float | None = None,
) -> dict[str, Any]:
    """Return the event of a message that one of the secrets signed within the last five minutes.

    `body` is what came over the wire, byte for byte: JSON that was parsed and written again has another signature.
    `secrets` are the `whsec_...` of the endpoint: two while one is rotated, as a list or with spaces in between. `now`
    is in seconds since 1970. Raises UnverifiedWebhookError with the status to answer, and InvalidArgumentError for a
    secret that is none.
    """
    keys = [_key(secret) for secret in (secrets.split() if isinstance(secrets, str) else secrets)]
    if not keys:
        raise InvalidArgumentError("a webhook is verified with one secret or more (whsec_...)")
    given = {name.lower(): value for name, value in headers.items()}
    missing = [name for name in HEADERS if not given.get(name)]
    if missing:
        raise UnverifiedWebhookError(f"no {', '.join(missing)}: this is no webhook", 400)
    name, at, signatures = (given[header] for header in HEADERS)
    try:
        signed = f"{name}.{at}.".encode() + body
    except UnicodeEncodeError:
        raise UnverifiedWebhookError("the headers are no text", 400) from None
    if not any(_signed(key, signed, signatures) for key in keys):
        raise UnverifiedWebhookError("none of the secrets signed this", 401)
    _check_time(at, time.time() if now is None else now, tolerance_seconds)
    return _event(body)


def _key(secret: str) -> bytes:
    try:
        return base64.b64decode(secret.strip().removeprefix(_PREFIX), validate=True)
    except (binascii.Error, ValueError):
        # Without the secret, and without the error that shows it.
        raise InvalidArgumentError("a secret of webhooks is whsec_ and base64; copy it anew") from None


def _signed(key: bytes, signed: bytes, signatures: str) -> bool:
    wanted = base64.b64encode(hmac.new(key, signed, sha256).digest())
    found = False
    for each in signatures.split(" "):
        version, _, signature = each.partition(",")
        # Each is compared, in the same time wherever it differs.
        found |= version == "v1" and hmac.compare_digest(signature.encode(errors="replace"), wanted)
    return found


def _check_time(at: str, now: float, tolerance: float) -> None:
    """What was signed rightly may be old and sent again, or this machine's clock may be wrong: tell which way."""
    if not (at.isascii() and at.isdecimal()):
        raise UnverifiedWebhookError("webhook-timestamp is no time", 401)
    late = now - int(at)
    if abs(late) > tolerance:
        told = f"{abs(late):.0f} s {'ago' if late > 0 else 'ahead'} by the clock of this machine"
        raise UnverifiedWebhookError(f"it was signed {told}; {tolerance:.0f} s are allowed: check that clock", 401)


def _event(body: bytes) -> dict[str, Any]:
    try:
        event = json.loads(body)
    except (ValueError, RecursionError):
        event = None
    if not isinstance(event, dict):
        raise UnverifiedWebhookError("the body is no JSON object", 400)
    return event
