"""Words that only make a question."""

from __future__ import annotations

from search.engine.analysis import words
from search.languages.questions import language_of, question_words, searched_text


def test_the_language_with_most_words_of_a_question_is_its() -> None:
    assert language_of("How do I get a refund?") == "en"
    assert language_of("Wie bekomme ich mein Geld zurück?") == "de"
    assert language_of("Comment est-ce que je peux payer ?") == "fr"


def test_they_are_told_as_the_words_of_texts_are() -> None:
    assert {"how", "what", "do"} <= question_words("en", "", words)
    assert "refund" not in question_words("en", "", words)
    assert "wie" in question_words("plain", "Wie bekomme ich mein Geld?", words)
    assert question_words("fi", "", words) == frozenset()


def test_what_is_searched_is_the_rest_of_a_question() -> None:
    assert searched_text("How do I get a refund for gift cards?") == "refund gift cards"
    assert searched_text("What is it?") == "What is it?"
    assert searched_text("退款需要多少天") == "退款需要多少天"
    assert searched_text("?!") == "?!"
