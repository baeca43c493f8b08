"""What keys of a line take of the tenant's sum, through any order of changes."""

from __future__ import annotations

from dataclasses import replace

from httpapi.keys.model import Key, KeySpec
from httpapi.keys.shares import begin_share, change_share, end_share, hand_share_on, release_share
from hypothesis import given
from hypothesis import strategies as st
from knowledge.limits import ENDED_KEY_COUNTED_MS as HELD

NOW = 1_795_000_000_000


def made(limit: int = 100, expires_at: int | None = None, key_id: str = "k1") -> Key:
    return begin_share(Key(key_id, "ten_1", KeySpec("k", (), None, limit, expires_at), "h", NOW))


def rotated(key: Key, overlap_ms: int, now: int, key_id: str = "k2") -> tuple[Key, Key]:
    old = replace(key, rotated_to=key_id, spec=replace(key.spec, expires_at=now + overlap_ms))
    new = Key(key_id, "ten_1", key.spec, "h", now, rotated_from=key.key_id, line=key.line_id)
    return hand_share_on(old, new)


def limited(key: Key, limit: int, now: int) -> Key:
    return change_share(key, replace(key, spec=replace(key.spec, rate_limit_per_minute=limit)), now)


def test_rotation_hands_the_share_on() -> None:
    old, new = rotated(made(), 60_000, NOW)
    assert (old.share, new.share, new.share_leaves_at, new.overlap_until) == (0, 100, None, NOW + 60_000)
    older, newest = rotated(new, 10, NOW, "k3")
    assert (older.share, newest.share, newest.overlap_until) == (0, 100, NOW + 60_000)


def test_share_goes_back_to_a_key_that_still_works() -> None:
    old, new = rotated(made(), 60_000, NOW)
    (_, ended), (heir, takes) = end_share(replace(new, revoked_at=NOW), old, NOW)
    assert heir is old
    assert (ended.share, takes.share, takes.share_leaves_at) == (0, 100, NOW + 60_000 + HELD)
    ((_, alone),) = end_share(replace(new, revoked_at=NOW), None, NOW)
    assert (alone.share, alone.share_leaves_at) == (100, NOW + HELD)
    assert release_share(alone, NOW + HELD).share == 0
    ((_, without),) = end_share(replace(old, revoked_at=NOW), None, NOW)
    assert (without.share, without.share_leaves_at) == (0, None)


def test_what_was_lowered_leaves_once_nothing_can_have_asked_for_more_lately() -> None:
    lowered = limited(made(), 5, NOW)
    assert (lowered.share, lowered.share_leaves_at) == (100, NOW + HELD)
    again = limited(lowered, 50, NOW + 10)
    assert (again.share, again.share_leaves_at) == (100, NOW + HELD)
    released = release_share(again, NOW + HELD)
    assert (released.share, released.share_leaves_at) == (50, None)
    assert limited(released, 70, NOW).share == 70
    # The old key works on with the limit that it had.
    _, new = rotated(made(), 60_000, NOW)
    assert limited(new, 5, NOW).share_leaves_at == NOW + 60_000 + HELD
    # So it does when the new one is to end before it.
    brief = replace(new, spec=replace(new.spec, expires_at=NOW + 10_000))
    assert change_share(new, brief, NOW).share_leaves_at == NOW + 60_000 + HELD
    # What is on its way out goes on with the key that follows.
    _, next_one = rotated(lowered, 0, NOW + 1)
    assert (next_one.share, next_one.share_leaves_at) == (100, NOW + HELD)


def test_key_that_expired_before_its_lowered_share_left_gives_the_rest_back_later() -> None:
    key = limited(made(expires_at=NOW + 60_000), 5, NOW)
    released = release_share(key, NOW + HELD)
    assert (released.share, released.share_leaves_at) == (5, NOW + 60_000 + HELD)
    assert release_share(released, NOW + 60_000 + HELD).share == 0


steps = st.lists(
    st.tuples(st.sampled_from(["rotate", "revoke", "limit", "expire", "release"]), st.integers(0, 300)), max_size=12
)


@given(steps)
def test_share_of_a_line_covers_each_key_that_may_have_asked_lately(todo: list[tuple[str, int]]) -> None:
    """`line` is every key of one line, oldest first; each limit is noted with the time until which it was asked by."""
    line, now = [made()], NOW
    asked: list[tuple[str, int, int]] = []  # key, limit, until when it held

    def works(key: Key) -> bool:
        return key.revoked_at is None and (key.spec.expires_at is None or key.spec.expires_at > now)

    for what, amount in todo:
        now += amount * 1_000
        newest = line[-1]
        holder = next((key for key in line if key.share), None)
        match what:
            case "rotate" if works(newest) and newest.rotated_to is None:
                line[-1:] = rotated(newest, amount * 1_000, now, f"k{len(line) + 1}")
            case "revoke" if works(line[amount % len(line)]):
                at = amount % len(line)
                before = [key for key in line[:at] if works(key)]
                asked.append((line[at].key_id, line[at].spec.rate_limit_per_minute, now))
                changes = end_share(replace(line[at], revoked_at=now), before[-1] if before else None, now)
                line = [next((new for old, new in changes if old.key_id == key.key_id), key) for key in line]
            case "limit" if works(newest) and newest.rotated_to is None:
                asked.append((newest.key_id, newest.spec.rate_limit_per_minute, now))
                line[-1] = limited(newest, 1 + amount, now)
            case "expire" if works(newest) and newest.rotated_to is None:
                ends = replace(newest, spec=replace(newest.spec, expires_at=now + 1 + amount * 1_000))
                line[-1] = change_share(newest, ends, now)
            case "release" if holder and holder.share_leaves_at is not None and holder.share_leaves_at <= now:
                line = [release_share(key, now) if key is holder else key for key in line]
        lately = [limit for _, limit, until in asked if until > now - HELD]
        for key in line:
            ends = min((at for at in (key.spec.expires_at, key.revoked_at) if at is not None), default=now + 1)
            lately += [key.spec.rate_limit_per_minute] if ends > now - HELD else []
        assert sum(key.share for key in line) >= max(lately, default=0)
        assert sum(key.share > 0 for key in line) <= 1
