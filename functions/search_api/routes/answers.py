"""/v1/answers: questions answered from what sources serve."""

from __future__ import annotations

from httpapi.answers import Answer, ok
from httpapi.call import Call
from httpapi.keys.scopes import Scope
from httpapi.operations import Routes
from httpapi.render.answers import render_answer
from httpapi.schemas.answers import AnswerRequest
from httpapi.schemas.fields import NoQuery, body_of
from httpapi.schemas.search import question_of
from knowledge.ids import new_id
from knowledge.limits import ANSWER_ITEMS
from knowledge.questions.model import ANSWER_PREFIX, CitedItem, Owner

routes = Routes()


@routes.post("/v1/answers", Scope.ANSWERS_READ, body=body_of(AnswerRequest), changes_nothing=True)
def answer_question(call: Call[AnswerRequest, NoQuery]) -> Answer:
    """Answer a question in the words of what sources serve."""
    body = call.body
    question = question_of(call.key, body.question, body.source_ids, body.filter, limit=ANSWER_ITEMS)
    # Before it is looked into, since that is what costs.
    call.services.budgets.spend_answer(call.key)
    answer = call.services.knowledge.answerer.answer(question, body.language)
    answer_id = new_id(ANSWER_PREFIX, call.now)
    kept = call.services.questions.record_answer(
        Owner(call.tenant_id, question.environment),
        answer_id,
        body.question,
        answer.kept_for,
        at=call.now,
        answered=answer.text is not None,
        cited=[CitedItem(each.passage.source_id, each.passage.external_item_id) for each in answer.citations],
    )
    return ok(render_answer(answer_id, answer, takes_feedback=kept))
