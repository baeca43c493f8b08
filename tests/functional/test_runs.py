"""Runs, applies and generations over HTTP."""

from __future__ import annotations

import pytest
from knowledge.errors import (
    ApplyConflictError,
    ApplyInProgressError,
    BuildFailedError,
    LeaseLostError,
    NotApplyEligibleError,
    StaleBaseError,
    StalePlanError,
)
from knowledge.ports import StillRunningError

from testing.edge import Edge, item_path


def test_pushed_content_is_published(edge: Edge) -> None:
    source = edge.source()
    edge.push(source)
    run = edge.request("POST", f"/v1/sources/{source}/runs").body["run"]
    assert (run["state"], run["discovery"], run["applyEligible"]) == ("ready", "complete", True)
    assert run["counts"]["added"] == 1
    applied = edge.apply(source, run["id"])
    assert applied.status == 200
    assert applied.body["status"] == "published"
    generation = edge.request("GET", f"/v1/sources/{source}/generations/current").body["generation"]
    assert generation["id"] == applied.body["generationId"]
    assert edge.request("GET", f"/v1/sources/{source}/generations/{generation['id']}").body["generation"] == generation
    items = edge.request("GET", f"/v1/sources/{source}/generations/current/items", query="include=content").body[
        "items"
    ]
    assert [(item["externalItemId"], item["content"]) for item in items] == [("faq-1", "Refunds take 14 days.")]
    assert "content" not in edge.request("GET", f"/v1/sources/{source}/generations/current/items").body["items"][0]
    assert edge.apply(source, run["id"]).body == applied.body
    published = edge.request("GET", f"/v1/sources/{source}/runs/{run['id']}").body["run"]
    assert (published["state"], published["generationId"]) == ("published", generation["id"])


def test_changes_tell_the_fields_that_differ(edge: Edge) -> None:
    source = edge.source()
    edge.push(source, "stays")
    edge.push(source, "changes")
    edge.push(source, "goes")
    edge.publish(source)
    edge.push(source, "changes", title="Returns")
    edge.push(source, "comes")
    edge.request("DELETE", item_path(source, "goes"))
    run = edge.run(source)
    path = f"/v1/sources/{source}/runs/{run}/changes"
    changes = {change["externalItemId"]: change for change in edge.request("GET", path).body["changes"]}
    assert {name: change["change"] for name, change in changes.items()} == {
        "changes": "updated",
        "comes": "added",
        "goes": "removed",
    }
    assert changes["changes"]["fields"] == ["title"]
    only = edge.request("GET", path, query="change=added&limit=1").body
    assert [change["externalItemId"] for change in only["changes"]] == ["comes"]


def test_runs_and_generations_are_listed_in_pages(edge: Edge) -> None:
    source = edge.source()
    for number in range(3):
        edge.push(source, f"i{number}")
        edge.publish(source)
    for plural in ("runs", "generations"):
        first = edge.request("GET", f"/v1/sources/{source}/{plural}", query="limit=2").body
        rest = edge.request("GET", f"/v1/sources/{source}/{plural}", query=f"cursor={first['nextCursor']}").body
        assert len({entry["id"] for entry in first[plural] + rest[plural]}) == 3
        assert rest["nextCursor"] is None


def test_full_run_finds_the_same(edge: Edge) -> None:
    source = edge.source()
    edge.push(source)
    run = edge.request("POST", f"/v1/sources/{source}/runs", {"mode": "full"}).body["run"]
    assert (run["mode"], run["counts"]["added"]) == ("full", 1)


def test_nothing_published_yet_is_404(edge: Edge) -> None:
    reply = edge.request("GET", f"/v1/sources/{edge.source()}/generations/current")
    assert (reply.status, reply.code) == (404, "not_found")


def test_slow_plan_is_answered_202_and_not_recorded(edge: Edge, monkeypatch: pytest.MonkeyPatch) -> None:
    source = edge.source()
    edge.push(source)
    machine = edge.services.knowledge.machine

    def still_running(*_: object, **__: object) -> None:
        raise StillRunningError

    with monkeypatch.context() as slow:
        slow.setattr(machine, "run_action", still_running)
        first = edge.request("POST", f"/v1/sources/{source}/runs", headers={"Idempotency-Key": "r1"})
    assert (first.status, first.body["run"]["state"]) == (202, "planning")
    retried = edge.request("POST", f"/v1/sources/{source}/runs", headers={"Idempotency-Key": "r1"})
    assert (retried.status, retried.body["run"]["id"]) == (201, first.body["run"]["id"])
    assert "idempotent-replayed" not in retried.headers


def test_guarded_removal_needs_approval(edge: Edge) -> None:
    source = edge.source(graceDays=0, removalGuard={"maxItems": 0})
    edge.push(source)
    edge.publish(source)
    edge.request("DELETE", item_path(source, "faq-1"))
    run = edge.run(source)
    refused = edge.apply(source, run)
    assert (refused.status, refused.code) == (409, "removal_guard")
    assert edge.apply(source, run, approveRemovals=1).status == 200


def test_run_of_a_source_whose_planner_is_busy_is_told_to_come_back(edge: Edge) -> None:
    source = edge.source()
    edge.push(source)
    path, again = f"/v1/sources/{source}/runs", {"Idempotency-Key": "run-of-tonight"}
    turns = edge.services.knowledge.stores.planning_turns
    with turns.take_turn(edge.tenant_of(edge.token), source, "run_another", edge.clock(), None):
        refused = edge.request("POST", path, headers=again)
        assert (refused.status, refused.code, refused.headers["retry-after"]) == (409, "run_in_progress", "5")
        assert edge.request("GET", path).body["runs"] == []
    turns.end_turn(edge.tenant_of(edge.token), source, "run_another")
    # Errors store nothing: the retry with the same key starts the run.
    assert edge.request("POST", path, headers=again).status == 201


def test_apply_of_another_plan_version_is_stale(edge: Edge) -> None:
    source = edge.source()
    edge.push(source)
    refused = edge.apply(source, edge.run(source), planVersion=9)
    assert (refused.status, refused.code) == (409, "stale_plan")


@pytest.mark.parametrize(
    ("error", "status", "code", "transient"),
    [
        (ApplyInProgressError, 409, "apply_in_progress", True),
        (StaleBaseError, 409, "stale_base", True),
        (StalePlanError, 409, "stale_plan", True),
        (LeaseLostError, 409, "lease_lost", True),
        (ApplyConflictError, 409, "apply_conflict", True),
        (NotApplyEligibleError, 409, "not_apply_eligible", False),
        (BuildFailedError, 502, "build_failed", False),
    ],
)
def test_failed_apply_has_its_published_code(
    edge: Edge, monkeypatch: pytest.MonkeyPatch, error: type[Exception], status: int, code: str, transient: bool
) -> None:
    source = edge.source()
    edge.push(source)
    run = edge.run(source)

    def fail(*_: object, **__: object) -> None:
        raise error

    with monkeypatch.context() as failing:
        failing.setattr(edge.services.knowledge.machine, "run_action", fail)
        refused = edge.request("POST", f"/v1/sources/{source}/runs/{run}/apply", headers={"Idempotency-Key": "a1"})
    assert (refused.status, refused.code) == (status, code)
    assert ("retry-after" in refused.headers) is transient
    # Errors store nothing: the retry with the same key does the work.
    retried = edge.request("POST", f"/v1/sources/{source}/runs/{run}/apply", headers={"Idempotency-Key": "a1"})
    assert retried.status == 200
