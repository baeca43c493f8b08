"""When a delivery is tried again, and when an endpoint is given up (https://www.standardwebhooks.com). Pure."""

from __future__ import annotations

from dataclasses import dataclass

from knowledge.limits import WEBHOOK_FAILING_MS

from webhooks.endpoints.model import Endpoint

DELAYS_SECONDS = (0, 5, 300, 1_800, 7_200, 18_000, 36_000, 36_000)
"""How long after the one before it each attempt comes."""

JITTER = 0.1
SLOW_MS = 5_000
"""An answer that takes so long makes its endpoint a slow one, until one takes less."""

SWEEP_MS = 60_000
"""How often the sweep comes by; what is due sooner than that is asked for by a message of its own."""

OVERDUE_MS = 1_800_000
"""How long a message is trusted: it takes as long until one was received too often. Then the sweep sends another."""

_PROBE_WAIT_SECONDS = (5, 300)
_TURN_MS = 250
_LONE_TURN_MS = 15_000


def next_attempt_at(tries: int, now: int, retry_after_seconds: int | None, chance: float) -> int | None:
    """When to try again after `tries` attempts failed, the last of them `now`; None when there were enough.

    `chance` (0 to 1) spreads it over 10 % either way. A receiver that says `Retry-After` is not asked before that.
    """
    if tries >= len(DELAYS_SECONDS):
        return None
    wait = DELAYS_SECONDS[tries] * (1 + JITTER * (2 * chance - 1))
    return now + int(1000 * max(wait, retry_after_seconds or 0))


def first_reminder_at(attempt_at: int, now: int) -> int:
    """When the sweep is to remind of an attempt: for it, or long after it if the sweep would come by too late.

    Such an attempt has a message of its own.
    """
    return attempt_at if attempt_at - now > SWEEP_MS else attempt_at + OVERDUE_MS


def probe_wait_ms(failing_for_ms: int) -> int:
    """How long deliveries stand back until one of them finds out whether their failing endpoint is back."""
    least, most = _PROBE_WAIT_SECONDS
    return int(1000 * min(most, max(least, failing_for_ms / 10_000)))


@dataclass
class Turns:
    """Which of an endpoint's deliveries the sweep sends messages for until it comes by again, and for when.

    An endpoint that is paced gets one attempt at a time: the next turn comes when one before it has surely ended, and
    of one that fails after the wait between probes. Any other gets four a second, so that a backlog is no flood.
    """

    next_at: int
    end_at: int
    step_ms: int

    @classmethod
    def of(cls, endpoint: Endpoint, now: int) -> Turns:
        """The turns from now on."""
        if endpoint.disabled is not None or not endpoint.paced:
            return cls(now, now + SWEEP_MS, _TURN_MS)
        failing_for_ms = 0 if endpoint.failing_since is None else now - endpoint.failing_since
        step_ms = max(_LONE_TURN_MS, probe_wait_ms(failing_for_ms) if endpoint.failures else 0)
        return cls(max(now, endpoint.probe_at or now), now + SWEEP_MS, step_ms)

    def take(self, due_at: int) -> int | None:
        """Take the next turn, not before a time; returns when it is, None when there is none left."""
        at = max(due_at, self.next_at)
        if at >= self.end_at:
            return None
        self.next_at = at + self.step_ms
        return at


def to_be_disabled(failing_since: int | None, now: int) -> bool:
    """Tell whether an endpoint has failed for so long that it is given up."""
    return failing_since is not None and now - failing_since >= WEBHOOK_FAILING_MS
