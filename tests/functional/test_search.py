"""Searching what is published, as a client does it."""

from __future__ import annotations

from typing import Any

from knowledge.environments import Environment

from testing.edge import Edge, Reply


def search(edge: Edge, query: str, **body: Any) -> Reply:
    key = body.pop("key", "")
    return edge.request("POST", "/v1/search", {"query": query, **body}, key=key)


def found(edge: Edge, query: str, **body: Any) -> list[str]:
    reply = search(edge, query, **body)
    assert reply.status == 200, reply.text
    return [result["externalItemId"] for result in reply.body["results"]]


def test_what_an_apply_answered_for_is_found_by_the_next_search(edge: Edge) -> None:
    source = edge.source(defaultLanguage="en")
    assert search(edge, "refunds").body == {"results": [], "generations": {}, "nextCursor": None}
    edge.push(source, "a", title="Refunds", content="We refund **orders** within 14 days.", contentType="text/markdown")
    generation = edge.publish(source)
    reply = search(edge, "refund orders")
    assert reply.body["generations"] == {source: generation}
    (result,) = reply.body["results"]
    assert result["snippet"] == "We refund orders within 14 days."
    assert result["highlights"] == {
        "title": [{"start": 0, "end": 7}],
        "snippet": [{"start": 3, "end": 9}, {"start": 10, "end": 16}],
    }
    assert (result["sourceId"], result["externalItemId"], result["title"], result["url"]) == (
        source,
        "a",
        "Refunds",
        None,
    )
    edge.push(source, "a", title="Returns", content="Nothing of that.")
    edge.push(source, "b", title="Refunds", content="Other.", url="https://example.com/b")
    assert found(edge, "refund") == ["a"]
    second = edge.publish(source)
    reply = search(edge, "refund")
    assert [result["externalItemId"] for result in reply.body["results"]] == ["b"]
    assert reply.body["results"][0]["url"] == "https://example.com/b"
    assert reply.body["generations"] == {source: second}
    restored = edge.request("POST", f"/v1/sources/{source}/generations/{generation}/restore")
    assert restored.status == 200, restored.text
    assert found(edge, "refund") == ["a"]


def test_a_source_that_does_not_serve_is_left_out_at_once(edge: Edge) -> None:
    one, other = edge.source(), edge.source()
    for source in (one, other):
        edge.push(source, source[-4:], content="common")
        edge.publish(source)
    assert set(found(edge, "common")) == {one[-4:], other[-4:]}
    edge.request("PATCH", f"/v1/sources/{one}", {"serving": "off"})
    assert found(edge, "common") == [other[-4:]]
    reply = search(edge, "common", sourceIds=[one])
    assert reply.body == {"results": [], "generations": {}, "nextCursor": None}
    edge.request("DELETE", f"/v1/sources/{other}")
    assert found(edge, "common") == [other[-4:]]


def test_sources_of_others_are_not_there(edge: Edge) -> None:
    mine, hidden = edge.source(), edge.source()
    for source in (mine, hidden):
        edge.push(source, source[-4:], content="common")
        edge.publish(source)
    limited = edge.key(edge.admin, source_ids=(mine,))
    assert found(edge, "common", key=limited) == [mine[-4:]]
    stranger = edge.key(edge.bootstrap())
    staging = edge.key(edge.admin, environment=Environment.TEST)
    for key, asked in (
        (limited, hidden),
        (stranger, mine),
        (staging, mine),
        (edge.token, "src_01ARZ3NDEKTSV4RRFFQ69G5FAV"),
    ):
        reply = search(edge, "common", sourceIds=[asked], key=key)
        assert (reply.status, reply.code) == (404, "not_found")
    assert found(edge, "common", key=stranger) == found(edge, "common", key=staging) == []


