"""What the account of usage takes."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Annotated

from knowledge.items.field_rules import Rule
from knowledge.limits import DEFAULT_USAGE_DAYS, USAGE_KEPT_DAYS

from httpapi.errors import invalid_field
from httpapi.schemas.fields import ListQuery

_DAY_PATTERN = "^[0-9]{4}-[0-9]{2}-[0-9]{2}$"


def _day(value: str) -> str:
    try:
        if date.fromisoformat(value).isoformat() == value:
            return value
    except ValueError:
        pass
    raise ValueError("must be a day such as 2027-01-31")


Day = Annotated[str, Rule(_day, {"format": "date", "pattern": _DAY_PATTERN})]


class UsageQuery(ListQuery):
    """From which day until which, both included; the last 30 unless it is said."""

    since: Day | None = None
    until: Day | None = None

    def days(self, now: int) -> list[str]:
        """Name the days that are asked for. Raises ValidationFailedError for none, or more than are kept."""
        today = datetime.fromtimestamp(now / 1000, UTC).date()
        last = today if self.until is None else date.fromisoformat(self.until)
        before = min(DEFAULT_USAGE_DAYS - 1, (last - date.min).days)
        first = last - timedelta(days=before) if self.since is None else date.fromisoformat(self.since)
        if first > last:
            raise invalid_field("since", "must not be after until")
        count = (last - first).days + 1
        if count > USAGE_KEPT_DAYS:
            raise invalid_field("since", f"must be less than {USAGE_KEPT_DAYS} days before until")
        return [(first + timedelta(days=number)).isoformat() for number in range(count)]
