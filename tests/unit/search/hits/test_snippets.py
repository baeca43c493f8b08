"""Highlights are places in the text, and the snippet shows most of them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from search.hits.snippets import QueryWords, snippet, title_highlights
from search.languages.choice import ANALYSES

TEXT = (
    "A long beginning that says nothing of what is asked for, and goes on for a while. " * 5
    + "To reset a password open the settings. Passwords that were reset are sent by mail. "
    + "The end says no more than the beginning did, and has only one password. " * 5
)


def marked(text: str, places: tuple) -> list[str]:
    return [text[start:end] for start, end in places]


def test_snippet_shows_most_of_the_different_words() -> None:
    shown = snippet(QueryWords("resetting passwords"), "en", TEXT)
    assert marked(TEXT, shown.highlights)[:4] == ["reset", "password", "Passwords", "reset"]
    assert shown.end - shown.start <= 240
    assert "To reset a password" in TEXT[shown.start : shown.end]
    assert TEXT[shown.start - 1] == TEXT[shown.end] == " " or TEXT[shown.end - 1] == " "


def test_snippet_of_what_has_no_match_is_the_beginning() -> None:
    shown = snippet(QueryWords("zebra"), "en", TEXT)
    assert (shown.start, shown.highlights) == (0, ())
    assert TEXT[: shown.end].endswith((" while.", " long", " on", " for", " a")) or TEXT[shown.end] == " "


def test_unfinished_word_and_synonyms_are_highlighted() -> None:
    assert marked(
        "Invoices and bills", title_highlights(QueryWords("invo", prefix=True), "en", "Invoices and bills")
    ) == ["Invoices"]
    query = QueryWords("invoice", synonyms=["bill"])
    assert marked("Invoices and bills", title_highlights(query, "en", "Invoices and bills")) == ["Invoices", "bills"]


def test_neighbouring_bigrams_are_one_highlight() -> None:
    text = "如何重置您的密码，再重置。"
    assert marked(text, title_highlights(QueryWords("重置密码"), "cjk", text)) == ["重置", "密码", "重置"]
    assert marked(text, title_highlights(QueryWords("何重置您"), "cjk", text)) == ["何重置您", "重置"]


def test_places_are_those_of_the_text_as_it_stands() -> None:
    text = "Un cafe\u0301 fort, 😀 ﬁn"
    assert marked(text, title_highlights(QueryWords("café fin"), "plain", text)) == ["cafe\u0301", "ﬁn"]


def test_html_in_a_text_is_text() -> None:
    text = "<b>reset</b> & more"
    assert marked(text, snippet(QueryWords("reset"), "en", text).highlights) == ["reset"]


@pytest.mark.parametrize("analysis", ANALYSES)
def test_long_text_is_looked_through_as_far_as_is_bounded(analysis: str) -> None:
    shown = snippet(QueryWords("word"), analysis, "other " * 20_000 + "word")
    assert shown.highlights == ()


@given(
    st.text(alphabet="ab \n中密码e\u0301ﬁ<>"), st.text(alphabet="ab 中密码é"), st.sampled_from(["en", "cjk", "plain"])
)
def test_places_are_in_the_snippet_and_in_order(text: str, query: str, analysis: str) -> None:
    shown = snippet(QueryWords(query, prefix=True), analysis, text, 12)
    assert 0 <= shown.start <= shown.end <= len(text)
    places = [place for highlight in shown.highlights for place in highlight]
    assert places == sorted(places)
    assert all(shown.start <= place <= shown.end for place in places)
