"""Which requests are sent again, and after how long. Pure, but for the dice."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from knowledge_client.errors import ApiError, NoAnswerError

TRIES = 8
LONGEST_WAIT_SECONDS = 120
_FIRST_WAIT_SECONDS = 1.0
_LONGEST_BACKOFF_SECONDS = 30.0
# Conflicts that pass by themselves. `erasure_in_progress` does too, but takes an hour.
TRANSIENT_CONFLICTS = frozenset(
    {
        "apply_conflict",
        "apply_in_progress",
        "idempotency_in_progress",
        "lease_lost",
        "run_in_progress",
        "stale_base",
        "stale_plan",
    }
)
# Failures of the server that do not.
LASTING_FAILURES = frozenset({"index_too_large", "index_damaged"})
# Said before any work begins, so that even what can't be done twice may be sent again.
REFUSED_BEFORE_WORK = frozenset({"rate_limited", "index_upgrading"})


@dataclass(frozen=True)
class Retries:
    """How often and how patiently a request is sent.

    Waits double from one second to 30, and of each a random share is waited (full jitter), so that clients which were
    refused together do not come back together. A `Retry-After` is waited out, and up to a second more; one that is
    longer than `longest_wait_seconds` is left to the caller.
    """

    tries: int = TRIES
    longest_wait_seconds: float = LONGEST_WAIT_SECONDS
    dice: Callable[[], float] = random.random

    def wait_after(self, tries: int, error: ApiError, *, repeatable: bool) -> float | None:
        """Return the seconds to wait after so many tries, or None to give up."""
        if tries >= self.tries or not may_pass(error, repeatable=repeatable):
            return None
        if error.retry_after is not None:
            return error.retry_after + self.dice() if error.retry_after <= self.longest_wait_seconds else None
        return self.dice() * min(_FIRST_WAIT_SECONDS * 2.0 ** (tries - 1), _LONGEST_BACKOFF_SECONDS)


def may_pass(error: ApiError, *, repeatable: bool) -> bool:
    """Tell whether the same request may succeed later, and is safe to be sent again.

    `repeatable` is True for what reads, and for what changes something under an Idempotency-Key.
    """
    if error.code in REFUSED_BEFORE_WORK:
        return True
    if not repeatable:
        return False
    if isinstance(error, NoAnswerError):
        return error.code == "no_answer"
    status = error.status or 0
    if status == 409:
        return error.code in TRANSIENT_CONFLICTS
    return status == 429 or (status >= 500 and error.code not in LASTING_FAILURES)


def read_retry_after(header: str | None, now: datetime | None = None) -> float | None:
    """Read a `Retry-After`, in seconds or as a date; None for what is neither."""
    text = (header or "").strip()
    if text.isascii() and text.isdecimal():
        return float(text)
    try:
        at = parsedate_to_datetime(text)
    except ValueError:
        return None
    at = at if at.tzinfo else at.replace(tzinfo=UTC)
    return max(0.0, (at - (now or datetime.now(UTC))).total_seconds())
