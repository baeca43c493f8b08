"""Which web pages may read the API's answers. By default none: keys do not belong into a browser. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from knowledge.limits import PREFLIGHT_KEPT_SECONDS

from httpapi.errors import OriginNotAllowedError
from httpapi.requests import HttpRequest

EXPOSED = "X-Request-Id, RateLimit-Limit, RateLimit-Remaining, RateLimit-Reset, Retry-After, Idempotent-Replayed"
ALLOWED = "Authorization, Content-Type, Content-Encoding, Idempotency-Key, MCP-Protocol-Version, Mcp-Method, Mcp-Name"


def cors_headers(request: HttpRequest, origins: Sequence[str], methods: Sequence[str] = ()) -> dict[str, str]:
    """Return the headers for a request's origin, if it is one of the configured; `methods` answers a preflight."""
    if not origins:
        return {}
    origin = request.header("origin")
    headers = {"Vary": "Origin"}
    if origin is None or origin not in origins:
        return headers
    headers |= {"Access-Control-Allow-Origin": origin, "Access-Control-Expose-Headers": EXPOSED}
    if methods:
        headers |= {
            "Access-Control-Allow-Methods": ", ".join(methods),
            "Access-Control-Allow-Headers": ALLOWED,
            "Access-Control-Max-Age": str(PREFLIGHT_KEPT_SECONDS),
        }
    return headers


def check_origin(request: HttpRequest, origins: Sequence[str]) -> None:
    """Refuse a page that is not of a configured origin. Raises OriginNotAllowedError."""
    if any(origin not in origins for origin in request.headers.get("origin", [])):
        raise OriginNotAllowedError
