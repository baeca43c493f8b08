"""/v1/search: what sources serve, found by its words."""

from __future__ import annotations

from httpapi.answers import Answer, ok
from httpapi.call import Call
from httpapi.keys.model import Key
from httpapi.keys.scopes import Scope
from httpapi.operations import Routes, check_scope
from httpapi.render.search import render_preview, render_result
from httpapi.schemas.fields import NoQuery, body_of
from httpapi.schemas.search import SearchRequest, question_of
from knowledge.ids import new_id
from knowledge.questions.model import SEARCH_PREFIX, Owner

routes = Routes()


def check_preview(key: Key, body: SearchRequest) -> None:
    """Only who may read runs may search what one would publish. Raises InsufficientScopeError."""
    if body.run_id is not None:
        check_scope(key, Scope.RUNS_READ)


def _asks_anew(body: SearchRequest) -> bool:
    """Tell a search that is kept from the letters of one that is being typed, its further pages, and previews."""
    return not body.prefix and body.cursor is None and body.run_id is None


@routes.post(
    "/v1/search", Scope.SEARCH_READ, body=body_of(SearchRequest), check_body=check_preview, changes_nothing=True
)
def search(call: Call[SearchRequest, NoQuery]) -> Answer:
    """Search what sources serve, or what a run would publish."""
    body = call.body
    body.check_sources()
    question = question_of(
        call.key, body.query, body.source_ids, body.filter, prefix=body.prefix, limit=body.limit, run_id=body.run_id
    )
    listing = call.listing(**body.model_dump(mode="json", exclude={"cursor", "limit"}))
    answer = call.services.knowledge.searcher.search(question, listing.position(body.cursor))
    if _asks_anew(body):
        call.services.questions.record_search(
            Owner(call.tenant_id, question.environment),
            new_id(SEARCH_PREFIX, call.now),
            body.query,
            answer.kept_for,
            at=call.now,
            hits=len(answer.results),
        )
    return ok(
        {
            "results": [render_result(each) for each in answer.results],
            "generations": answer.generations,
            **render_preview(answer.preview),
            "nextCursor": listing.cursor(answer.next_position),
        }
    )
