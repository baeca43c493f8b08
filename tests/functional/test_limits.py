"""Large and hopeless requests: bombs, faults by the hundred, contents that outgrow a response; and ids of any kind."""

from __future__ import annotations

import gzip
import json
import tracemalloc
import zlib
from functools import cache
from typing import Any

import pytest

from testing.edge import Edge, item_path

MIB = 1_048_576


def item(name: str, **fields: Any) -> dict[str, Any]:
    return {"externalItemId": name, "title": "Refunds", "content": "Refunds take 14 days.", **fields}


@cache
def gibibyte_of_spaces() -> bytes:
    """A gzip of 1 GiB in about 1 MiB, made without ever holding it."""
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    block = b" " * MIB
    return b"".join(packer.compress(block) for _ in range(1024)) + packer.flush()


@pytest.mark.parametrize(
    ("path", "bound"),
    [
        ("/v1/sources", MIB),
        ("/v1/sources/{source}/items", MIB),
        ("/v1/sources/{source}/items/batch", 8 * MIB),
        ("/v1/sources/{source}/items/snapshot", 8 * MIB),
    ],
)
def test_gzip_bomb_stops_at_the_bound_with_memory_flat(edge: Edge, path: str, bound: int) -> None:
    target = path.format(source=edge.source())
    bomb = gibibyte_of_spaces()
    assert len(bomb) < 1.1 * MIB
    tracemalloc.start()
    try:
        reply = edge.request("POST", target, body=bomb, headers={"Content-Encoding": "gzip"})
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert (reply.status, reply.code) == (413, "payload_too_large")
    # The request itself stands in memory a few times, as bytes and as base64. What is inflated is bounded, and stands
    # twice for a moment while it grows.
    assert peak < 2 * bound + 8 * len(bomb)


def test_one_bad_item_in_5_000_is_named_and_nothing_is_written(edge: Edge) -> None:
    source = edge.source()
    items = [item(f"faq-{number}") for number in range(5_000)]
    items[3_217]["language"] = "not a language"
    reply = edge.request("POST", f"/v1/sources/{source}/items/batch", {"items": items}, compress=True)
    assert (reply.status, reply.code) == (400, "validation_error")
    (fault,) = reply.body["details"]
    assert (fault["index"], fault["externalItemId"], fault["path"]) == (3_217, "faq-3217", "items[3217].language")
    assert fault["message"]
    assert edge.request("GET", f"/v1/sources/{source}/items").body["items"] == []


def test_same_id_twice_is_refused_with_both_indexes(edge: Edge) -> None:
    source = edge.source()
    batch = {"items": [item("a"), item("b"), item("a")], "removals": [{"externalItemId": "b"}]}
    details = edge.request("POST", f"/v1/sources/{source}/items/batch", batch).body["details"]
    assert [(detail["index"], detail["path"], detail["message"]) for detail in details] == [
        (0, "items[0].externalItemId", "is also at items[2]"),
        (1, "items[1].externalItemId", "is also at removals[0]"),
        (2, "items[2].externalItemId", "is also at items[0]"),
        (0, "removals[0].externalItemId", "is also at items[1]"),
    ]
    assert edge.request("GET", f"/v1/sources/{source}/items").body["items"] == []


def test_at_most_100_faults_are_listed(edge: Edge) -> None:
    source = edge.source()
    reply = edge.request("POST", f"/v1/sources/{source}/items/batch", {"items": [{}] * 300})
    assert len(reply.body["details"]) == 100


def test_content_of_1_mib_goes_round(edge: Edge) -> None:
    source = edge.source()
    content = "ä" * (MIB // 2)
    sent = edge.request("POST", f"/v1/sources/{source}/items/batch", {"items": [item("large", content=content)]})
    assert sent.body["counts"]["created"] == 1
    assert edge.request("GET", item_path(source, "large")).body["item"]["content"] == content
    edge.publish(source)
    listed = edge.request("GET", f"/v1/sources/{source}/generations/current/items", query="include=content")
    assert [each["content"] for each in listed.body["items"]] == [content]
    over = edge.request("POST", f"/v1/sources/{source}/items/batch", {"items": [item("large", content=content + "a")]})
    assert (over.status, over.body["details"][0]["path"]) == (400, "items[0].content")


def test_content_that_outgrows_a_response_comes_as_a_link(edge: Edge) -> None:
    source = edge.source()
    # Six bytes a character in JSON, so it is pushed as a gzipped batch and read through its link.
    batch = json.dumps({"items": [item("bell", content="\x07" * 1_000_000)]}).encode()
    pushed = edge.request(
        "POST", f"/v1/sources/{source}/items/batch", body=gzip.compress(batch), headers={"Content-Encoding": "gzip"}
    )
    assert pushed.status == 200
    read = edge.request("GET", item_path(source, "bell")).body["item"]
    assert "content" not in read
    assert read["contentUrl"].startswith("https://")
    assert read["contentBytes"] == 1_000_000


def test_generation_is_listed_though_an_item_outgrows_a_response(edge: Edge) -> None:
    source = edge.source()
    for name, content in (("a", "small"), ("b", "\x01" * 900_000), ("c", "\x01" * 500_000), ("d", "\x01" * 500_000)):
        batch = {"items": [item(name, content=content)]}
        assert edge.request("POST", f"/v1/sources/{source}/items/batch", batch, compress=True).status == 200
    generation = edge.publish(source)
    found: dict[str, int | None] = {}
    query = "include=content"
    while query:
        reply = edge.request("GET", f"/v1/sources/{source}/generations/{generation}/items", query=query)
        assert len(reply.text.encode()) < 4.5 * MIB
        found |= {each["externalItemId"]: len(each.get("content", "")) for each in reply.body["items"]}
        cursor = reply.body["nextCursor"]
        query = f"include=content&cursor={cursor}" if cursor else ""
    assert found == {"a": 5, "b": 0, "c": 500_000, "d": 500_000}


@pytest.mark.parametrize("name", ["é", "e\u0301", "a b", "%", "100%", "a/b//c", "😀", "\u00a0", "a" * 512, "ä" * 256])
def test_any_unicode_id_keeps_its_bytes(edge: Edge, name: str) -> None:
    source = edge.source()
    edge.push(source, name)
    edge.push(source, "other")
    read = edge.request("GET", item_path(source, name)).body["item"]
    assert read["externalItemId"] == name
    assert edge.request("DELETE", item_path(source, name)).body["item"]["state"] == "removed"
    assert edge.request("POST", item_path(source, name) + "/restore").body["item"]["state"] == "active"


def test_composed_and_decomposed_ids_are_two_items(edge: Edge) -> None:
    source = edge.source()
    composed, decomposed = "é", "e\u0301"
    both = {"items": [item(composed, title="composed"), item(decomposed, title="decomposed")]}
    assert edge.request("POST", f"/v1/sources/{source}/items/batch", both).body["counts"]["created"] == 2
    assert edge.request("GET", item_path(source, composed)).body["item"]["title"] == "composed"
    edge.request("DELETE", item_path(source, decomposed))
    listed = edge.request("GET", f"/v1/sources/{source}/items").body["items"]
    assert {(each["externalItemId"], each["state"]) for each in listed} == {
        (composed, "active"),
        (decomposed, "removed"),
    }
