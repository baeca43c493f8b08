"""The Model Context Protocol, without state: each request is answered by what it brings along.

    body -> one message, or a batch of them -> the revision it is of -> its method -> reply, with an HTTP status

No session is kept and nothing is ever sent unasked, so there is no stream to open (GET) and none to end (DELETE). What
of the protocol is not served, docs/assistants.md tells.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple, Protocol

from knowledge.envelope import envelope_bytes
from knowledge.limits import ASSISTANT_BATCH_MESSAGES, ENVELOPE_BYTES

from httpapi import strict_json
from httpapi.assistants.messages import (
    INVALID_PARAMS,
    INVALID_REQUEST,
    METHOD_NOT_FOUND,
    Incoming,
    Message,
    ProtocolError,
    error_reply,
    id_of,
    read_message,
    result_reply,
)
from httpapi.assistants.revisions import (
    BATCHED,
    MODERN,
    SUPPORTED,
    Headers,
    negotiated,
    revision_of,
    said_versions,
)
from httpapi.assistants.tools import INSTRUCTIONS, error_result
from httpapi.health import VERSION

SERVER = {"name": "knowledge", "title": "Knowledge base", "version": VERSION}
SERVER_KEY = "io.modelcontextprotocol/serverInfo"
_CAPABILITIES: dict[str, Any] = {"tools": {}}
# For how long a client may keep a list of tools, which only a deployment changes.
_FRESH = {"ttlMs": 300_000, "cacheScope": "private"}
_TOO_MUCH = "The replies of this batch are too large together. Send this call by itself."


class Tools(Protocol):
    """What there is to be called. Raises ProtocolError."""

    def list_tools(self) -> list[dict[str, Any]]:
        """List the tools."""

    def call(self, name: Any, arguments: Any) -> dict[str, Any]:
        """Carry one out."""


class Reply(NamedTuple):
    """What goes back; a body of None is none at all."""

    status: int
    body: dict[str, Any] | list[Any] | None = None


def answer(incoming: Incoming, headers: Headers, tools: Tools, count_request: Callable[[], object]) -> Reply:
    """Answer a body. `count_request` counts each message of a batch behind the first, and may refuse it."""
    if incoming.error is not None:
        return Reply(400, error_reply(None, incoming.error))
    if isinstance(incoming.value, list):
        return _answer_batch(incoming.value, headers, tools, count_request)
    return _answer_one(incoming.value, headers, tools)


def _answer_one(value: Any, headers: Headers, tools: Tools) -> Reply:
    try:
        message = read_message(value)
        revision = _revision(message, headers)
    except ProtocolError as error:
        return Reply(400, error_reply(id_of(value), error))
    if message is None or not message.is_request:
        return Reply(202)
    try:
        return Reply(200, result_reply(message.id, _result(message, revision, tools)))
    except ProtocolError as error:
        refused = 404 if error.code == METHOD_NOT_FOUND else 400
        return Reply(refused if revision == MODERN else 200, error_reply(message.id, error))


def _revision(message: Message | None, headers: Headers) -> str:
    """The revision of a message, or of a reply of the client, which only the handshake's revisions let it send."""
    if message is not None:
        return revision_of(headers, message)
    if MODERN in said_versions(headers):
        raise ProtocolError(INVALID_REQUEST, "Nobody waits for this reply: this server sends no requests.")
    return BATCHED


def _result(message: Message, revision: str, tools: Tools) -> dict[str, Any]:
    if revision != MODERN:
        return _agreed_result(message, tools)
    methods: dict[str, Callable[[], dict[str, Any]]] = {
        "server/discover": lambda: {
            "supportedVersions": list(SUPPORTED),
            "capabilities": _CAPABILITIES,
            "instructions": INSTRUCTIONS,
            **_FRESH,
        },
        "tools/list": lambda: {**_list_tools(message, tools), **_FRESH},
        "tools/call": lambda: _call_tool(message, tools),
    }
    return {"resultType": "complete", **_method(methods, message)(), "_meta": {SERVER_KEY: SERVER}}


def _agreed_result(message: Message, tools: Tools) -> dict[str, Any]:
    methods: dict[str, Callable[[], dict[str, Any]]] = {
        "initialize": lambda: _initialize(message),
        "ping": dict,
        "tools/list": lambda: _list_tools(message, tools),
        "tools/call": lambda: _call_tool(message, tools),
    }
    return _method(methods, message)()


def _method(methods: dict[str, Callable[[], dict[str, Any]]], message: Message) -> Callable[[], dict[str, Any]]:
    if message.method not in methods:
        raise ProtocolError(METHOD_NOT_FOUND, f"There is no such method. There are: {', '.join(methods)}.")
    return methods[message.method]


def _initialize(message: Message) -> dict[str, Any]:
    wanted, info = message.params.get("protocolVersion"), message.params.get("clientInfo")
    sound = isinstance(wanted, str) and isinstance(info, dict) and isinstance(message.params.get("capabilities"), dict)
    if not sound:
        raise ProtocolError(INVALID_PARAMS, "A handshake needs protocolVersion, capabilities and clientInfo.")
    return {
        "protocolVersion": negotiated(str(wanted)),
        "capabilities": _CAPABILITIES,
        "serverInfo": SERVER,
        "instructions": INSTRUCTIONS,
    }


def _list_tools(message: Message, tools: Tools) -> dict[str, Any]:
    if message.params.get("cursor") is not None:
        raise ProtocolError(INVALID_PARAMS, "There is one page of tools. Leave the cursor out.")
    return {"tools": tools.list_tools()}


def _call_tool(message: Message, tools: Tools) -> dict[str, Any]:
    arguments = message.params.get("arguments")
    return tools.call(message.params.get("name"), {} if arguments is None else arguments)


def _answer_batch(values: list[Any], headers: Headers, tools: Tools, count_request: Callable[[], object]) -> Reply:
    try:
        _check_batch(values, headers)
    except ProtocolError as error:
        return Reply(400, error_reply(None, error))
    for _ in values[1:]:
        count_request()
    replies, left = [], ENVELOPE_BYTES
    for value in values:
        body = _answer_member(value, tools)
        if body is None:
            continue
        size = _weight(body)
        if size > left:
            body = result_reply(id_of(value), error_result(_TOO_MUCH))
            size = _weight(body)
        left -= size
        replies.append(body)
    return Reply(200, replies) if replies else Reply(202)


def _check_batch(values: list[Any], headers: Headers) -> None:
    if said_versions(headers) not in ([], [BATCHED]):
        raise ProtocolError(INVALID_REQUEST, f"Only {BATCHED} has batches. Send one message at a time.")
    if not 1 <= len(values) <= ASSISTANT_BATCH_MESSAGES:
        raise ProtocolError(INVALID_REQUEST, f"A batch has 1 to {ASSISTANT_BATCH_MESSAGES} messages.")


def _answer_member(value: Any, tools: Tools) -> dict[str, Any] | None:
    if isinstance(value, dict) and value.get("method") == "initialize":
        error = ProtocolError(INVALID_REQUEST, "A handshake is no part of a batch. Send it by itself.")
        return error_reply(id_of(value), error)
    body = _answer_one(value, {}, tools).body
    assert body is None or isinstance(body, dict)  # noqa: S101 - for the types: a member is one message
    return body


def _weight(body: dict[str, Any]) -> int:
    return envelope_bytes(strict_json.write(body).encode()) + 1
