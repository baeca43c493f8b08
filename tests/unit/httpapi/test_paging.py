"""Cursors."""

from __future__ import annotations

from typing import Any

import pytest
from httpapi.errors import ValidationFailedError
from httpapi.paging import Listing
from hypothesis import given
from hypothesis import strategies as st

LISTING = Listing("ten_a", "list_items", {"sourceId": "src_1"}, {"state": None, "prefix": "ä"})
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
        Listing("ten_b", "list_items", {"sourceId": "src_1"}, {"state": None, "prefix": "ä"}),
        Listing("ten_a", "list_runs", {"sourceId": "src_1"}, {"state": None, "prefix": "ä"}),
        Listing("ten_a", "list_items", {"sourceId": "src_2"}, {"state": None, "prefix": "ä"}),
        Listing("ten_a", "list_items", {"sourceId": "src_1"}, {"state": "active", "prefix": "ä"}),
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
