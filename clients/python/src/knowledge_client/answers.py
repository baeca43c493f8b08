"""What came back: JSON of the API with its entity tag, or what stands for one of the errors."""

from __future__ import annotations

import json
import re
import ssl
from collections.abc import Mapping
from typing import Any

import httpx

from knowledge_client.errors import (
    BY_STATUS,
    ApiError,
    NoAnswerError,
    NotModifiedError,
    ServerError,
    UnexpectedAnswerError,
)
from knowledge_client.retrying import read_retry_after

Json = dict[str, Any]

# Lambda answers no more than 6 MiB, and a link to a content leads to little more.
MAX_ANSWER_BYTES = 32 * 1024 * 1024


class Tagged(Json):
    """An object of an answer that has an `ETag`."""

    __slots__ = ("etag",)

    def __init__(self, body: Json, etag: str) -> None:
        super().__init__(body)
        self.etag = etag


def etag_of(thing: Mapping[str, Any]) -> str | None:
    """Return the `ETag` of what a method returned, for `if_match` and `if_none_match`; None for what has none.

    One thing that was read or written has one, and so has each page of `answers()` of a listing; its entries have none.
    """
    return thing.etag if isinstance(thing, Tagged) else None


def read_bounded(answer: httpx.Response, doing: str) -> bytes:
    """Read a body to its end; raises UnexpectedAnswerError when it is larger than any answer."""
    content = bytearray()
    for piece in answer.iter_bytes():
        content += piece
        if len(content) > MAX_ANSWER_BYTES:
            raise UnexpectedAnswerError(
                f"over {MAX_ANSWER_BYTES} bytes, which is more than the API answers",
                code="answer_too_large",
                doing=doing,
                status=answer.status_code,
            )
    return bytes(content)


def read_object(answer: httpx.Response, content: bytes, doing: str) -> Json:
    """Take an answer for the JSON object that it is, with its `ETag`; raises the ApiError that it stands for."""
    try:
        body = json.loads(content)
    except (ValueError, RecursionError):
        body = None
    if answer.is_success and isinstance(body, dict):
        etag = answer.headers.get("ETag")
        return body if etag is None else _tagged(body, etag)
    raise _error_of(answer, body if isinstance(body, dict) else {}, doing)


def _tagged(body: Json, etag: str) -> Json:
    # An answer on one thing has it in a field, and that is what the methods return.
    return Tagged({name: Tagged(each, etag) if isinstance(each, dict) else each for name, each in body.items()}, etag)


def _error_of(answer: httpx.Response, body: Json, doing: str) -> ApiError:
    status = answer.status_code
    if status == httpx.codes.NOT_MODIFIED:
        told = "it is what the tag names"
        return NotModifiedError(told, code="not_modified", doing=doing, status=status, etag=answer.headers.get("ETag"))
    # Absence is only believed of the API itself: a proxy's page that says 404 says nothing of a generation.
    known = isinstance(body.get("code"), str) and not answer.is_success
    default = ServerError if status >= 500 else ApiError
    kind = BY_STATUS.get(status, default) if known else default if status >= 500 else UnexpectedAnswerError
    details = body.get("details") if known else None
    return kind(
        str(body.get("error") or body["code"]) if known else _strange(answer, body),
        code=body["code"] if known else f"http_{status}",
        doing=doing,
        status=status,
        details=[each for each in details if isinstance(each, dict)] if isinstance(details, list) else None,
        request_id=answer.headers.get("X-Request-Id"),
        retry_after=read_retry_after(answer.headers.get("Retry-After")),
        etag=answer.headers.get("ETag"),
    )


def _strange(answer: httpx.Response, body: Json) -> str:
    if answer.is_redirect:
        # Without what stands behind the path, which may be somebody's secret.
        target = re.split(r"[?#]", answer.headers.get("Location", ""))[0]
        return f"HTTP {answer.status_code} to {target or 'nowhere'}, which is not followed; is CHATBOT_API right?"
    said = body.get("error") or body.get("message")
    told = f" ({said})" if isinstance(said, str) else ""
    return f"HTTP {answer.status_code}{told} without an answer of the API; is CHATBOT_API right?"


def no_answer(error: Exception, doing: str) -> NoAnswerError:
    """Say what stood in the way; `no_answer` may pass, the others do not by themselves."""
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, ssl.SSLCertVerificationError):
            told = f"{cause.verify_message}; name the certificates to trust in SSL_CERT_FILE"
            return NoAnswerError(told, code="untrusted_certificate", doing=doing)
        cause = cause.__cause__ or cause.__context__
    code = "no_request" if isinstance(error, httpx.LocalProtocolError | httpx.InvalidURL) else "no_answer"
    return NoAnswerError(str(error) or type(error).__name__, code=code, doing=doing)
