"""Whether an answer helped: said by who could have asked for it, and the last word counts."""

from __future__ import annotations

import pytest
from knowledge.environments import Environment
from knowledge.ids import new_id
from knowledge.questions.store import QuestionStore

from testing.edge import Edge
from tests.support.edge_erasing import rows
from tests.support.edge_questions import give, keep_answer, owner_of, page_of, texts


def test_the_last_word_counts_and_shows_beside_the_question(edge: Edge) -> None:
    source = edge.source(questionLog="on")
    answer = keep_answer(edge, "why", source)
    keep_answer(edge, "nobody said", source)
    first = give(edge, answer, helpful=False, comment="It does not say when.")
    assert first.status == 200, first.text
    assert first.body["feedback"]["comment"] == "It does not say when."
    assert texts(edge, "feedback=unhelpful") == ["why"]
    edge.clock.advance(seconds=1)
    second = give(edge, answer, helpful=True)
    assert (second.body["feedback"]["helpful"], second.body["feedback"]["comment"]) == (True, None)
    assert texts(edge, "feedback=helpful") == ["why"]
    assert texts(edge, "feedback=unhelpful") == []
    told = {each["text"]: each["feedback"] for each in page_of(edge)["questions"]}
    assert told == {"why": second.body["feedback"], "nobody said": None}


def test_who_could_not_have_asked_finds_no_answer(edge: Edge) -> None:
    one, other = edge.source(questionLog="on"), edge.source(questionLog="on")
    answer, mine = keep_answer(edge, "to both", one, other), keep_answer(edge, "to one", one)
    limited = edge.key(edge.admin, source_ids=(one,))
    tester = edge.key(edge.admin, environment=Environment.TEST)
    stranger = edge.key(edge.bootstrap())
    absent = give(edge, new_id("ans"), helpful=True)
    assert (absent.status, absent.code) == (404, "not_found")
    for key, asked in ((limited, answer), (tester, mine), (stranger, mine)):
        reply = give(edge, asked, key, helpful=True)
        assert (reply.status, reply.text) == (404, absent.text)
    assert give(edge, mine, limited, helpful=True).status == 200
    assert give(edge, mine.replace("ans_", "qst_"), helpful=True).status == 404


def test_a_search_takes_no_feedback_under_the_digits_of_its_id(edge: Edge) -> None:
    source, at = edge.source(questionLog="on"), edge.clock()
    search_id = new_id("qst", at)
    record = edge.services.questions.record_search
    assert record(owner_of(edge), search_id, "words", frozenset({source}), at=at, hits=0)
    assert give(edge, search_id.replace("qst_", "ans_"), helpful=True).status == 404
    assert "feedback" not in rows(edge, "QUESTIONS_TABLE")[0]


def test_an_answer_that_has_expired_takes_none(edge: Edge) -> None:
    answer = keep_answer(edge, "old", edge.source(questionLog="on"))
    edge.clock.advance(days=30, ms=1)
    assert give(edge, answer, helpful=True).status == 404
    assert "feedback" not in rows(edge, "QUESTIONS_TABLE")[0]


def delete_once_it_is_found(edge: Edge, monkeypatch: pytest.MonkeyPatch, answer: str) -> None:
    """Have somebody delete a question when the next request has read it."""
    find = QuestionStore.find_question

    def find_and_lose(store: QuestionStore, *asked: object) -> object:
        found = find(store, *asked)
        monkeypatch.setattr(QuestionStore, "find_question", find)
        assert edge.request("DELETE", f"/v1/questions/{answer}").status == 200
        return found

    monkeypatch.setattr(QuestionStore, "find_question", find_and_lose)


def test_feedback_does_not_bring_a_deleted_question_back(edge: Edge, monkeypatch: pytest.MonkeyPatch) -> None:
    answer = keep_answer(edge, "private", edge.source(questionLog="on"))
    delete_once_it_is_found(edge, monkeypatch, answer)
    assert give(edge, answer, helpful=True, comment="too late").status == 404
    assert rows(edge, "QUESTIONS_TABLE") == []


def test_two_who_delete_at_once_are_one_who_did(edge: Edge, monkeypatch: pytest.MonkeyPatch) -> None:
    answer = keep_answer(edge, "private", edge.source(questionLog="on"))
    delete_once_it_is_found(edge, monkeypatch, answer)
    assert edge.request("DELETE", f"/v1/questions/{answer}").status == 404
    entries = edge.request("GET", "/v1/admin/audit", query="kind=question.deleted").body["entries"]
    assert len(entries) == 1


def test_feedback_is_checked(edge: Edge) -> None:
    answer = keep_answer(edge, "why", edge.source(questionLog="on"))
    for body in (
        {},
        {"helpful": "yes"},
        {"helpful": None},
        {"helpful": True, "comment": ""},
        {"helpful": True, "x": 1},
    ):
        assert give(edge, answer, **body).status == 400, body
    assert give(edge, answer, helpful=True, comment="x" * 500).status == 200
    assert give(edge, answer, helpful=True, comment="x" * 501).status == 400


def test_an_answer_that_is_kept_takes_feedback_under_its_id(edge: Edge) -> None:
    source = edge.source(questionLog="on", defaultLanguage="en")
    edge.push(source, "faq-1", title="Refunds", content="Refunds take 14 days.")
    edge.publish(source)
    found = edge.request("POST", "/v1/answers", {"question": "How long do refunds take?"}).body
    # Of one millisecond, either may be the newer.
    edge.clock.advance(ms=1)
    missed = edge.request("POST", "/v1/answers", {"question": "Who feeds the llama?"}).body
    assert (found["feedback"], missed["feedback"], missed["status"]) == (True, True, "not_found")
    assert give(edge, found["id"], helpful=True).status == 200
    last, first = page_of(edge)["questions"]
    assert (first["id"], first["status"], first["feedback"]["helpful"]) == (found["id"], "answered", True)
    assert [(each["sourceId"], each["externalItemId"]) for each in first["cited"]] == [(source, "faq-1")]
    assert (last["id"], last["text"], last["status"]) == (missed["id"], "Who feeds the llama?", "not_found")
    edge.request("PATCH", f"/v1/sources/{source}", {"questionLog": "off"})
    assert edge.request("POST", "/v1/answers", {"question": "How long do refunds take?"}).body["feedback"] is False
    assert len(page_of(edge)["questions"]) == 2
