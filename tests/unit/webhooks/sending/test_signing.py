"""Signatures, as the reference library of Standard Webhooks reads them."""

from __future__ import annotations

import time

import pytest
from standardwebhooks import Webhook, WebhookVerificationError
from webhooks.sending.signing import new_secret, signature_headers

BODY = '{"type":"generation.published","title":"Größe"}'


def headers(*secrets: str, at: float | None = None, body: str = BODY) -> dict[str, str]:
    return signature_headers("evt_1", int(time.time() if at is None else at), body.encode(), secrets)


def test_reference_library_accepts_each_live_secret() -> None:
    old, new = new_secret(), new_secret()
    assert old != new
    both = headers(new, old)
    assert both["webhook-signature"].count("v1,") == 2
    for secret in (old, new):
        assert Webhook(secret).verify(BODY, both) == {"type": "generation.published", "title": "Größe"}


@pytest.mark.parametrize(
    ("secret", "made", "body"),
    [
        (new_secret(), headers(new_secret()), BODY),
        ("whsec_" + "A" * 44, headers("whsec_" + "A" * 44), BODY + " "),
        ("whsec_" + "A" * 44, headers("whsec_" + "A" * 44, at=time.time() - 600), BODY),
        ("whsec_" + "A" * 44, {**headers("whsec_" + "A" * 44), "webhook-id": "evt_2"}, BODY),
    ],
    ids=["wrong secret", "changed body", "old", "changed id"],
)
def test_reference_library_rejects(secret: str, made: dict[str, str], body: str) -> None:
    with pytest.raises(WebhookVerificationError):
        Webhook(secret).verify(body, made)
