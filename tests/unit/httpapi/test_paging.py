"""Cursors."""

from __future__ import annotations

import base64
import random
from itertools import islice
from typing import Any

import pytest
from httpapi.errors import ValidationFailedError
from httpapi.paging import Listing
from hypothesis import given
from hypothesis import strategies as st

from tests.support.forged_cursors import forged


class Keys:
    """The keys of a version, and those of the one before."""

    def __init__(self, current: bytes = b"2", previous: bytes | None = b"1") -> None:
        self._keys = current, previous

    def current(self) -> bytes:
        return self._keys[0]

    def previous(self) -> bytes | None:
        return self._keys[1]


KEYS = Keys()


def listing(keys: Keys = KEYS, **changes: Any) -> Listing:
    fields = {"tenant_id": "ten_a", "operation": "list_items", "path_ids": {"sourceId": "src_1"}}
    return Listing(**{**fields, "filters": {"state": None, "prefix": "ä"}, **changes}, keys=keys)


LISTING = listing()
POSITIONS = st.text() | st.lists(st.integers() | st.text(), min_size=1) | st.dictionaries(st.text(), st.integers())


@given(POSITIONS)
def test_position_comes_back(position: Any) -> None:
    cursor = LISTING.cursor(position)
    assert cursor.isascii()
    assert LISTING.position(cursor) == position


def test_end_has_no_cursor_and_no_cursor_is_the_start() -> None:
    assert LISTING.cursor(None) is None
    assert LISTING.position(None) is None


@pytest.mark.parametrize(
    "other",
    [
        listing(tenant_id="ten_b"),
        listing(operation="list_runs"),
        listing(path_ids={"sourceId": "src_2"}),
        listing(filters={"state": "active", "prefix": "ä"}),
        listing(Keys(b"4", b"3")),
        listing(Keys(b"4", None)),
    ],
)
def test_cursor_of_another_list_is_refused(other: Listing) -> None:
    with pytest.raises(ValidationFailedError):
        other.position(LISTING.cursor(["a", 1]))


def test_any_changed_character_is_noticed() -> None:
    cursor = LISTING.cursor(["a", 1])
    for place, old in enumerate(cursor):
        with pytest.raises(ValidationFailedError):
            LISTING.position(cursor[:place] + ("B" if old == "A" else "A") + cursor[place + 1 :])


@given(st.text())
def test_any_text_is_refused(text: str) -> None:
    with pytest.raises(ValidationFailedError):
        LISTING.position(text)


def test_cursor_outlives_one_change_of_the_key_and_no_second() -> None:
    cursor = listing(Keys(b"1", None)).cursor(["a", 1])
    assert listing(Keys(b"1", None)).position(cursor) == ["a", 1]
    assert listing(Keys(b"2", b"1")).position(cursor) == ["a", 1]
    assert listing(Keys(b"2", b"1")).cursor(["a", 1]) != cursor
    with pytest.raises(ValidationFailedError):
        listing(Keys(b"3", b"2")).position(cursor)


@given(st.binary(max_size=60))
def test_any_bytes_are_refused(raw: bytes) -> None:
    with pytest.raises(ValidationFailedError):
        LISTING.position(base64.urlsafe_b64encode(raw).decode().rstrip("="))


def test_ten_thousand_forged_cursors_are_refused() -> None:
    genuine = [each.cursor(["a", 1]) for each in (LISTING, listing(tenant_id="ten_b"), listing(Keys(b"3", None)))]
    for cursor in islice(forged(random.Random(29), genuine), 10_000):
        with pytest.raises(ValidationFailedError):
            LISTING.position(cursor)
