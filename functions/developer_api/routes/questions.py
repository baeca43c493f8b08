"""/v1/questions: what was asked, and what found nothing."""

from __future__ import annotations

from typing import Any, TypeVar

from httpapi.answers import Answer, ok
from httpapi.call import Call
from httpapi.keys.scopes import Scope
from httpapi.operations import Routes
from httpapi.paging import Listing
from httpapi.render.questions import render_group, render_question
from httpapi.schemas.fields import NoQuery
from httpapi.schemas.questions import QuestionsQuery, UnansweredQuery
from knowledge.questions.model import Owner, QuestionFilter
from knowledge.times import timestamp

QueryT = TypeVar("QueryT", bound=UnansweredQuery)
routes = Routes()


@routes.get("/v1/questions", Scope.ANSWERS_MANAGE, query=QuestionsQuery)
def list_questions(call: Call[None, QuestionsQuery]) -> Answer:
    """List questions and searches, newest first."""
    listing, wanted = _looked_for(call)
    page = call.services.knowledge.questions.list_questions(
        _owner(call), wanted, limit=call.query.limit, position=call.position(listing)
    )
    return ok(listing.render("questions", page, render_question))


@routes.get("/v1/questions/unanswered", Scope.ANSWERS_MANAGE, query=UnansweredQuery)
def list_unanswered_questions(call: Call[None, UnansweredQuery]) -> Answer:
    """Group what found nothing, the most frequent first."""
    listing, wanted = _looked_for(call)
    found = call.services.knowledge.questions.group_unanswered(
        _owner(call), wanted, limit=call.query.limit, position=call.position(listing)
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
    deleted = call.services.knowledge.questions.delete_question(
        _owner(call),
        call.ids["questionId"],
        allowed=call.key.reach,
        by=call.actor,
    )
    # Its text would be kept with the answer, for a retry.
    return ok({"question": {"id": deleted.question_id}})


def _looked_for(call: Call[None, QueryT]) -> tuple[Listing, QuestionFilter]:
    """The list that a cursor is of, and the filter. Raises ValidationFailedError."""
    asked = call.query
    listing = call.listing(
        allowed=call.key.spec.source_ids, **asked.model_dump(mode="json", exclude={"cursor", "limit"})
    )
    asked.check_times()
    return listing, asked.wanted(call.key.reach)


def _owner(call: Call[Any, Any]) -> Owner:
    return Owner(call.tenant_id, call.key.spec.environment)
