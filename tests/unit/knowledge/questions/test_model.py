"""Who sees a question, what a filter lets through, and what stays when a source goes."""

from __future__ import annotations

from dataclasses import replace

import pytest
from knowledge.environments import Environment
from knowledge.questions.model import (
    CitedItem,
    Feedback,
    KeptQuestion,
    Owner,
    QuestionFilter,
    QuestionKind,
    QuestionStatus,
)

ASKED = KeptQuestion(
    "ans_1",
    Owner("ten_1", Environment.LIVE),
    QuestionKind.QUESTION,
    "Why?",
    QuestionStatus.ANSWERED,
    frozenset({"src_1", "src_2"}),
    asked_at=0,
    cited=(CitedItem("src_1", "a"), CitedItem("src_2", "b")),
)


def test_a_key_sees_what_was_put_to_its_sources_alone() -> None:
    assert ASKED.within(None)
    assert ASKED.within({"src_1", "src_2", "src_3"})
    assert not ASKED.within({"src_1"})
    assert not ASKED.within(())


def test_a_source_that_goes_takes_its_citations_along() -> None:
    rest = ASKED.without("src_1")
    assert (rest.source_ids, rest.cited) == ({"src_2"}, (CitedItem("src_2", "b"),))
    assert not rest.without("src_2").source_ids


@pytest.mark.parametrize(
    ("wanted", "lets"),
    [
        ({}, True),
        ({"kind": QuestionKind.QUESTION}, True),
        ({"kind": QuestionKind.SEARCH}, False),
        ({"status": QuestionStatus.NOT_FOUND}, False),
        ({"source_id": "src_2"}, True),
        ({"source_id": "src_3"}, False),
        ({"allowed": frozenset({"src_2"})}, False),
        ({"helpful": True}, True),
        ({"helpful": False}, False),
    ],
)
def test_a_filter_lets_through_what_it_names(wanted: dict[str, object], lets: bool) -> None:
    given = replace(ASKED, feedback=Feedback(True, None, 1))
    assert QuestionFilter(**wanted).keeps(given) is lets


def test_an_opinion_that_was_not_given_is_none() -> None:
    assert not any(QuestionFilter(helpful=helpful).keeps(ASKED) for helpful in (True, False))
