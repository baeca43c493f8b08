"""Which texts ask the same, and what is told of them."""

from __future__ import annotations

from dataclasses import replace

import pytest
from knowledge.environments import Environment
from knowledge.questions.grouping import form_of, group_questions
from knowledge.questions.model import KeptQuestion, Owner, QuestionKind, QuestionStatus

OWNER = Owner("ten_1", Environment.LIVE)
BLANK = KeptQuestion(
    "ans_1", OWNER, QuestionKind.QUESTION, "", QuestionStatus.NOT_FOUND, frozenset({"src_1"}), asked_at=0
)


def asked(text: str, at: int, **rest: object) -> KeptQuestion:
    return replace(BLANK, text=text, asked_at=at, **rest)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("How do I pay?", "how do i  PAY"),
        ("Straße", "STRASSE"),
        ("don't", "Don\u2019t"),
        ("ﬁle", "file"),
        ("re\u00adfund", "refund"),
        ("e\u0301cran", "écran"),
        ("¿Cómo pago?", "cómo pago"),
        ("\uff35\uff33\uff21", "usa"),
        ("Ǆ", "ǆ"),
    ],
)
def test_case_spaces_punctuation_and_forms_of_characters_make_no_difference(one: str, other: str) -> None:
    assert form_of(one) == form_of(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [("C", "C++"), ("C", "C#"), ("refund", "refunds"), ("5 $", "5 €"), ("cote", "côte"), ("退款", "退货"), ("?", "!")],
)
def test_words_signs_and_accents_make_one(one: str, other: str) -> None:
    assert form_of(one) != form_of(other)


def test_the_form_of_a_form_is_itself() -> None:
    for text in ("How do I pay?", "...", "  ", "Straße", "C++ / C#", "İstanbul"):
        assert form_of(form_of(text)) == form_of(text)


def test_the_most_frequent_come_first_then_those_asked_last_each_as_it_was_typed_last() -> None:
    groups = group_questions(
        [
            asked("Gift cards?", 5, kind=QuestionKind.SEARCH, source_ids=frozenset({"src_2"})),
            asked("later", 9),
            asked("gift cards", 7),
            asked("earlier", 3),
        ]
    )
    assert [(group.text, group.count) for group in groups] == [("gift cards", 2), ("later", 1), ("earlier", 1)]
    first = groups[0]
    assert (first.first_asked_at, first.last_asked_at) == (5, 7)
    assert first.kinds == {QuestionKind.SEARCH: 1, QuestionKind.QUESTION: 1}
    assert first.source_ids == {"src_1", "src_2"}
