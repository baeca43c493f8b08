"""Which web pages may read the API's answers. Pure.

By default none: secret keys do not belong into a browser. What a key for web pages asks for, pages of the origins in
its list may read. Only the request brings the key, so what a browser asks before it, the preflight, is answered to any
page.
"""

from __future__ import annotations

from collections.abc import Sequence

from knowledge.limits import OPEN_PREFLIGHT_KEPT_SECONDS, PREFLIGHT_KEPT_SECONDS

from httpapi.errors import OriginNotAllowedError
from httpapi.requests import HttpRequest

EXPOSED = (
    "X-Request-Id, RateLimit-Limit, RateLimit-Remaining, RateLimit-Reset, Retry-After, Idempotent-Replayed, ETag, "
    "Location, Deprecation, Sunset, Link"
)
# What the instruments of a page add to its requests by themselves is among them: a page could not ask otherwise.
ALLOWED = (
    "Authorization, Content-Type, Content-Encoding, Idempotency-Key, If-Match, If-None-Match, X-Request-Id, "
    "traceparent, tracestate, MCP-Protocol-Version, Mcp-Method, Mcp-Name"
)
# What a key for web pages may ask for.
BROWSER_PATHS = ("/v1/search", "/v1/answers", "/v1/answers/{answerId}/feedback")


def cors_headers(request: HttpRequest, origins: Sequence[str], methods: Sequence[str] = ()) -> dict[str, str]:
    """Return the headers for a request's origin, if it is one of the configured; `methods` answers a preflight."""
    if not origins:
        return {}
    origin = request.header("origin")
    headers = {"Vary": "Origin"}
    if origin is None or origin not in origins:
        return headers
    headers |= page_headers(origin)
    if methods:
        headers |= _permission(methods, PREFLIGHT_KEPT_SECONDS)
    return headers


def check_origin(request: HttpRequest, origins: Sequence[str]) -> None:
    """Refuse a page that is not of a configured origin. Raises OriginNotAllowedError."""
    if any(origin not in origins for origin in request.headers.get("origin", [])):
        raise OriginNotAllowedError


def open_preflight(methods: Sequence[str]) -> dict[str, str]:
    """Return the headers that answer a preflight of any page alike."""
    return {"Access-Control-Allow-Origin": "*", **_permission(methods, OPEN_PREFLIGHT_KEPT_SECONDS)}


def page_headers(origin: str) -> dict[str, str]:
    """Return the headers with which a page of an origin may read an answer."""
    return {"Vary": "Origin", "Access-Control-Allow-Origin": origin, "Access-Control-Expose-Headers": EXPOSED}


def _permission(methods: Sequence[str], seconds: int) -> dict[str, str]:
    return {
        "Access-Control-Allow-Methods": ", ".join(methods),
        "Access-Control-Allow-Headers": ALLOWED,
        "Access-Control-Max-Age": str(seconds),
    }