def test_filters_prefix_weights_and_synonyms_shape_what_is_found(edge: Edge) -> None:
    source = edge.source(synonyms=[["bill", "invoice"]], titleWeight=3)
    edge.push(
        source, "a", title="Invoice", content="Pay it.", tags=["money"], language="en-GB", metadata={"plan": {"n": 1}}
    )
    edge.push(source, "b", title="Other", content="The invoice of a month.", tags=["x"], language="de")
    edge.publish(source)
    assert found(edge, "bill") == ["a", "b"]
    assert found(edge, "invo") == []
    assert set(found(edge, "invo", prefix=True)) == {"a", "b"}
    assert found(edge, "invoice", filter={"tags": ["money"]}) == ["a"]
    assert found(edge, "invoice", filter={"language": "en"}) == ["a"]
    assert found(edge, "invoice", filter={"metadata": {"plan": {"n": 1}}}) == ["a"]
    assert found(edge, "invoice", filter={"metadata": {"plan": {"n": 2}}}) == []
    reply = search(edge, "invoice", filter={"metadata": {str(n): n for n in range(51)}})
    assert (reply.status, reply.code) == (400, "validation_error")
    reply = search(edge, "x" * 1_001)
    assert (reply.status, reply.code) == (400, "validation_error")
    edge.request("PATCH", f"/v1/sources/{source}", {"synonyms": []})
    assert found(edge, "bill") == []


def test_pages_end_with_what_is_searched(edge: Edge) -> None:
    source = edge.source()
    for number in range(5):
        edge.push(source, f"i{number}", content="word " * (number + 1))
    edge.publish(source)
    whole = found(edge, "word")
    assert len(whole) == 5
    first = search(edge, "word", limit=2)
    second = search(edge, "word", limit=2, cursor=first.body["nextCursor"])
    third = search(edge, "word", limit=2, cursor=second.body["nextCursor"])
    pages = [result["externalItemId"] for reply in (first, second, third) for result in reply.body["results"]]
    assert pages == whole and third.body["nextCursor"] is None
    other = search(edge, "words", limit=2, cursor=first.body["nextCursor"])
    assert (other.status, other.code) == (400, "validation_error")
    edge.push(source, "i9", content="word")
    edge.publish(source)
    stale = search(edge, "word", limit=2, cursor=first.body["nextCursor"])
    assert (stale.status, stale.code) == (409, "stale_cursor")


def test_a_run_is_searched_before_it_is_published(edge: Edge) -> None:
    source = edge.source(serving="off")
    edge.push(source, "a", content="common first")
    base = edge.publish(source)
    edge.push(source, "b", content="common second")
    run = edge.run(source)
    asked = {"runId": run, "sourceIds": [source]}
    reply = search(edge, "common", **asked)
    assert {result["externalItemId"] for result in reply.body["results"]} == {"a", "b"}
    assert (reply.body["baseGenerationId"], reply.body["planVersion"], reply.body["generations"]) == (base, 1, {})
    for body in ({"runId": run}, {"runId": run, "sourceIds": [source, edge.source()]}):
        assert search(edge, "common", **body).code == "validation_error"
    absent = search(edge, "common", runId="run_01ARZ3NDEKTSV4RRFFQ69G5FAV", sourceIds=[source])
    assert (absent.status, absent.code) == (404, "not_found")
    unread = edge.key(edge.admin, scopes=("search:read",))
    assert search(edge, "common", **asked, key=unread).code == "insufficient_scope"
    edge.push(source, "c", content="common third")
    later = edge.publish(source)
    stale = search(edge, "common", **asked)
    assert (stale.status, stale.code) == (409, "stale_base")
    published = edge.request("GET", f"/v1/sources/{source}/generations/{later}").body["generation"]["runId"]
    reply = search(edge, "common", runId=published, sourceIds=[source])
    assert reply.body["generations"] == {source: later} and "planVersion" not in reply.body
    edge.clock.advance(seconds=8 * 86_400)
    expired = search(edge, "common", **asked)
    assert expired.status == 409
