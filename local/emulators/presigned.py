"""Checks presigned URLs of S3, which moto never does: signature, signed headers, expiry.

https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-query-string-auth.html
"""

from __future__ import annotations

import hashlib
import hmac
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qsl, quote
from xml.sax.saxutils import escape

WsgiApp = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]

_ALGORITHM = "AWS4-HMAC-SHA256"
_TIME = "%Y%m%dT%H%M%SZ"
# A refused body is read this far, so that its sender sees the answer and not a broken connection.
_DRAIN_BYTES = 16 * 1024 * 1024


@dataclass(frozen=True)
class Refusal:
    """An error of S3."""

    code: str
    message: str


def checked(app: WsgiApp, secrets: dict[str, str], now: Callable[[], float] = time.time) -> WsgiApp:
    """Refuse presigned requests that S3 would refuse; `secrets` are the secret keys by their access keys."""

    def run(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        refusal = refusal_of(environ, secrets, now())
        if refusal is None:
            return app(environ, start_response)
        drained(environ)
        body = f"<Error><Code>{refusal.code}</Code><Message>{escape(refusal.message)}</Message></Error>".encode()
        start_response("403 Forbidden", [("Content-Type", "application/xml"), ("Content-Length", str(len(body)))])
        return [body]

    return run


def drained(environ: dict[str, Any]) -> None:
    """Read the body of a request that is refused."""
    environ["wsgi.input"].read(min(int(environ.get("CONTENT_LENGTH") or 0), _DRAIN_BYTES))


def is_presigned(environ: dict[str, Any]) -> bool:
    """Tell whether a request has a link's signature, good or bad, in place of an Authorization header."""
    return "Signature" in _query(environ) or _query(environ).get("X-Amz-Algorithm") == _ALGORITHM


def refusal_of(environ: dict[str, Any], secrets: dict[str, str], now: float) -> Refusal | None:
    """Say why S3 refuses a request with a presigned URL, None for one that it takes and for any other request."""
    query = _query(environ)
    if "Signature" in query:
        return Refusal("InvalidRequest", "Links are signed by AWS Signature Version 4")
    if query.get("X-Amz-Algorithm") != _ALGORITHM:
        return None
    try:
        signed_at = datetime.strptime(query["X-Amz-Date"], _TIME).replace(tzinfo=UTC).timestamp()
        lasts_seconds = int(query["X-Amz-Expires"])
        access_key, *scope = query["X-Amz-Credential"].split("/")
        names, signature = query["X-Amz-SignedHeaders"].split(";"), query["X-Amz-Signature"]
    except (KeyError, ValueError):
        return Refusal("AuthorizationQueryParametersError", "Query-string authentication is incomplete or malformed")
    if refusal := _expired(signed_at + lasts_seconds, now):
        return refusal
    if absent := [name for name in names if _header(environ, name) is None]:
        return Refusal("AccessDenied", f"There were headers signed that are not in the request: {', '.join(absent)}")
    if access_key not in secrets:
        return Refusal("InvalidAccessKeyId", "The access key that the request was signed with is not known here")
    canonical = _canonical_request(environ, _raw_uri(environ)[0], query, names)
    if not hmac.compare_digest(_signature(secrets[access_key], scope, query["X-Amz-Date"], canonical), signature):
        return Refusal("SignatureDoesNotMatch", "The request signature does not match the one of the request")
    return None


def _raw_uri(environ: dict[str, Any]) -> tuple[str, str]:
    path, _, query = environ.get("RAW_URI", environ.get("REQUEST_URI", "")).partition("?")
    return path, query


def _query(environ: dict[str, Any]) -> dict[str, str]:
    return dict(parse_qsl(_raw_uri(environ)[1], keep_blank_values=True))


def _expired(ends_at: float, now: float) -> Refusal | None:
    return Refusal("AccessDenied", "Request has expired") if now > ends_at else None


def _header(environ: dict[str, Any], name: str) -> str | None:
    variable = name.upper().replace("-", "_")
    value = environ.get(variable if variable in {"CONTENT_TYPE", "CONTENT_LENGTH"} else f"HTTP_{variable}")
    return None if value is None else " ".join(str(value).split())


def _canonical_request(environ: dict[str, Any], path: str, query: dict[str, str], names: list[str]) -> str:
    pairs = sorted((quote(name, "-_.~"), quote(value, "-_.~")) for name, value in query.items())
    lines = [f"{name}:{_header(environ, name)}" for name in names]
    return "\n".join(
        [
            environ["REQUEST_METHOD"],
            path,
            "&".join(f"{name}={value}" for name, value in pairs if name != "X-Amz-Signature"),
            *lines,
            "",
            ";".join(names),
            "UNSIGNED-PAYLOAD",
        ]
    )


def _signature(secret: str, scope: list[str], signed_at: str, canonical: str) -> str:
    key = f"AWS4{secret}".encode()
    for part in scope:
        key = hmac.digest(key, part.encode(), "sha256")
    text = "\n".join([_ALGORITHM, signed_at, "/".join(scope), hashlib.sha256(canonical.encode()).hexdigest()])
    return hmac.digest(key, text.encode(), "sha256").hex()
