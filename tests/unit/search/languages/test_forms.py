"""What looks the same has one form, whose characters know where they came from."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st
from search.languages.forms import normal_text, normalize


@pytest.mark.parametrize(
    ("text", "form"),
    [("cafe\u0301", "café"), ("ﬁn", "fin"), ("ｶﾞ", "ガ"), ("\u1112\u1161\u11ab", "한"), ("１２", "12"), ("\ud800", "?")],
)
def test_forms_are_one(text: str, form: str) -> None:
    assert (normal_text(text), normalize(text).text) == (form, form)


@given(st.text() | st.text(alphabet="ae\u0301\u0327ﬁｶﾞ\u1112\u1161\u11ab中"))
def test_both_ways_give_one_text(text: str) -> None:
    assert normalize(text).text == normal_text(text) == unicodedata.normalize("NFKC", text)


@given(st.text(alphabet="ae\u0301ﬁ x", min_size=1), st.data())
def test_pieces_stand_where_they_came_from(text: str, data: st.DataObject) -> None:
    form = normalize(text)
    start = data.draw(st.integers(0, len(form.text) - 1))
    end = data.draw(st.integers(start + 1, len(form.text)))
    first, last = form.place(start, end)
    assert form.text[start:end] in unicodedata.normalize("NFKC", text[first:last])


def test_place_in_a_text_that_has_its_form_is_its_own() -> None:
    assert normalize("café au lait").place(5, 7) == (5, 7)
    assert normalize("cafe\u0301 au").place(0, 4) == (0, 5)
