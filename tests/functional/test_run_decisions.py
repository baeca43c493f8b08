"""What somebody decides beside an apply: a run is discarded, or publishing of a source locked."""

from __future__ import annotations

from typing import Any

import pytest

from testing.edge import Edge
from tests.support.edge_erasing import ask, carry_out


def discard(edge: Edge, source: str, run: str, *said: dict[str, Any], **rest: Any) -> Any:
    return edge.request("POST", f"/v1/sources/{source}/runs/{run}/discard", *said, **rest)


def entries(edge: Edge, kind: str) -> list[dict[str, Any]]:
    auditor = edge.key(edge.admin, name="auditor", scopes=["audit:read"])
    found: list[dict[str, Any]] = edge.request("GET", "/v1/admin/audit", key=auditor, query=f"kind={kind}").body[
        "entries"
    ]
    return found


def test_discarded_run_is_never_applied(edge: Edge) -> None:
    source = edge.source()
    edge.push(source)
    run = edge.run(source)
    first = discard(edge, source, run, {"message": "Not yet."})
    assert (first.status, first.body["run"]["state"], first.body["run"]["applyEligible"]) == (200, "discarded", False)
    assert discard(edge, source, run).body == first.body
    for refused in (
        edge.apply(source, run),
        edge.request("POST", "/v1/search", {"query": "refunds", "sourceIds": [source], "runId": run}),
    ):
        assert (refused.status, refused.code) == (409, "run_discarded")
    (entry,) = entries(edge, "run.discarded")
    assert (entry["subject"], entry["message"]) == ({"sourceId": source, "runId": run}, "Not yet.")
    assert edge.publish(source), "the next run is as good as any"
    listed = edge.request("GET", f"/v1/sources/{source}/runs", query="state=discarded").body["runs"]
    assert [each["id"] for each in listed] == [run]


def test_published_run_is_not_discarded(edge: Edge) -> None:
    source = edge.source()
    edge.push(source)
    run = edge.run(source)
    edge.apply(source, run)
    refused = discard(edge, source, run)
    assert (refused.status, refused.code) == (409, "run_published")
    assert discard(edge, source, f"run_{0:026d}").status == 404
    edge.request("DELETE", f"/v1/sources/{source}")
    assert discard(edge, source, run).code == "source_inactive"
    assert entries(edge, "run.discarded") == []


def test_discard_takes_the_scope_of_an_apply(edge: Edge) -> None:
    source = edge.source()
    edge.push(source)
    run = edge.run(source)
    writer = edge.key(edge.admin, name="writer", scopes=["runs:write", "runs:read"])
    approver = edge.key(edge.admin, name="approver", scopes=["runs:apply"])
    assert discard(edge, source, run, key=writer).code == "insufficient_scope"
    assert discard(edge, source, run, key=approver).status == 200


def test_lock_is_told_and_holds_until_it_is_opened(edge: Edge) -> None:
    source = edge.source(graceDays=0)
    edge.push(source)
    first = edge.publish(source)
    edge.push(source, "more")
    path, run = f"/v1/sources/{source}", edge.run(source)
    locked = edge.request("PATCH", path, {"publishing": "locked", "reason": "Prices are checked."}).body["source"]
    lock = locked["publishLock"]
    assert (locked["publishing"], lock["reason"], lock["lockedBy"]["name"]) == ("locked", "Prices are checked.", "test")
    edge.clock.advance(seconds=60)
    again = edge.request("PATCH", path, {"publishing": "locked"}).body["source"]
    assert again["publishLock"] == lock, "who locked it, and when, stays"
    for refused in (edge.apply(source, run), edge.request("POST", f"{path}/generations/{first}/restore")):
        assert (refused.status, refused.code) == (409, "publishing_locked")
        assert "Prices are checked." in refused.body["error"]
    assert edge.push(source, "staged").status in {200, 201}
    assert edge.run(source), "it is planned and reviewed as ever"
    opened = edge.request("PATCH", path, {"publishing": "open"}).body["source"]
    assert (opened["publishing"], opened["publishLock"]) == ("open", None)
    assert edge.apply(source, run).status == 200, "a lock makes no plan stale"
    changes = entries(edge, "source.updated")
    last, was_locked = changes[0], changes[-1]
    assert was_locked["after"] == {"publishing": "locked", "publishLockReason": "Prices are checked."}
    assert last["after"] == {"publishing": "open", "publishLockReason": None}


