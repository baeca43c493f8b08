"""Where a key's use ends though it is valid: what no key for web pages may do, and what a day has of."""

from __future__ import annotations

from collections.abc import Mapping

from knowledge.errors import NotFoundError
from knowledge.limits import KEY_SESSIONS

from httpapi.errors import EdgeError


class BrowserKeyNotAllowedError(EdgeError):
    """Raised when a key for web pages is used for anything but what they may ask."""

    code = "browser_key_not_allowed"
    message = (
        "An API key for web pages can only search, ask, and say whether an answer helped. "
        "Use a secret key, on a server, for anything else."
    )


class SessionLimitError(EdgeError):
    """Raised when as many sessions of a key are open as may be."""

    code = "session_limit"
    message = f"{KEY_SESSIONS} sessions of this API key are open, which is as many as may be. End one of them first."


class SessionNotFoundError(NotFoundError):
    """Raised when there is no such session, or who asks can't see it."""

    message = "There is no such session."


class RequestBudgetError(EdgeError):
    """Raised when a key has used up its requests of the day; `seconds` is until the next one (UTC)."""

    code = "request_budget"
    message = (
        "The API key has used up its requests of the day, which begins anew at midnight UTC. "
        "Whoever manages your API keys can raise its requestsPerDay, which the next request obeys."
    )

    def __init__(self, seconds: int, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(headers={"Retry-After": str(seconds), **(headers or {})})


class AnswerBudgetError(RequestBudgetError):
    """Raised when a key has used up its answers of the day; `seconds` is until the next one (UTC)."""

    code = "answer_budget"
    message = (
        "The API key has used up its answers of the day, which begins anew at midnight UTC. Searching goes on. "
        "Whoever manages your API keys can raise its answersPerDay, which the next request obeys."
    )
