"""When a delivery is tried again, and when an endpoint is given up (https://www.standardwebhooks.com). Pure."""

from __future__ import annotations

from knowledge.times import MS_PER_DAY

DELAYS_SECONDS = (0, 5, 300, 1_800, 7_200, 18_000, 36_000, 36_000)
"""How long after the one before it each attempt comes."""

JITTER = 0.1
GIVE_UP_MS = 5 * MS_PER_DAY
FAILURES_BEFORE_PROBING = 5
_PROBE_WAIT_SECONDS = (5, 300)


def next_attempt_at(tries: int, now: int, retry_after_seconds: int | None, chance: float) -> int | None:
    """When to try again after `tries` attempts failed, the last of them `now`; None when there were enough.

    `chance` (0 to 1) spreads it over 10 % either way. A receiver that says `Retry-After` is not asked before that.
    """
    if tries >= len(DELAYS_SECONDS):
        return None
    wait = DELAYS_SECONDS[tries] * (1 + JITTER * (2 * chance - 1))
    return now + int(1000 * max(wait, retry_after_seconds or 0))


def probe_wait_seconds(failing_for_ms: int, chance: float) -> int:
    """How long deliveries stand back until one of them finds out whether their failing endpoint is back."""
    least, most = _PROBE_WAIT_SECONDS
    return int(min(most, max(least, failing_for_ms / 10_000)) * (1 + chance))


def to_be_disabled(failing_since: int | None, now: int) -> bool:
    """Tell whether an endpoint has failed for so long that it is given up."""
    return failing_since is not None and now - failing_since >= GIVE_UP_MS
