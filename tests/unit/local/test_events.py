import base64
import json

import pytest

from local.gateway.events import MalformedAnswerError, Request, is_binary, proxy_event, response_of
from local.gateway.routes import Match, Route

MATCH = Match(Route("POST", "/v1/sources/{sourceId}/items", "function"), {"sourceId": "a%2Fb"})


def request(**changed: object) -> Request:
    given = {
        "method": "POST",
        "path": "/v1/sources/a%2Fb/items",
        "query": "state=active&tag=a&tag=b%20c&empty=",
        "headers": [("Host", "127.0.0.1:8787"), ("X-Twice", "1"), ("X-Twice", "2"), ("User-Agent", "curl")],
        "body": b'{"a": 1}',
        "source_ip": "127.0.0.1",
        "request_id": "request-1",
    }
    return Request(**{**given, **changed})


def event_of(sent: Request, binary_types: list[str]) -> dict:
    return proxy_event(sent, MATCH, api_id="local", stage="api", binary_types=binary_types)


def test_event_has_the_raw_path_without_its_stage_and_the_context_with_it() -> None:
    event = event_of(request(), ["*/*"])
    assert event["path"] == "/v1/sources/a%2Fb/items"
    assert event["requestContext"]["path"] == "/api/v1/sources/a%2Fb/items"
    assert event["requestContext"]["stage"] == "api"
    assert event["requestContext"]["requestId"] == "request-1"
    assert event["requestContext"]["identity"]["sourceIp"] == "127.0.0.1"
    assert event["resource"] == "/v1/sources/{sourceId}/items"
    assert event["pathParameters"] == {"sourceId": "a%2Fb"}


def test_event_has_last_value_and_all_values() -> None:
    event = event_of(request(), ["*/*"])
    assert event["headers"]["X-Twice"] == "2"
    assert event["multiValueHeaders"]["X-Twice"] == ["1", "2"]
    assert event["queryStringParameters"] == {"state": "active", "tag": "b c", "empty": ""}
    assert event["multiValueQueryStringParameters"]["tag"] == ["a", "b c"]
    assert event_of(request(query=""), ["*/*"])["queryStringParameters"] is None


def test_binary_body_travels_as_base64() -> None:
    event = event_of(request(body=b"\x1f\x8b\x00"), ["*/*"])
    assert event["isBase64Encoded"] is True
    assert base64.b64decode(event["body"]) == b"\x1f\x8b\x00"


def test_text_body_travels_as_text_and_no_body_as_null() -> None:
    assert event_of(request(), [])["body"] == '{"a": 1}'
    assert event_of(request(body=b""), ["*/*"])["body"] is None
    assert event_of(request(body=b""), ["*/*"])["isBase64Encoded"] is False


@pytest.mark.parametrize(
    ("content_type", "binary_types", "expected"),
    [
        ("application/json; charset=utf-8", ["application/json"], True),
        ("image/png", ["image/*"], True),
        (None, ["application/json"], True),
        ("text/plain", ["application/json"], False),
        ("text/plain", ["*/*"], True),
    ],
)
def test_media_type_decides_what_is_binary(content_type: str | None, binary_types: list[str], expected: bool) -> None:
    assert is_binary(content_type, binary_types) is expected


def test_answer_becomes_a_response() -> None:
    answer = {
        "statusCode": 201,
        "headers": {"X-A": "1", "Connection": "close", "WWW-Authenticate": "Bearer"},
        "multiValueHeaders": {"x-a": ["2", "3"]},
        "body": base64.b64encode(b"\x00").decode(),
        "isBase64Encoded": True,
    }
    response = response_of(json.dumps(answer).encode())
    assert (response.status, response.body) == (201, b"\x00")
    assert ("x-a", "2") in response.headers
    assert ("x-a", "3") in response.headers
    assert ("x-amzn-Remapped-WWW-Authenticate", "Bearer") in response.headers
    assert ("Content-Type", "application/json") in response.headers
    assert not [name for name, _ in response.headers if name in {"X-A", "Connection"}]


@pytest.mark.parametrize(
    "payload", [b"null", b"{}", b'"text"', b'{"statusCode": "x"}', b'{"statusCode": 200, "body": 5}']
)
def test_answer_of_another_shape_is_malformed(payload: bytes) -> None:
    with pytest.raises(MalformedAnswerError):
        response_of(payload)
