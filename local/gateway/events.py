"""Turns an HTTP request into a REST proxy event of format 1.0, and a function's answer into an HTTP response.

https://docs.aws.amazon.com/apigateway/latest/developerguide/set-up-lambda-proxy-integrations.html
"""

from __future__ import annotations

import base64
import json
import time
from dataclasses import dataclass, field
from email.utils import formatdate
from typing import Any
from urllib.parse import parse_qsl

from local.gateway.routes import Match
from local.template.load import ACCOUNT_ID

Headers = list[tuple[str, str]]

# Headers that the gateway keeps for itself and hands on under another name.
_REMAPPED = {"www-authenticate", "server", "date", "content-md5"}
# Headers that speak of the connection and not of the message.
_DROPPED = {"connection", "content-length", "keep-alive", "transfer-encoding", "upgrade"}


@dataclass(frozen=True)
class Request:
    """A request as it came in; `path` is the raw path without the stage."""

    method: str
    path: str
    query: str
    headers: Headers
    body: bytes
    source_ip: str
    request_id: str

    def header(self, name: str) -> str | None:
        """Return the last value of a header, in whatever case it was sent."""
        values = [value for key, value in self.headers if key.lower() == name.lower()]
        return values[-1] if values else None


@dataclass(frozen=True)
class Response:
    """A response to send."""

    status: int
    headers: Headers = field(default_factory=list)
    body: bytes = b""


class MalformedAnswerError(Exception):
    """Raised when a function's answer is not one that the gateway can turn into a response."""


def proxy_event(request: Request, match: Match, *, api_id: str, stage: str, binary_types: list[str]) -> dict[str, Any]:
    """Build the event of a request."""
    query = parse_qsl(request.query, keep_blank_values=True)
    host = request.header("Host") or "127.0.0.1"
    forwarded = [
        ("X-Forwarded-For", request.source_ip),
        ("X-Forwarded-Port", host.partition(":")[2] or "443"),
        ("X-Forwarded-Proto", "http"),
    ]
    headers = [*request.headers, *forwarded]
    body, encoded = _encode(request, binary_types)
    return {
        "resource": match.route.resource,
        "path": request.path,
        "httpMethod": request.method,
        "headers": dict(headers),
        "multiValueHeaders": _grouped(headers),
        "queryStringParameters": dict(query) or None,
        "multiValueQueryStringParameters": _grouped(query) or None,
        "pathParameters": match.path_parameters or None,
        "stageVariables": None,
        "requestContext": _context(request, match, host=host, api_id=api_id, stage=stage),
        "body": body,
        "isBase64Encoded": encoded,
    }


def _context(request: Request, match: Match, *, host: str, api_id: str, stage: str) -> dict[str, Any]:
    now = time.time()
    return {
        "accountId": ACCOUNT_ID,
        "apiId": api_id,
        "domainName": host,
        "domainPrefix": host.partition(".")[0],
        "extendedRequestId": request.request_id,
        "httpMethod": request.method,
        "identity": {"sourceIp": request.source_ip, "userAgent": request.header("User-Agent")},
        "path": f"/{stage}{request.path}",
        "protocol": "HTTP/1.1",
        "requestId": request.request_id,
        "requestTime": time.strftime("%d/%b/%Y:%H:%M:%S +0000", time.gmtime(now)),
        "requestTimeEpoch": int(now * 1000),
        "resourceId": "local",
        "resourcePath": match.route.resource,
        "stage": stage,
    }


def _grouped(pairs: Headers) -> dict[str, list[str]]:
    grouped: dict[str, list[str]] = {}
    for name, value in pairs:
        grouped.setdefault(name, []).append(value)
    return grouped


def _encode(request: Request, binary_types: list[str]) -> tuple[str | None, bool]:
    if not request.body:
        return None, False
    if is_binary(request.header("Content-Type"), binary_types):
        return base64.b64encode(request.body).decode(), True
    return request.body.decode("utf-8", errors="replace"), False


def is_binary(content_type: str | None, binary_types: list[str]) -> bool:
    """Tell whether the gateway takes a body of this type as bytes; a missing type counts as JSON."""
    media_type = (content_type or "application/json").partition(";")[0].strip().lower()
    kinds = {media_type, f"{media_type.partition('/')[0]}/*", "*/*"}
    return any(binary_type.lower() in kinds for binary_type in binary_types)


def response_of(payload: bytes) -> Response:
    """Read a function's answer; MalformedAnswerError when it is no proxy response."""
    try:
        answer = json.loads(payload)
        status = int(answer["statusCode"])
        body = answer.get("body") or ""
        raw = base64.b64decode(body) if answer.get("isBase64Encoded") else body.encode()
        headers = {name: [str(value)] for name, value in (answer.get("headers") or {}).items()}
        for name, values in (answer.get("multiValueHeaders") or {}).items():
            headers = {key: kept for key, kept in headers.items() if key.lower() != name.lower()}
            headers[name] = [str(value) for value in values]
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise MalformedAnswerError(str(error)) from error
    sent = [(_remapped(n), v) for n, values in headers.items() for v in values if n.lower() not in _DROPPED]
    if not any(name.lower() == "content-type" for name, _ in sent):
        sent.append(("Content-Type", "application/json"))
    return Response(status, sent, raw)


def _remapped(name: str) -> str:
    return f"x-amzn-Remapped-{name}" if name.lower() in _REMAPPED else name


def http_date() -> str:
    """Return the time as the Date header has it."""
    return formatdate(usegmt=True)
