"""Synonyms widen a query where it holds one of a group."""

from __future__ import annotations

import pytest
from search.errors import InvalidSynonymsError
from search.queries.synonyms import Synonyms, Widening


def analyze(analysis: str, text: str) -> list[str]:
    return [word.removesuffix("s") if analysis == "en" else word for word in text.lower().split()]


SYNONYMS = Synonyms([["Sign in", "log on", "login"], ["cars", "automobile"], ["car", "wagon"], ["...", ""]], analyze)


def widenings(query: str, analysis: str = "en") -> list[Widening]:
    return list(SYNONYMS.widenings(analysis, analyze(analysis, query)))


def test_phrases_and_words_stand_for_each_other() -> None:
    assert widenings("how to sign in now") == [Widening(2, 2, (("log", "on"), ("login",)))]
    assert widenings("Login") == [Widening(0, 1, (("sign", "in"), ("log", "on")))]


def test_word_of_two_groups_has_the_synonyms_of_both() -> None:
    assert widenings("car") == [Widening(0, 1, (("automobile",), ("wagon",)))]


def test_words_are_told_by_the_analysis() -> None:
    assert widenings("cars", "plain") == [Widening(0, 1, (("automobile",),))]
    assert widenings("wagons", "plain") == []


def test_no_place_is_widened_twice() -> None:
    assert [(each.start, each.length) for each in widenings("sign in login sign car")] == [(0, 2), (2, 1), (4, 1)]
    assert widenings("") == []


@pytest.mark.parametrize("groups", [[["a"]] * 201, [["a"] * 21], [["a" * 101]]], ids=["many", "large", "long"])
def test_synonyms_are_bounded(groups: list[list[str]]) -> None:
    with pytest.raises(InvalidSynonymsError):
        Synonyms(groups, analyze)


def test_two_hundred_groups_are_taken() -> None:
    assert list(Synonyms([[f"a{number}", "b"] for number in range(200)], analyze).widenings("en", ["a7"]))
