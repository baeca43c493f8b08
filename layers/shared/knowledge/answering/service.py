"""Answering: a question in the words of what is published, each of them held against what was read.

    question -> hits, each checked in its generation -> texts -> passages -> a draft of a provider -> what holds of it

What would break it, and what stands against it:

- A generation is published in between: all is read in one state of the sources, as a search is, and that is named.
- A provider makes something up, by itself or because a text or a question tells it to: `knowledge.answering.checking`.
- A provider fails: the other one answers, from the same passages.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass, replace

from search.errors import EngineFailedError
from search.languages.questions import searched_text

from knowledge.answering.checking import Citation, ItemKey, check_draft
from knowledge.answering.model import AnswerProvider, Draft, Passage
from knowledge.answering.passages import FoundItem, gather_passages
from knowledge.errors import ProviderFailedError, ServiceUnavailableError
from knowledge.searching.contents import PageTexts, read_contents
from knowledge.searching.finding import Finder, Found
from knowledge.searching.model import Question

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Providers:
    """Who answers, and who does when that fails; without a fallback `main` never fails."""

    main: AnswerProvider
    fallback: AnswerProvider | None = None


@dataclass(frozen=True, slots=True)
class QuestionAnswer:
    """An answer, `text` None when there is none; `provider` is whose it is, and generations are by source id.

    `kept_for` are the sources that were asked and keep what they are asked.
    """

    provider: str
    text: str | None
    citations: tuple[Citation, ...]
    generations: dict[str, str]
    kept_for: frozenset[str]


@dataclass(frozen=True, slots=True)
class _Material:
    passages: list[Passage]
    texts: dict[ItemKey, str]
    generations: dict[str, str]
    kept_for: frozenset[str]


@dataclass(frozen=True, slots=True)
class Answerer:
    """Answers questions."""

    finder: Finder
    providers: Providers

    def answer(self, question: Question, language: str | None) -> QuestionAnswer:
        """Answer from the best hits of a question, of which `language` is said to be the language.

        Raises SourceNotFoundError, InvalidSearchError, IndexTooLargeError, IndexUpgradingError, IndexDamagedError,
        ServiceUnavailableError.
        """
        searched = replace(question, text=searched_text(question.text))
        material = self.finder.find(searched, None, lambda found: _read(question, language, found))
        provider, draft = self._ask(question, language, material.passages)
        checked = check_draft(draft, question.text, material.passages, material.texts)
        return QuestionAnswer(
            provider,
            checked.answer if checked.citations else None,
            checked.citations,
            material.generations,
            material.kept_for,
        )

    def _ask(self, question: Question, language: str | None, passages: Sequence[Passage]) -> tuple[str, Draft]:
        main, fallback = self.providers.main, self.providers.fallback
        if not passages:
            return main.name, Draft()
        try:
            return main.name, main.answer(question.text, language, passages)
        except (ProviderFailedError, EngineFailedError) as error:
            _log.warning("answer_provider_failed", exc_info=True, extra={"provider": main.name})
            if fallback is None:
                raise ServiceUnavailableError from error
        try:
            return fallback.name, fallback.answer(question.text, language, passages)
        except EngineFailedError as error:
            raise ServiceUnavailableError from error


def _read(question: Question, language: str | None, found: Found) -> _Material:
    hits = found.hits[: question.limit]
    texts, items = PageTexts(), list[FoundItem]()
    for hit, content in zip(hits, read_contents(hits, found.opened), strict=True):
        default = found.opened[hit.source_id].source.default_language
        items.append(
            FoundItem(
                hit.source_id,
                hit.item_id,
                content["title"],
                content.get("url"),
                content.get("language") or default,
                texts.read(content),
                hit.score,
            )
        )
    passages = gather_passages(question.text, language, items)
    cited = {(each.source_id, each.external_item_id): each.text.text for each in items}
    return _Material(passages, cited, found.generations, found.kept_for)
