"""What visitors ask: kept where a source says so, listed, grouped by what found nothing, and deleted."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

import pytest
from botocore.client import BaseClient
from botocore.exceptions import ClientError, ReadTimeoutError
from httpapi.paging import Listing
from knowledge.environments import Environment
from knowledge.errors import ServiceUnavailableError
from knowledge.ids import new_id
from knowledge.questions import service as service_module
from knowledge.questions.model import CitedItem
from knowledge.questions.rows import SHARDS
from knowledge.questions.store import QuestionStore
from knowledge.times import timestamp

from testing.edge import Edge
from tests.support.edge_erasing import ask as erase
from tests.support.edge_erasing import carry_out, places_with, rows
from tests.support.edge_questions import give, keep_answer, owner_of, page_of, search, texts, unanswered

DAY = 86_400


def kept(edge: Edge) -> list[dict[str, Any]]:
    return rows(edge, "QUESTIONS_TABLE")


def published(edge: Edge, **settings: Any) -> str:
    source = edge.source(**{"questionLog": "on", **settings})
    edge.push(source, "faq-1", title="Refunds", content="Refunds take 14 days.")
    edge.publish(source)
    return source


def test_nothing_is_kept_until_a_source_turns_it_on_and_again_when_it_is_off(edge: Edge) -> None:
    source = published(edge, questionLog="off")
    search(edge, "refunds")
    assert kept(edge) == []
    edge.request("PATCH", f"/v1/sources/{source}", {"questionLog": "on"})
    search(edge, "refunds")
    assert texts(edge) == ["refunds"]
    edge.request("PATCH", f"/v1/sources/{source}", {"questionLog": "off"})
    search(edge, "more")
    assert texts(edge) == ["refunds"], "what was kept before stays until it expires"


def test_a_search_is_kept_with_what_came_of_it_and_nothing_of_who_asked(edge: Edge) -> None:
    source = published(edge)
    at = edge.clock()
    search(edge, "Refunds?")
    search(edge, "gift cards")
    missed, found = page_of(edge)["questions"]
    assert found["id"].startswith("qst_")
    assert {name: found[name] for name in found if name != "id"} == {
        "kind": "search",
        "text": "Refunds?",
        "status": "found",
        "sourceIds": [source],
        "hits": 1,
        "cited": [],
        "feedback": None,
        "askedAt": missed["askedAt"].replace(".001Z", ".000Z"),
        "expiresAt": missed["expiresAt"].replace(".001Z", ".000Z"),
    }
    assert (missed["text"], missed["status"], missed["hits"]) == ("gift cards", "no_results", 0)
    names = {"pk", "sk", "questionId", "kind", "text", "status", "hits", "expiresAt", "sources"}
    assert all(row.keys() == names for row in kept(edge))
    assert {int(row["expiresAt"]["N"]) for row in kept(edge)} == {at // 1000 + 30 * DAY}


def test_letters_of_a_search_its_further_pages_and_previews_are_not_kept(edge: Edge) -> None:
    source = edge.source(questionLog="on")
    for number in range(3):
        edge.push(source, f"faq-{number}", content="refunds")
    edge.publish(source)
    search(edge, "ref", prefix=True)
    assert kept(edge) == []
    cursor = search(edge, "refunds", limit=2).body["nextCursor"]
    search(edge, "refunds", limit=2, cursor=cursor)
    edge.push(source, "faq-9", content="refunds")
    search(edge, "refunds", runId=edge.run(source), sourceIds=[source])
    (only,) = page_of(edge)["questions"]
    assert only["hits"] == 2


def test_a_question_to_several_sources_is_kept_for_those_that_keep_them(edge: Edge) -> None:
    one, other, silent = published(edge), published(edge), published(edge, questionLog="off")
    published(edge, serving="off")
    search(edge, "refunds")
    search(edge, "refunds", sourceIds=[silent])
    search(edge, "refunds", sourceIds=[one, silent])
    assert [each["sourceIds"] for each in page_of(edge)["questions"]] == [[one], sorted([one, other])]


def test_an_answer_is_kept_with_the_items_that_it_cites_and_none_of_their_text(edge: Edge) -> None:
    source, silent = published(edge), published(edge, questionLog="off")
    answer = keep_answer(edge, "How long does it take?", source, cites="faq-1")
    (question,) = page_of(edge)["questions"]
    assert (question["id"], question["kind"], question["status"]) == (answer, "question", "answered")
    assert question["cited"] == [{"sourceId": source, "externalItemId": "faq-1"}]
    assert question["hits"] is None
    owner = owner_of(edge)
    record = edge.services.questions.record_answer
    cited = [CitedItem(each, "faq-1") for each in (silent, source, source)]
    assert record(owner, new_id("ans"), "q", frozenset({source}), at=edge.clock(), answered=True, cited=cited)
    assert not record(owner, new_id("ans"), "q", frozenset(), at=edge.clock(), answered=True, cited=cited)
    assert {len(row["cited"]["L"]) for row in kept(edge)} == {1}
    assert silent not in str(kept(edge))


def test_an_erasure_finds_no_text_of_its_items_here(edge: Edge) -> None:
    source = edge.source(questionLog="on")
    secret = "a secret that nobody may find"
    edge.clients.s3.put_bucket_versioning(
        Bucket=edge.environment["CONTENT_BUCKET"], VersioningConfiguration={"Status": "Enabled"}
    )
    edge.push(source, "x", title=secret, content=secret, url="https://example.com/hidden")
    edge.publish(source)
    keep_answer(edge, "What is hidden?", source, cites="x")
    search(edge, "find")
    assert not [place for place in places_with(edge, secret, "example.com/hidden") if place.startswith("QUESTIONS")]
    erasure = erase(edge, source, "x")
    carry_out(edge, source, erasure["id"])
    assert places_with(edge, secret, "example.com/hidden") == []
    (answered,) = page_of(edge, "kind=question")["questions"]
    assert answered["cited"] == [{"sourceId": source, "externalItemId": "x"}], "an id is no text"


def test_pages_hold_every_question_once_newest_first_over_all_partitions(edge: Edge) -> None:
    source = edge.source(questionLog="on")
    asked = []
    for number in range(45):
        asked.append(f"q{number}")
        keep_answer(edge, asked[-1], source)
        # Several are asked in the same millisecond.
        edge.clock.advance(ms=number % 2)
    assert len({row["pk"]["S"] for row in kept(edge)}) == SHARDS
    for limit in (1, 7, 45, 200):
        seen, cursor = [], ""
        while True:
            page = page_of(edge, f"limit={limit}{cursor}")
            assert len(page["questions"]) <= limit
            seen += page["questions"]
            if page["nextCursor"] is None:
                break
            cursor = f"&cursor={page['nextCursor']}"
        assert sorted(each["text"] for each in seen) == sorted(asked)
        assert [each["askedAt"] for each in seen] == sorted((each["askedAt"] for each in seen), reverse=True)


def test_a_page_ends_after_so_many_questions_and_the_next_goes_on(edge: Edge, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(service_module, "QUESTIONS_LOOKED_AT", 5)
    source = edge.source(questionLog="on")
    for number in range(12):
        keep_answer(edge, f"q{number}", source, answered=number != 0)
        edge.clock.advance(ms=1)
    pages, cursor = [], ""
    while cursor is not None:
        page = page_of(edge, f"status=not_found{cursor and f'&cursor={cursor}'}")
        pages.append([each["text"] for each in page["questions"]])
        cursor = page["nextCursor"]
    assert pages == [[], [], ["q0"]]


def test_filters_leave_what_they_name(edge: Edge) -> None:
    source, other = published(edge), published(edge)
    keep_answer(edge, "a", source, cites="faq-1")
    edge.clock.advance(seconds=60)
    between = edge.clock()
    keep_answer(edge, "b", other, answered=False)
    edge.clock.advance(seconds=60)
    search(edge, "refunds", sourceIds=[source])
    search(edge, "nowhere", sourceIds=[other])
    moment = quote(timestamp(between), safe="")
    for query, wanted in (
        ("kind=search", ["nowhere", "refunds"]),
        ("kind=question", ["b", "a"]),
        ("status=found", ["refunds"]),
        ("status=no_results", ["nowhere"]),
        ("status=answered", ["a"]),
        ("status=not_found", ["b"]),
        (f"sourceId={source}", ["refunds", "a"]),
        (f"sourceId={source}&kind=question", ["a"]),
        (f"since={moment}", ["nowhere", "refunds", "b"]),
        (f"until={moment}", ["b", "a"]),
        (f"since={moment}&until={moment}", ["b"]),
        (f"sourceId=src_{'0' * 26}", []),
        ("until=1900-01-01T00:00:00Z", []),
        ("until=9999-12-31T23:59:59Z&since=9999-12-31T23:59:59Z", []),
    ):
        assert texts(edge, query) == wanted, query
    for query in ("status=maybe", "feedback=true"):
        assert edge.request("GET", "/v1/questions", query=query).status == 400, query
    for query in ("kind=x", "sourceId=x", f"since=2099-01-01T00:00:00Z&until={moment}"):
        for path in ("/v1/questions", "/v1/questions/unanswered"):
            assert edge.request("GET", path, query=query).status == 400, (path, query)


def test_what_has_expired_is_not_there_though_its_row_may_be(edge: Edge) -> None:
    source = edge.source(questionLog="on")
    answer = keep_answer(edge, "old", source, answered=False)
    edge.clock.advance(days=30)
    assert texts(edge) == ["old"]
    edge.clock.advance(ms=1)
    assert len(kept(edge)) == 1
    assert texts(edge) == []
    assert unanswered(edge)["unanswered"] == []
    assert edge.request("DELETE", f"/v1/questions/{answer}").status == 404


def test_a_key_sees_questions_of_its_tenant_environment_and_sources_alone(edge: Edge) -> None:
    one, other = edge.source(questionLog="on"), edge.source(questionLog="on")
    tester = edge.key(edge.admin, environment=Environment.TEST)
    stranger = edge.key(edge.bootstrap())
    limited = edge.key(edge.admin, source_ids=(one,))
    mine = keep_answer(edge, "to one", one, answered=False)
    both = keep_answer(edge, "to both", one, other, answered=False)
    assert texts(edge, key=limited) == ["to one"]
    assert texts(edge, key=tester) == texts(edge, key=stranger) == []
    assert [each["text"] for each in unanswered(edge, key=limited)["unanswered"]] == ["to one"]
    assert unanswered(edge, key=stranger)["unanswered"] == []
    for key, question in ((limited, both), (tester, mine), (stranger, mine)):
        assert edge.request("DELETE", f"/v1/questions/{question}", key=key).status == 404
    assert edge.request("DELETE", f"/v1/questions/{mine}", key=limited).status == 200
    assert texts(edge) == ["to both"]
    # A cursor says which sources it was read with.
    keep_answer(edge, "again", one)
    cursor = page_of(edge, "limit=1")["nextCursor"]
    assert edge.request("GET", "/v1/questions", query=f"cursor={cursor}", key=limited).status == 400


def test_a_position_that_was_signed_wrongly_is_refused(edge: Edge, monkeypatch: pytest.MonkeyPatch) -> None:
    for position in (["0" * 26, -1], ["x", 0], ["0" * 26], "0" * 26, 7, [7, 0]):
        monkeypatch.setattr(Listing, "position", lambda *_, position=position: position)
        assert edge.request("GET", "/v1/questions/unanswered").code == "validation_error", position
    for position in ("x", 7, ["a"], "8" + "0" * 25):
        monkeypatch.setattr(Listing, "position", lambda *_, position=position: position)
        assert edge.request("GET", "/v1/questions").code == "validation_error"


def test_what_found_nothing_is_grouped_the_most_frequent_first(edge: Edge) -> None:
    source = published(edge)
    for text in ("Gift card?", "gift  card", "voucher"):
        search(edge, text)
    keep_answer(edge, "GIFT CARD", source, answered=False)
    search(edge, "refunds")
    keep_answer(edge, "answered", source, cites="faq-1")
    found = unanswered(edge)
    gift, voucher = found["unanswered"]
    assert (gift["text"], gift["form"], gift["count"]) == ("GIFT CARD", "gift card", 3)
    assert (gift["kinds"], gift["sourceIds"]) == ({"question": 1, "search": 2}, [source])
    assert (voucher["text"], voucher["count"]) == ("voucher", 1)
    assert (found["groups"], found["complete"], found["nextCursor"]) == (2, True, None)
    first = unanswered(edge, "limit=1")
    assert ([each["text"] for each in first["unanswered"]], first["groups"]) == (["GIFT CARD"], 2)
    second = unanswered(edge, f"limit=1&cursor={first['nextCursor']}")
    assert ([each["text"] for each in second["unanswered"]], second["nextCursor"]) == (["voucher"], None)
    assert first["complete"] is second["complete"] is True
    assert [each["count"] for each in unanswered(edge, "kind=search")["unanswered"]] == [2, 1]


def test_one_account_looks_at_so_many_and_says_how_far(edge: Edge, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(service_module, "QUESTIONS_GROUPED", 10)
    source = edge.source(questionLog="on")
    for number in range(25):
        keep_answer(edge, "same" if number % 2 else "answered", source, answered=not number % 2)
        edge.clock.advance(ms=1)
    counts, cursor, reaches = [], "", []
    while cursor is not None:
        found = unanswered(edge, cursor and f"cursor={cursor}")
        counts.append(sum(each["count"] for each in found["unanswered"]))
        cursor = found["nextCursor"]
        reaches.append(found["since"])
        assert found["complete"] is (cursor is None)
    assert counts == [5, 5, 2]
    assert reaches == sorted(reaches, reverse=True)
    assert reaches[0].endswith(".015Z")


def test_deleting_a_question_is_written_down_without_it(edge: Edge) -> None:
    published(edge)
    search(edge, "a very private matter")
    (question,) = page_of(edge)["questions"]
    path, headers = f"/v1/questions/{question['id']}", {"Idempotency-Key": "once"}
    reply = edge.request("DELETE", path, headers=headers)
    assert (reply.status, reply.body) == (200, {"question": {"id": question["id"]}})
    again = edge.request("DELETE", path, headers=headers)
    assert (again.status, again.headers["idempotent-replayed"]) == (200, "true")
    assert edge.request("DELETE", path).code == "not_found"
    assert edge.request("DELETE", path.replace("qst_", "ans_")).code == "not_found"
    assert kept(edge) == []
    entries = edge.request("GET", "/v1/admin/audit", query="kind=question.deleted").body["entries"]
    assert [entry["subject"] for entry in entries] == [{"questionId": question["id"]}]
    assert places_with(edge, "private matter") == []


@pytest.mark.parametrize(
    "failure",
    [
        ServiceUnavailableError(),
        ClientError({"Error": {"Code": "AccessDeniedException"}}, "PutItem"),
        ReadTimeoutError(endpoint_url="https://dynamodb"),
    ],
    ids=type,
)
def test_a_search_is_answered_when_it_cannot_be_kept_and_a_metric_tells(
    edge: Edge, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, failure: Exception
) -> None:
    def fail(*_: object) -> None:
        raise failure

    source = published(edge)
    monkeypatch.setattr(QuestionStore, "put_question", fail)
    caplog.set_level("DEBUG", "telemetry")
    assert search(edge, "refunds").body["results"]
    (line,) = (record for record in caplog.records if record.msg == "question_not_kept")
    assert [metric.name for metric in line.metrics] == ["QuestionsNotKept"]
    assert "refunds" not in str(line.__dict__)
    owner, at = owner_of(edge), edge.clock()
    record = edge.services.questions.record_answer
    assert record(owner, new_id("ans"), "q", frozenset({source}), at=at, answered=True) is False


def test_keeping_waits_for_three_seconds_at_most(edge: Edge) -> None:
    published(edge)
    search(edge, "refunds")
    config = edge.services.questions._store.table.dynamodb.meta.config
    assert config.connect_timeout + config.read_timeout <= 3
    assert config.retries["total_max_attempts"] == 1


def test_what_keeping_and_reading_ask_of_aws(edge: Edge, monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[str] = []
    call = BaseClient._make_api_call

    def counted(client: BaseClient, operation: str, request: Any) -> Any:
        made.append(operation)
        return call(client, operation, request)

    def calls(work: Any) -> list[str]:
        made.clear()
        work()
        return sorted(made)

    source = published(edge, questionLog="off")
    # What a search reads of the bucket stays with the process.
    for _ in range(3):
        search(edge, "refunds")
    page_of(edge)
    monkeypatch.setattr(BaseClient, "_make_api_call", counted)
    before = calls(lambda: search(edge, "refunds"))
    assert calls(lambda: search(edge, "refunds", prefix=True)) == before
    edge.request("PATCH", f"/v1/sources/{source}", {"questionLog": "on"})
    assert calls(lambda: search(edge, "refunds", prefix=True)) == before
    assert calls(lambda: search(edge, "refunds")) == sorted([*before, "PutItem"])
    # A key is read and its request counted, as always.
    asking = ["GetItem", "UpdateItem"]
    assert calls(lambda: page_of(edge)) == sorted([*asking, *["Query"] * SHARDS])
    assert calls(lambda: unanswered(edge)) == sorted([*asking, *["Query"] * SHARDS])
    answer = keep_answer(edge, "why", source)
    assert calls(lambda: give(edge, answer, helpful=True)) == sorted([*asking, "GetItem", "UpdateItem"])
    assert calls(lambda: edge.request("DELETE", f"/v1/questions/{answer}")) == sorted(
        [*asking, "GetItem", "TransactWriteItems"]
    )
