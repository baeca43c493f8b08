"""Messages of JSON-RPC before anybody asks what they are for."""

from __future__ import annotations

from typing import Any

import pytest
from httpapi.assistants.messages import (
    INVALID_REQUEST,
    PARSE_ERROR,
    ProtocolError,
    error_reply,
    read_incoming,
    read_message,
)
from httpapi.errors import InvalidJsonError


def test_a_request_and_a_notification() -> None:
    request = read_message({"jsonrpc": "2.0", "id": 0, "method": "ping", "params": {"a": 1}, "more": 1})
    assert request == (0, "ping", {"a": 1}) and request.is_request
    note = read_message({"jsonrpc": "2.0", "method": "notifications/initialized"})
    assert note == (None, "notifications/initialized", {}) and not note.is_request
    assert read_message({"jsonrpc": "2.0", "id": 1, "result": {}}) is None
    assert read_message({"jsonrpc": "2.0", "id": 1, "error": {"code": 1, "message": ""}}) is None


@pytest.mark.parametrize(
    "value",
    [
        *(None, 1, "ping", [], {}, True),
        {"id": 1, "method": "ping"},
        {"jsonrpc": "1.0", "id": 1, "method": "ping"},
        {"jsonrpc": 2.0, "id": 1, "method": "ping"},
        {"jsonrpc": "2.0", "id": 1},
        {"jsonrpc": "2.0", "id": 1, "method": 1},
        {"jsonrpc": "2.0", "id": 1, "method": None},
        {"jsonrpc": "2.0", "id": 1, "method": "ping", "params": []},
        {"jsonrpc": "2.0", "id": 1, "method": "ping", "params": None},
        # The protocol narrows ids: strings and integers, never null.
        *({"jsonrpc": "2.0", "id": each, "method": "ping"} for each in (None, 1.5, True, [], {})),
        {"jsonrpc": "2.0", "result": {}},
        {"jsonrpc": "2.0", "id": None, "result": {}},
    ],
    ids=repr,
)
def test_what_is_no_message_is_refused(value: Any) -> None:
    with pytest.raises(ProtocolError) as caught:
        read_message(value)
    assert caught.value.code == INVALID_REQUEST
    assert caught.value.data == {"code": "invalid_body"}


def test_a_body_that_is_no_json_is_told_so() -> None:
    def broken() -> bytes:
        raise InvalidJsonError("The body is not valid gzip.")

    for read in (broken, lambda: None, lambda: b"{", lambda: b'{"a":1,"a":2}', lambda: b"\xff"):
        error = read_incoming(read).error
        assert error is not None and error.code == PARSE_ERROR
        assert error_reply(None, error)["error"]["data"] == {"code": "invalid_json"}
    assert read_incoming(lambda: b"[1]") == ([1], None)
