"""Times: what the clock says, how long units are, and as tenants read them."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta

MS_PER_MINUTE = 60_000
MS_PER_HOUR = 3_600_000
MS_PER_DAY = 86_400_000

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def timestamp(milliseconds: int) -> str:
    """Write milliseconds since 1970 as ISO 8601 in UTC, such as `2026-11-23T09:30:00.000Z`."""
    moment = _EPOCH + timedelta(milliseconds=milliseconds)
    return moment.strftime("%Y-%m-%dT%H:%M:%S.") + f"{moment.microsecond // 1000:03d}Z"


def day_of(milliseconds: int) -> str:
    """The day (UTC) of a time, such as `2026-11-23`."""
    return (_EPOCH + timedelta(milliseconds=milliseconds)).strftime("%Y-%m-%d")


def optional_timestamp(milliseconds: int | None) -> str | None:
    """Write a time that may be missing."""
    return None if milliseconds is None else timestamp(milliseconds)


def system_clock() -> int:
    """The time in ms since 1970."""
    return time.time_ns() // 1_000_000
