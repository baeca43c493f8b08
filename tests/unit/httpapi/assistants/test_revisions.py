"""Which revision a message is served by, and headers that say something else than the body."""

from __future__ import annotations

import base64
from typing import Any

import pytest
from httpapi.assistants.messages import HEADER_MISMATCH, INVALID_PARAMS, UNSUPPORTED_VERSION, Message, ProtocolError
from httpapi.assistants.revisions import (
    AGREED,
    CAPABILITIES_KEY,
    MODERN,
    SUPPORTED,
    VERSION_KEY,
    negotiated,
    revision_of,
)

META = {VERSION_KEY: MODERN, CAPABILITIES_KEY: {}}


def message(method: str = "tools/list", *, meta: Any = META, **params: Any) -> Message:
    return Message(1, method, {"_meta": meta, **params} if meta is not None else params)


def headers(version: str | None = MODERN, method: str | None = "tools/list", name: str | None = None) -> Any:
    said = {"mcp-protocol-version": version, "mcp-method": method, "mcp-name": name}
    return {key: [value] for key, value in said.items() if value is not None}


def code_of(said: Any, asked: Message) -> int:
    with pytest.raises(ProtocolError) as caught:
        revision_of(said, asked)
    return caught.value.code


def test_each_revision_is_told_by_what_a_request_brings() -> None:
    assert revision_of(headers(), message()) == MODERN
    for version in AGREED:
        assert revision_of(headers(version, None), message(meta=None)) == version
        assert revision_of(headers(version, None), message(meta={"progressToken": 1})) == version
    assert revision_of({}, message(meta=None)) == "2025-03-26"
    # A handshake needs no header, and one of its own future does no harm.
    for said in ({}, headers("2024-11-05", None), headers(MODERN)):
        assert revision_of(said, message("initialize", meta=None)) in AGREED


def test_a_version_that_is_not_served_is_refused_with_those_that_are() -> None:
    asked = message(meta={**META, VERSION_KEY: "2027-01-01"})
    for said, each in (
        (headers("1900-01-01", None), message(meta=None)),
        (headers("2024-11-05", None), message(meta=None)),
        (headers("2027-01-01"), asked),
    ):
        with pytest.raises(ProtocolError) as caught:
            revision_of(said, each)
        assert caught.value.code == UNSUPPORTED_VERSION
        assert caught.value.data["supported"] == list(SUPPORTED)
    twice = {"mcp-protocol-version": ["2025-06-18", "2025-06-18"]}
    assert code_of(twice, message(meta=None)) == UNSUPPORTED_VERSION


@pytest.mark.parametrize(
    "meta", [None, 1, [], {}, {VERSION_KEY: MODERN}, {CAPABILITIES_KEY: {}}, {**META, CAPABILITIES_KEY: 1}]
)
def test_a_request_of_today_says_what_it_must(meta: Any) -> None:
    assert code_of(headers(), message(meta=meta)) == INVALID_PARAMS


@pytest.mark.parametrize(
    "said",
    [
        {},
        headers(None),
        headers("2025-11-25"),
        headers(method=None),
        headers(method="tools/call"),
        headers(method="Tools/List"),
        {**headers(), "mcp-method": ["tools/list", "tools/list"]},
        {**headers(), "mcp-protocol-version": [MODERN, MODERN]},
    ],
)
def test_headers_that_say_something_else_are_refused(said: Any) -> None:
    assert code_of(said, message()) == HEADER_MISMATCH


def encoded(name: str) -> str:
    return f"=?base64?{base64.b64encode(name.encode()).decode()}?="


@pytest.mark.parametrize("name", ["search", "süß", "=?base64?x?=", " search", ""])
def test_the_name_of_a_tool_may_be_encoded(name: str) -> None:
    asked = message("tools/call", name=name)
    assert revision_of(headers(method="tools/call", name=encoded(name)), asked) == MODERN


@pytest.mark.parametrize("said", [None, "fetch", "=?base64?***?=", "=?base64?/w==?=", "=?base64?=", encoded("fetch")])
def test_a_header_names_the_tool_that_the_body_names(said: str | None) -> None:
    assert code_of(headers(method="tools/call", name=said), message("tools/call", name="search")) == HEADER_MISMATCH


def test_a_handshake_agrees_on_what_is_asked_for_or_the_newest() -> None:
    assert [negotiated(each) for each in AGREED] == list(AGREED)
    assert {negotiated(each) for each in ("2024-11-05", MODERN, "2030-01-01", "")} == {AGREED[0]}


def test_a_notification_is_of_a_version_that_is_served() -> None:
    note = Message(None, "notifications/cancelled", {"_meta": {VERSION_KEY: "2027-01-01"}})
    assert revision_of(headers(method=None), Message(None, "notifications/cancelled", {})) == MODERN
    assert code_of(headers("2027-01-01", None), note) == UNSUPPORTED_VERSION
