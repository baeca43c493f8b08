"""Keys for web pages: what they may be, and from which pages they are taken. Pure.

Whoever opens the page can read such a key. So it may only ask what visitors ask, of sources that it names, and its
budgets of a day bound what a copy of it costs. A browser tells the page's origin and lets no page lie about it; whoever
uses no browser can write what he likes there.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from httpapi.errors import OriginNotAllowedError, ValidationFailedError
from httpapi.keys.model import KeyKind, KeySpec
from httpapi.keys.scopes import Scope

BROWSER_SCOPES = (Scope.SEARCH_READ, Scope.ANSWERS_READ)
_LABEL = "[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?"
# 1 to 65 535, but for the one that the scheme has anyway, which no browser writes.
_LONG_PORT = "[1-9][0-9]{3}|[1-5][0-9]{4}|6[0-4][0-9]{3}|65[0-4][0-9]{2}|655[0-2][0-9]|6553[0-5]"
_HTTPS_PORT = f"(:([1-9][0-9]?|[1-35-9][0-9]{{2}}|4[0-35-9][0-9]|44[0-24-9]|{_LONG_PORT}))?"
_HTTP_PORT = f"(:([1-9]|[1-79][0-9]|8[1-9]|[1-9][0-9]{{2}}|{_LONG_PORT}))?"
# As browsers write an origin (https://html.spec.whatwg.org/#ascii-serialisation-of-an-origin), so that comparing is
# comparing texts: small letters, names of other alphabets as `xn--`, no port of the scheme, no path. Only what a
# machine serves to itself goes without TLS.
ORIGIN_PATTERN = rf"^(https://{_LABEL}(\.{_LABEL})*{_HTTPS_PORT}|http://(localhost|127\.0\.0\.1){_HTTP_PORT})$"
ORIGIN_MESSAGE = (
    "must be an origin as browsers write it, such as https://shop.example.com or http://localhost:8080: "
    "no path, no slash at the end, no capitals, no wildcard, no port that the scheme has anyway"
)
_NOT_LISTED = (
    "The API key is for pages of certain origins, and the Origin header names none of them. "
    "Whoever manages your API keys can change its allowedOrigins."
)
_MISSING, _FOREIGN = "must be given for a browser key", "is for browser keys only"


def check_kind(spec: KeySpec) -> None:
    """Hold a key against the rules of its kind. Raises ValidationFailedError with every problem."""
    problems = _browser_problems(spec) if spec.kind is KeyKind.BROWSER else _secret_problems(spec)
    details = [{"path": path, "message": message} for path, message in problems]
    if details:
        raise ValidationFailedError(details)


def check_page(spec: KeySpec, sent: Sequence[str]) -> str:
    """Return the origin that a request's headers of that name tell. Raises OriginNotAllowedError for any not listed."""
    if len(sent) != 1 or sent[0] not in (spec.allowed_origins or ()):
        raise OriginNotAllowedError(_NOT_LISTED)
    return sent[0]


def _browser_problems(spec: KeySpec) -> Iterator[tuple[str, str]]:
    if not set(spec.scopes) <= set(BROWSER_SCOPES):
        yield "scopes", f"a browser key may have {' and '.join(BROWSER_SCOPES)} alone"
    if spec.source_ids is None:
        yield "sourceIds", _MISSING
    if spec.allowed_origins is None:
        yield "allowedOrigins", _MISSING
    if spec.address_limit_per_minute is None:
        yield "addressLimitPerMinute", _MISSING
    if spec.requests_per_day is None:
        yield "requestsPerDay", _MISSING
    if spec.answers_per_day is None:
        yield "answersPerDay", _MISSING


def _secret_problems(spec: KeySpec) -> Iterator[tuple[str, str]]:
    if spec.allowed_origins is not None:
        yield "allowedOrigins", _FOREIGN
    if spec.address_limit_per_minute is not None:
        yield "addressLimitPerMinute", _FOREIGN