def test_erasure_and_deletion_are_not_held_off(edge: Edge) -> None:
    source = edge.source()
    edge.push(source)
    edge.push(source, "stays")
    edge.publish(source)
    edge.request("PATCH", f"/v1/sources/{source}", {"publishing": "locked"})
    carry_out(edge, source, ask(edge, source, "faq-1")["id"])
    served = edge.request("GET", f"/v1/sources/{source}/generations/current/items").body["items"]
    assert [each["externalItemId"] for each in served] == ["stays"]
    edge.request("DELETE", f"/v1/sources/{source}")
    eraser = edge.key(edge.admin, name="eraser", scopes=["content:erase"])
    assert edge.request("POST", f"/v1/sources/{source}/delete", key=eraser).status == 202


@pytest.mark.parametrize(
    ("body", "path"),
    [
        ({"publishing": "shut"}, "publishing"),
        ({"publishing": None}, "publishing"),
        ({"reason": "alone"}, "reason"),
        ({"publishing": "open", "reason": "why"}, "reason"),
        ({"publishing": "locked", "reason": ""}, "reason"),
        ({"publishing": "locked", "reason": None}, "reason"),
        ({"publishing": "locked", "reason": "x" * 501}, "reason"),
    ],
)
def test_lock_that_cannot_be_is_400(edge: Edge, body: dict[str, Any], path: str) -> None:
    reply = edge.request("PATCH", f"/v1/sources/{edge.source()}", body)
    assert (reply.status, reply.body["details"][0]["path"]) == (400, path)


def test_what_waits_to_be_published_is_told(edge: Edge, monkeypatch: pytest.MonkeyPatch) -> None:
    source = edge.source()
    path = f"/v1/sources/{source}"

    def told() -> tuple[Any, ...]:
        found = edge.request("GET", path).body["source"]
        assert found["stagedItems"] == staged
        return tuple(found[name] for name in ("pendingChanges", "pendingChangesMore", "oldestUnappliedAt"))

    staged: int | None = 0
    assert told() == (0, False, None)
    staged = 1
    edge.push(source)
    first_at = told()[2]
    edge.clock.advance(seconds=5)
    edge.push(source, title="Changed again")
    edge.push(source, "other")
    staged = 2
    assert told() == (2, False, first_at)
    assert edge.request("GET", path).body["source"]["lastPublishedAt"] is None
    monkeypatch.setattr("knowledge.staging.service._ENTRIES_LOOKED_AT", 1)
    staged = None
    assert told() == (1, True, first_at), "at least"
    monkeypatch.undo()
    staged = 2
    first = edge.publish(source)
    assert told() == (0, False, None)
    at = edge.request("GET", path).body["source"]["lastPublishedAt"]
    assert at == edge.request("GET", f"{path}/generations/current").body["generation"]["publishedAt"]
    edge.push(source, "other", title="Other")
    edge.publish(source)
    assert edge.request("POST", f"{path}/generations/{first}/restore").body["counts"]["updated"] == 1
    assert told() == (0, True, None), "what a restore left to be published stands in no journal"


def test_nothing_is_told_while_a_publication_is_tidied_up(edge: Edge) -> None:
    source = edge.source()
    edge.push(source)
    edge.publish(source)
    edge.push(source, "next")
    tenant, catalog = edge.tenant_of(edge.token), edge.services.knowledge.stores.sources.catalog
    catalog.update(tenant, f"source#{source}", "SET settleRunId = :run", "attribute_exists(pk)", {":run": "run_1"})
    found = edge.request("GET", f"/v1/sources/{source}").body["source"]
    assert (found["pendingChanges"], found["pendingChangesMore"], found["oldestUnappliedAt"]) == (None, True, None)
    assert found["stagedItems"] is None


def test_lists_by_state_name_the_states_there_are(edge: Edge) -> None:
    source = edge.source()
    edge.push(source)
    run = edge.run(source)
    job = edge.request("POST", f"/v1/sources/{source}/imports", {"mode": "upsert"}).body["import"]["id"]
    for name, entry, state in (("runs", run, "ready"), ("imports", job, "awaiting_upload")):
        path = f"/v1/sources/{source}/{name}"
        found = edge.request("GET", path, query=f"state={state}").body[name]
        assert [each["id"] for each in found] == [entry]
        assert edge.request("GET", path, query="state=failed").body == {name: [], "nextCursor": None}
        refused = edge.request("GET", path, query="state=gone")
        assert (refused.status, refused.body["details"][0]["path"]) == (400, "state")
        assert state in refused.body["details"][0]["message"]
    edge.clock.advance(days=8)
    for name in ("runs", "imports"):
        found = edge.request("GET", f"/v1/sources/{source}/{name}", query="state=expired").body[name]
        assert len(found) == 1, "states are those that are shown"
