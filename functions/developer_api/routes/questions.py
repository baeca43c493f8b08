"""/v1/questions: what was asked, and what found nothing."""

from __future__ import annotations

from typing import Any

from httpapi.answers import Answer, ok
from httpapi.call import Call
from httpapi.keys.scopes import Scope
from httpapi.operations import Routes
from httpapi.render.questions import render_group, render_question
from httpapi.schemas.fields import NoQuery
from httpapi.schemas.questions import QuestionsQuery, UnansweredQuery
from knowledge.questions.model import Owner
from knowledge.times import timestamp

routes = Routes()


@routes.get("/v1/questions", Scope.ANSWERS_MANAGE, query=QuestionsQuery)
def list_questions(call: Call[None, QuestionsQuery]) -> Answer:
    """List questions and searches, newest first."""
    asked, allowed = call.query, call.key.spec.source_ids
    listing = call.listing(allowed=allowed, **asked.model_dump(mode="json", exclude={"cursor", "limit"}))
    asked.check_times()
    page = call.services.knowledge.questions.list_questions(
        _owner(call), asked.wanted(allowed), limit=asked.limit, position=call.position(listing)
    )
    return ok(listing.render("questions", page, render_question))


@routes.get("/v1/questions/unanswered", Scope.ANSWERS_MANAGE, query=UnansweredQuery)
def list_unanswered_questions(call: Call[None, UnansweredQuery]) -> Answer:
    """Group what found nothing, the most frequent first."""
    asked, allowed = call.query, call.key.spec.source_ids
    listing = call.listing(allowed=allowed, **asked.model_dump(mode="json", exclude={"cursor", "limit"}))
    asked.check_times()
    found = call.services.knowledge.questions.group_unanswered(
        _owner(call), asked.wanted(allowed), limit=asked.limit, position=call.position(listing)
    )
    return ok(
        {
            "unanswered": [render_group(each) for each in found.groups],
            "groups": found.groups_total,
            "since": timestamp(found.since),
            "complete": found.complete,
            "nextCursor": listing.cursor(found.next_position),
        }
    )


@routes.delete("/v1/questions/{questionId}", Scope.ANSWERS_MANAGE)
def delete_question(call: Call[None, NoQuery]) -> Answer:
    """Delete a question with its feedback, for good."""
    allowed = call.key.spec.source_ids
    deleted = call.services.knowledge.questions.delete_question(
        _owner(call),
        call.ids["questionId"],
        allowed=None if allowed is None else frozenset(allowed),
        by=call.actor,
    )
    # Its text would be kept with the answer, for a retry.
    return ok({"question": {"id": deleted.question_id}})


def _owner(call: Call[Any, Any]) -> Owner:
    return Owner(call.tenant_id, call.key.spec.environment)
