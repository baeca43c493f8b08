"""Lists read to their end, and sets that are larger than a request."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from knowledge_client import ConflictError, InvalidRequestError, UnexpectedAnswerError

from tests.clients.client.scripted import Script, answer, body_of, item, refusal

COUNTS = {"created": 1, "updated": 0, "unchanged": 0, "removed": 0, "stale": 2}
OPEN = {"id": "snp_1", "state": "open", "parts": 0, "items": 0, "counts": COUNTS}
SNAPSHOT = "/api/v1/sources/src_1/snapshots/snp_1"


def page(*entries: Any, cursor: str | None = None) -> httpx.Response:
    return answer(200, {"items": list(entries), "nextCursor": cursor})


def test_list_is_read_as_it_is_asked_for_and_anew_each_time() -> None:
    script = Script(page(item(1), cursor="a"), page(item(2)), page(item(3)))
    listing = script.client.items.list("src_1", prefix="it")
    entries = iter(listing)
    assert next(entries)["externalItemId"] == "item-1"
    assert len(script.requests) == 1
    assert [each["externalItemId"] for each in entries] == ["item-2"]
    assert [[each["externalItemId"] for each in part] for part in listing.pages()] == [["item-3"]]
    assert [dict(request.url.params) for request in script.requests] == [
        {"limit": "200", "prefix": "it"},
        {"limit": "200", "prefix": "it", "cursor": "a"},
        {"limit": "200", "prefix": "it"},
    ]


def test_contents_are_followed_without_the_key() -> None:
    link = "https://storage.example/object?signature=s"
    script = Script(
        page(item(1), {"externalItemId": "large", "contentUrl": link}), answer(200, {"content": "x" * 9, "title": "T"})
    )
    listing = script.client.generations.items("src_1", with_content=True)
    assert list(listing) == [item(1), {"externalItemId": "large", "content": "x" * 9}]
    asked, followed = script.requests
    assert asked.url.params["include"] == "content"
    assert str(followed.url) == link
    assert "authorization" not in followed.headers


def test_changes_bring_both_sides_or_items_whole() -> None:
    changes: dict[str, list[dict[str, str]]] = {
        "changes": [{"externalItemId": "a", "contentUrl": "https://s.example/o"}]
    }
    for wanted, include in (({"with_content": True}, "content"), ({"with_items": True}, "items"), ({}, None)):
        script = Script(answer(200, {**changes, "nextCursor": None}), answer(200, {"content": "long"}))
        listed = list(script.client.generations.changes("src_1", "gen_2", since_generation="gen_1", **wanted))
        assert script.requests[0].url.params.get("include") == include
        assert ("content" in listed[0]) is (include is not None)


def test_link_that_expired_is_asked_for_again() -> None:
    old, new = ({"externalItemId": "large", "contentUrl": f"https://storage.example/{each}"} for each in ("old", "new"))
    expired = httpx.Response(403, text="<Error/>")
    script = Script(page(item(1), old), expired, page(item(1), new), answer(200, {"content": "text"}))
    assert list(script.client.items.list("src_1", with_content=True))[1] == {
        "externalItemId": "large",
        "content": "text",
    }
    script = Script(page(old), expired, page(item(1)))
    with pytest.raises(UnexpectedAnswerError):
        list(script.client.items.list("src_1", with_content=True))


def test_search_is_read_on_and_says_when_something_was_published() -> None:
    script = Script(answer(200, {"results": [1], "nextCursor": "a"}), refusal(409, "stale_cursor"))
    results = script.client.search_all(query="refund", limit=1)
    assert next(results) == 1
    with pytest.raises(ConflictError):
        next(results)
    assert [body_of(request) for request in script.requests] == [
        {"query": "refund", "limit": 1},
        {"query": "refund", "limit": 1, "cursor": "a"},
    ]


def test_batches_are_cut_by_number_and_by_bytes() -> None:
    script = Script(*[answer(200, {"counts": COUNTS, "results": []})] * 3)
    large = [item(number, content="ж" * 600_000) for number in range(1_500, 1_504)]
    done: list[int] = []
    items = (each for each in [*(item(number) for number in range(1_500)), *large])
    counts = script.client.items.push_all("src_1", items, progress=done.append, idempotency_key="nightly")
    assert counts == {name: 3 * count for name, count in COUNTS.items()}
    assert [len(body_of(request)["items"]) for request in script.requests] == [1_000, 502, 2]
    assert [request.headers["idempotency-key"] for request in script.requests] == [
        "nightly/1",
        "nightly/2",
        "nightly/3",
    ]
    assert done == [1_000, 1_502, 1_504]


def test_fault_of_a_part_names_the_item_of_the_whole() -> None:
    details = [{"index": 7, "externalItemId": "item-1007", "path": "items[7].tags[0]", "message": "is too long"}]
    script = Script(answer(200, {"counts": COUNTS, "results": []}), refusal(400, "validation_error", details))
    with pytest.raises(InvalidRequestError, match=r"items\[1007\]\.tags\[0\] \(item-1007\) is too long") as refused:
        script.client.items.push_all("src_1", (item(number) for number in range(1_200)))
    [fault] = refused.value.faults
    assert (fault.index, fault.external_item_id, refused.value.sent) == (1_007, "item-1007", 1_000)
    assert refused.value.details == details


def test_many_faults_are_counted() -> None:
    details = [{"path": f"items[{n}].url", "index": n, "externalItemId": None, "message": "is none"} for n in range(9)]
    with pytest.raises(InvalidRequestError, match=r"items\[2\]\.url is none; and 6 more \(validation_error\)$"):
        Script(refusal(400, "validation_error", details)).client.items.push_batch("src_1", [item(1)])


def parts_of_snapshot() -> list[Any]:
    return [
        answer(201, {"snapshot": OPEN}),
        httpx.ReadError("broken in the middle"),
        answer(),
        answer(),
    ]


def test_snapshot_in_parts_is_completed_when_all_of_it_arrived() -> None:
    completing = answer(202, {"snapshot": {**OPEN, "state": "completing"}})
    completed = answer(200, {"snapshot": {**OPEN, "state": "completed"}})
    script = Script(*parts_of_snapshot(), completing, completed)
    done: list[int] = []
    counts = script.client.items.replace("src_1", (item(n) for n in range(1_500)), progress=done.append)
    assert counts == COUNTS
    assert done == [0, 1_000, 1_500]
    assert script.asked == [
        ("POST", "/api/v1/sources/src_1/snapshots"),
        ("PUT", f"{SNAPSHOT}/parts/1"),
        ("PUT", f"{SNAPSHOT}/parts/1"),
        ("PUT", f"{SNAPSHOT}/parts/2"),
        ("POST", f"{SNAPSHOT}/complete"),
        ("POST", f"{SNAPSHOT}/complete"),
    ]
    assert body_of(script.requests[4]) == {"parts": 2, "items": 1_500}
    first, again = script.requests[1:3]
    assert first.headers["idempotency-key"] == again.headers["idempotency-key"]


def test_part_that_did_not_arrive_removes_nothing() -> None:
    script = Script(*parts_of_snapshot(), refusal(409, "snapshot_incomplete"), answer())
    with pytest.raises(ConflictError) as failed:
        script.client.items.replace("src_1", [item(n) for n in range(1_500)])
    assert failed.value.code == "snapshot_incomplete"
    assert script.asked[-2:] == [("POST", f"{SNAPSHOT}/complete"), ("DELETE", SNAPSHOT)]
    assert body_of(script.requests[-2]) == {"parts": 2, "items": 1_500}


def test_items_that_can_not_be_read_abort_the_snapshot() -> None:
    def items() -> Iterator[Any]:
        yield from (item(number) for number in range(2_100))
        raise OSError("the disk is gone")

    script = Script(answer(201, {"snapshot": OPEN}), answer(), answer(), refusal(503, "unavailable"))
    with pytest.raises(OSError, match="the disk is gone"):
        script.client.items.replace("src_1", items())
    assert script.asked[-1] == ("DELETE", SNAPSHOT)
    assert script.waits == []
    # And before anything was sent, nothing is.
    script = Script()
    with pytest.raises(ZeroDivisionError):
        script.client.items.replace("src_1", (1 / 0 for _ in range(1)))  # type: ignore[arg-type]
    assert script.requests == []


def test_ctrl_c_aborts_the_snapshot() -> None:
    def interrupt(_: httpx.Request) -> httpx.Response:
        raise KeyboardInterrupt

    script = Script(answer(201, {"snapshot": OPEN}), interrupt, answer())
    with pytest.raises(KeyboardInterrupt):
        script.client.items.replace("src_1", (item(n) for n in range(1_500)))
    assert script.asked[-1] == ("DELETE", SNAPSHOT)
