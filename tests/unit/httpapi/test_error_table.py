"""How errors are answered: by the nearest row of their ancestors, and blandly when nobody foresaw them."""

from __future__ import annotations

from dataclasses import replace
from unittest import mock

import pytest
from botocore.exceptions import ClientError
from httpapi import errors as edge
from httpapi.error_table import INTERNAL_MESSAGE, TABLE, answer_for
from knowledge import errors as domain
from knowledge.items.problems import InvalidItemsError, Problem
from webhooks import errors as webhooks


def test_error_is_answered_with_its_text_and_code() -> None:
    answer = answer_for(domain.StaleBaseError())
    assert (answer.status, answer.body["code"], answer.known) == (409, "stale_base", True)
    assert answer.body["error"] == domain.StaleBaseError.message
    assert answer.headers == {"Retry-After": "1"}


def test_error_is_answered_by_its_code_which_is_its_ancestors_where_it_has_none() -> None:
    assert "code" not in vars(domain.SourceNotFoundError)
    answer = answer_for(domain.SourceNotFoundError())
    assert (answer.status, answer.body["code"]) == (404, "not_found")
    # Of a code of its own and that of its root, the own one counts.
    assert issubclass(domain.StaleBaseError, domain.TransientApplyError)
    assert domain.StaleBaseError.code != domain.TransientApplyError.code
    assert answer_for(domain.PlanVersionError()).body["code"] == answer_for(domain.StalePlanError()).body["code"]


@pytest.mark.parametrize("error", [ValueError("a secret"), KeyError("a secret"), RuntimeError("a secret")])
def test_what_nobody_foresaw_says_nothing_about_itself(error: Exception) -> None:
    answer = answer_for(error)
    assert (answer.status, answer.known, dict(answer.headers)) == (500, False, {})
    assert answer.body == {"error": INTERNAL_MESSAGE, "code": "internal_error"}


def test_throttle_that_no_store_expected_says_when_to_come_back() -> None:
    throttle = ClientError({"Error": {"Code": "ThrottlingException", "Message": "a secret"}}, "Query")
    answer = answer_for(throttle)
    assert (answer.status, answer.body["code"], answer.headers["Retry-After"]) == (503, "unavailable", "1")
    assert "a secret" not in str(answer)
    refused = answer_for(ClientError({"Error": {"Code": "AccessDeniedException", "Message": "a secret"}}, "Query"))
    assert (refused.status, refused.known) == (500, False)
    assert "a secret" not in str(refused)


def test_headers_of_an_error_go_out_and_its_own_retry_after_counts() -> None:
    assert answer_for(edge.MethodNotAllowedError(["GET", "PUT"])).headers == {"Allow": "GET, PUT"}
    limited = edge.RateLimitedError(headers={"Retry-After": "60", "RateLimit-Limit": "5"})
    assert answer_for(limited).headers == {"Retry-After": "60", "RateLimit-Limit": "5"}
    with mock.patch.dict(TABLE, {limited.code: replace(TABLE[limited.code], retry_after_seconds=1)}):
        assert answer_for(limited).headers["Retry-After"] == "60"
    assert answer_for(edge.IdempotencyInProgressError(9)).headers == {"Retry-After": "9"}


def test_details_name_the_places() -> None:
    assert answer_for(InvalidItemsError([Problem("title", "is missing")])).body["details"] == [
        {"path": "title", "message": "is missing"}
    ]
    assert answer_for(webhooks.TargetRefusedError("Not there.")).body["details"] == [
        {"path": "url", "message": "Not there."}
    ]
    assert answer_for(edge.invalid_field("limit", "must be 1 to 200")).body["details"][0]["path"] == "limit"
    assert "details" not in answer_for(domain.ItemNotFoundError()).body
