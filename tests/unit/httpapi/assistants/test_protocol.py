"""The protocol over a toolbox that only notes what it is asked; thousands of malformed messages break nothing."""

from __future__ import annotations

import json
import os
import random
from typing import Any

import pytest
from httpapi import strict_json
from httpapi.assistants.messages import Incoming, ProtocolError, read_incoming
from httpapi.assistants.protocol import Reply, answer
from httpapi.assistants.revisions import AGREED, CAPABILITIES_KEY, MODERN, VERSION_KEY
from httpapi.assistants.toolbox import error_result

CASES = int(os.environ.get("FUZZ_CASES", "5000"))
META = {VERSION_KEY: MODERN, CAPABILITIES_KEY: {}}


class NotingTools:
    """One tool, which repeats what it is given."""

    def __init__(self) -> None:
        self.called: list[Any] = []

    def list_tools(self) -> list[dict[str, Any]]:
        return [{"name": "search"}]

    def call(self, name: Any, arguments: Any) -> dict[str, Any]:
        if name != "search" or not isinstance(arguments, dict):
            raise ProtocolError(-32602, "no")
        self.called.append(arguments)
        return {"content": [], "isError": False}


def send(value: Any, headers: dict[str, str] | None = None) -> Reply:
    said = {name.lower(): [each] for name, each in (headers or {}).items()}
    return answer(Incoming(value), said, NotingTools(), lambda: None)


def modern(method: str, **params: Any) -> Reply:
    headers = {"mcp-protocol-version": MODERN, "mcp-method": method}
    if "name" in params:
        headers["mcp-name"] = params["name"]
    return send({"jsonrpc": "2.0", "id": 1, "method": method, "params": {"_meta": META, **params}}, headers)


def agreed(method: str, version: str = AGREED[0], **params: Any) -> Reply:
    return send({"jsonrpc": "2.0", "id": 1, "method": method, "params": params}, {"mcp-protocol-version": version})


def test_every_result_of_today_is_complete_and_says_who_answers() -> None:
    for method, params in (("server/discover", {}), ("tools/list", {}), ("tools/call", {"name": "search"})):
        reply = modern(method, **params)
        assert reply.status == 200
        assert reply.body["result"]["resultType"] == "complete"
        assert reply.body["result"]["_meta"]["io.modelcontextprotocol/serverInfo"]["name"] == "knowledge"
    for method in ("server/discover", "tools/list"):
        result = modern(method).body["result"]
        assert result["ttlMs"] > 0 and result["cacheScope"] == "private"


@pytest.mark.parametrize("method", ["initialize", "ping", "resources/list", "prompts/list", "subscriptions/listen", ""])
def test_what_there_is_not_today_is_404(method: str) -> None:
    reply = modern(method)
    assert (reply.status, reply.body["error"]["code"]) == (404, -32601)


def test_what_came_before_answers_errors_with_200() -> None:
    for method in ("server/discover", "resources/list", "logging/setLevel"):
        reply = agreed(method)
        assert (reply.status, reply.body["error"]["code"]) == (200, -32601)
    for params in ({}, {"name": "x"}, {"name": "search", "arguments": 1}):
        reply = agreed("tools/call", **params)
        assert (reply.status, reply.body["error"]["code"]) == (200, -32602)
    assert agreed("ping").body == {"jsonrpc": "2.0", "id": 1, "result": {}}
    assert "resultType" not in agreed("tools/list").body["result"]


@pytest.mark.parametrize("params", [{}, {"protocolVersion": 1}, {"protocolVersion": "2025-11-25"}])
def test_a_handshake_says_who_asks(params: Any) -> None:
    assert agreed("initialize", **params).body["error"]["code"] == -32602


def test_notifications_and_replies_get_no_reply() -> None:
    for method in ("notifications/initialized", "notifications/cancelled", "notifications/nobody/knows"):
        note = {"jsonrpc": "2.0", "method": method}
        for headers in ({}, {"mcp-protocol-version": AGREED[0]}, {"mcp-protocol-version": MODERN}):
            assert send(note, headers) == (202, None)
    reply = {"jsonrpc": "2.0", "id": 1, "result": {}}
    assert send(reply, {"mcp-protocol-version": AGREED[1]}) == (202, None)
    assert send(reply, {"mcp-protocol-version": MODERN}).status == 400


