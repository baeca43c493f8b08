"""What goes out: addresses, keys, bodies, and what can't be sent."""

from __future__ import annotations

import logging
import math
import traceback
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest
from knowledge_client import (
    InvalidArgumentError,
    InvalidRequestError,
    KnowledgeClient,
    NoAnswerError,
    NotModifiedError,
    PreconditionFailedError,
    SettingsError,
    UnauthorizedError,
    UnexpectedAnswerError,
    etag_of,
)
from knowledge_client.settings import read_key

from tests.clients.client.scripted import KEY, Script, answer, body_of, item, refusal


@pytest.mark.parametrize(
    "given",
    [
        "https://h.example",
        "https://h.example/",
        "https://h.example/api",
        " https://h.example/api/\n",
        "https://h.example/api/v1/",
    ],
)
def test_address_with_or_without_its_path_is_the_same(given: str) -> None:
    assert KnowledgeClient(given, KEY).base_url == "https://h.example/api"


def test_another_path_is_kept() -> None:
    script = Script(answer(200, {"tenantId": "ten_1"}), base_url="http://gateway.example:8080/docs/api2/")
    assert script.client.who_am_i()["tenantId"] == "ten_1"
    assert str(script.requests[0].url) == "http://gateway.example:8080/docs/api2/v1/whoami"


@pytest.mark.parametrize(
    "given",
    [
        "",
        "host.example/api",
        "ftp://host.example",
        "https://",
        "https://a b.example",
        "https://h:x/",
        "https://h/?a=b",
        "https://u:p@h/",
    ],
)
def test_what_is_no_address_is_refused(given: str) -> None:
    with pytest.raises(SettingsError, match="CHATBOT_API"):
        KnowledgeClient(given, KEY)


def test_settings_come_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CHATBOT_API", "https://h.example\n")
    monkeypatch.setenv("CHATBOT_KEY", f" {KEY}\r\n")
    assert repr(KnowledgeClient()) == "KnowledgeClient('https://h.example/api')"
    monkeypatch.delenv("CHATBOT_KEY")
    with pytest.raises(SettingsError, match="the key is missing"):
        KnowledgeClient()


@pytest.mark.parametrize("given", ["sk_live_a\nb", "sk_live_a b", "sk_лайв", "sk_live_a\x00"])
def test_key_that_no_header_can_hold_is_refused_without_being_shown(given: str) -> None:
    with pytest.raises(SettingsError) as refused:
        KnowledgeClient("https://h.example", given)
    assert given not in str(refused.value)
    assert "cut, or has spaces or quotes in it" in str(refused.value)


def test_key_that_was_read_does_not_show_itself() -> None:
    held = read_key(f" {KEY}\n", {})
    assert held.reveal() == KEY
    assert KEY not in f"{held} {held!r} {[held]}"


