"""Which requests are sent again, and after how long."""

from __future__ import annotations

import ssl
from datetime import UTC, datetime

import httpx
import pytest
from httpapi import error_table
from knowledge_client import ApiError, NoAnswerError, NotFoundError, Retries, ServerError, UnexpectedAnswerError
from knowledge_client.retrying import (
    LASTING_FAILURES,
    REFUSED_BEFORE_WORK,
    TRANSIENT_CONFLICTS,
    read_retry_after,
)

from testing import spec
from tests.clients.client.scripted import Script, answer, refusal

ANSWERED = answer(200, {"id": "ans_1"})


def test_what_is_retried_is_what_the_api_says() -> None:
    conflicts = {code for code, row in error_table.TABLE.items() if row.status == 409}
    passing = {code for code in conflicts if error_table.TABLE[code].retry_after_seconds is not None}
    # Its Retry-After comes with the error; and an erasure takes an hour.
    assert (passing | {"idempotency_in_progress"}) - {"erasure_in_progress"} == TRANSIENT_CONFLICTS
    failures = {code for code, row in error_table.TABLE.items() if row.status == 503}
    assert {code for code in failures if error_table.TABLE[code].retry_after_seconds is None} == LASTING_FAILURES
    assert error_table.TABLE.keys() >= REFUSED_BEFORE_WORK


def test_every_post_without_a_key_of_its_own_is_known_to_be_repeatable_or_not() -> None:
    without = {each.name for each in spec.operations() if each.method == "POST" and not each.mutating}
    assert without == {"search", "answer_question", "give_feedback", "call_assistant_tools"}


@pytest.mark.parametrize("code", ["unavailable", "internal_error"])
def test_answer_is_not_asked_for_twice(code: str) -> None:
    script = Script(refusal(503, code, Retry_After="1"))
    with pytest.raises(ServerError):
        script.client.ask(question="why?")
    assert len(script.requests) == 1
    script = Script(httpx.ReadError("gone"))
    with pytest.raises(NoAnswerError):
        script.client.ask(question="why?")
    assert len(script.requests) == 1


def test_what_was_not_looked_into_is_asked_again() -> None:
    script = Script(refusal(429, "rate_limited", Retry_After="60"), refusal(503, "index_upgrading"), ANSWERED)
    assert script.client.ask(question="why?")["id"] == "ans_1"
    assert script.waits == [60.5, 1.0]


def test_search_and_feedback_are_repeatable() -> None:
    script = Script(httpx.ReadError("gone"), answer(200, {"results": [], "nextCursor": None}))
    assert list(script.client.search_all(query="refund")) == []
    script = Script(refusal(502, "build_failed"), answer(200, {"feedback": {"helpful": True}}))
    assert script.client.give_feedback("ans_1", helpful=True) == {"helpful": True}


@pytest.mark.parametrize("code", sorted(LASTING_FAILURES))
def test_failure_that_does_not_pass_is_told_at_once(code: str) -> None:
    script = Script(refusal(503, code))
    with pytest.raises(ServerError):
        script.client.search(query="refund")
    assert script.waits == []


def test_budget_of_the_day_is_left_to_the_caller() -> None:
    script = Script(refusal(429, "request_budget", Retry_After="40000"))
    with pytest.raises(ApiError) as refused:
        script.client.who_am_i()
    assert refused.value.retry_after == 40_000
    assert script.waits == []


def test_waits_double_and_a_random_share_of_them_is_waited() -> None:
    script = Script(*[refusal(503, "unavailable")] * 8)
    with pytest.raises(ServerError):
        script.client.who_am_i()
    assert script.waits == [0.5, 1, 2, 4, 8, 15, 15]
    script = Script(*[refusal(503, "unavailable")] * 3, retries=Retries(tries=3, dice=lambda: 0.0))
    with pytest.raises(ServerError):
        script.client.who_am_i()
    assert script.waits == [0, 0]


def test_certificate_that_nobody_trusts_is_told_at_once() -> None:
    untrusted = ssl.SSLCertVerificationError("certificate verify failed")
    untrusted.verify_message = "self-signed certificate"
    error = httpx.ConnectError("failed")
    error.__cause__ = untrusted
    script = Script(error)
    with pytest.raises(NoAnswerError, match="SSL_CERT_FILE") as refused:
        script.client.who_am_i()
    assert refused.value.code == "untrusted_certificate"
    assert script.waits == []


def test_page_of_a_proxy_is_no_answer_of_the_api() -> None:
    page = httpx.Response(404, text="<html>no such page</html>")
    with pytest.raises(UnexpectedAnswerError) as refused:
        Script(page).client.generations.get("src_1")
    # Whoever takes this for the absence of a generation would empty their engine.
    assert not isinstance(refused.value, NotFoundError)
    assert (refused.value.code, refused.value.status) == ("http_404", 404)
    for strange in (httpx.Response(200, text="welcome"), answer(200, [1]), httpx.Response(204)):
        with pytest.raises(UnexpectedAnswerError):
            Script(strange).client.generations.get("src_1")
    with pytest.raises(NotFoundError):
        Script(refusal(404, "not_found")).client.generations.get("src_1")


def test_page_of_a_busy_proxy_is_waited_out() -> None:
    script = Script(httpx.Response(502, text="<html>"), answer(200, {"tenantId": "ten_1"}))
    assert script.client.who_am_i()["tenantId"] == "ten_1"


def test_answer_that_never_ends_is_not_held(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("knowledge_client.answers.MAX_ANSWER_BYTES", 1_000)
    script = Script(answer(200, {"tenantId": "x" * 1_001}))
    with pytest.raises(UnexpectedAnswerError, match="answer_too_large"):
        script.client.who_am_i()


@pytest.mark.parametrize(
    ("header", "seconds"),
    [("7", 7.0), (" 0 ", 0.0), ("Sun, 29 Nov 2026 00:00:30 GMT", 30.0), ("Sun, 29 Nov 2020 00:00:30 GMT", 0.0)]
    + [(text, None) for text in (None, "", "-1", "1.5", "soon", "٣")],
)
def test_retry_after_is_read(header: str | None, seconds: float | None) -> None:
    assert read_retry_after(header, datetime(2026, 11, 29, tzinfo=UTC)) == seconds
