"""How much of a list fits into one answer, weighed as it is written."""

from __future__ import annotations

import json
from dataclasses import dataclass
from unittest import mock

import pytest
from hypothesis import given
from hypothesis import strategies as st
from knowledge.items import answer_size
from knowledge.items.answer_size import how_many_fit, outgrows_answer
from knowledge.items.fields import ItemDetails
from knowledge.limits import ANSWER_BYTES, CONTENT_BYTES

SMALL = 6_000


@dataclass(frozen=True)
class Shown:
    title: str = "T"
    content: str | None = None
    details: ItemDetails | None = None
    external_item_id: str = "i"

    @property
    def content_bytes(self) -> int:
        return len((self.content or "").encode())


def written(items: list[Shown]) -> int:
    """An answer with these items and nothing around them."""
    shown = [{"title": each.title, "content": each.content} for each in items]
    return len(json.dumps(shown, ensure_ascii=False, separators=(",", ":")).encode())


@pytest.mark.parametrize(
    ("content", "outgrows"),
    [
        # Six bytes each in JSON, two, and one.
        ("\x01" * CONTENT_BYTES, True),
        ('"' * CONTENT_BYTES, False),
        ("é" * (CONTENT_BYTES // 2), False),
        ("\x01" * (ANSWER_BYTES // 6 - 10), False),
        ("\x01" * (ANSWER_BYTES // 6 + 1), True),
    ],
)
def test_only_what_is_mostly_escapes_is_too_large_by_itself(content: str, outgrows: bool) -> None:
    assert outgrows_answer(Shown(content=content)) is outgrows


items = st.lists(
    st.builds(
        Shown,
        st.text(max_size=10),
        st.none() | st.builds(lambda text, times: text * times, st.text(min_size=1, max_size=3), st.integers(0, 400)),
        st.none() | st.builds(ItemDetails, tags=st.lists(st.text(min_size=1, max_size=9), max_size=3).map(tuple)),
    ),
    max_size=12,
)


@given(items)
def test_what_fits_is_a_beginning_that_holds_the_bound_but_for_the_first_alone(found: list[Shown]) -> None:
    with mock.patch.object(answer_size, "ANSWER_BYTES", SMALL):
        count = how_many_fit(found)
        assert min(1, len(found)) <= count <= len(found)
        if count > 1:
            assert written(found[:count]) <= SMALL
        # Less at once makes room for no more.
        assert how_many_fit(found[:count]) == count
        assert how_many_fit(found[1:]) >= count - 1


def test_first_item_is_answered_however_large() -> None:
    large = Shown(content="\x01" * ANSWER_BYTES)
    assert how_many_fit([large, Shown()]) == 1
    assert how_many_fit([Shown(), large]) == 1
    assert how_many_fit([]) == 0


def test_many_small_items_fill_an_answer_by_what_is_around_them() -> None:
    assert 3_000 < how_many_fit([Shown()] * 10_000) <= ANSWER_BYTES // 1_024
