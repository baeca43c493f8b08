"""Questions that were asked over HTTP, or kept as an answer is, and what the tables have of them."""

from __future__ import annotations

from typing import Any

from knowledge.environments import Environment
from knowledge.ids import new_id
from knowledge.questions.model import CitedItem, Owner

from testing.edge import Edge, Reply


def owner_of(edge: Edge, token: str = "", environment: Environment = Environment.LIVE) -> Owner:
    return Owner(edge.tenant_of(token or edge.token), environment)


def keep_answer(edge: Edge, text: str, *sources: str, answered: bool = True, cites: str = "", **of: Any) -> str:
    """Keep a question as its answer is kept; returns the answer's id."""
    answer = new_id("ans", edge.clock())
    cited = [CitedItem(sources[0], cites)] if cites else []
    owner = owner_of(edge, **of)
    assert edge.services.questions.record_answer(
        owner, answer, text, frozenset(sources), at=edge.clock(), answered=answered, cited=cited
    )
    return answer


def search(edge: Edge, text: str, **body: Any) -> Reply:
    key = body.pop("key", "")
    reply = edge.request("POST", "/v1/search", {"query": text, **body}, key=key)
    assert reply.status == 200, reply.text
    edge.clock.advance(ms=1)
    return reply


def page_of(edge: Edge, query: str = "", key: str = "") -> dict[str, Any]:
    reply = edge.request("GET", "/v1/questions", query=query, key=key)
    assert reply.status == 200, reply.text
    body: dict[str, Any] = reply.body
    return body


def texts(edge: Edge, query: str = "", key: str = "") -> list[str]:
    return [each["text"] for each in page_of(edge, query, key)["questions"]]


def unanswered(edge: Edge, query: str = "", key: str = "") -> dict[str, Any]:
    reply = edge.request("GET", "/v1/questions/unanswered", query=query, key=key)
    assert reply.status == 200, reply.text
    body: dict[str, Any] = reply.body
    return body


def give(edge: Edge, answer: str, key: str = "", **feedback: Any) -> Reply:
    return edge.request("POST", f"/v1/answers/{answer}/feedback", feedback, key=key)
