"""Questions that are kept, as values. Times are ms since 1970 (UTC). Pure."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import NamedTuple

from knowledge.environments import Environment


class QuestionKind(StrEnum):
    """How something was asked: as a question that wants an answer, or as words to search for."""

    QUESTION = "question"
    SEARCH = "search"


class QuestionStatus(StrEnum):
    """What came of it: the first two of a question, the others of a search."""

    ANSWERED = "answered"
    NOT_FOUND = "not_found"
    FOUND = "found"
    NO_RESULTS = "no_results"


UNANSWERED = frozenset({QuestionStatus.NOT_FOUND, QuestionStatus.NO_RESULTS})
ANSWER_PREFIX = "ans"
SEARCH_PREFIX = "qst"


class CitedItem(NamedTuple):
    """An item that an answer quotes. Its title and its text are never kept: an erasure would have to find them."""

    source_id: str
    external_item_id: str


class Feedback(NamedTuple):
    """What the asker thinks of an answer, and since when."""

    helpful: bool
    comment: str | None
    given_at: int


class Owner(NamedTuple):
    """Whose questions: those of a tenant's two environments never meet."""

    tenant_id: str
    environment: Environment


@dataclass(frozen=True, slots=True)
class KeptQuestion:
    """One question or search. `question_id` tells when it was asked; that of a question is the id of its answer.

    `source_ids` are those it was put to that keep questions. `hits` is how many results the first page of a search
    had; None for a question.
    """

    question_id: str
    owner: Owner
    kind: QuestionKind
    text: str
    status: QuestionStatus
    source_ids: frozenset[str]
    asked_at: int
    hits: int | None = None
    cited: tuple[CitedItem, ...] = ()
    feedback: Feedback | None = None

    def within(self, allowed: Collection[str] | None) -> bool:
        """Tell whether a key that reaches these sources sees it; None stands for every source."""
        return allowed is None or self.source_ids <= set(allowed)

    def without(self, source_id: str) -> KeptQuestion:
        """What stays of it when a source goes that it was put to."""
        cited = tuple(each for each in self.cited if each.source_id != source_id)
        return replace(self, source_ids=self.source_ids - {source_id}, cited=cited)


@dataclass(frozen=True, slots=True)
class QuestionFilter:
    """Which questions are looked for; None lets all through. Both ends of the time (ms) are included.

    `allowed` are the sources that the asking key reaches.
    """

    allowed: frozenset[str] | None = None
    kind: QuestionKind | None = None
    status: QuestionStatus | None = None
    source_id: str | None = None
    helpful: bool | None = None
    since: int | None = None
    until: int | None = None

    def keeps(self, question: KeptQuestion) -> bool:
        """Tell whether a question is let through; its time is looked at by whoever reads it."""
        given = None if question.feedback is None else question.feedback.helpful
        return (
            question.within(self.allowed)
            and self.kind in (None, question.kind)
            and self.status in (None, question.status)
            and (self.source_id is None or self.source_id in question.source_ids)
            and self.helpful in (None, given)
        )
