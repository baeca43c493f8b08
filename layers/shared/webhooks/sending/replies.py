"""What came of a post, and how it is told to the tenant: plain sentences without what is ours."""

from __future__ import annotations

import errno
import socket
import ssl
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http.client import HTTPException, IncompleteRead, LineTooLong, RemoteDisconnected

import urllib3.exceptions
from knowledge.limits import RETRY_AFTER_MAX_SECONDS, SNIPPET_BYTES
from urllib3.exceptions import InvalidHeader, ProtocolError
from urllib3.util.ssl_match_hostname import CertificateError

_HOSTNAME_MISMATCH = frozenset((62, 64))  # X509_V_ERR_HOSTNAME_MISMATCH and X509_V_ERR_IP_ADDRESS_MISMATCH
_UNREACHABLE = frozenset((errno.ENETUNREACH, errno.EHOSTUNREACH, errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT))
_WRONG_CERTIFICATE = "the certificate is not valid for this host"
_CUT_OFF = "the connection was closed before the answer was complete"


class AnswerTooLongError(OSError):
    """Raised when a receiver sends more than is read of it."""


@dataclass(frozen=True, slots=True)
class Reply:
    """What came of a post.

    `status` is None when there was no whole answer, and `failure` says why; an answer is whole when its body ended, or
    64 KB of it were read. `snippet` is the beginning of the body, 1 KB at most. `refused` says that nothing was sent,
    because of what the target is.
    """

    status: int | None
    latency_ms: int
    snippet: str
    retry_after_seconds: int | None
    failure: str | None
    refused: bool


def snippet_of(body: bytes) -> str:
    """Make the beginning of a body readable, whatever it is: at most 1 KB of UTF-8, all printable but for newlines."""
    text = body[:SNIPPET_BYTES].decode(errors="replace")
    shown = "".join(character if character.isprintable() or character in "\n\t" else "\ufffd" for character in text)
    return shown.encode()[:SNIPPET_BYTES].decode(errors="ignore")


def retry_after_seconds(header: str | None, now: float) -> int | None:
    """Read a Retry-After header, seconds or a date (RFC 9110), at `now` in Unix seconds: 0 to 86 400, None if unread.

    A receiver that asks for more than a day gets a day.
    """
    text = (header or "").strip()
    if text.isascii() and text.isdigit():
        return min(int(text[:9]), RETRY_AFTER_MAX_SECONDS)
    try:
        date = parsedate_to_datetime(text)
        wait = (date if date.tzinfo else date.replace(tzinfo=UTC)) - datetime.fromtimestamp(now, UTC)
    except (ValueError, TypeError, OverflowError, IndexError):
        return None
    return min(max(int(wait.total_seconds()), 0), RETRY_AFTER_MAX_SECONDS)


def failure_of(error: Exception, deadline_seconds: float) -> str:
    """Say why there was no whole answer."""
    causes = list(_causes(error))
    if any(isinstance(cause, TimeoutError | urllib3.exceptions.TimeoutError) for cause in causes):
        return f"timed out after {deadline_seconds:g} s"
    return next((words for words in map(_words, causes) if words), "the request failed")


def _words(error: BaseException) -> str | None:
    match error:
        case AnswerTooLongError() | LineTooLong():
            return "the headers of the answer are too long"
        case ssl.SSLCertVerificationError(verify_code=code) if code not in _HOSTNAME_MISMATCH:
            return f"the certificate is not trusted: {error.verify_message}"
        case ssl.SSLCertVerificationError() | CertificateError():
            return _WRONG_CERTIFICATE
        case socket.gaierror():
            return "the name does not resolve"
        case ConnectionRefusedError():
            return "connection refused"
        case RemoteDisconnected():
            return "the connection was closed without an answer"
        case ConnectionError() | IncompleteRead() | ssl.SSLEOFError():
            return _CUT_OFF
        case ssl.SSLError():
            return "no TLS connection could be made"
        # urllib3's own ProtocolError, not one that it wraps something in.
        case HTTPException() | InvalidHeader() | ProtocolError(args=(str(),)):
            return "the answer is not valid HTTP"
        case OSError(errno=code) if code in _UNREACHABLE:
            return "the host cannot be reached"
    return None


def _causes(error: BaseException) -> Iterator[BaseException]:
    """Unwrap what urllib3 wraps: in the arguments or as the cause, the innermost first."""
    inner = [value for value in (*error.args, error.__cause__) if isinstance(value, BaseException)]
    for cause in inner:
        yield from _causes(cause)
    yield error
