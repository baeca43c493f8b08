"""Real webhooks and others, signed by the reference library."""

from __future__ import annotations

import time
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from knowledge_client import InvalidArgumentError, UnverifiedWebhookError, verify_webhook

from tests.e2e.receiver_checks import BODY, EVENT, FOREIGN_SECRET, NEXT_SECRET, SECRET, rejected_messages, signed


@pytest.mark.parametrize("name", rejected_messages())
def test_message_that_is_not_signed_is_refused(name: str) -> None:
    status, body, headers = rejected_messages()[name]
    with pytest.raises(UnverifiedWebhookError) as refused:
        verify_webhook(body, headers, [SECRET, NEXT_SECRET])
    assert refused.value.status == status


def test_message_signed_by_either_secret_is_taken() -> None:
    for secrets in ([SECRET, NEXT_SECRET], f"{NEXT_SECRET} {SECRET}"):
        for secret in (SECRET, NEXT_SECRET):
            headers = {name.title(): value for name, value in signed(BODY, secret).items()}
            assert verify_webhook(BODY, headers, secrets) == EVENT
    assert verify_webhook(BODY, signed(BODY, FOREIGN_SECRET, SECRET), SECRET) == EVENT
    with pytest.raises(UnverifiedWebhookError):
        verify_webhook(BODY, signed(BODY, NEXT_SECRET), [SECRET])


@pytest.mark.parametrize(("late", "told"), [(420, "420 s ago"), (-420, "420 s ahead")])
def test_clock_that_is_wrong_is_told_which_way(late: int, told: str) -> None:
    headers = signed()
    at = int(headers["webhook-timestamp"])
    with pytest.raises(UnverifiedWebhookError, match=f"{told} by the clock of this machine"):
        verify_webhook(BODY, headers, SECRET, now=at + late)
    assert verify_webhook(BODY, headers, SECRET, now=at + late, tolerance_seconds=600) == EVENT


def test_who_can_not_sign_learns_nothing_of_the_clock() -> None:
    with pytest.raises(UnverifiedWebhookError, match="none of the secrets signed this"):
        verify_webhook(BODY, signed(BODY, FOREIGN_SECRET, age=timedelta(hours=1)), SECRET)


@pytest.mark.parametrize("secret", ["whsec_not base64!", "whsec_ä", "whsec_abc"])
def test_secret_that_is_none_is_told_and_not_shown(secret: str) -> None:
    with pytest.raises(InvalidArgumentError) as refused:
        verify_webhook(BODY, signed(), [secret])
    assert secret not in str(refused.value)
    assert refused.value.__cause__ is None
    with pytest.raises(InvalidArgumentError, match="one secret or more"):
        verify_webhook(BODY, signed(), "")


@settings(max_examples=30)
@given(
    st.dictionaries(st.sampled_from(["webhook-id", "webhook-timestamp", "webhook-signature"]), st.text()), st.binary()
)
def test_no_message_ends_otherwise_than_refused(headers: dict[str, str], body: bytes) -> None:
    given_headers = {**signed(), **headers}
    with pytest.raises(UnverifiedWebhookError):
        verify_webhook(body, given_headers, SECRET, now=time.time() + 10_000)
