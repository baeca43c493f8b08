"""An item has every word that a filter for it demands, and no other filter finds it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from search.errors import InvalidFilterError
from search.filters import Filter, item_terms, source_term

VALUES = st.recursive(
    st.text(max_size=5) | st.integers(-3, 3) | st.booleans() | st.floats(-1, 1),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=6,
)


@given(st.dictionaries(st.text(max_size=3), VALUES, max_size=3), st.lists(st.text(max_size=300), max_size=3))
def test_item_is_found_by_all_that_it_has(metadata: dict[str, object], tags: list[str]) -> None:
    wanted = Filter(tags=tags, language="en", metadata=metadata).terms()
    assert set(wanted) <= set(item_terms(tags, "en-GB", metadata))


@pytest.mark.parametrize(
    "metadata",
    [{"b": 1}, {"a": 2}, {"a": "1"}, {"a": True}, {"a": {"a": 1}}, {"a": None}, {'a",1': 1}, {"A": 1}],
)
def test_other_metadata_is_other(metadata: dict[str, object]) -> None:
    assert not set(Filter(metadata=metadata).terms()) & set(item_terms((), None, {"a": 1}))


def test_kinds_of_words_are_apart() -> None:
    assert not set(item_terms(["en"], None, None)) & set(Filter(language="en").terms())
    assert not set(item_terms(["src_1"], None, None)) & {source_term("src_1")}


def test_languages_are_found_by_their_beginnings() -> None:
    terms = item_terms((), "zh-Hant-TW", None)
    assert all(set(Filter(language=each).terms()) <= set(terms) for each in ("zh", "ZH-hant", "zh-Hant-TW"))
    assert not set(Filter(language="z").terms()) & set(terms)


def test_numbers_are_compared_as_json_does() -> None:
    assert Filter(metadata={"a": 1.0}).terms() == item_terms((), None, {"a": 1})


def test_long_values_are_short_words() -> None:
    terms = item_terms(["x" * 5_000, "x" * 4_999], None, {"a": "y" * 16_000})
    assert len(set(terms)) == 3
    assert max(map(len, terms)) < 100


@pytest.mark.parametrize(
    "metadata", [{"a": float("nan")}, {"a": object()}, {str(number): 1 for number in range(51)}], ids=str
)
def test_filter_that_can_not_be_is_refused(metadata: dict[str, object]) -> None:
    with pytest.raises(InvalidFilterError):
        Filter(metadata=metadata).terms()


def test_filter_of_endless_depth_is_refused() -> None:
    deep: dict[str, object] = {}
    for _ in range(100_000):
        deep = {"a": deep}
    with pytest.raises(InvalidFilterError):
        Filter(metadata=deep).terms()
