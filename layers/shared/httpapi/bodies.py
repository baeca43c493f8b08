"""Reading a request's body: size, media type, encoding and JSON, refused in that order."""

from __future__ import annotations

import zlib
from typing import Any

from httpapi import strict_json
from httpapi.errors import (
    InvalidBodyError,
    InvalidJsonError,
    PayloadTooLargeError,
    UnsupportedMediaTypeError,
)
from httpapi.requests import HttpRequest

# A gzip file may hold several members; a body of thousands of empty ones is only there to cost time.
MAX_GZIP_MEMBERS = 64
_GZIP = 31


def read_object(request: HttpRequest, *, limit_bytes: int, required: bool) -> dict[str, Any] | None:
    """Read the body as a JSON object; None when there is none and none is required.

    A request without a body needs no content type.

    Raises PayloadTooLargeError, UnsupportedMediaTypeError, InvalidJsonError, InvalidBodyError.
    """
    text = read_text(request, limit_bytes=limit_bytes)
    if text is None and not required:
        return None
    if text is None or not text.strip():
        raise InvalidBodyError("The body is empty. Send a JSON object.")
    value = strict_json.parse(text)
    if not isinstance(value, dict):
        raise InvalidBodyError
    return value


def read_text(request: HttpRequest, *, limit_bytes: int) -> bytes | None:
    """Read the body as the text that JSON is to be parsed of; None when there is none.

    Raises PayloadTooLargeError, UnsupportedMediaTypeError, and InvalidJsonError when it can't be decoded.
    """
    raw = request.body_bytes()
    if len(raw) > limit_bytes:
        raise PayloadTooLargeError(limit_bytes)
    if not raw:
        return None
    encoding = (request.header("content-encoding") or "identity").strip().lower()
    # Size comes before media type, so a compressed body is inflated first and its corruption is reported last.
    plain = _inflate(raw, limit_bytes) if encoding in {"gzip", "x-gzip"} else raw
    _check_media_type(request.header("content-type"), encoding)
    if plain is None:
        raise InvalidJsonError("The body is not valid gzip.")
    return plain


def _check_media_type(content_type: str | None, encoding: str) -> None:
    media_type, _, parameters = (content_type or "").partition(";")
    if media_type.strip().lower() != "application/json" or encoding not in {"identity", "gzip", "x-gzip"}:
        raise UnsupportedMediaTypeError
    for parameter in parameters.split(";"):
        name, _, value = parameter.partition("=")
        if name.strip().lower() == "charset" and value.strip().strip('"').lower() not in {"utf-8", "utf8"}:
            raise UnsupportedMediaTypeError("JSON must be sent as UTF-8.")


def _inflate(raw: bytes, limit_bytes: int) -> bytes | None:
    """Inflate gzip, never holding more than the limit; None when it is corrupt or cut short."""
    inflated = bytearray()
    for _ in range(MAX_GZIP_MEMBERS):
        member = zlib.decompressobj(wbits=_GZIP)
        try:
            # One byte over the limit is enough to know, so a bomb never inflates further.
            inflated += member.decompress(raw, limit_bytes + 1 - len(inflated))
        except zlib.error:
            return None
        if len(inflated) > limit_bytes:
            raise PayloadTooLargeError(limit_bytes)
        if not member.eof:
            return None
        raw = member.unused_data
        if not raw:
            return bytes(inflated)
    return None
