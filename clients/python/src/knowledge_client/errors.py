"""What can go wrong, as a tree. Decide by the class or by `code`; quote `request_id` when you ask for help.

KnowledgeError                  everything that this package raises
  InvalidArgumentError          what was given can't be sent; nothing was (a ValueError, too)
    SettingsError               the address, the key, a proxy or a certificate is none
  ApiError                      a request came to nothing; it has a code
    InvalidRequestError         400, 413, 415: the request has to be changed; `faults` tell where
    UnauthorizedError           401: the key is missing, mistyped, expired, disabled or revoked
    ForbiddenError              403: the key may not do this
    NotFoundError               404: there is no such thing, or it is not yours
    NotModifiedError            304: what is there is what `if_none_match` names
    ConflictError               409: a retry does not help, or did not in all the tries
    PreconditionFailedError     412: what is there is not what `if_match` names, or is there at all
    RateLimitedError            429 after all the tries, or for longer than the client waits
    ServerError                 5xx after all the tries
    NoAnswerError               no answer in all the tries; the work may have been done
    UnexpectedAnswerError       something answered that is not the API, or answered too much
  UploadError                   the file of an import did not get through
  FailedError                   a run or an import ended badly; it has a code
  StillUnderWayError            what was waited for did not end in the time given
  UnverifiedWebhookError        a message that must not be believed (`knowledge_client.webhook_verification`)
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import Any, Self

# How many faults a message tells; `faults` has all.
SHOWN_FAULTS = 3


class KnowledgeError(Exception):
    """Raised for everything that goes wrong in this package."""


class InvalidArgumentError(KnowledgeError, ValueError):
    """Raised for what can't be sent, before anything is; names the item where one is at fault."""


class SettingsError(InvalidArgumentError):
    """Raised when the address, the key, a proxy or a certificate is none."""


@dataclass(frozen=True)
class Fault:
    """One fault of a request: where it is, in the items that were handed in, and what is wanted."""

    path: str
    message: str
    index: int | None = None
    external_item_id: str | None = None

    @classmethod
    def of(cls, detail: dict[str, Any]) -> Self:
        """Read one of an answer's `details`."""
        index, name = detail.get("index"), detail.get("externalItemId")
        return cls(
            str(detail.get("path") or ""),
            str(detail["message"]),
            index if isinstance(index, int) else None,
            name if isinstance(name, str) else None,
        )

    def moved(self, by: int) -> Self:
        """The same fault as seen from a list of which the request held a part, so many items behind the beginning."""
        if self.index is None:
            return self
        path = re.sub(r"^(items)\[\d+\]", rf"\1[{self.index + by}]", self.path)
        return replace(self, path=path, index=self.index + by)

    def __str__(self) -> str:
        name = "" if self.external_item_id is None else f" ({self.external_item_id})"
        return f"{self.path}{name} {self.message}".strip()


class ApiError(KnowledgeError):
    """Raised when a request comes to nothing for good.

    `faults` are those of a `validation_error`, `details` the same as the API wrote them. `retry_after` is in seconds,
    None if the answer names none. `doing` is the method and the path. `sent` is how many items of a larger set were
    taken before. `etag` is that of what is there, where the answer tells it.
    """

    def __init__(
        self,
        message: str,
        *,
        code: str,
        doing: str,
        status: int | None = None,
        details: list[dict[str, Any]] | None = None,
        request_id: str | None = None,
        retry_after: float | None = None,
        etag: str | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.code = code
        self.doing = doing
        self.status = status
        self.details = details or []
        self.faults = [Fault.of(detail) for detail in self.details if "message" in detail]
        self.request_id = request_id
        self.retry_after = retry_after
        self.etag = etag
        self.sent = 0

    def __str__(self) -> str:
        told = "; ".join(str(fault) for fault in self.faults[:SHOWN_FAULTS])
        more = len(self.faults) - SHOWN_FAULTS
        rest = f"; and {more} more" if more > 0 else ""
        return f"{self.doing}: {self.message}{told and ' '}{told}{rest} ({self.code})"


class InvalidRequestError(ApiError):
    """Raised for 400, 413 and 415: the request has to be changed."""


class UnauthorizedError(ApiError):
    """Raised for 401: the key is missing, mistyped, expired, disabled or revoked."""


class ForbiddenError(ApiError):
    """Raised for 403: the key may not do this."""


class NotFoundError(ApiError):
    """Raised for 404, when it is the API that says so: there is no such thing, or it is not yours."""


class NotModifiedError(ApiError):
    """Raised for 304: what is there is what `if_none_match` names, so there is nothing new to read."""


class ConflictError(ApiError):
    """Raised for 409 when a retry does not help, or did not in all the tries."""


class PreconditionFailedError(ApiError):
    """Raised for 412: what is there is not what `if_match` or `if_none_match` names, and nothing was written."""


class RateLimitedError(ApiError):
    """Raised for 429 after all the tries, or when the wait is longer than the client's longest."""


class ServerError(ApiError):
    """Raised for 5xx after all the tries."""


class NoAnswerError(ApiError):
    """Raised when no answer came in all the tries; the work may have been done."""


class UnexpectedAnswerError(ApiError):
    """Raised when what answers is not the API: a proxy's page, a redirect, more than any answer holds."""


class UploadError(KnowledgeError):
    """Raised when the file of an import did not get through; `status` is the storage's answer, None without one."""

    def __init__(self, message: str, status: int | None = None) -> None:
        super().__init__(message)
        self.status = status


class FailedError(KnowledgeError):
    """Raised when a run or an import ended badly; `ended` is how it is now, `code` is one of docs/errors.md."""

    def __init__(self, message: str, code: str, ended: Any) -> None:
        super().__init__(f"{message} ({code})")
        self.code = code
        self.ended = ended


class StillUnderWayError(KnowledgeError):
    """Raised when what was waited for did not end in the time given; `last` is how it was when it was last seen."""

    def __init__(self, message: str, last: Any) -> None:
        super().__init__(message)
        self.last = last


class UnverifiedWebhookError(KnowledgeError):
    """Raised for a message that must not be believed; `status` is what to answer."""

    def __init__(self, message: str, status: int) -> None:
        super().__init__(message)
        self.status = status


BY_STATUS: dict[int, type[ApiError]] = {
    400: InvalidRequestError,
    401: UnauthorizedError,
    403: ForbiddenError,
    404: NotFoundError,
    409: ConflictError,
    412: PreconditionFailedError,
    413: InvalidRequestError,
    415: InvalidRequestError,
    429: RateLimitedError,
}
