"""The provider that answers with the best sentences as they stand: at once, for nothing, without a network."""

from __future__ import annotations

from collections.abc import Sequence

from search.answers.choosing import choose_sentences

from knowledge.answering.model import Draft, Passage, Quote, Sentence
from knowledge.answering.passages import pieces_of
from knowledge.limits import ANSWER_SENTENCES


class ExtractiveProvider:
    """Chooses sentences; it says nothing of its own."""

    name = "extractive"

    def answer(self, question: str, language: str | None, passages: Sequence[Passage]) -> Draft:
        """Answer a question. Raises EngineFailedError."""
        pieces = pieces_of(question, language, passages)
        quoted = [
            Quote(passages[each.piece].number, passages[each.piece].text[each.start : each.end])
            for each in choose_sentences(question, pieces, ANSWER_SENTENCES)
        ]
        return Draft(tuple(Sentence(quote.text, (quote,)) for quote in quoted))
