"""Proxy events and paths."""

from __future__ import annotations

import pytest
from httpapi.errors import ValidationFailedError
from httpapi.operations import match_path
from httpapi.requests import HttpRequest, decode_segment


def test_header_names_are_read_without_case_and_values_kept() -> None:
    event = {"httpMethod": "get", "multiValueHeaders": {"X-A": ["1"], "x-a": ["2"]}, "headers": {"ignored": "x"}}
    request = HttpRequest.from_event(event, "/")
    assert (request.method, dict(request.headers)) == ("GET", {"x-a": ["1", "2"]})


def test_single_valued_forms_serve_where_the_others_are_missing() -> None:
    event = {"headers": {"A": "1"}, "queryStringParameters": {"limit": "5"}, "multiValueHeaders": None}
    request = HttpRequest.from_event(event, "/")
    assert (request.header("a"), dict(request.query), request.request_id) == ("1", {"limit": ["5"]}, "unknown")


@pytest.mark.parametrize(
    ("raw", "text"), [("a%2Fb", "a/b"), ("%25", "%"), ("%252F", "%2F"), ("a+b", "a+b"), ("ü", "ü")]
)
def test_segment_is_decoded_once(raw: str, text: str) -> None:
    assert decode_segment("externalItemId", raw) == text


@pytest.mark.parametrize("raw", ["%", "%4", "%zz", "%ff", "%C3", "%ED%A0%80"])
def test_broken_segment_is_refused(raw: str) -> None:
    with pytest.raises(ValidationFailedError):
        decode_segment("externalItemId", raw)


@pytest.mark.parametrize(
    ("path", "matches"),
    [("/v1/a/b/c", True), ("/v1/a/b%2Fx/c", True), ("/v1/a//c", False), ("/v1/a/b/c/d", False), ("/v1/a/b/cc", False)],
)
def test_template_matches_whole_segments(path: str, matches: bool) -> None:
    assert match_path("/v1/a/{id}/c", path) is matches
