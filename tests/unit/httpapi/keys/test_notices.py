"""When a tenant is told that a key is about to expire."""

from __future__ import annotations

from httpapi.keys.model import Key, KeySpec
from httpapi.keys.notices import all_notices, expiry_notices
from knowledge.events import KEY_EXPIRING
from knowledge.ids import is_id
from knowledge.times import MS_PER_DAY, timestamp

NOW = 1_795_000_000_000


def key(days: float | None) -> Key:
    expires_at = None if days is None else NOW + round(days * MS_PER_DAY)
    return Key("k" * 16, "ten_1", KeySpec("a key", expires_at=expires_at), "a" * 64, NOW)


def test_a_key_that_lasts_has_none() -> None:
    assert all_notices(key(None)) == []


def test_notices_are_due_14_days_and_1_day_before() -> None:
    first, last = expiry_notices(key(30), NOW)
    assert [first.occurred_at, last.occurred_at] == [NOW + 16 * MS_PER_DAY, NOW + 29 * MS_PER_DAY]
    assert first.event_type == KEY_EXPIRING
    assert first.data == {"keyId": "k" * 16, "expiresAt": timestamp(NOW + 30 * MS_PER_DAY), "days": 14}


def test_what_would_be_due_already_is_left_out() -> None:
    assert [notice.data["days"] for notice in expiry_notices(key(7), NOW)] == [1]
    assert expiry_notices(key(0.5), NOW) == []


def test_ids_follow_from_key_and_expiry() -> None:
    ids = [notice.event_id for notice in all_notices(key(30))]
    assert ids == [notice.event_id for notice in all_notices(key(30))]
    assert not set(ids) & {notice.event_id for notice in all_notices(key(31))}
    assert all(is_id("evt", each) for each in ids)
