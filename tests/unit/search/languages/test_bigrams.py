"""Texts without spaces are looked up by neighbouring characters."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from search.languages.bigrams import Span, bigram_spans, bigram_text


def test_neighbours_are_words_and_the_last_one_stands_alone() -> None:
    assert bigram_text("重置密码。 iPhone15手机") == "重置 置密 密码 码 iphone15 手机 机"


def test_what_is_asked_for_does_not_begin_at_its_last_character() -> None:
    assert [span.word for span in bigram_spans("密码水", asked=True)] == ["密码", "码水"]
    assert [span.word for span in bigram_spans("水", asked=True)] == ["水"]


@given(st.text(alphabet="ABİß中文 ，한글ทย_1"))
def test_words_stand_where_they_say(text: str) -> None:
    for word, start, end in bigram_spans(text):
        assert text[start:end].lower() == word


def test_words_of_other_scripts_are_whole() -> None:
    assert list(bigram_spans("Größe_x 1.5")) == [
        Span("größe", 0, 5),
        Span("x", 6, 7),
        Span("1", 8, 9),
        Span("5", 10, 11),
    ]
