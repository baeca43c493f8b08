"""The texts of items as passages: those of them that say most of a question, in the order of their promise."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from search.answers.choosing import choose_passages
from search.answers.model import Piece
from search.answers.passages import cut_passages
from search.languages.choice import PLAIN, analysis_of
from search.text.model import Text

from knowledge.answering.model import Passage
from knowledge.limits import ANSWER_PASSAGES, ANSWER_TEXT_CHARACTERS


@dataclass(frozen=True, slots=True)
class FoundItem:
    """An item that was found, and its text as people read it.

    `language` is its own, else its source's; `score` is that of the hit.
    """

    source_id: str
    external_item_id: str
    title: str
    url: str | None
    language: str | None
    text: Text
    score: float


def gather_passages(question: str, language: str | None, items: Sequence[FoundItem]) -> list[Passage]:
    """Cut the texts of items, the best of them first, and choose. Raises EngineFailedError."""
    best = max((item.score for item in items), default=0.0)
    passages = [
        Passage(
            number=0,
            source_id=item.source_id,
            external_item_id=item.external_item_id,
            title=item.title,
            url=item.url,
            text=item.text.text[cut.start : cut.end],
            start=cut.start,
            section=cut.section,
            language=item.language,
            promise=item.score / best if best > 0 else 1.0,
        )
        for item in items
        for cut in cut_passages(item.text, item.language, ANSWER_TEXT_CHARACTERS)
    ]
    chosen = choose_passages(question, pieces_of(question, language, passages), ANSWER_PASSAGES)
    return [replace(passages[at], number=number) for number, at in enumerate(chosen, 1)]


def pieces_of(question: str, language: str | None, passages: Sequence[Passage]) -> list[Piece]:
    """Return passages as what is chosen from; those of the language of the question are preferred.

    Without a `language` that is told by the script, where it tells one.
    """
    asked = analysis_of(language, None, "", question)
    pieces = []
    for each in passages:
        analysis = analysis_of(each.language, None, each.title, each.text)
        if language and each.language:
            is_preferred = _primary(language) == _primary(each.language)
        else:
            is_preferred = asked in {analysis, PLAIN}
        pieces.append(Piece(analysis, each.title, each.section, each.text, each.promise, is_preferred))
    return pieces


def _primary(language: str) -> str:
    return language.split("-", 1)[0].lower()
