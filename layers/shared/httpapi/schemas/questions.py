"""What the operations on questions and on feedback take."""

from __future__ import annotations

from dataclasses import replace
from enum import StrEnum

from knowledge.questions.model import QuestionFilter, QuestionKind, QuestionStatus

from httpapi.schemas.fields import BodyModel, Message, SourceId, TimesQuery


class Opinion(StrEnum):
    """What somebody thinks of an answer."""

    HELPFUL = "helpful"
    UNHELPFUL = "unhelpful"


class UnansweredQuery(TimesQuery):
    """Which questions to look at: of one kind, put to one source, from one time until another, both included."""

    kind: QuestionKind | None = None
    source_id: SourceId | None = None

    def wanted(self, allowed: frozenset[str] | None) -> QuestionFilter:
        """Make the filter, for a key that reaches these sources, None for all."""
        return QuestionFilter(
            allowed=allowed,
            kind=self.kind,
            source_id=self.source_id,
            since=self.since,
            until=self.until,
        )


class QuestionsQuery(UnansweredQuery):
    """Which questions to list: as above, and with one status or one kind of feedback."""

    status: QuestionStatus | None = None
    feedback: Opinion | None = None

    def wanted(self, allowed: frozenset[str] | None) -> QuestionFilter:
        """Make the filter, as above."""
        helpful = None if self.feedback is None else self.feedback is Opinion.HELPFUL
        return replace(super().wanted(allowed), status=self.status, helpful=helpful)


class FeedbackRequest(BodyModel):
    """What somebody thinks of an answer."""

    helpful: bool
    comment: Message | None = None
