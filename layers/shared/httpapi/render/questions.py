"""Questions that are kept."""

from __future__ import annotations

from typing import Any

from knowledge.limits import QUESTION_KEPT_MS
from knowledge.questions.grouping import QuestionGroup
from knowledge.questions.model import Feedback, KeptQuestion
from knowledge.times import timestamp


def render_question(question: KeptQuestion) -> dict[str, Any]:
    """Write a question or a search."""
    cited = [{"sourceId": each.source_id, "externalItemId": each.external_item_id} for each in question.cited]
    return {
        "id": question.question_id,
        "kind": question.kind,
        "text": question.text,
        "status": question.status,
        "sourceIds": sorted(question.source_ids),
        "hits": question.hits,
        "cited": cited,
        "feedback": None if question.feedback is None else render_feedback(question.feedback),
        "askedAt": timestamp(question.asked_at),
        "expiresAt": timestamp(question.asked_at + QUESTION_KEPT_MS),
    }


def render_feedback(feedback: Feedback) -> dict[str, Any]:
    """Write what somebody thinks of an answer."""
    return {"helpful": feedback.helpful, "comment": feedback.comment, "givenAt": timestamp(feedback.given_at)}


def render_group(group: QuestionGroup) -> dict[str, Any]:
    """Write what asks the same; `form` is what its texts have in common."""
    return {
        "text": group.text,
        "form": group.form,
        "count": group.count,
        "kinds": dict(sorted(group.kinds.items())),
        "sourceIds": sorted(group.source_ids),
        "firstAskedAt": timestamp(group.first_asked_at),
        "lastAskedAt": timestamp(group.last_asked_at),
    }
