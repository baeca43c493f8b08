"""Which revision of the protocol a message is of, and whether its headers say the same as its body. Pure.

Since 2026-07-28 each request says all of itself, in `_meta` and in headers that mirror it. Before, there was a
handshake, and a header with what had been agreed on. Both are served, each request by what it brings along:
https://modelcontextprotocol.io/specification/2026-07-28/basic/versioning.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from typing import Any

from httpapi.assistants.messages import (
    HEADER_MISMATCH,
    INVALID_PARAMS,
    UNSUPPORTED_VERSION,
    Message,
    ProtocolError,
)

MODERN = "2026-07-28"
# Of the handshake, the newest first. The last is what counts where nothing is said, and the one that has batches.
AGREED = ("2025-11-25", "2025-06-18", "2025-03-26")
BATCHED = AGREED[-1]
SUPPORTED = (MODERN, *AGREED)
VERSION_KEY = "io.modelcontextprotocol/protocolVersion"
CAPABILITIES_KEY = "io.modelcontextprotocol/clientCapabilities"
_VERSION_HEADER, _METHOD_HEADER, _NAME_HEADER = "mcp-protocol-version", "mcp-method", "mcp-name"
_ENCODED = ("=?base64?", "?=")

Headers = Mapping[str, Sequence[str]]
"""Header values by their lower-case names."""


def said_versions(headers: Headers) -> list[str]:
    """Return what the headers say of the version; more than one is no version."""
    return list(headers.get(_VERSION_HEADER, ()))


def revision_of(headers: Headers, message: Message) -> str:
    """Return the revision that a message is to be served by. Raises ProtocolError."""
    said = said_versions(headers)
    meta = message.params.get("_meta")
    named = meta.get(VERSION_KEY) if isinstance(meta, dict) else None
    if message.method == "initialize" and named is None:
        return AGREED[0]
    if MODERN not in said and (named is None or named in AGREED):
        return _agreed(said)
    if message.is_request:
        _check_meta(meta)
        _check_headers(headers, message, named)
    elif said != [MODERN]:
        raise _unsupported(named)
    return MODERN


def negotiated(wanted: str) -> str:
    """Return the version that a handshake agrees on: the one that is asked for, else the newest there is of it."""
    return wanted if wanted in AGREED else AGREED[0]


def _agreed(said: Sequence[str]) -> str:
    if not said:
        return BATCHED
    if len(said) > 1 or said[0] not in AGREED:
        raise _unsupported(said[0])
    return said[0]


def _check_meta(meta: Any) -> None:
    if not isinstance(meta, dict) or not {VERSION_KEY, CAPABILITIES_KEY} <= meta.keys():
        text = f"params._meta must be an object with {VERSION_KEY} and {CAPABILITIES_KEY}."
        raise ProtocolError(INVALID_PARAMS, text)
    if not isinstance(meta[CAPABILITIES_KEY], dict):
        raise ProtocolError(INVALID_PARAMS, f"{CAPABILITIES_KEY} must be an object.")


def _check_headers(headers: Headers, message: Message, named: Any) -> None:
    _check_header(headers, _VERSION_HEADER, named)
    _check_header(headers, _METHOD_HEADER, message.method)
    if message.method == "tools/call" and message.params.get("name") is not None:
        _check_header(headers, _NAME_HEADER, message.params["name"])
    if named != MODERN:
        raise _unsupported(named)


def _check_header(headers: Headers, name: str, value: Any) -> None:
    said = [_decoded(each) if name == _NAME_HEADER else each for each in headers.get(name, ())]
    if said != [value]:
        raise ProtocolError(HEADER_MISMATCH, f"The header {name} must say once what the body says.")


def _decoded(value: str) -> str | None:
    """Read a header's value; None for one that claims to be encoded and is not."""
    begin, end = _ENCODED
    if not (value.startswith(begin) and value.endswith(end) and len(value) >= len(begin) + len(end)):
        return value
    try:
        return base64.b64decode(value[len(begin) : -len(end)], validate=True).decode()
    except ValueError:
        return None


def _unsupported(wanted: Any) -> ProtocolError:
    return ProtocolError(
        UNSUPPORTED_VERSION, "This version of the protocol is not served.", supported=list(SUPPORTED), requested=wanted
    )