def test_key_is_sent_and_shown_nowhere(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    script = Script(refusal(503, "unavailable"), httpx.ConnectError("reset"), refusal(401, "invalid_key"))
    with pytest.raises(UnauthorizedError) as refused:
        script.client.items.push("src_1", item(1))
    assert {request.headers["Authorization"] for request in script.requests} == {f"Bearer {KEY}"}
    told = "".join(traceback.TracebackException.from_exception(refused.value, capture_locals=True).format())
    for text in (told, caplog.text, repr(script.client), repr(vars(script.client._api)), repr(script.requests)):
        assert KEY not in text
    assert "trying again" in caplog.text


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_redirect_is_not_followed(status: int) -> None:
    script = Script(httpx.Response(status, headers={"Location": "https://thief.example/v1?secret=1"}))
    with pytest.raises(UnexpectedAnswerError, match=r"to https://thief\.example/v1, which is not followed") as refused:
        script.client.items.push("src_1", item(1))
    assert refused.value.code == f"http_{status}"
    assert len(script.requests) == 1


def test_half_of_a_surrogate_pair_is_answered_by_the_api() -> None:
    details = [
        {"index": 1, "externalItemId": "item-1", "path": "items[1].content", "message": "holds a lone surrogate"}
    ]
    script = Script(refusal(400, "validation_error", details))
    with pytest.raises(InvalidRequestError, match=r"items\[1\]\.content \(item-1\) holds a lone surrogate"):
        script.client.items.push_batch("src_1", [item(0, title="Größe"), item(1, content="x\ud83d")])
    assert body_of(script.requests[0])["items"][1]["content"] == "x\ud83d"


@pytest.mark.parametrize("name", ["x\ud83d", "", ".", ".."])
def test_id_that_no_path_can_hold_is_refused(name: str) -> None:
    script = Script()
    with pytest.raises(InvalidArgumentError, match="can't be an id"):
        script.client.items.get("src_1", name)
    with pytest.raises(InvalidArgumentError, match="surrogate"):
        list(script.client.items.list("src_1", prefix="x\ud83d"))
    assert script.requests == []


@pytest.mark.parametrize("value", [math.nan, math.inf, datetime(2026, 1, 1, tzinfo=UTC), {1, 2}])
def test_what_is_no_json_names_its_item(value: Any) -> None:
    script = Script()
    with pytest.raises(InvalidArgumentError, match=r"items\[1\] \(item-1\) is no JSON"):
        script.client.items.push_batch("src_1", [item(0), item(1, metadata={"price": value})])
    with pytest.raises(InvalidArgumentError, match=r"items\[1500\] \(item-1500\) is no JSON"):
        script.client.items.replace(
            "src_1", [item(1500, metadata=value) if n == 1500 else item(n) for n in range(1501)]
        )
    with pytest.raises(InvalidArgumentError, match="metadata is no JSON"):
        script.client.items.push("src_1", item(0, metadata=value))
    assert all(method != "PUT" or path.endswith("/parts/1") for method, path in script.asked)


def test_tries_of_a_large_body_are_the_same_bytes() -> None:
    script = Script(refusal(503, "unavailable"), answer(200, {"counts": {}}))
    script.client.items.push_batch("src_1", [item(0, content="x" * 300_000)])
    first, second = script.requests
    assert first.content == second.content
    assert first.headers["content-encoding"] == "gzip"
    assert first.headers["idempotency-key"] == second.headers["idempotency-key"]


@pytest.mark.parametrize("key", ["", "ü", "x" * 256, "a\nb"])
def test_idempotency_key_that_is_none_is_refused(key: str) -> None:
    with pytest.raises(InvalidArgumentError, match="255 printable"):
        Script().client.sources.create(name="S", idempotency_key=key)


def test_request_reaches_what_has_no_method() -> None:
    script = Script(answer(200, {"a": 1}), answer(200, {"b": 2}))
    assert script.client.request("get", "/v1/new", query={"x": "y z"}) == {"a": 1}
    assert script.client.request("post", "/v1/new", {"c": 3}) == {"b": 2}
    assert script.asked == [("GET", "/api/v1/new?x=y+z"), ("POST", "/api/v1/new")] or script.asked[0][1].endswith(
        "y%20z"
    )
    assert "idempotency-key" not in script.requests[0].headers
    assert "idempotency-key" in script.requests[1].headers
    with pytest.raises(InvalidArgumentError):
        script.client.request("GET", "v1/new")


def test_wrong_proxy_or_certificate_of_the_environment_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", "/nowhere/ca.pem")
    with pytest.raises(SettingsError, match="SSL_CERT_FILE"):
        KnowledgeClient("https://h.example", KEY)
    monkeypatch.delenv("SSL_CERT_FILE")
    monkeypatch.setenv("HTTPS_PROXY", "gopher://proxy.example")
    with pytest.raises(SettingsError, match="proxy"):
        KnowledgeClient("https://h.example", KEY)


def test_nothing_answers() -> None:
    script = Script(*[httpx.ReadTimeout("slow")] * 8)
    with pytest.raises(NoAnswerError, match=r"GET /api/v1/sources/src_1: slow \(no_answer\)"):
        script.client.sources.get("src_1")
    assert len(script.requests) == 8


def test_what_is_read_and_written_has_its_tag_and_tags_go_into_their_headers() -> None:
    script = Script(
        answer(200, {"item": item(1)}, ETag='"r.d"'),
        answer(201, {"result": "created", "item": {}}, ETag='"r"'),
        answer(200, {"item": {}}),
        answer(200, {"source": {}}),
    )
    client = script.client
    read = client.items.get("src_1", "a", if_none_match="*")
    assert (etag_of(read), read) == ('"r.d"', item(1))
    pushed = client.items.push("src_1", item(1), if_match=etag_of(read), if_none_match="*")
    assert [etag_of(pushed), etag_of(pushed["item"])] == ['"r"', '"r"']
    assert etag_of(client.items.remove("src_1", "a", if_match='"r", "s"')) is None
    client.request("patch", "/v1/sources/src_1", {}, if_match="*")
    sent = [(each.headers.get("If-Match"), each.headers.get("If-None-Match")) for each in script.requests]
    assert sent == [(None, "*"), ('"r.d"', "*"), ('"r", "s"', None), ("*", None)]
    for bad in ("", " ", '"a\nb"', '"ü"'):
        with pytest.raises(InvalidArgumentError, match="no ETag"):
            client.sources.archive("src_1", if_match=bad)
    with pytest.raises(InvalidArgumentError, match="if_none_match"):
        client.request("GET", "/v1/sources", if_match="*")
    assert len(script.requests) == 4


def test_what_a_condition_refuses_is_told_at_once_with_the_tag_of_what_is_there() -> None:
    script = Script(refusal(412, "precondition_failed", ETag='"s"'), httpx.Response(304, headers={"ETag": '"r.d"'}))
    with pytest.raises(PreconditionFailedError) as refused:
        script.client.sources.update("src_1", if_match='"r"')
    with pytest.raises(NotModifiedError) as same:
        script.client.generations.get("src_1", if_none_match='"r.d"')
    assert (refused.value.etag, same.value.etag, same.value.code) == ('"s"', '"r.d"', "not_modified")
