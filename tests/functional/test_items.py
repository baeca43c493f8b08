"""The staging set over HTTP."""

from __future__ import annotations

import pytest

from testing.edge import Edge, item_path


def test_pushed_item_is_created_updated_and_unchanged(edge: Edge) -> None:
    source = edge.source()
    first, same, other = edge.push(source), edge.push(source), edge.push(source, title="Returns")
    assert [(reply.status, reply.body["result"]) for reply in (first, same, other)] == [
        (201, "created"),
        (200, "unchanged"),
        (200, "updated"),
    ]
    assert "content" not in first.body["item"]


def test_item_reads_back_as_it_was_pushed(edge: Edge) -> None:
    source = edge.source()
    sent = {
        "externalItemId": "a/b c%ü😀",
        "title": "Ünï",
        "content": "<p>\u2028 “quoted” \u0007</p>",
        "contentType": "text/html",
        "url": "https://help.example.com/a?b=c",
        "language": "pt-BR",
        "tags": ["x", "ÿ"],
        "metadata": {"deep": [{"n": 1.5}], "none": None},
        "sourceVersion": 7,
    }
    assert edge.request("POST", f"/v1/sources/{source}/items", sent).status == 201
    reply = edge.request("GET", item_path(source, "a/b c%ü😀"))
    item = reply.body["item"]
    assert {name: item[name] for name in sent} == sent
    assert "ü😀" in reply.text  # JSON is written unescaped.


def test_batch_answers_in_request_order(edge: Edge) -> None:
    source = edge.source()
    edge.push(source, "old")
    edge.push(source, "versioned", sourceVersion=5)
    items = [
        {"externalItemId": "z", "title": "t", "content": "c"},
        {"externalItemId": "a", "title": "t", "content": "c"},
        {"externalItemId": "versioned", "title": "t", "content": "c", "sourceVersion": 4},
    ]
    removals = [{"externalItemId": "old"}, {"externalItemId": "never-there"}]
    reply = edge.request("POST", f"/v1/sources/{source}/items/batch", {"items": items, "removals": removals})
    assert reply.status == 200
    assert [(found["externalItemId"], found["result"]) for found in reply.body["results"]] == [
        ("z", "created"),
        ("a", "created"),
        ("versioned", "stale"),
        ("old", "removed"),
        ("never-there", "unchanged"),
    ]
    assert reply.body["counts"] == {"created": 2, "updated": 0, "unchanged": 1, "removed": 1, "stale": 1}


def test_gzipped_batch_is_taken(edge: Edge) -> None:
    source = edge.source()
    items = [{"externalItemId": f"i{n}", "title": "t", "content": "c" * 200} for n in range(20)]
    reply = edge.request("POST", f"/v1/sources/{source}/items/batch", {"items": items}, compress=True)
    assert reply.body["counts"]["created"] == 20


def test_bad_batch_names_every_fault_and_writes_nothing(edge: Edge) -> None:
    source = edge.source()
    items = [
        {"externalItemId": "good", "title": "t", "content": "c"},
        {"externalItemId": "bad", "title": "", "content": 5, "titel": "typo"},
        {"externalItemId": "good", "title": "t", "content": "c"},
    ]
    reply = edge.request("POST", f"/v1/sources/{source}/items/batch", {"items": items})
    assert (reply.status, reply.code) == (400, "validation_error")
    assert [(fault["index"], fault["externalItemId"], fault["path"]) for fault in reply.body["details"]] == [
        (0, "good", "items[0].externalItemId"),
        (1, "bad", "items[1].title"),
        (1, "bad", "items[1].content"),
        (1, "bad", "items[1].titel"),
        (2, "good", "items[2].externalItemId"),
    ]
    assert edge.request("GET", f"/v1/sources/{source}/items").body["items"] == []


def test_items_list_in_id_order_with_pages_states_and_prefixes(edge: Edge) -> None:
    source = edge.source()
    names = [f"doc/{n:02d}" for n in range(7)] + ["other"]
    items = [{"externalItemId": name, "title": "t", "content": "c"} for name in reversed(names)]
    edge.request("POST", f"/v1/sources/{source}/items/batch", {"items": items})
    edge.request("DELETE", item_path(source, "doc/03"))

    found, cursor = [], ""
    while cursor is not None:
        query = "limit=3" + (f"&cursor={cursor}" if cursor else "")
        page = edge.request("GET", f"/v1/sources/{source}/items", query=query).body
        found += [item["externalItemId"] for item in page["items"]]
        cursor = page["nextCursor"]
    assert found == names

    def listed(query: str) -> list[str]:
        reply = edge.request("GET", f"/v1/sources/{source}/items", query=query)
        return [item["externalItemId"] for item in reply.body["items"]]

    assert listed("state=removed") == ["doc/03"]
    assert listed("prefix=oth") == ["other"]
    with_content = edge.request("GET", f"/v1/sources/{source}/items", query="include=content&limit=1").body["items"]
    assert with_content[0]["content"] == "c"


def test_removed_item_is_in_grace_and_comes_back(edge: Edge) -> None:
    source = edge.source(graceDays=3)
    edge.push(source)
    removed = edge.request("DELETE", item_path(source, "faq-1"))
    assert removed.status == 200
    assert removed.body["item"]["state"] == "removed"
    assert removed.body["item"]["tombstoneDueAt"] > removed.body["item"]["removedAt"]
    assert edge.request("DELETE", item_path(source, "faq-1")).status == 404
    restored = edge.request("POST", item_path(source, "faq-1") + "/restore")
    assert (restored.status, restored.body["item"]["state"]) == (200, "active")


def test_older_version_is_refused(edge: Edge) -> None:
    source = edge.source()
    edge.push(source, sourceVersion=9)
    assert edge.push(source, title="older", sourceVersion=8).code == "stale_version"
    refused = edge.request("DELETE", item_path(source, "faq-1"), query="sourceVersion=8")
    assert (refused.status, refused.code) == (409, "stale_version")


REFUSED_IDS = [".", "..", "%2E", "%2e%2E", ".%2e", "a%00b", "%C2%85", "x" * 513, "%C3%A4" * 256 + "x"]
BROKEN_ESCAPES = ["%zz", "%", "%2", "a%2", "%ff", "%C3", "%C0%AF", "%ED%A0%80", "%F4%90%80%80"]


@pytest.mark.parametrize("raw", REFUSED_IDS + BROKEN_ESCAPES)
def test_path_that_names_no_possible_id_is_400(edge: Edge, raw: str) -> None:
    path = f"/v1/sources/{edge.source()}/items/{raw}"
    for method, target in (("GET", path), ("DELETE", path), ("POST", f"{path}/restore")):
        reply = edge.request(method, target)
        assert (reply.status, reply.code) == (400, "validation_error")
        assert [fault["path"] for fault in reply.body["details"]] == ["externalItemId"]


def test_percent_encoding_is_decoded_once(edge: Edge) -> None:
    source = edge.source()
    edge.push(source, "50%25")
    assert edge.request("GET", item_path(source, "50%25")).status == 200
    assert edge.request("GET", item_path(source, "50%")).status == 404


@pytest.mark.parametrize("name", ['say "hi"', "😀", "#1?", "a\\b", "`"])
def test_path_that_arrives_decoded_reaches_its_item(edge: Edge, name: str) -> None:
    source = edge.source()
    edge.push(source, name)
    # Some fronts decode paths before they pass them on.
    assert edge.request("GET", f"/v1/sources/{source}/items/{name}").status == 200
