"""Where sentences end, in several languages."""

from __future__ import annotations

import pytest
from search.answers.sentences import sentence_spans
from search.limits import SENTENCE_CHARACTERS


def sentences(text: str, language: str | None = None) -> list[str]:
    return [text[start:end] for start, end in sentence_spans(text, language)]


@pytest.mark.parametrize(
    ("language", "text", "expected"),
    [
        ("en", "One here. Two! Three? ", ["One here.", "Two!", "Three?"]),
        ("en", "It costs 4.50 at example.com now. Mr. Smith, e.g. here, paid.", None),
        ("en", "J. K. Rowling wrote it. He read.", ["J. K. Rowling wrote it.", "He read."]),
        ("en", 'He said "Stop." Then he left.', ['He said "Stop."', "Then he left."]),
        ("en", "Wait... what? No.", ["Wait... what?", "No."]),
        ("de", "Am 7. Februar z. B. kam er. Dr. Meier auch.", ["Am 7. Februar z. B. kam er.", "Dr. Meier auch."]),
        ("en", "They scored 24. Then they lost.", ["They scored 24.", "Then they lost."]),
        ("zh", "我们退款。需要14天！可以吗？", ["我们退款。", "需要14天！", "可以吗？"]),
        ("ja", "返品できます。「はい。」次です。", ["返品できます。", "「はい。」", "次です。"]),
        ("ar", "نعيد المال. هل هذا صحيح؟ نعم.", ["نعيد المال.", "هل هذا صحيح؟", "نعم."]),
        ("hi", "यह पहला है। यह दूसरा है।", ["यह पहला है।", "यह दूसरा है।"]),
        ("th", "ภาษาไทยไม่มีจุด ประโยคต่อไป", ["ภาษาไทยไม่มีจุด ประโยคต่อไป"]),
        (None, "A line\nanother line. And more", ["A line", "another line.", "And more"]),
        (None, " \n \n", []),
        (None, "", []),
    ],
)
def test_sentences(language: str | None, text: str, expected: list[str] | None) -> None:
    if expected is None:
        expected = ["It costs 4.50 at example.com now.", "Mr. Smith, e.g. here, paid."]
    assert sentences(text, language) == expected


def test_long_ones_are_cut_between_clauses_and_lose_nothing() -> None:
    text = ("a word, " * 300) + "\n" + "x" * 2_000
    found = sentences(text)
    assert max(map(len, found)) <= SENTENCE_CHARACTERS
    assert "".join("".join(found).split()) == "".join(text.split())
    assert all(one.endswith(",") for one in found[:3])
