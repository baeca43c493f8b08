"""What a key may do, and when."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from httpapi.keys.model import LAST_MOMENT_MS, Key, KeySpec, KeyStatus
from httpapi.keys.scopes import ALL_SCOPES, DEFAULT_SCOPES, Scope
from hypothesis import given
from hypothesis import strategies as st

NOW = 1_795_000_000_000


def key(*, revoked_at: int | None = None, created_at: int = NOW, **spec: Any) -> Key:
    return Key("k" * 16, "ten_1", KeySpec("a key", **spec), "a" * 64, created_at, revoked_at)


@pytest.mark.parametrize(
    ("expires_at", "revoked_at", "status"),
    [
        (None, None, KeyStatus.ACTIVE),
        (NOW + 1, None, KeyStatus.ACTIVE),
        (NOW, None, KeyStatus.EXPIRED),
        (None, NOW, KeyStatus.REVOKED),
        # A clock behind that of whoever revoked it does not bring it back.
        (None, NOW + 5, KeyStatus.REVOKED),
        (NOW - 1, 0, KeyStatus.REVOKED),
    ],
)
def test_status(expires_at: int | None, revoked_at: int | None, status: KeyStatus) -> None:
    asked = key(expires_at=expires_at, revoked_at=revoked_at)
    assert asked.status(NOW) is status
    # What ended it for good says more than that somebody turned it off.
    off = KeyStatus.DISABLED if status is KeyStatus.ACTIVE else status
    assert replace(asked, disabled_at=NOW).status(NOW) is off


def test_key_without_a_choice_of_sources_sees_all_and_one_with_an_empty_choice_none() -> None:
    assert key().may_see("src_1")
    assert key(source_ids=("src_1",)).may_see("src_1")
    assert not key(source_ids=("src_1",)).may_see("src_10")
    assert not key(source_ids=()).may_see("src_1")


@pytest.mark.parametrize(
    ("spec", "lasting"),
    [
        ({"scopes": (Scope.KEYS_MANAGE,)}, True),
        ({"scopes": ALL_SCOPES}, True),
        ({"scopes": DEFAULT_SCOPES}, False),
        ({"scopes": ALL_SCOPES, "expires_at": LAST_MOMENT_MS}, False),
        ({"scopes": ALL_SCOPES, "source_ids": ()}, False),
    ],
)
def test_last_admin_is_one_that_never_ends_and_sees_everything(spec: dict[str, Any], lasting: bool) -> None:
    assert key(**spec).lasting_admin is lasting
    for end in ("revoked_at", "disabled_at"):
        assert not replace(key(**spec), **{end: NOW}).lasting_admin


moments = st.integers(0, LAST_MOMENT_MS)


@given(moments, moments, moments)
def test_successor_lives_as_long_as_its_key_was_made_for_and_never_past_what_can_be_written(
    created_at: int, life: int, now: int
) -> None:
    expiry = key(created_at=created_at, expires_at=created_at + life).successor_expiry(now)
    assert expiry is not None
    assert expiry <= LAST_MOMENT_MS
    assert expiry == LAST_MOMENT_MS or expiry - now == life


def test_successor_of_a_lasting_key_lasts() -> None:
    assert key().successor_expiry(NOW) is None
