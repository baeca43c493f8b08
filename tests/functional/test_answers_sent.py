"""What HTTP asks of answers: where what was made is, HEAD as GET, gzip for who asks, and whose ids are in the log."""

from __future__ import annotations

import logging
from typing import Any

import pytest

from testing import spec
from testing.edge import Edge, Reply
from testing.operations import having, send

SOURCES = "/v1/sources"
GZIP = {"Accept-Encoding": "gzip, deflate, br"}


def read(edge: Edge, made: Reply, key: str = "") -> Any:
    """Read what an answer says that it made; the path has the stage."""
    place = made.headers["location"]
    assert place.startswith("/api/v1/")
    reply = edge.request("GET", place.removeprefix("/api"), key=key)
    assert reply.status == 200, place
    return reply.body


def made_by(edge: Edge) -> dict[str, tuple[Reply, str, str]]:
    """An answer of each operation that makes something, with the name it has in answers, and its id's."""
    source = edge.source()
    path = f"{SOURCES}/{source}"
    found: dict[str, tuple[Reply, str, str]] = {}

    def make(operation: str, name: str, path: str, body: Any = None, *, key: str = "", named: str = "id") -> Reply:
        reply = edge.request("POST", path, body, key=key)
        found[operation] = reply, name, named
        return reply

    make("create_source", "source", SOURCES, {"name": "Help"})
    item = {"externalItemId": "a b/ü.?%", "title": "T", "content": "c"}
    make("push_item", "item", f"{path}/items", item, named="externalItemId")
    snapshot = make("open_snapshot", "snapshot", f"{path}/snapshots").body["snapshot"]["id"]
    edge.request("DELETE", f"{path}/snapshots/{snapshot}")
    make("create_import", "import", f"{path}/imports", {"mode": "upsert", "format": "ndjson"})
    run = make("create_run", "run", f"{path}/runs").body["run"]["id"]
    edge.apply(source, run)
    make("create_export", "export", f"{path}/generations/current/exports")
    make("create_erasure", "erasure", f"{path}/erasures", {"externalItemIds": ["another"]})
    webhook = make("create_webhook", "webhook", "/v1/webhooks", {"url": "https://hooks.example.com/x"})
    hook = f"/v1/webhooks/{webhook.body['webhook']['id']}"
    make("rotate_webhook_secret", "webhook", f"{hook}/rotate-secret")
    make("test_webhook", "delivery", f"{hook}/test")
    key = make("create_key", "key", "/v1/admin/keys", {"name": "k", "scopes": ["items:read"]}, key=edge.admin)
    make("create_session", "session", "/v1/portal/sessions")
    make("rotate_key", "key", f"/v1/admin/keys/{key.body['key']['id']}/rotate", key=edge.admin)
    return found


def test_whatever_is_made_is_where_the_answer_says(edge: Edge) -> None:
    made = made_by(edge)
    documented = {
        each.name
        for each in spec.operations()
        for status in {201, 202} & each.statuses()
        if "Location" in each.response(status)["headers"]
    }
    # A snapshot in one request has one of its own only where that takes longer than a request may.
    assert made.keys() == documented - {"replace_items"}
    for operation, (reply, name, named) in made.items():
        key = edge.admin if name == "key" else ""
        assert read(edge, reply, key)[name][named] == reply.body[name][named], operation


def test_replay_says_so_too_and_what_was_there_is_not_made(edge: Edge) -> None:
    source = edge.source()
    item = {"externalItemId": "a", "title": "T", "content": "c"}
    first, again = (
        edge.request("POST", f"{SOURCES}/{source}/items", item, headers={"Idempotency-Key": "k"}) for _ in range(2)
    )
    assert again.headers["idempotent-replayed"] == "true"
    assert again.headers["location"] == first.headers["location"] == f"/api{SOURCES}/{source}/items/a"
    assert "location" not in edge.push(source, "a", content="Else.").headers


# HEAD


def test_head_of_whatever_is_read_is_what_get_tells_without_a_body(edge: Edge) -> None:
    read = [each for each in spec.operations() if each.method == "GET"]
    edge.create_machine()
    for operation in read:
        path = operation.path.replace("{", "").replace("}", "")
        key = None if operation.open else edge.admin
        get, head = (edge.request(method, path, key=key, check=False) for method in ("GET", "HEAD"))
        assert (head.status, head.text) == (get.status, ""), operation.name
        # One that tells how much was asked has counted itself.
        assert head.length == get.length or operation.name == "get_usage", operation.name
        same = {name for name in get.headers if name != "ratelimit-remaining"}
        assert {name: head.headers[name] for name in same} == {name: get.headers[name] for name in same}


def test_head_counts_and_needs_what_a_get_needs(edge: Edge) -> None:
    assert edge.request("HEAD", SOURCES, key=None).status == 401
    assert edge.request("HEAD", SOURCES, key=edge.key(edge.admin, scopes=())).status == 403
    assert edge.request("HEAD", f"{SOURCES}/{edge.source()}", query="surprise=1").status == 400
    spent = edge.key(edge.admin, rate_limit_per_minute=1)
    assert [edge.request("HEAD", "/v1/whoami", key=spent).status for _ in range(2)] == [200, 429]
    # What is no read has none.
    refused = edge.request("HEAD", "/v1/search")
    assert (refused.status, refused.headers["allow"]) == (405, "OPTIONS, POST")


