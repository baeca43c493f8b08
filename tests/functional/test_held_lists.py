"""Lists of what is current, read whole while others publish; one item of a generation; and items by prefix."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import pytest
from knowledge.generations import reader as reading

from testing.edge import Edge

READS = 26


def put(edge: Edge, source: str, content: str, names: str = "abcdefg") -> None:
    items = [{"externalItemId": name, "title": name, "content": content} for name in names]
    assert edge.request("POST", f"/v1/sources/{source}/items/batch", {"items": items}).status == 200


def pages_beside_a_writer(edge: Edge, source: str, path: str, query: str) -> Iterator[dict[str, Any]]:
    """Read a list to its end; before each further page something is published."""
    cursor = ""
    while True:
        reply = edge.request("GET", path, query=query + (f"&cursor={cursor}" if cursor else ""))
        assert reply.status == 200, reply.text
        yield reply.body
        cursor = reply.body["nextCursor"]
        if cursor is None:
            return
        edge.push(source, "a", content=cursor[-9:])
        edge.publish(source)


def test_whole_reads_beside_a_busy_writer_are_each_of_one_generation(edge: Edge) -> None:
    source = edge.source()
    put(edge, source, "0")
    first = edge.publish(source)
    path = f"/v1/sources/{source}/generations"
    for _ in range(READS):
        pages = list(pages_beside_a_writer(edge, source, f"{path}/current/items", "limit=5"))
        assert len(pages) == 2
        (generation,) = {page["generationId"] for page in pages}
        (whole,) = pages_beside_a_writer(edge, source, f"{path}/{generation}/items", "limit=200")
        assert [item for page in pages for item in page["items"]] == whole["items"]
    for query in ("limit=3&from=current", "limit=3"):
        pages = list(pages_beside_a_writer(edge, source, f"{path}/{first}/changes", query))
        assert len({(page["generationId"], page["fromGenerationId"]) for page in pages}) == 1
    pages = list(pages_beside_a_writer(edge, source, f"{path}/current/changes", "limit=3&from=current"))
    assert pages[0]["generationId"] == pages[0]["fromGenerationId"]


def test_comparison_with_current_goes_on_with_the_generation_it_began_with(edge: Edge) -> None:
    source = edge.source()
    put(edge, source, "0")
    first = edge.publish(source)
    put(edge, source, "1")
    edge.publish(source)
    for path, query in ((f"{first}/changes", "from=current&limit=3"), ("current/changes", f"from={first}&limit=3")):
        pages = list(pages_beside_a_writer(edge, source, f"/v1/sources/{source}/generations/{path}", query))
        assert len(pages) == 3
        assert [len(page["changes"]) for page in pages] == [3, 3, 1]
        assert len({(page["generationId"], page["fromGenerationId"]) for page in pages}) == 1


def test_list_whose_generation_is_retired_is_to_be_begun_again(edge: Edge) -> None:
    source = edge.source()
    put(edge, source, "0")
    old = edge.publish(source)
    path = f"/v1/sources/{source}/generations"
    asked = {
        f"{path}/current/items": ("limit=2", 409, "stale_cursor"),
        f"{path}/current/changes": ("limit=2", 409, "stale_cursor"),
        f"{path}/{old}/items": ("limit=2", 404, "not_found"),
    }
    cursors = {each: edge.request("GET", each, query=query[0]).body["nextCursor"] for each, query in asked.items()}
    stores = edge.services.knowledge.stores
    put(edge, source, "1")
    edge.publish(source)
    stores.generations.retire_generation(stores.generations.get_generation(source, old), edge.clock())
    for each, (query, status, code) in asked.items():
        reply = edge.request("GET", each, query=f"{query}&cursor={cursors[each]}")
        assert (reply.status, reply.code) == (status, code), each


@pytest.mark.parametrize("name", ["batch", "snapshot", "a/b", "ä ?#%2F", "🙂"])
def test_item_of_a_generation_is_read_with_its_content(edge: Edge, name: str) -> None:
    source = edge.source()
    edge.push(source, name, content="one")
    first = edge.publish(source)
    edge.push(source, name, content="two")
    edge.push(source, "later")
    second = edge.publish(source)
    path = f"/v1/sources/{source}/generations"
    for generation, content, real in ((first, "one", first), ("current", "two", second)):
        body = edge.request("GET", f"{path}/{generation}/items/{quote(name, safe='')}").body
        (listed,) = [
            each
            for each in edge.request("GET", f"{path}/{generation}/items", query="include=content").body["items"]
            if each["externalItemId"] == name
        ]
        assert body == {"generationId": real, "item": listed}
        assert listed["content"] == content
    reply = edge.request("GET", f"{path}/{first}/items/later")
    assert (reply.status, reply.code) == (404, "not_found")


def test_items_by_prefix_are_looked_for_a_bounded_number_at_a_time(edge: Edge, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "ITEMS_LOOKED_AT", 4)
    source = edge.source()
    put(edge, source, "0", "abcdefghij")
    for name in ("x-1", "x-2", "x-3"):
        edge.push(source, name)
    edge.publish(source)
    path = f"/v1/sources/{source}/generations/current/items"
    pages = list(pages_beside_a_writer(edge, source, path, "prefix=x-&limit=2&include=content"))
    assert len(pages) == 4
    assert sorted(item["externalItemId"] for page in pages for item in page["items"]) == ["x-1", "x-2", "x-3"]
    assert any(not page["items"] for page in pages)
    assert [page["nextCursor"] for page in pages].index(None) == 3
    assert edge.request("GET", path, query="prefix=").status == 400
