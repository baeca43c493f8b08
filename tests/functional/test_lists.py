"""Every list of the API: its pages, its filters, and cursors that only the list takes that gave them out."""

from __future__ import annotations

from typing import Any

import pytest

from testing import spec
from testing.edge import Edge, item_path
from tests.support.edge_erasing import ask, carry_out
from tests.support.edge_lists import pages
from tests.support.edge_questions import keep_answer

LISTS = [operation for operation in spec.operations() if operation.name.startswith("list_")]


def entries(body: dict[str, Any]) -> list[Any]:
    (found,) = (value for value in body.values() if isinstance(value, list))
    return found


def put_items(edge: Edge, source: str, *ids: str) -> None:
    items = [{"externalItemId": each, "title": each, "content": "c"} for each in ids]
    assert edge.request("POST", f"/v1/sources/{source}/items/batch", {"items": items}).status == 200


@pytest.fixture
def lists(edge: Edge) -> dict[str, str]:
    """The path of every list, each with three entries or more."""
    source = edge.source()
    for number in range(3):
        put_items(edge, source, *(f"{number}-{letter}" for letter in "abc"))
        edge.push(source, "told", content=f"{number}")
        generation = edge.publish(source)
    for letter in "abc":
        carry_out(edge, source, ask(edge, source, f"0-{letter}")["id"])
    for _ in range(3):
        opened = edge.request("POST", f"/v1/sources/{source}/snapshots").body["snapshot"]["id"]
        edge.request("DELETE", f"/v1/sources/{source}/snapshots/{opened}")
        assert edge.request("POST", f"/v1/sources/{source}/imports", {"mode": "upsert"}).status == 201
        assert edge.request("POST", f"/v1/sources/{source}/generations/{generation}/exports").status == 202
    for _ in range(2):
        edge.source()
        edge.key(edge.admin)
    for _ in range(3):
        webhook = edge.request("POST", "/v1/webhooks", {"url": "https://hooks.example.com"}).body["webhook"]["id"]
    for _ in range(3):
        assert edge.request("POST", f"/v1/webhooks/{webhook}/test").status == 202
    edge.request("PATCH", f"/v1/sources/{source}", {"questionLog": "on"})
    for letter in "abc":
        keep_answer(edge, letter, source, answered=False)
        assert edge.request("POST", "/v1/portal/sessions", {"name": letter}, key=edge.admin).status == 201
    ids = {
        "sourceId": source,
        "externalItemId": "told",
        "webhookId": webhook,
        "runId": edge.request("GET", f"/v1/sources/{source}/runs").body["runs"][0]["id"],
    }
    return {operation.name: operation.path.format(generationId=generation, **ids) for operation in LISTS}


def test_pages_of_every_list_join_up(edge: Edge, lists: dict[str, str]) -> None:
    for name, path in lists.items():
        edge.clock.advance(seconds=60)  # The limit of the admin key starts anew.
        (whole,) = pages(edge, path, "limit=200", edge.admin)
        for limit in (1, 2):
            parts = list(pages(edge, path, f"limit={limit}", edge.admin))
            assert [entry for part in parts for entry in entries(part)] == entries(whole), name
            # A page of a history may have come past generations that are none of it.
            least = 0 if name == "list_item_history" else 1
            assert all(least <= len(entries(part)) <= limit for part in parts), name
        assert len(entries(whole)) >= 3, name


def test_limit_of_every_list_is_1_to_1000(edge: Edge, lists: dict[str, str]) -> None:
    for name, path in lists.items():
        for limit in ("0", "1001", "-1", "1.0", "many", ""):
            reply = edge.request("GET", path, query=f"limit={limit}", key=edge.admin)
            assert (reply.status, reply.body["details"][0]["path"]) == (400, "limit"), name


def test_cursor_is_refused_by_every_list_but_its_own(edge: Edge, lists: dict[str, str]) -> None:
    cursors = {
        name: edge.request("GET", path, query="limit=1", key=edge.admin).body["nextCursor"]
        for name, path in lists.items()
    }
    for name, path in lists.items():
        edge.clock.advance(seconds=60)  # The limit of the admin key starts anew.
        for origin, cursor in cursors.items():
            reply = edge.request("GET", path, query=f"cursor={cursor}", key=edge.admin)
            assert reply.status == (200 if origin == name else 400), (origin, name)


