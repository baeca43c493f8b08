"""What web pages may read: answers to configured origins, and what the gateway says by itself."""

from __future__ import annotations

import pytest

from local.gateway.refusals import Refusals
from testing import spec
from testing.edge import Edge

LISTED = {"Origin": "https://console.example.com"}
UNLISTED = {"Origin": "https://evil.example.com"}
PREFLIGHT = {"Access-Control-Request-Method": "POST"}


def test_preflight_is_answered_for_configured_origins(edge: Edge) -> None:
    reply = edge.request("OPTIONS", "/v1/sources", key=None, headers=LISTED | PREFLIGHT)
    assert (reply.status, reply.text) == (204, "")
    assert reply.headers["access-control-allow-origin"] == LISTED["Origin"]
    assert "POST" in reply.headers["access-control-allow-methods"]
    assert {"Authorization", "Idempotency-Key"} <= set(reply.headers["access-control-allow-headers"].split(", "))
    assert reply.headers["x-request-id"] == "req-1"
    foreign = edge.request("OPTIONS", "/v1/sources", key=None, headers=UNLISTED | PREFLIGHT)
    assert "access-control-allow-origin" not in foreign.headers
    assert edge.request("OPTIONS", "/v1/nothing", key=None, headers=LISTED | PREFLIGHT).status == 404


def test_every_operation_answers_a_preflight(edge: Edge) -> None:
    for operation in spec.operations():
        path = operation.path.replace("{", "").replace("}", "")
        reply = edge.request("OPTIONS", path, key=None, headers=LISTED | PREFLIGHT)
        assert operation.method in reply.headers["access-control-allow-methods"].split(", "), operation.name


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [("GET", "/v1/whoami", 200), ("POST", "/v1/sources", 400), ("GET", "/v1/nothing", 404), ("PUT", "/v1/whoami", 405)],
)
def test_listed_origin_may_read_answers_and_errors(edge: Edge, method: str, path: str, status: int) -> None:
    reply = edge.request(method, path, headers=LISTED)
    assert reply.status == status
    assert reply.headers["access-control-allow-origin"] == LISTED["Origin"]
    exposed = set(reply.headers["access-control-expose-headers"].split(", "))
    assert {"X-Request-Id", "RateLimit-Remaining", "Retry-After", "Idempotent-Replayed"} <= exposed
    # A cache must not give one origin what it kept for another.
    other = edge.request(method, path, headers=UNLISTED)
    assert (other.headers["vary"], reply.headers["vary"]) == ("Origin", "Origin")
    assert "access-control-allow-origin" not in other.headers


def test_refused_key_can_be_read_too(edge: Edge) -> None:
    reply = edge.request("GET", "/v1/whoami", key=None, headers=LISTED)
    assert (reply.status, reply.headers["access-control-allow-origin"]) == (401, LISTED["Origin"])


def test_no_origin_is_allowed_unless_configured(edge: Edge) -> None:
    edge.services = edge.make_services(cors_origins=())
    for method in ("GET", "OPTIONS"):
        reply = edge.request(method, "/v1/whoami", headers=LISTED)
        assert not [name for name in reply.headers if name.startswith("access-control") or name == "vary"]


def test_answers_of_the_gateway_itself_can_be_read_by_any_page() -> None:
    document = spec.document()
    for response_type in document["x-amazon-apigateway-gateway-responses"]:
        headers = dict(Refusals(document).response(response_type, "request-1").headers)
        assert headers["Access-Control-Allow-Origin"] == "*", response_type
        assert headers["Access-Control-Expose-Headers"] == "X-Request-Id, Retry-After"
        assert headers["X-Request-Id"] == "request-1"
