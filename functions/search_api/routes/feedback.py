"""/v1/answers/{answerId}/feedback: what the asker thinks of an answer."""

from __future__ import annotations

from httpapi.answers import Answer, ok
from httpapi.call import Call
from httpapi.keys.scopes import Scope
from httpapi.operations import Routes
from httpapi.render.questions import render_feedback
from httpapi.schemas.fields import NoQuery, body_of
from httpapi.schemas.questions import FeedbackRequest
from knowledge.questions.model import Owner

routes = Routes()


@routes.post(
    "/v1/answers/{answerId}/feedback", Scope.ANSWERS_READ, body=body_of(FeedbackRequest), same_when_repeated=True
)
def give_feedback(call: Call[FeedbackRequest, NoQuery]) -> Answer:
    """Say whether an answer helped; the last word counts."""
    question = call.services.knowledge.questions.give_feedback(
        Owner(call.tenant_id, call.key.spec.environment),
        call.ids["answerId"],
        allowed=call.key.reach,
        helpful=call.body.helpful,
        comment=call.body.comment,
    )
    given = question.feedback
    return ok({"feedback": None if given is None else render_feedback(given)})
