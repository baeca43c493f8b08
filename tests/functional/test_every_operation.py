"""Sweeps over every documented operation: what is refused, and what shows when something breaks."""

from __future__ import annotations

import pytest
from httpapi.errors import UnauthorizedError
from httpapi.operations import match_path
from knowledge.errors import ServiceUnavailableError

from testing import spec
from testing.edge import Edge
from testing.operations import ABSENT, RATE_HEADERS, having, send


def test_every_operation_with_parameters_refuses_bad_ones(edge: Edge) -> None:
    for operation in having(400):
        if operation.request_body():
            reply = send(edge, operation, body=b"{")
            assert reply.code == "invalid_json"
        elif operation.mutating:
            reply = send(edge, operation, headers={"Idempotency-Key": "x" * 256})
        elif operation.parameters("query"):
            reply = send(edge, operation, query="limit=x")
        elif operation.parameters("path"):
            # What is no path is refused before anybody asks for a key.
            first = operation.parameters("path")[0]["name"]
            assert send(edge, operation, {first: "%zz"}).status == 400
            continue
        else:
            reply = send(edge, operation, query="limit=1")
        assert reply.status == 400
        assert reply.headers.keys() >= set(RATE_HEADERS)


def test_every_operation_refuses_a_parameter_that_it_does_not_know(edge: Edge) -> None:
    for operation in spec.operations():
        known = [each["name"] for each in operation.parameters("query")]
        queries = {"surprise=1": {"surprise": "is not a parameter of this operation"}}
        for name in known:
            likely = f"is not a parameter of this operation; did you mean {name}?"
            queries[f"{name.upper()}_=1"] = {f"{name.upper()}_": likely}
            queries[f"{name}=1&{name}=1"] = {name: "is given more than once"}
        for query, told in queries.items():
            reply = send(edge, operation, query=query)
            assert (reply.status, reply.code) == (400, "validation_error"), (operation.name, query)
            assert {each["path"]: each["message"] for each in reply.body["details"]} == told


def test_every_mutating_operation_minds_its_idempotency_key(edge: Edge) -> None:
    used = edge.request("POST", "/v1/sources", {"name": "other"}, headers={"Idempotency-Key": "k"})
    assert used.status == 201
    for operation in [each for each in having(409) if each.mutating]:
        reply = send(edge, operation, headers={"Idempotency-Key": "k"})
        assert (reply.status, reply.code) == (409, "idempotency_conflict"), operation.name
        assert reply.headers.keys() >= set(RATE_HEADERS)


def test_every_body_is_bounded_and_json(edge: Edge) -> None:
    bodies = [operation for operation in spec.operations() if operation.request_body()]
    assert bodies == having(413) == having(415)
    for operation in bodies:
        large = send(edge, operation, body=b" " * (8 * 1_048_576 + 1))
        foreign = send(edge, operation, body=b"{}", headers={"content-type": "text/plain"})
        assert (large.code, foreign.code) == ("payload_too_large", "unsupported_media_type")
        for reply in (large, foreign):
            assert reply.headers.keys() >= set(RATE_HEADERS)


def test_every_operation_counts_against_the_limit(edge: Edge) -> None:
    spent = edge.key(edge.admin, rate_limit_per_minute=1)
    assert edge.request("GET", "/v1/whoami", key=spent).headers["ratelimit-remaining"] == "0"
    for operation in spec.keyed():
        reply = send(edge, operation, key=spent)
        assert (reply.status, reply.headers["retry-after"]) == (429, "60"), operation.name
        assert reply.body == {"error": "Too many requests. Please slow down.", "code": "rate_limited"}
        assert [reply.headers[name] for name in RATE_HEADERS[:2]] == ["1", "0"]


@pytest.mark.parametrize(
    ("error", "status", "code"),
    [(ServiceUnavailableError(), 503, "unavailable"), (RuntimeError("table prod-keys"), 500, "internal_error")],
)
def test_failures_show_nothing_internal(
    edge: Edge,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    error: Exception,
    status: int,
    code: str,
) -> None:
    def fail(*_: object) -> None:
        raise error

    monkeypatch.setattr(edge.services.rate_limiter, "count_request", fail)
    for operation in spec.keyed():
        reply = send(edge, operation)
        assert (reply.status, reply.code) == (status, code), operation.name
        assert "prod-keys" not in reply.text
    if status == 500:
        assert "prod-keys" in caplog.text  # The log has it whole.
        assert {record.request_id for record in caplog.records if record.msg == "request_failed"} == {"req-1"}


def test_window_of_the_limit_starts_anew(edge: Edge) -> None:
    slow = edge.key(edge.admin, rate_limit_per_minute=2)
    statuses = [edge.request("GET", "/v1/whoami", key=slow).status for _ in range(3)]
    assert statuses == [200, 200, 429]
    assert edge.request("GET", "/v1/whoami").status == 200  # A noisy key slows no other.
    edge.clock.advance(seconds=60)
    reply = edge.request("GET", "/v1/whoami", key=slow)
    assert (reply.headers["ratelimit-limit"], reply.headers["ratelimit-remaining"]) == ("2", "1")
    assert 1 <= int(reply.headers["ratelimit-reset"]) <= 60


def test_unknown_path_is_404_and_wrong_method_405(edge: Edge) -> None:
    for path in ("/", "/v1", "/v1/nothing", "/v1/sources/x/items/y/z", "/v2/sources"):
        reply = edge.request("GET", path, key=None)
        assert (reply.status, reply.code) == (404, "not_found"), path
        assert reply.headers["x-request-id"] == "req-1"
    for template in {operation.path for operation in spec.operations()}:
        # A path such as /items/batch is also the path of an item that is called so.
        path = template.format(**ABSENT)
        allowed = {operation.method for operation in spec.operations() if match_path(operation.path, path)}
        allowed |= {"HEAD"} if "GET" in allowed else set()
        for method in {"GET", "POST", "PUT", "PATCH", "DELETE", "HEAD"} - allowed:
            reply = edge.request(method, path, key=None)
            code = None if method == "HEAD" else reply.code
            assert (reply.status, code) == (405, None if method == "HEAD" else "method_not_allowed"), (method, template)
            assert set(reply.headers["allow"].split(", ")) == allowed | {"OPTIONS"}


def test_stage_prefix_is_taken_off(edge: Edge) -> None:
    event = {
        "httpMethod": "GET",
        "path": "/api/v1/whoami",
        "headers": {"authorization": f"Bearer {edge.token}"},
        "requestContext": {"requestId": "r", "stage": "api"},
        "body": None,
        "isBase64Encoded": False,
    }
    assert edge.send(event).status == 200


def test_unauthorized_error_names_its_scheme() -> None:
    assert UnauthorizedError().headers == {"WWW-Authenticate": "Bearer"}