def test_an_error_repeats_the_id_that_can_be_read() -> None:
    for message_id in ("a", 0, -1, 2**70):
        assert send({"id": message_id}).body["id"] == message_id
    for message_id in (None, True, 1.5, [], {}):
        assert send({"id": message_id}).body["id"] is None


def test_a_failure_of_a_tool_is_its_result() -> None:
    assert error_result("why") == {"content": [{"type": "text", "text": "why"}], "isError": True}


def test_each_of_a_batch_behind_the_first_is_counted_before_anything_is_done() -> None:
    tools, counted = NotingTools(), []
    asked = {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {"name": "search"}}

    def refuse() -> None:
        counted.append(1)
        if len(counted) == 2:
            raise RuntimeError

    with pytest.raises(RuntimeError):
        answer(Incoming([asked] * 3), {}, tools, refuse)
    assert tools.called == []
    assert len(answer(Incoming([asked] * 3), {}, tools, lambda: counted.append(1)).body) == 3
    assert len(counted) == 4 and len(tools.called) == 3


ODD = (None, True, 0, -1, 1.5, 2**70, "", "x", "\ud800", "\0", "2.0", MODERN, *AGREED, [], {}, [[]], {"a": []}, META)
NAMES = ("jsonrpc", "id", "method", "params", "_meta", "name", "arguments", "result", "error", VERSION_KEY, "cursor")
METHODS = ("initialize", "ping", "tools/list", "tools/call", "server/discover", "notifications/x", "x")


class Bender:
    """Makes messages that are almost right, and bends them, from one seed."""

    def __init__(self, seed: int) -> None:
        self.dice = random.Random(seed)

    def headers(self, value: Any) -> dict[str, list[str]]:
        if self.dice.random() < 0.4:
            # As they should be.
            method = str(value.get("method")) if isinstance(value, dict) else "x"
            return {"mcp-protocol-version": [MODERN], "mcp-method": [method], "mcp-name": ["search"]}
        found = {}
        for name in ("mcp-protocol-version", "mcp-method", "mcp-name"):
            if self.dice.random() < 0.7:
                choices = (*AGREED, MODERN, *METHODS, "search", "=?base64?c2VhcmNo?=", "=?base64?x", "")
                found[name] = [self.dice.choice(choices) for _ in range(self.dice.choice((1, 1, 1, 2)))]
        return found

    def value(self) -> Any:
        params = {"name": "search", "arguments": {}, "protocolVersion": AGREED[0], "capabilities": {}, "clientInfo": {}}
        made: Any = {"jsonrpc": "2.0", "id": 1, "method": self.dice.choice(METHODS), "params": params}
        if self.dice.random() < 0.5:
            params["_meta"] = META
        for _ in range(self.dice.choice((0, 1, 1, 2, 4))):
            made = self.bent(made)
        return [made] * self.dice.randrange(12) if self.dice.random() < 0.2 else made

    def bent(self, value: Any) -> Any:
        if not isinstance(value, dict) or not value or self.dice.random() < 0.1:
            return self.dice.choice(ODD)
        name = self.dice.choice(list(value))
        match self.dice.randrange(4):
            case 0:
                return {key: each for key, each in value.items() if key != name}
            case 1:
                return {**value, self.dice.choice(NAMES): self.dice.choice(ODD)}
            case _:
                return {**value, name: self.bent(value[name])}


def test_no_message_breaks_the_protocol() -> None:
    seen = set()
    for seed in range(CASES):
        bender = Bender(seed)
        value = bender.value()
        headers = bender.headers(value)
        incoming = read_incoming(lambda value=value: json.dumps(value).encode())
        reply = answer(incoming, headers, NotingTools(), lambda: None)
        seen.add(reply.status)
        assert reply.status in {200, 202, 400, 404}, seed
        assert (reply.body is None) == (reply.status == 202), seed
        bodies = reply.body if isinstance(reply.body, list) else [reply.body] if reply.body else []
        for body in bodies:
            assert body["jsonrpc"] == "2.0" and ("result" in body) != ("error" in body), seed
            assert body["id"] is None or type(body["id"]) in {str, int}, seed
        assert isinstance(strict_json.write(reply.body), str)
    assert seen == {200, 202, 400, 404}
