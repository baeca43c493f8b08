"""What of the API is going to end, and the headers that tell it: `docs/compatibility.md`. Pure.

The headers are those of RFC 9745 (`Deprecation`, and the link to what is to be used instead) and RFC 8594 (`Sunset`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time

AHEAD_DAYS = 365
# A method and the template of a path, as the contract and the routes have them.
OperationKey = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Deprecation:
    """An end that was told: from which day (UTC) on it is discouraged, from which on it may be gone, and why.

    `page` is the address of the page that says what to use instead. Raises ValueError for an end that is too near.
    """

    since: date
    sunset: date
    page: str

    def __post_init__(self) -> None:
        if (self.sunset - self.since).days < AHEAD_DAYS:
            message = f"An end is told at least {AHEAD_DAYS} days ahead."
            raise ValueError(message)

    def headers(self) -> dict[str, str]:
        """Return the headers of every answer that it concerns."""
        return {
            "Deprecation": f"@{int(_midnight(self.since).timestamp())}",
            "Sunset": _midnight(self.sunset).strftime("%a, %d %b %Y %H:%M:%S GMT"),
            "Link": f'<{self.page}>; rel="deprecation"; type="text/html"',
        }


# Nothing today. What is added here is `deprecated: true` in openapi.yaml, with the day in its description.
DEPRECATIONS: Mapping[OperationKey, Deprecation] = {}


def deprecation_headers(operation: OperationKey) -> dict[str, str]:
    """Return the headers of an operation's answers; none for one that stays."""
    found = DEPRECATIONS.get(operation)
    return {} if found is None else found.headers()


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)
