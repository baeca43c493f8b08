"""Texts cut at headings into passages of about 200 words."""

from __future__ import annotations

from search.answers.passages import cut_passages
from search.limits import PASSAGE_WORDS
from search.text.extraction import extract
from search.text.model import Text


def test_headings_cut_and_lead_but_stand_in_no_passage() -> None:
    text = extract("t", "Before.\n\n# A\n\nOne. Two.\n\n## B\n\nThree.\n\n# C\n\n## D\n\nFour.", "text/markdown")
    found = [(text.text[each.start : each.end], each.section) for each in cut_passages(text, "en", 1_000)]
    assert found == [("Before.", ""), ("One. Two.", "A"), ("Three.", "A › B"), ("Four.", "C › D")]


def test_long_sections_are_cut_at_sentences_and_a_short_rest_stays() -> None:
    text = Text("t", " ".join(f"Sentence {number} has five words." for number in range(200)))
    sizes = [len(text.text[each.start : each.end].split()) for each in cut_passages(text, "en", 100_000)]
    assert sum(sizes) == 1_000
    assert all(PASSAGE_WORDS <= size < PASSAGE_WORDS * 1.3 for size in sizes)


def test_scripts_without_spaces_are_cut_too() -> None:
    text = Text("t", "我们在十四天之内退款给客户。" * 200)
    assert len(list(cut_passages(text, "zh", 100_000))) > 4


def test_only_the_beginning_is_cut() -> None:
    text = Text("t", "A sentence here. " * 1_000)
    assert max(each.end for each in cut_passages(text, "en", 500)) <= 500
