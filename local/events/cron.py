"""Schedule expressions: `rate(5 minutes)` and `cron(0 3 * * ? *)`, and when they are next due.

https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-scheduled-rule-pattern.html
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from itertools import product
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from local.failures import TemplateError

_RATE = re.compile(r"rate\((\d+) (minute|hour|day)s?\)")
_CRON = re.compile(r"cron\(([^()]+)\)")
_MONTHS = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")
_DAYS = ("SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT")
# Far enough for the 29th of February, over a century that has none.
_YEARS_AHEAD = 9


@dataclass(frozen=True)
class _Cron:
    minutes: frozenset[int]
    hours: frozenset[int]
    days: frozenset[int]
    months: frozenset[int]
    # Sunday is 1.
    weekdays: frozenset[int]
    years: frozenset[int]
    zone: ZoneInfo

    def after(self, moment: datetime) -> datetime | None:
        """Return the first time that fits and is later than a moment, None when there is none."""
        local = moment.astimezone(self.zone)
        for ahead in range(_YEARS_AHEAD * 366):
            day = local.date() + timedelta(days=ahead)
            if day.month not in self.months or day.day not in self.days or day.year not in self.years:
                continue
            if day.isoweekday() % 7 + 1 not in self.weekdays:
                continue
            for hour, minute in product(sorted(self.hours), sorted(self.minutes)):
                due = datetime.combine(day, time(hour, minute), self.zone)
                if due > moment:
                    return due
        return None


class Expression:
    """A schedule expression in a time zone."""

    def __init__(self, text: str, timezone: str, where: str) -> None:
        """Parse an expression; TemplateError, naming the resource `where`, for one that the local stack can't keep."""
        self._period: timedelta | None = None
        self._cron: _Cron | None = None
        if rate := _RATE.fullmatch(text):
            self._period = timedelta(**{f"{rate.group(2)}s": int(rate.group(1))})
        elif cron := _CRON.fullmatch(text):
            self._cron = _parse(cron.group(1).split(), timezone, where)
        if not self._period and not self._cron:
            raise TemplateError(f"{where}: the local stack does not keep the schedule {text}")

    def after(self, moment: datetime) -> datetime | None:
        """Return when it is next due after a moment (with a time zone): a rate counts from that moment on."""
        if self._period:
            return moment + self._period
        assert self._cron
        return self._cron.after(moment)


def _parse(fields: list[str], timezone: str, where: str) -> _Cron:
    if len(fields) != 6:
        raise TemplateError(f"{where}: a cron schedule has six fields, not {len(fields)}")
    minutes, hours, days, months, weekdays, years = fields
    if (days == "?") == (weekdays == "?"):
        raise TemplateError(f"{where}: one of day-of-month and day-of-week must be ?, and only one")
    try:
        zone = ZoneInfo(timezone)
    except (ZoneInfoNotFoundError, ValueError) as error:
        raise TemplateError(f"{where}: the time zone {timezone} is unknown") from error
    return _Cron(
        minutes=_values(minutes, 0, 59, (), where),
        hours=_values(hours, 0, 23, (), where),
        days=_values(days, 1, 31, (), where),
        months=_values(months, 1, 12, _MONTHS, where),
        weekdays=_values(weekdays, 1, 7, _DAYS, where),
        years=_values(years, 1970, 2199, (), where),
        zone=zone,
    )


def _values(field: str, lowest: int, highest: int, names: tuple[str, ...], where: str) -> frozenset[int]:
    """Return the values of a field: `*`, `?`, numbers, names, ranges, steps and lists of them; not L, W and #."""
    values: set[int] = set()
    for name, number in zip(names, range(lowest, highest + 1), strict=False):
        field = re.sub(rf"\b{name}\b", str(number), field, flags=re.IGNORECASE)
    for part in field.split(","):
        found = re.fullmatch(r"(?:([*?])|(\d+)(?:-(\d+))?)(?:/(\d+))?", part)
        if not found:
            raise TemplateError(f"{where}: the local stack does not understand {part} in a cron schedule")
        everything, first, last, step = found.groups()
        start = lowest if everything else int(first)
        end = int(last) if last else highest if everything or step else start
        if not lowest <= start <= end <= highest or step == "0":
            raise TemplateError(f"{where}: {part} is out of range in a cron schedule")
        values.update(range(start, end + 1, int(step or 1)))
    return frozenset(values)
