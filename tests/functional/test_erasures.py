"""Taking content back over HTTP: asked for, carried out by the upkeep, and its receipt."""

from __future__ import annotations

from typing import Any

import pytest
from httpapi.keys.scopes import DEFAULT_SCOPES

from testing.edge import Edge
from tests.support.edge_erasing import SECRET, TITLE, ask, carry_out, erasures, places_with
from tests.support.erasing import WAIT_SECONDS


def test_erased_item_is_in_no_table_and_no_version_of_an_object(edge: Edge) -> None:
    source = edge.source(graceDays=0)
    edge.push(source, "x", content=SECRET, title=TITLE)
    edge.push(source, "a", content="one")
    first = edge.publish(source)
    edge.push(source, "x", content=f"{SECRET} {'at length ' * 5_000}", title=TITLE, metadata={"note": SECRET})
    edge.push(source, "b", content="two")
    edge.publish(source)
    edge.push(source, "x", content=f"{SECRET} anew", title=TITLE)
    run = edge.run(source)
    assert places_with(edge, SECRET, TITLE)

    erasure = ask(edge, source, "x", "x", "never-there", message="ticket 4711")
    assert (erasure["state"], erasure["items"], erasure["counts"]["rows"]) == ("rewriting", 2, 1)
    current = edge.request("GET", f"/v1/sources/{source}/generations/current").body["generation"]
    assert (current["origin"], current["id"]) == ("erasure", erasure["generationId"])
    done = carry_out(edge, source, erasure["id"])

    assert places_with(edge, SECRET, TITLE) == []
    assert done["message"] == "ticket 4711"
    assert done["openedAt"] <= done["clearedAt"] <= done["rewrittenAt"] < done["waitsUntil"] < done["completedAt"]
    assert done["remains"]["backupsUntil"] > done["completedAt"]
    items = edge.request("GET", f"/v1/sources/{source}/generations/{first}/items", query="include=content")
    assert {item["externalItemId"]: item["content"] for item in items.body["items"]} == {"a": "one"}
    assert items.body["erasedCount"] == 1
    assert edge.request("GET", f"/v1/sources/{source}/runs/{run}").body["run"]["state"] == "expired"
    listed = edge.request("GET", erasures(source)).body["erasures"]
    assert listed == [done]


def test_lists_say_how_many_they_leave_out(edge: Edge) -> None:
    source = edge.source()
    edge.push(source, "x", content=SECRET)
    edge.push(source, "a")
    run = edge.run(source)
    generation = edge.apply(source, run).body["generationId"]
    carry_out(edge, source, ask(edge, source, "x")["id"])
    for path in (f"runs/{run}", f"generations/{generation}"):
        changes = edge.request("GET", f"/v1/sources/{source}/{path}/changes").body
        assert [change["externalItemId"] for change in changes["changes"]] == ["a"]
        assert changes["erasedCount"] == 1
        (thing,) = edge.request("GET", f"/v1/sources/{source}/{path}").body.values()
        assert thing["erasedCount"] == 1
        assert thing["counts"]["added"] == 2, "what was published stays"


def test_restore_and_another_erasure_wait(edge: Edge) -> None:
    source = edge.source()
    edge.push(source, "x", content=SECRET)
    first = edge.publish(source)
    edge.push(source, "a")
    edge.publish(source)
    erasure = ask(edge, source, "x")
    restore = edge.request("POST", f"/v1/sources/{source}/generations/{first}/restore")
    assert (restore.status, restore.code, restore.headers["retry-after"]) == (409, "erasure_in_progress", "60")
    other = edge.request("POST", erasures(source), {"externalItemIds": ["a"]})
    assert (other.status, other.code) == (409, "erasure_in_progress")
    carry_out(edge, source, erasure["id"])
    assert edge.request("POST", f"/v1/sources/{source}/generations/{first}/restore").status == 200
    assert ask(edge, source, "a")["id"] != erasure["id"]


def test_erasure_takes_a_scope_that_no_key_has_by_default(edge: Edge) -> None:
    source = edge.source()
    usual = edge.key(edge.admin, scopes=DEFAULT_SCOPES)
    for method, path in (("POST", erasures(source)), ("GET", erasures(source)), ("GET", f"{erasures(source)}/era_x")):
        body = {"externalItemIds": ["x"]} if method == "POST" else None
        assert edge.request(method, path, body, key=usual).code == "insufficient_scope"
    eraser = edge.key(edge.admin, scopes=("content:erase",))
    assert edge.request("POST", erasures(source), {"externalItemIds": ["x"]}, key=eraser).status == 202


def test_repeated_request_is_one_erasure(edge: Edge) -> None:
    source = edge.source()
    again = {"Idempotency-Key": "k"}
    body = {"externalItemIds": ["x"]}
    first = edge.request("POST", erasures(source), body, headers=again)
    assert edge.request("POST", erasures(source), body, headers=again).body == first.body
    assert len(edge.request("GET", erasures(source)).body["erasures"]) == 1


def test_absent_and_foreign_erasures_look_the_same(edge: Edge) -> None:
    source, other = edge.source(), edge.source()
    erasure = ask(edge, source, "x")
    for path in (
        f"{erasures(source)}/era_{'0' * 26}",
        f"{erasures(source)}/nonsense",
        f"{erasures(other)}/{erasure['id']}",
    ):
        assert edge.request("GET", path).status == 404


@pytest.mark.parametrize("ids", [[], ["a"] * 1001, [""], ["."], [7], "x"])
def test_ids_are_checked(edge: Edge, ids: Any) -> None:
    reply = edge.request("POST", erasures(edge.source()), {"externalItemIds": ids})
    assert (reply.status, reply.code) == (400, "validation_error")


def test_erasure_is_in_the_audit_and_announced_when_it_is_completed(edge: Edge) -> None:
    source = edge.source()
    edge.push(source, "x")
    erasure = ask(edge, source, "x", message="ticket 4711")
    (entry,) = [
        entry for entry in edge.request("GET", "/v1/admin/audit").body["entries"] if entry["kind"] == "erasure.created"
    ]
    assert entry["subject"] == {"sourceId": source, "erasureId": erasure["id"]}
    assert entry["message"] == "ticket 4711"
    carry_out(edge, source, erasure["id"])
    rows = edge.clients.dynamodb.scan(TableName=edge.environment["CATALOG_TABLE"])["Items"]
    told = [row for row in rows if row.get("eventType", {}).get("S") == "erasure.completed"]
    assert [row["data"]["M"]["erasureId"]["S"] for row in told] == [erasure["id"]]


def test_one_erasure_that_fails_keeps_no_other(edge: Edge, monkeypatch: pytest.MonkeyPatch) -> None:
    broken, sound = edge.source(), edge.source()
    for source in (broken, sound):
        edge.push(source, "x", content=SECRET)
        edge.publish(source)
    first, second = ask(edge, broken, "x"), ask(edge, sound, "x")
    eraser = edge.services.knowledge.erasures.eraser
    advance = type(eraser).advance

    def fail(self: Any, erasure: Any, has_time: Any) -> Any:
        if erasure.source_id == broken:
            raise ValueError
        return advance(self, erasure, has_time)

    monkeypatch.setattr(type(eraser), "advance", fail)
    failed = 0
    for _ in range(6):
        failed += eraser.go_on(lambda: True)
        edge.clock.advance(seconds=WAIT_SECONDS)
    assert failed
    assert edge.request("GET", f"{erasures(sound)}/{second['id']}").body["erasure"]["state"] == "completed"
    monkeypatch.setattr(type(eraser), "advance", advance)
    carry_out(edge, broken, first["id"])