# Compression


def test_large_answer_travels_small_for_who_asks(edge: Edge) -> None:
    source = edge.source()
    edge.push(source, content="words " * 2_000)
    path = f"{SOURCES}/{source}/items/faq-1"
    plain, zipped = edge.request("GET", path), edge.request("GET", path, headers=GZIP)
    assert plain.body == zipped.body
    assert zipped.length < 1_000 < 12_000 < plain.length
    assert (plain.headers["vary"], zipped.headers["vary"]) == ("Accept-Encoding, Origin",) * 2
    assert zipped.headers["content-encoding"] == "gzip"
    assert "content-encoding" not in edge.request("GET", SOURCES, headers=GZIP).headers
    assert edge.request("HEAD", path, headers=GZIP).length == zipped.length
    # Either tag names what was read.
    tags = {plain.headers["etag"], zipped.headers["etag"]}
    assert len(tags) == 2
    for tag in tags:
        for headers in ({}, GZIP):
            assert edge.request("GET", path, headers={**headers, "If-None-Match": tag}).status == 304
        item = {"externalItemId": "faq-1", "title": "Refunds", "content": "words " * 2_000, "tags": ["x"]}
    done = edge.request("POST", f"{SOURCES}/{source}/items", item, headers={"If-Match": zipped.headers["etag"]})
    assert done.status == 200


def test_page_is_as_long_however_it_travels(edge: Edge) -> None:
    """Lambda's bound is for what is not compressed, so that a cursor leads on from the same place."""
    source = edge.source()
    for number in range(3):
        edge.push(source, f"i{number}", content="\x01" * 700_000)
    path = f"{SOURCES}/{source}/items"
    plain, zipped = (edge.request("GET", path, query="include=content", headers=each) for each in ({}, GZIP))
    assert plain.text == zipped.text


def test_secret_is_never_compressed(edge: Edge, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("httpapi.sent_answers.GZIP_FROM_BYTES", 1)
    assert edge.request("GET", SOURCES, headers=GZIP).headers["content-encoding"] == "gzip"
    webhook = edge.request("POST", "/v1/webhooks", {"url": "https://hooks.example.com/x"}, headers=GZIP)
    key = edge.request("POST", "/v1/admin/keys", {"name": "k", "scopes": ["items:read"]}, key=edge.admin, headers=GZIP)
    rotated = edge.request("POST", f"/v1/admin/keys/{key.body['key']['id']}/rotate", key=edge.admin, headers=GZIP)
    for reply in (webhook, key, rotated):
        assert "secret" in reply.body
        assert "content-encoding" not in reply.headers


# Ids of clients


def lines(caplog: pytest.LogCaptureFixture) -> list[logging.LogRecord]:
    return [record for record in caplog.records if record.msg == "request_answered"]


def test_ids_of_a_client_are_logged_beside_ours(edge: Edge, caplog: pytest.LogCaptureFixture) -> None:
    trace, span = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
    headers = {"X-Request-Id": "job-7", "traceparent": f"00-{trace}-{span}-01"}
    with caplog.at_level("INFO", "telemetry"):
        reply = edge.request("GET", SOURCES, headers=headers)
        refused = edge.request("GET", SOURCES, headers=headers, key=None)
    assert reply.headers["x-request-id"] == refused.headers["x-request-id"] == "req-1"
    for record in lines(caplog):
        named = (record.client_request_id, record.client_trace_id, record.client_span_id, record.request_id)
        assert named == ("job-7", trace, span, "req-1")


@pytest.mark.parametrize("value", ['x","level":"ERROR', "a\nb", "x" * 129, " "])
def test_what_is_no_id_leaves_no_trace_and_refuses_nothing(
    edge: Edge, caplog: pytest.LogCaptureFixture, value: str
) -> None:
    with caplog.at_level("INFO", "telemetry"):
        assert edge.request("GET", SOURCES, headers={"X-Request-Id": value, "traceparent": value}).status == 200
    (record,) = lines(caplog)
    assert not [name for name in vars(record) if name.startswith("client_")]


def test_audit_has_our_id_and_not_the_clients(edge: Edge) -> None:
    edge.request("POST", SOURCES, {"name": "n"}, headers={"X-Request-Id": "theirs"})
    reply = edge.request("GET", "/v1/admin/audit", key=edge.admin)
    assert "theirs" not in reply.text


def test_pages_of_configured_origins_may_send_and_read_them(edge: Edge) -> None:
    page = {"Origin": "https://console.example.com"}
    preflight = edge.request("OPTIONS", SOURCES, key=None, headers=page)
    allowed = set(preflight.headers["access-control-allow-headers"].split(", "))
    assert {"If-Match", "If-None-Match", "X-Request-Id", "traceparent"} <= allowed
    assert "HEAD" in preflight.headers["access-control-allow-methods"].split(", ")
    exposed = set(edge.request("GET", SOURCES, headers=page).headers["access-control-expose-headers"].split(", "))
    assert {"ETag", "Location"} <= exposed
    assert having(412)
    assert send(edge, having(412)[0], headers={**page, "If-Match": "*"}).headers["access-control-allow-origin"]
