"""JSON-RPC 2.0 as assistants speak it: what comes in, and how it is refused. Pure.

https://www.jsonrpc.org/specification, as https://modelcontextprotocol.io/specification narrows it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from pydantic import ValidationError

from httpapi import strict_json
from httpapi.errors import InvalidJsonError
from httpapi.schemas.assistants import AssistantMessage

PARSE_ERROR = -32700
INVALID_REQUEST = -32600
METHOD_NOT_FOUND = -32601
INVALID_PARAMS = -32602
# Of the Model Context Protocol.
HEADER_MISMATCH = -32020
UNSUPPORTED_VERSION = -32022
# What programs know each by, as the code of any other error of this API.
_CODES = {
    PARSE_ERROR: "invalid_json",
    INVALID_REQUEST: "invalid_body",
    METHOD_NOT_FOUND: "not_found",
    INVALID_PARAMS: "validation_error",
    HEADER_MISMATCH: "validation_error",
    UNSUPPORTED_VERSION: "validation_error",
}


class ProtocolError(Exception):
    """Raised when a message is not one of the protocol; `data` goes out beside the text."""

    def __init__(self, code: int, message: str, **data: Any) -> None:
        super().__init__(message)
        self.code = code
        self.data = {"code": _CODES[code], **data}


class Incoming(NamedTuple):
    """What a body holds: any value of JSON, or why it is none."""

    value: Any = None
    error: ProtocolError | None = None


class Message(NamedTuple):
    """A request, or a notification, which has no id and gets no reply."""

    id: str | int | None
    method: str
    params: dict[str, Any]

    @property
    def is_request(self) -> bool:
        """Tell whether it is owed a reply."""
        return self.id is not None


def read_incoming(read_text: Callable[[], bytes | None]) -> Incoming:
    """Parse a body, or tell why it is none; that `read_text` refuses what it reads is told alike."""
    try:
        return Incoming(strict_json.parse(read_text() or b""))
    except InvalidJsonError as error:
        return Incoming(error=ProtocolError(PARSE_ERROR, str(error)))


def read_message(value: Any) -> Message | None:
    """Read one message; None for a reply, which is owed to nobody here. Raises ProtocolError."""
    if _is_reply(value):
        return None
    try:
        read = AssistantMessage.model_validate(value)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(map(str, first["loc"])) or "the message"
        text = f"This is no message of JSON-RPC 2.0. {where}: {first['msg']}."
        raise ProtocolError(INVALID_REQUEST, text) from None
    if "id" in value and id_of(value) is None:
        raise ProtocolError(INVALID_REQUEST, "The id of a request must be a string or an integer.")
    return Message(id_of(value), read.method, read.params)


def id_of(value: Any) -> str | int | None:
    """Find the id of a message that may be anything; None when there is none that can be repeated."""
    found = value.get("id") if isinstance(value, dict) else None
    return found if isinstance(found, str | int) and not isinstance(found, bool) else None


def result_reply(message_id: str | int | None, result: dict[str, Any]) -> dict[str, Any]:
    """Write the reply to a request that went well."""
    return {"jsonrpc": "2.0", "id": message_id, "result": result}


def error_reply(message_id: str | int | None, error: ProtocolError) -> dict[str, Any]:
    """Write the reply to what was refused; its id is null when none could be read."""
    told = {"code": error.code, "message": str(error), "data": error.data}
    return {"jsonrpc": "2.0", "id": message_id, "error": told}


def _is_reply(value: Any) -> bool:
    return (
        isinstance(value, dict)
        and value.get("jsonrpc") == "2.0"
        and "method" not in value
        and ("result" in value or "error" in value)
        and id_of(value) is not None
    )
