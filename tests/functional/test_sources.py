"""Sources over HTTP."""

from __future__ import annotations

import pytest
from knowledge.sources import store as source_store

from testing.edge import Edge


def test_source_is_created_with_defaults_and_read(edge: Edge) -> None:
    created = edge.request("POST", "/v1/sources", {"name": "Help center"})
    assert created.status == 201
    source = created.body["source"]
    assert source["type"] == "developer_api"
    assert (source["graceDays"], source["removalGuard"], source["generationId"]) == (7, None, None)
    nothing_pending = {"stagedItems": 0, "pendingChanges": 0, "pendingChangesMore": False, "oldestUnappliedAt": None}
    assert edge.request("GET", f"/v1/sources/{source['id']}").body == {"source": source | nothing_pending}


def test_source_is_changed_where_named(edge: Edge) -> None:
    source = edge.source(removalGuard={"maxPercent": 12.5})
    path = f"/v1/sources/{source}"
    named = edge.request("PATCH", path, {"name": "Docs"}).body["source"]
    assert (named["name"], named["graceDays"], named["removalGuard"]) == (
        "Docs",
        7,
        {"maxPercent": 12.5, "maxItems": None},
    )
    cleared = edge.request("PATCH", path, {"graceDays": 0, "removalGuard": None}).body["source"]
    assert (cleared["graceDays"], cleared["removalGuard"]) == (0, None)


def test_sources_are_listed_in_pages(edge: Edge) -> None:
    made = [edge.source(name=f"s{n}") for n in range(3)]
    first = edge.request("GET", "/v1/sources", query="limit=2").body
    second = edge.request("GET", "/v1/sources", query=f"limit=2&cursor={first['nextCursor']}").body
    assert second["nextCursor"] is None
    assert sorted(source["id"] for source in first["sources"] + second["sources"]) == sorted(made)


def test_archived_source_reads_but_takes_no_writes(edge: Edge) -> None:
    source = edge.source()
    edge.push(source)
    run = edge.run(source)
    path = f"/v1/sources/{source}"
    assert edge.request("DELETE", path).body["source"]["status"] == "archived"
    assert edge.request("DELETE", path).status == 200
    assert edge.request("GET", f"{path}/items/faq-1").status == 200
    refused = [
        edge.push(source),
        edge.request("POST", f"{path}/items/batch", {"items": []}),
        edge.request("DELETE", f"{path}/items/faq-1"),
        edge.request("POST", f"{path}/items/faq-1/restore"),
        edge.request("POST", f"{path}/runs"),
        edge.apply(source, run),
        edge.request("PATCH", path, {"name": "x"}),
    ]
    assert {(reply.status, reply.code) for reply in refused} == {(409, "source_inactive")}
    assert edge.request("POST", f"{path}/restore").body["source"]["status"] == "active"
    assert edge.push(source).status == 200


def test_bad_settings_are_refused_with_their_places(edge: Edge) -> None:
    reply = edge.request(
        "POST", "/v1/sources", {"name": "", "graceDays": 366, "removalGuard": {"maxPercent": 101, "x": 1}}
    )
    assert reply.status == 400
    assert {fault["path"] for fault in reply.body["details"]} == {
        "name",
        "graceDays",
        "removalGuard.maxPercent",
        "removalGuard.x",
    }


def test_sources_of_a_tenant_are_bounded(edge: Edge, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(source_store, "SOURCES", 2)
    first, _ = edge.source(), edge.source()
    edge.request("DELETE", f"/v1/sources/{first}")
    refused = edge.request("POST", "/v1/sources", {"name": "One too many"})
    assert (refused.status, refused.code) == (409, "source_limit")


def test_repeated_creation_takes_one_place(edge: Edge, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(source_store, "SOURCES", 1)
    headers = {"Idempotency-Key": "first"}
    made = edge.request("POST", "/v1/sources", {"name": "First"}, headers=headers)
    # The record was lost in a crash: the id is the same all the same.
    table = edge.environment["IDEMPOTENCY_TABLE"]
    for row in edge.clients.dynamodb.scan(TableName=table)["Items"]:
        edge.clients.dynamodb.delete_item(TableName=table, Key={"id": row["id"]})
    again = edge.request("POST", "/v1/sources", {"name": "First"}, headers=headers)
    assert (again.status, again.body) == (201, made.body)
