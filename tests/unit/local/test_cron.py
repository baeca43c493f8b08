"""When schedule expressions are due."""

from datetime import datetime

import pytest

from local.events.cron import Expression
from local.failures import TemplateError


def due(text: str, after: str, timezone: str = "UTC") -> str | None:
    found = Expression(text, timezone, "Nightly").after(datetime.fromisoformat(after + "+00:00"))
    return found and found.astimezone(datetime.fromisoformat("2026-01-01T00:00+00:00").tzinfo).isoformat()[:16]


@pytest.mark.parametrize(
    ("text", "after", "next_due"),
    [
        ("rate(1 minute)", "2026-11-23T08:00", "2026-11-23T08:01"),
        ("rate(5 minutes)", "2026-11-23T08:01", "2026-11-23T08:06"),
        ("rate(2 days)", "2026-11-23T08:00", "2026-11-25T08:00"),
        ("cron(0 3 * * ? *)", "2026-11-23T02:59", "2026-11-23T03:00"),
        ("cron(0 3 * * ? *)", "2026-11-23T03:00", "2026-11-24T03:00"),
        ("cron(*/15 * * * ? *)", "2026-11-23T08:16", "2026-11-23T08:30"),
        ("cron(5/20 8-9 * * ? *)", "2026-11-23T08:46", "2026-11-23T09:05"),
        ("cron(0 0 1 JAN,JUL ? *)", "2026-11-23T08:00", "2027-01-01T00:00"),
        # 2026-11-23 is a Monday.
        ("cron(0 9 ? * MON-FRI *)", "2026-11-27T09:00", "2026-11-30T09:00"),
        ("cron(0 9 ? * 1 *)", "2026-11-23T00:00", "2026-11-29T09:00"),
        ("cron(0 0 29 2 ? *)", "2026-11-23T00:00", "2028-02-29T00:00"),
        ("cron(0 0 1 1 ? 2025)", "2026-11-23T00:00", None),
    ],
)
def test_expression_is_next_due(text: str, after: str, next_due: str | None) -> None:
    assert due(text, after) == next_due


def test_expression_keeps_to_its_time_zone() -> None:
    assert due("cron(0 3 * * ? *)", "2026-07-01T00:00", "Europe/Berlin") == "2026-07-01T01:00"
    assert due("cron(0 3 * * ? *)", "2026-12-01T00:00", "Europe/Berlin") == "2026-12-01T02:00"


@pytest.mark.parametrize(
    "text",
    [
        "rate(5 weeks)",
        "at(2026-11-23T08:00:00)",
        "cron(0 3 * * *)",
        "cron(0 3 * * * *)",
        "cron(0 3 ? * ? *)",
        "cron(0 3 L * ? *)",
        "cron(0 3 ? * 6#3 *)",
        "cron(60 3 * * ? *)",
        "cron(5-1 3 * * ? *)",
        "cron(*/0 3 * * ? *)",
    ],
)
def test_expression_that_is_not_kept_is_refused(text: str) -> None:
    with pytest.raises(TemplateError, match=r"^Nightly: "):
        Expression(text, "UTC", "Nightly")


def test_time_zone_that_does_not_exist_is_refused() -> None:
    with pytest.raises(TemplateError, match="Mars/Olympus"):
        Expression("cron(0 3 * * ? *)", "Mars/Olympus", "Nightly")
