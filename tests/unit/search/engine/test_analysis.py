"""Words are told the same way on both sides, and stand where they say."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from search.engine.analysis import analyzer, prepared, spans, words
from search.languages.choice import ANALYSES, CJK


@pytest.mark.parametrize(
    ("analysis", "text", "told"),
    [
        ("en", "Running the GDPR tests", ["run", "the", "gdpr", "test"]),
        ("de", "Die Häuser der Städte", ["die", "haus", "der", "stadt"]),
        ("fr", "Les chevaux", ["le", "cheval"]),
        ("ru", "пароли", ["парол"]),
        ("plain", "Zażółć gęślą", ["zażółć", "gęślą"]),
        ("plain", "हिन्दी में", ["हिन्दी", "में"]),
        (CJK, "重置 iPhone", ["重置", "iphone"]),
    ],
)
def test_words_of_a_language(analysis: str, text: str, told: list[str]) -> None:
    assert words(analysis, text) == told


@pytest.mark.parametrize("analysis", ANALYSES)
def test_forms_of_unicode_are_one(analysis: str) -> None:
    assert words(analysis, "cafe\u0301 ﬁn") == words(analysis, "café fin")


@given(st.sampled_from(ANALYSES), st.text() | st.text(alphabet="aéßİ中文க் ﬁ́1-"))
def test_what_is_indexed_is_what_is_looked_up(analysis: str, text: str) -> None:
    assert {span.word for span in spans(analysis, text)} == set(analyzer(analysis).analyze(prepared(analysis, text)))
    for _, start, end in spans(analysis, text):
        assert 0 <= start < end <= len(text)


def test_long_words_and_lone_surrogates_are_no_trouble() -> None:
    assert words("en", "a" * 5_000 + " cat") == ["cat"]
    assert words("en", "cat \ud800") == ["cat"]
