"""Forty questions about the help centre of the examples: answered from the right items, or refused."""

from __future__ import annotations

import pytest

from benchmarks.answers import __main__ as answers
from benchmarks.answers import help_centre
from benchmarks.public_collections import VARIABLE, collections_parser


@pytest.mark.long
def test_the_help_centre_answers_what_it_can(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv(VARIABLE, raising=False)
    found = answers.measure(collections_parser("").parse_args([]))
    assert [(figure.what, figure.verdict) for figure in found.figures if figure.share > 1] == []
    assert [figure.bound for figure in found.figures] == [27, 9]
    assert "collections are left out" in capsys.readouterr().err


def test_the_questions_are_of_items_that_there_are() -> None:
    known = {each["externalItemId"] for each in help_centre.documents()}
    asked = help_centre.questions()
    assert len({question for question, _ in asked}) == 40
    assert sum(bool(items) for _, items in asked) == 30
    assert {item for _, items in asked for item in items} <= known
