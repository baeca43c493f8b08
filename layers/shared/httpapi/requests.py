"""One HTTP request as the gateway's proxy event (format 1.0) brings it."""

from __future__ import annotations

import base64
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, unquote_to_bytes

from knowledge.limits import USER_AGENT_CHARACTERS

from httpapi.errors import InvalidJsonError, invalid_field

# The stage, which stands before every path.
BASE_PATH = "/api"
_BROKEN_ESCAPE = re.compile(r"%(?![0-9A-Fa-f]{2})")


@dataclass(frozen=True, slots=True)
class HttpRequest:
    """What was asked: header names are lower case, query values decoded, the path as it was sent without `/api`."""

    method: str
    path: str
    headers: Mapping[str, list[str]]
    query: Mapping[str, list[str]]
    encoded_body: str | None
    body_is_base64: bool
    request_id: str
    address: str | None = None

    @classmethod
    def from_event(cls, event: Mapping[str, Any], path: str) -> HttpRequest:
        """Read a proxy event; `path` is the one that the routes matched."""
        context = event.get("requestContext") or {}
        return cls(
            method=str(event.get("httpMethod", "")).upper(),
            path=path,
            headers=_headers(event),
            query=_multi(event, "multiValueQueryStringParameters", "queryStringParameters"),
            encoded_body=event.get("body"),
            body_is_base64=bool(event.get("isBase64Encoded")),
            request_id=str(context.get("requestId") or "unknown"),
            address=(context.get("identity") or {}).get("sourceIp"),
        )

    def header(self, name: str) -> str | None:
        """Find the first value of a header by its lower-case name."""
        values = self.headers.get(name)
        return values[0] if values else None

    @property
    def user_agent(self) -> str | None:
        """What the client says that it is, as much of it as is kept."""
        said = self.header("user-agent")
        return said and said[:USER_AGENT_CHARACTERS]

    def body_bytes(self) -> bytes:
        """Return the body as it travelled, still compressed if it was. Raises InvalidJsonError."""
        if not self.encoded_body:
            return b""
        if not self.body_is_base64:
            return self.encoded_body.encode("utf-8", "surrogatepass")
        try:
            return base64.b64decode(self.encoded_body, validate=True)
        except ValueError as error:
            raise InvalidJsonError from error


def decode_segment(name: str, raw: str) -> str:
    """Percent-decode one segment of a path, once and strictly. Raises ValidationFailedError."""
    if _BROKEN_ESCAPE.search(raw):
        raise invalid_field(name, "is not valid percent-encoding")
    try:
        return unquote_to_bytes(raw).decode("utf-8")
    except UnicodeError as error:
        raise invalid_field(name, "is not percent-encoded UTF-8") from error


def path_of(template: str, ids: Mapping[str, str]) -> str:
    """Write the path of a thing, as it is sent: with the stage, and its ids percent-encoded."""
    return BASE_PATH + template.format(**{name: quote(value, safe="") for name, value in ids.items()})


def _headers(event: Mapping[str, Any]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for name, values in _multi(event, "multiValueHeaders", "headers").items():
        found.setdefault(name.lower(), []).extend(values)
    return found


def _multi(event: Mapping[str, Any], many: str, single: str) -> dict[str, list[str]]:
    # Hand-made events and older emulators fill in only the single-valued form.
    if event.get(many):
        return {name: [str(value) for value in values] for name, values in event[many].items()}
    return {name: [str(value)] for name, value in (event.get(single) or {}).items()}
