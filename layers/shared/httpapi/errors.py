"""Every way the edge itself refuses a request; `httpapi.error_table` says with which status and code.

`str(error)` is the public text. The lifecycle's own refusals are in `knowledge.errors`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from knowledge.errors import NotFoundError
from knowledge.limits import GATEWAY_BODY_BYTES
from knowledge.words import size_words


class EdgeError(Exception):
    """The root of the edge's refusals; `headers` go out with the answer."""

    code = "internal_error"
    message = "The request could not be carried out."

    def __init__(self, message: str | None = None, *, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(message or self.message)
        self.headers: dict[str, str] = dict(headers or {})


class UnknownRouteError(EdgeError):
    """Raised when no operation has this path."""

    code = "not_found"
    message = "There is no such path. See the API reference for the paths that exist."


class MethodNotAllowedError(EdgeError):
    """Raised when the path exists but not with this method; `Allow` names those it has."""

    code = "method_not_allowed"
    message = "This path does not take that method. The Allow header names those it takes."

    def __init__(self, allowed: Sequence[str]) -> None:
        super().__init__(headers={"Allow": ", ".join(allowed)})


class UnauthorizedError(EdgeError):
    """Raised when the Authorization header is missing or is not `Bearer <key>`."""

    code = "unauthorized"
    message = "Missing or malformed Authorization header. Send `Authorization: Bearer <API key>`."

    def __init__(self) -> None:
        super().__init__(headers={"WWW-Authenticate": "Bearer"})


class InvalidKeyError(UnauthorizedError):
    """Raised when the key is not one of ours: its shape, checksum, id or secret is wrong."""

    code = "invalid_key"
    message = "The API key is not valid. Check that the whole key was copied."


class KeyExpiredError(UnauthorizedError):
    """Raised when a genuine key is used past its expiry."""

    code = "key_expired"
    message = "The API key has expired. Ask whoever manages your API keys for a new one."


class KeyRevokedError(UnauthorizedError):
    """Raised when a genuine key is used after it was revoked."""

    code = "key_revoked"
    message = "The API key has been revoked. Ask whoever manages your API keys for a new one."


class KeyDisabledError(UnauthorizedError):
    """Raised when a genuine key is used that was turned off."""

    code = "key_disabled"
    message = "The API key is disabled. Whoever manages your API keys can enable it again."


class KeySuspendedError(UnauthorizedError):
    """Raised when a genuine key is used while an operator has suspended its tenant."""

    code = "key_suspended"
    message = "The API keys of this tenant are suspended. Ask whoever runs this API."


class SessionEndedError(UnauthorizedError):
    """Raised when a portal session is used that has ended, by itself, by somebody, or with its key."""

    code = "session_ended"
    message = "This session has ended, or there was none. Sign in again."


class LinkUsedError(UnauthorizedError):
    """Raised when a sign-in link is used that was used before, ran out, or ended with its key."""

    code = "link_used"
    message = "This sign-in link was used already, or has run out. Ask whoever sent it for another one."


class InsufficientScopeError(EdgeError):
    """Raised when the key lacks the scope, or is limited to sources where that is not allowed."""

    code = "insufficient_scope"
    message = "The API key lacks the scope this request needs. Use a key that has it."


class OriginNotAllowedError(EdgeError):
    """Raised when a page asks whose origin may not."""

    code = "origin_not_allowed"
    message = "Pages of this origin may not ask this. Send the request from a server, without an Origin header."


class RateLimitedError(EdgeError):
    """Raised when a key has used up its requests of the present minute."""

    code = "rate_limited"
    # The published description gives this text word for word.
    message = "Too many requests. Please slow down."


class PayloadTooLargeError(EdgeError):
    """Raised when a body is over its limit, before or after decompression."""

    code = "payload_too_large"

    def __init__(self, limit_bytes: int) -> None:
        super().__init__(
            f"The body is larger than {size_words(limit_bytes)}, counted after decompression. "
            f"Send fewer items at once (gzip the body if it is over {size_words(GATEWAY_BODY_BYTES)}), "
            "or use an import."
        )


class ResultsTooLargeError(EdgeError):
    """Raised when what a batch is answered with would not fit into an answer, before anything of it is staged."""

    code = "payload_too_large"
    message = (
        "The results of this batch would not fit into one answer, since its ids take much room as JSON. "
        "Send fewer items at once."
    )


class UnsupportedMediaTypeError(EdgeError):
    """Raised when a body is neither plain nor gzipped `application/json`."""

    code = "unsupported_media_type"
    message = "The Content-Type must be application/json, and the Content-Encoding gzip if there is one."


class InvalidJsonError(EdgeError):
    """Raised when a body does not parse as strict JSON; `details` name the field where that is known."""

    code = "invalid_json"
    message = "The body is not valid JSON."

    def __init__(self, message: str | None = None, details: Sequence[Mapping[str, Any]] = ()) -> None:
        super().__init__(message)
        self.details = list(details)


class InvalidBodyError(EdgeError):
    """Raised when a body is empty where one is needed, or is not a JSON object."""

    code = "invalid_body"
    message = "The body must be a JSON object."


class ValidationFailedError(EdgeError):
    """Raised when a body, query or path does not hold what the operation takes; `details` names every problem."""

    code = "validation_error"
    message = "The request failed validation."

    def __init__(self, details: Sequence[Mapping[str, Any]], message: str | None = None) -> None:
        super().__init__(message)
        self.details = list(details)


class UnreachableError(EdgeError):
    """Raised when what the API needs can't be reached; `details` say which kinds of it, and nothing of why.

    `seconds` is for how long this is answered without another look.
    """

    code = "unavailable"
    message = "Not all that the API needs can be reached."

    def __init__(self, parts: Sequence[str], seconds: int) -> None:
        super().__init__(headers={"Retry-After": str(seconds)})
        self.details: list[Mapping[str, Any]] = [{"path": part, "message": "cannot be reached"} for part in parts]


class IdempotencyConflictError(EdgeError):
    """Raised when an Idempotency-Key comes again with another method, path or body."""

    code = "idempotency_conflict"
    message = "This Idempotency-Key was already used with a different request. Use a new one for a new request."


class IdempotencyInProgressError(EdgeError):
    """Raised when a request with the same Idempotency-Key is still being worked on, or died and may not be known dead.

    `seconds` is for how long at most: then a repeat does the work, whatever became of the first.
    """

    code = "idempotency_in_progress"
    message = "A request with this Idempotency-Key is still running. Retry it shortly."

    def __init__(self, seconds: int) -> None:
        super().__init__(headers={"Retry-After": str(seconds)})


class KeyNotFoundError(NotFoundError):
    """Raised when the tenant has no API key of that id."""

    message = "API key not found. List the keys to see which there are."


class TenantNotFoundError(NotFoundError):
    """Raised when keys are made for a tenant that was never set up."""

    message = "Tenant not found. Create it first."


class LastAdminKeyError(EdgeError):
    """Raised when revoking a key would leave the tenant without a lasting key that may manage keys."""

    code = "last_admin_key"
    message = "This is the last lasting key that may manage keys. Create another one first."


class KeyInactiveError(EdgeError):
    """Raised when a key that is to be rotated is no active one, or one that is to be changed has ended."""

    code = "key_inactive"

    def __init__(self, status: str, deed: str) -> None:
        instead = "Enable it first." if status == "disabled" else "Create a new one."
        super().__init__(f"The API key is {status}, so it cannot be {deed}. {instead}")


class KeyRotatedError(EdgeError):
    """Raised when a key that is to be rotated, or whose limit or end is to be changed, already has a successor."""

    code = "key_rotated"

    def __init__(self, successor_id: str, deed: str = "Rotate") -> None:
        super().__init__(f"The API key was already rotated. {deed} the key that replaced it, {successor_id}.")


def invalid_field(path: str, message: str) -> ValidationFailedError:
    """Build the error for one problem at one place."""
    return ValidationFailedError([{"path": path, "message": message}])
