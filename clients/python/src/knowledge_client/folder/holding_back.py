"""Pages that their author holds back: drafts, unpublished ones, and those whose day has not come or is over. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime, timedelta, timezone, tzinfo

from knowledge_client.folder.front_matter import Value
from knowledge_client.folder.model import HeldBackError, NotReadableError

# YAML 1.1 and Jekyll take all of these; who writes one of them means it.
_TRUE = frozenset({"true", "yes", "on", "y", "1"})
_FALSE = frozenset({"false", "no", "off", "n", "0"})
_HELD_BACK_IF = {"draft": True, "unlisted": True, "published": False, "publish": False}
# As Hugo and Jekyll call them. `date` is often a free text, the others are there for this.
_BEGINS = ("date", "publishdate", "publish_date", "pubdate", "published")
_ENDS = ("expirydate", "expiry_date", "unpublishdate", "unpublish_date")
_DATE = re.compile(
    r"(\d{4})[-/](\d{1,2})[-/](\d{1,2})"
    r"(?:(?:[Tt]|[ \t]+)(\d{1,2}):(\d{2})(?::(\d{2})(?:[.,]\d+)?)?"
    r"[ \t]*(?:(Z|z|UTC|GMT)|([+-])(\d{1,2}):?(\d{2})?)?)?"
)
_POST = re.compile(r"(?:.*/)?_posts/(?:.*/)?(\d{4}-\d{1,2}-\d{1,2})-[^/]*")


def check_held_back(path: str, fields: Mapping[str, Value], now: datetime, zone: tzinfo) -> None:
    """Look whether a page may be published at a time. A date without a zone is in `zone`, and begins at midnight.

    Raises HeldBackError when it may not, NotReadableError when a field that would say so can't be understood.
    """
    for name, meaning in _HELD_BACK_IF.items():
        said = _said(name, fields.get(name), zone)
        if said is meaning:
            raise HeldBackError(f"{name}: {fields[name]}".replace("True", "true").replace("False", "false"))
    for name in _BEGINS:
        begins = _time(name, fields.get(name), zone)
        if begins is not None and begins > now:
            raise HeldBackError(f"{name}: {fields[name]} is in the future")
    for name in _ENDS:
        ends = _time(name, fields.get(name), zone)
        if ends is not None and ends <= now:
            raise HeldBackError(f"{name}: {fields[name]} is in the past")
    post = _POST.fullmatch(path)
    if post and "date" not in fields:
        begins = read_time(post[1], zone)
        if begins is not None and begins > now:
            raise HeldBackError(f"the date in its name, {post[1]}, is in the future")


def _said(name: str, value: Value, zone: tzinfo) -> bool | None:
    if value is None or value == "" or isinstance(value, bool):
        return value if isinstance(value, bool) else None
    text = value.strip().lower() if isinstance(value, str) else ""
    if text in _TRUE or text in _FALSE:
        return text in _TRUE
    # `published: 2024-05-01` is a day.
    if name == "published" and read_time(text, zone) is not None:
        return None
    raise NotReadableError(f"has front matter in which {name} is neither true nor false")


def _time(name: str, value: Value, zone: tzinfo) -> datetime | None:
    if value is None or value == "" or isinstance(value, bool):
        return None
    found = read_time(value, zone) if isinstance(value, str) else None
    on_or_off = name == "published" and isinstance(value, str) and value.strip().lower() in _TRUE | _FALSE
    if found is None and name != "date" and not on_or_off:
        raise NotReadableError(f"has front matter in which {name} is no date such as 2026-11-28T09:00:00+01:00")
    return found


def read_time(text: str, zone: tzinfo) -> datetime | None:
    """Read a date as YAML, TOML, Hugo and Jekyll write it; None when it is none."""
    found = _DATE.fullmatch(text.strip())
    if found is None:
        return None
    year, month, day, hour, minute, second, utc, sign, hours, minutes = found.groups()
    try:
        if utc:
            zone = timezone.utc  # noqa: UP017 - one name for both
        elif sign:
            offset = timedelta(hours=int(hours), minutes=int(minutes or 0))
            zone = timezone(-offset if sign == "-" else offset)
        # A leap second has no place in a datetime.
        return datetime(
            int(year), int(month), int(day), int(hour or 0), int(minute or 0), min(int(second or 0), 59), tzinfo=zone
        )
    except (ValueError, OverflowError):
        return None
