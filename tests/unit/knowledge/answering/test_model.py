"""Drafts of answers."""

from __future__ import annotations

from knowledge.answering.model import Draft, Passage


def test_a_draft_without_sentences_found_nothing() -> None:
    assert Draft().sentences == ()


def test_a_passage_says_no_more_than_it_was_told() -> None:
    passage = Passage(1, "src_1", "a", "title", None, "text", 0)
    assert (passage.section, passage.language, passage.promise) == ("", None, 1.0)
