"""Sweeps over every documented operation: who is let in, what is refused, and what shows when something breaks."""

from __future__ import annotations

from typing import Any

import pytest
from httpapi.errors import UnauthorizedError
from httpapi.keys import tokens
from httpapi.keys.model import Environment, Scope
from httpapi.operations import match_path
from knowledge.errors import ServiceUnavailableError

from tests.contract import spec
from tests.functional.edge import Edge, Reply, load_app, seen

ABSENT = {
    "sourceId": "src_01ARZ3NDEKTSV4RRFFQ69G5FAV",
    "snapshotId": "snp_01ARZ3NDEKTSV4RRFFQ69G5FAV",
    "partNumber": "1",
    "runId": "run_01ARZ3NDEKTSV4RRFFQ69G5FAV",
    "generationId": "gen_01ARZ3NDEKTSV4RRFFQ69G5FAV",
    "keyId": "0123456789abcdef",
    "externalItemId": "faq-1",
}


def send(edge: Edge, operation: spec.SpecOperation, ids: dict[str, str] | None = None, **kwargs: Any) -> Reply:
    path = operation.path.format(**{**ABSENT, **(ids or {})})
    body = operation.request_body()
    example = body["content"]["application/json"]["example"] if body and "body" not in kwargs else None
    return edge.request(operation.method, path, example, **kwargs)


def having(status: int) -> list[spec.SpecOperation]:
    return [operation for operation in spec.operations() if status in operation.statuses()]


def test_every_operation_wants_a_usable_key(edge: Edge) -> None:
    revoked, brief = edge.key(edge.admin), edge.key(edge.admin, expires_at=edge.clock() + 1_000)
    edge.services.keys.revoke(edge.tenant_of(edge.admin), tokens.parse(revoked).key_id)
    edge.clock.advance(seconds=1)
    unknown = tokens.mint(Environment.LIVE, tokens.new_key_id()).text
    wanted = {
        None: "unauthorized",
        "x": "invalid_key",
        unknown: "invalid_key",
        revoked: "key_revoked",
        brief: "key_expired",
    }
    for operation in spec.operations():
        for key, code in wanted.items():
            reply = send(edge, operation, key=key)
            assert (reply.status, reply.code) == (401, code), operation.name


def test_every_operation_wants_its_scope(edge: Edge) -> None:
    for scope in Scope:
        others = edge.key(
            edge.admin, scopes=tuple(other for other in Scope if other is not scope), rate_limit_per_minute=100
        )
        for operation in spec.operations():
            if operation.scope == scope:
                reply = send(edge, operation, key=others)
                assert (reply.status, reply.code) == (403, "insufficient_scope"), operation.name


def test_every_declared_scope_is_documented() -> None:
    declared = {
        operation.name: operation.scope
        for function in ("developer_api", "admin_api")
        for operation in load_app(function).api.operations
    }
    assert declared == {operation.name: operation.scope for operation in spec.operations()}


def test_what_is_not_yours_looks_like_what_is_not_there(edge: Edge) -> None:
    source = edge.source()
    edge.push(source)
    edge.push(source, "second")
    run = edge.run(source)
    generation = edge.apply(source, run).body["generationId"]
    mine = {
        "sourceId": source,
        "snapshotId": edge.request("POST", f"/v1/sources/{source}/snapshots").body["snapshot"]["id"],
        "runId": run,
        "generationId": generation,
        "keyId": tokens.parse(edge.token).key_id,
    }
    stranger = edge.bootstrap()
    for operation in having(404):
        foreign = send(edge, operation, mine, key=stranger)
        absent = send(edge, operation, key=stranger)
        assert (foreign.status, foreign.body) == (404, absent.body), operation.name
        malformed = send(edge, operation, {"sourceId": "x", "keyId": "x"}, key=stranger)
        assert (malformed.status, malformed.body) == (404, absent.body), operation.name


@pytest.mark.parametrize("parameter", ["snapshotId", "runId", "generationId"])
def test_id_of_another_source_is_not_found(edge: Edge, parameter: str) -> None:
    source, other = edge.source(), edge.source()
    edge.push(source)
    run = edge.run(source)
    generation = edge.apply(source, run).body["generationId"]
    snapshot = edge.request("POST", f"/v1/sources/{source}/snapshots").body["snapshot"]["id"]
    ids = {"sourceId": other, "snapshotId": snapshot, "runId": run, "generationId": generation}
    for operation in having(404):
        if f"{{{parameter}}}" in operation.path:
            reply = send(edge, operation, ids)
            assert (reply.status, reply.code) == (404, "not_found"), operation.name
            malformed = send(edge, operation, {"sourceId": other, parameter: "x"})
            assert (malformed.status, malformed.body) == (404, reply.body), operation.name