def test_tampered_cursor_is_refused_by_every_list(edge: Edge, lists: dict[str, str]) -> None:
    for name, path in lists.items():
        edge.clock.advance(seconds=60)
        cursor = edge.request("GET", path, query="limit=1", key=edge.admin).body["nextCursor"]
        swapped = "B" if cursor[0] == "A" else "A"
        middle = len(cursor) // 2
        for forged in (
            cursor[:-1],
            cursor[1:],
            cursor + "A",
            cursor + "%3D",
            cursor + cursor,
            swapped + cursor[1:],
            cursor[:middle] + swapped + swapped + cursor[middle + 2 :],
            cursor[::-1],
            "W251bGwsIiJd",
            "x" * 10_000,
        ):
            reply = edge.request("GET", path, query=f"cursor={forged}", key=edge.admin)
            assert (reply.status, reply.code) == (400, "validation_error"), (name, forged)
            assert reply.body["details"][0]["path"] == "cursor"


def test_cursor_keeps_to_its_filters(edge: Edge) -> None:
    source, other = edge.source(), edge.source()
    for each in (source, other):
        put_items(edge, each, "a-1", "a-2", "b-1")
    path = f"/v1/sources/{source}/items"
    filtered = "prefix=a-&state=active"
    cursor = edge.request("GET", path, query=f"{filtered}&limit=1").body["nextCursor"]
    rest = edge.request("GET", path, query=f"{filtered}&include=content&cursor={cursor}").body["items"]
    assert [(each["externalItemId"], each["content"]) for each in rest] == [("a-2", "c")]
    for query in ("", "prefix=a-", "state=active", "prefix=b-&state=active", "prefix=a-&state=removed"):
        assert edge.request("GET", path, query=f"{query}&cursor={cursor}").status == 400
    assert edge.request("GET", f"/v1/sources/{other}/items", query=f"{filtered}&cursor={cursor}").status == 400
    run = edge.run(source)
    changes = f"/v1/sources/{source}/runs/{run}/changes"
    cursor = edge.request("GET", changes, query="change=added&limit=1").body["nextCursor"]
    assert edge.request("GET", changes, query=f"change=added&cursor={cursor}").status == 200
    for path, query in ((changes, ""), (changes, "change=updated"), (changes.replace(run, edge.run(source)), "")):
        assert edge.request("GET", path, query=f"{query}&cursor={cursor}").status == 400


def test_items_are_listed_by_state_and_prefix(edge: Edge) -> None:
    source = edge.source(graceDays=0)
    put_items(edge, source, "docs/ä", "docs/b", "docs", "Docs/c", "ä", "e\u0301", "gone", "😀")
    edge.request("DELETE", item_path(source, "gone"))
    edge.request("DELETE", item_path(source, "docs/b"))

    def listed(query: str) -> list[str]:
        reply = edge.request("GET", f"/v1/sources/{source}/items", query=query)
        return [each["externalItemId"] for each in reply.body["items"]]

    everything = sorted(["docs/ä", "docs/b", "docs", "Docs/c", "ä", "e\u0301", "gone", "😀"], key=str.encode)
    assert listed("") == everything
    assert listed("prefix=docs") == ["docs", "docs/b", "docs/ä"]
    assert listed("prefix=docs%2F%C3%A4") == ["docs/ä"]
    assert listed("prefix=%C3%A4") == ["ä"]
    assert listed("prefix=e") == ["e\u0301"]
    assert listed("prefix=%C3%A9") == []
    assert listed("prefix=%F0%9F%98%80") == ["😀"]
    assert listed("state=removed") == ["docs/b", "gone"]
    assert listed("state=removed&prefix=docs") == ["docs/b"]
    assert listed("state=active") == [each for each in everything if each not in {"docs/b", "gone"}]
    assert listed("prefix=" + "x" * 512) == []
    edge.publish(source)
    put_items(edge, source, "gone")
    assert listed("state=removed") == []
    assert listed("state=tombstoned") == ["docs/b"]


@pytest.mark.parametrize("query", ["state=gone", "state=", "prefix=", "include=all", "prefix=" + "x" * 513])
def test_filter_that_cannot_be_is_400(edge: Edge, query: str) -> None:
    reply = edge.request("GET", f"/v1/sources/{edge.source()}/items", query=query)
    assert (reply.status, reply.code) == (400, "validation_error")
    assert [fault["path"] for fault in reply.body["details"]] == [query.partition("=")[0]]


def test_what_is_there_all_along_is_listed_once_whatever_is_written_between_pages(edge: Edge) -> None:
    source = edge.source()
    stays = [f"{number:02d}" for number in range(10)]
    put_items(edge, source, *stays, "04-goes")
    found: list[str] = []
    for number, page in enumerate(pages(edge, f"/v1/sources/{source}/items", "limit=3&state=active", edge.token)):
        found += [each["externalItemId"] for each in page["items"]]
        put_items(edge, source, f"{number:02d}-comes", f"zz-{number}")
        edge.request("DELETE", item_path(source, "04-goes"))
        if number == 6:
            break
    assert [name for name in found if name in stays] == stays
    assert len(found) == len(set(found))