def test_every_operation_with_parameters_refuses_bad_ones(edge: Edge) -> None:
    for operation in having(400):
        if operation.request_body():
            assert send(edge, operation, body=b"{").code == "invalid_json"
        elif operation.mutating:
            assert send(edge, operation, headers={"Idempotency-Key": "x" * 256}).status == 400
        elif operation.parameters("query"):
            assert send(edge, operation, query="limit=x").status == 400
        else:
            first = operation.parameters("path")[0]["name"]
            assert send(edge, operation, {first: "%zz"}).status == 400


def test_every_mutating_operation_minds_its_idempotency_key(edge: Edge) -> None:
    used = edge.request("POST", "/v1/sources", {"name": "other"}, headers={"Idempotency-Key": "k"})
    assert used.status == 201
    for operation in having(409):
        reply = send(edge, operation, headers={"Idempotency-Key": "k"})
        assert (reply.status, reply.code) == (409, "idempotency_conflict"), operation.name


def test_every_body_is_bounded_and_json(edge: Edge) -> None:
    bodies = [operation for operation in spec.operations() if operation.request_body()]
    assert bodies == having(413) == having(415)
    for operation in bodies:
        assert send(edge, operation, body=b" " * (8 * 1_048_576 + 1)).code == "payload_too_large"
        assert (
            send(edge, operation, body=b"{}", headers={"content-type": "text/plain"}).code == "unsupported_media_type"
        )


def test_every_operation_counts_against_the_limit(edge: Edge) -> None:
    spent = edge.key(edge.admin, rate_limit_per_minute=1)
    assert edge.request("GET", "/v1/whoami", key=spent).headers["ratelimit-remaining"] == "0"
    for operation in spec.operations():
        reply = send(edge, operation, key=spent)
        assert (reply.status, reply.headers["retry-after"]) == (429, "60"), operation.name
        assert reply.body == {"error": "Too many requests. Please slow down.", "code": "rate_limited"}


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

    monkeypatch.setattr(edge.services.rate_limiter, "take", fail)
    for operation in spec.operations():
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
        for method in {"GET", "POST", "PUT", "PATCH", "DELETE", "HEAD"} - allowed:
            reply = edge.request(method, path, key=None)
            assert (reply.status, reply.code) == (405, "method_not_allowed"), (method, template)
            assert set(reply.headers["allow"].split(", ")) == allowed | {"OPTIONS"}


def test_preflight_is_answered_for_configured_origins(edge: Edge) -> None:
    asked = {"Origin": "https://console.example.com", "Access-Control-Request-Method": "POST"}
    reply = edge.request("OPTIONS", "/v1/sources", key=None, headers=asked)
    assert (reply.status, reply.text) == (204, "")
    assert reply.headers["access-control-allow-origin"] == "https://console.example.com"
    assert "POST" in reply.headers["access-control-allow-methods"]
    foreign = edge.request("OPTIONS", "/v1/sources", key=None, headers={"Origin": "https://evil.example.com"})
    assert "access-control-allow-origin" not in foreign.headers
    assert edge.request("OPTIONS", "/v1/nothing", key=None, headers=asked).status == 404
    read = edge.request("GET", "/v1/whoami", headers={"Origin": "https://console.example.com"})
    assert read.headers["access-control-allow-origin"] == "https://console.example.com"
    assert "Retry-After" in read.headers["access-control-expose-headers"]


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


def test_zz_every_documented_status_was_seen(request: pytest.FixtureRequest) -> None:
    """Runs last: together the functional tests bring up every status of every operation but the gateway's 504."""
    collected = {item.path.name for item in request.session.items}
    wanted = {path.name for path in request.path.parent.glob("test_*.py")}
    if not wanted <= collected or request.config.option.keyword:
        pytest.skip("needs all functional tests")
    documented = {(op.name, status) for op in spec.operations() for status in op.statuses() - {504}}
    assert documented - seen == set()
