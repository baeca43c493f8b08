"""Snapshots over HTTP: in one request and in parts."""

from __future__ import annotations

from typing import Any

import pytest

from testing.edge import Edge, Reply


def items(*ids: str, content: str = "Hello.") -> list[dict[str, str]]:
    return [{"externalItemId": each, "title": each, "content": content} for each in ids]


def states(edge: Edge, source: str) -> dict[str, str]:
    listed = edge.request("GET", f"/v1/sources/{source}/items").body["items"]
    return {item["externalItemId"]: item["state"] for item in listed}


def opened(edge: Edge, source: str) -> str:
    reply = edge.request("POST", f"/v1/sources/{source}/snapshots")
    assert reply.status == 201
    return f"/v1/sources/{source}/snapshots/{reply.body['snapshot']['id']}"


def replace(edge: Edge, source: str, *ids: str, **options: Any) -> Reply:
    headers = options.pop("headers", None)
    return edge.request(
        "POST", f"/v1/sources/{source}/items/snapshot", {"items": items(*ids), **options}, headers=headers
    )


def test_one_request_makes_the_staging_set_exactly_its_items(edge: Edge) -> None:
    source = edge.source()
    edge.push(source, "old")
    reply = replace(edge, source, "a", "b")
    assert reply.status == 200
    assert reply.body["counts"] == {"created": 2, "updated": 0, "unchanged": 0, "removed": 1, "stale": 0}
    assert states(edge, source) == {"a": "active", "b": "active", "old": "removed"}
    assert replace(edge, source, "a", "b").body["counts"]["unchanged"] == 2


def test_empty_set_has_to_be_meant(edge: Edge) -> None:
    source = edge.source()
    edge.push(source)
    refused = replace(edge, source)
    assert (refused.status, refused.code) == (400, "validation_error")
    assert "allowEmpty" in refused.body["error"]
    assert states(edge, source) == {"faq-1": "active"}
    assert replace(edge, source, allowEmpty=True).body["counts"]["removed"] == 1
    snapshot = opened(edge, source)
    assert edge.request("POST", f"{snapshot}/complete").status == 400
    assert edge.request("POST", f"{snapshot}/complete", {"allowEmpty": True}).status == 200


def test_parts_come_in_any_order_and_may_be_repeated(edge: Edge) -> None:
    source = edge.source()
    edge.push(source, "gone")
    snapshot = opened(edge, source)
    assert edge.request("PUT", f"{snapshot}/parts/7", {"items": items("a", "wrong")}).status == 200
    assert edge.request("PUT", f"{snapshot}/parts/2", {"items": items("b")}).status == 200
    repeated = edge.request("PUT", f"{snapshot}/parts/7", {"items": items("a")})
    assert repeated.body == {
        "part": {"partNumber": 7, "items": 1},
        "counts": {"created": 0, "updated": 0, "unchanged": 1, "removed": 0, "stale": 0},
        "overwritten": 0,
    }
    edge.push(source, "pushed meanwhile")
    seen = edge.request("GET", snapshot).body["snapshot"]
    assert (seen["state"], seen["parts"], seen["items"]) == ("open", 2, 2)
    done = edge.request("POST", f"{snapshot}/complete", {"allowGaps": True}).body["snapshot"]
    assert (done["state"], done["counts"]["removed"]) == ("completed", 2)
    assert states(edge, source) == {
        "a": "active",
        "b": "active",
        "gone": "removed",
        "pushed meanwhile": "active",
        "wrong": "removed",
    }
    assert edge.request("POST", f"{snapshot}/complete").body["snapshot"] == done


@pytest.mark.parametrize(
    ("sent", "said", "told"),
    [
        ((1, 3), {}, "no 2."),
        ((2,), {}, "no 1."),
        ((1, 14), {}, "no 2, 3, 4, 5, 6, 7, 8, 9, 10, 11 and more."),
        ((1, 2), {"parts": 3}, "has 2 parts with 2 items"),
        ((1, 2), {"items": 3}, "has 2 parts with 2 items"),
        ((1, 3), {"allowGaps": True, "parts": 3}, "has 2 parts with 2 items"),
    ],
)
def test_part_that_never_arrived_removes_nothing(
    edge: Edge, sent: tuple[int, ...], said: dict[str, Any], told: str
) -> None:
    source = edge.source()
    edge.push(source, "of the lost part")
    snapshot = opened(edge, source)
    for number in sent:
        edge.request("PUT", f"{snapshot}/parts/{number}", {"items": items(f"item {number}")})
    refused = edge.request("POST", f"{snapshot}/complete", said)
    assert (refused.status, refused.code) == (409, "snapshot_incomplete")
    assert told in refused.body["error"]
    assert edge.request("GET", snapshot).body["snapshot"]["state"] == "open"
    assert states(edge, source)["of the lost part"] == "active"


def test_snapshot_that_has_what_it_must_have_is_completed(edge: Edge) -> None:
    source = edge.source()
    snapshot = opened(edge, source)
    edge.request("PUT", f"{snapshot}/parts/2", {"items": items("b", "c")})
    said = {"parts": 2, "items": 3}
    assert edge.request("POST", f"{snapshot}/complete", said).code == "snapshot_incomplete"
    edge.request("PUT", f"{snapshot}/parts/1", {"items": items("a")})
    for _ in range(2):
        done = edge.request("POST", f"{snapshot}/complete", said)
        assert (done.status, done.body["snapshot"]["state"]) == (200, "completed")


def test_one_snapshot_at_a_time(edge: Edge) -> None:
    source = edge.source()
    snapshot = opened(edge, source)
    for refused in (edge.request("POST", f"/v1/sources/{source}/snapshots"), replace(edge, source, "a")):
        assert (refused.status, refused.code) == (409, "snapshot_open")
    aborted = edge.request("DELETE", snapshot).body["snapshot"]
    assert aborted["state"] == "aborted"
    assert edge.request("DELETE", snapshot).body["snapshot"] == aborted
    for method, path, body in (
        ("PUT", f"{snapshot}/parts/1", {"items": items("a")}),
        ("POST", f"{snapshot}/complete", {"allowEmpty": True}),
    ):
        refused = edge.request(method, path, body)
        assert (refused.status, refused.code) == (409, "snapshot_closed")
    other = opened(edge, source)
    edge.request("POST", f"{other}/complete", {"allowEmpty": True})
    refused = edge.request("DELETE", other)
    assert (refused.status, refused.code) == (409, "snapshot_closed")
    listed = edge.request("GET", f"/v1/sources/{source}/snapshots", query="limit=1")
    assert [each["state"] for each in listed.body["snapshots"]] == ["completed"]
    rest = edge.request("GET", f"/v1/sources/{source}/snapshots", query=f"cursor={listed.body['nextCursor']}")
    assert [each["state"] for each in rest.body["snapshots"]] == ["aborted"]


def test_open_snapshot_expires_and_makes_room(edge: Edge) -> None:
    source = edge.source()
    snapshot = opened(edge, source)
    edge.clock.advance(days=1)
    assert edge.request("GET", snapshot).body["snapshot"]["state"] == "expired"
    assert edge.request("PUT", f"{snapshot}/parts/1", {"items": items("a")}).code == "snapshot_closed"
    assert edge.request("POST", f"/v1/sources/{source}/snapshots").status == 201


def test_run_is_not_eligible_while_a_snapshot_is_open(edge: Edge) -> None:
    source = edge.source()
    edge.push(source)
    snapshot = opened(edge, source)
    run = edge.request("POST", f"/v1/sources/{source}/runs").body["run"]
    assert (run["discovery"], run["applyEligible"]) == ("incomplete", False)
    assert "snapshot" in run["reason"]
    assert edge.apply(source, run["id"]).code == "not_apply_eligible"
    edge.request("DELETE", snapshot)
    assert edge.publish(source)


@pytest.mark.parametrize("number", ["0", "10001", "x", "-1", "1.5", "%20", "٣"])
def test_part_number_is_bounded(edge: Edge, number: str) -> None:
    snapshot = opened(edge, edge.source())
    reply = edge.request("PUT", f"{snapshot}/parts/{number}", {"items": []})
    assert (reply.status, reply.code) == (400, "validation_error")


def test_part_and_set_are_validated_whole(edge: Edge) -> None:
    source = edge.source()
    for path, method in ((f"{opened(edge, source)}/parts/1", "PUT"), (f"/v1/sources/{source}/items/snapshot", "POST")):
        for body, named in (
            ({}, "items"),
            ({"items": items("a", "a")}, "items[1].externalItemId"),
            ({"items": items("a"), "removals": []}, "removals"),
            ({"items": [*items("a"), {"externalItemId": "b"}]}, "items[1].title"),
        ):
            reply = edge.request(method, path, body)
            assert (reply.status, reply.code) == (400, "validation_error")
            assert named in {detail["path"] for detail in reply.body["details"]}
    assert states(edge, source) == {}
    assert replace(edge, source, "a", allowEmpty="yes").body["details"][0]["path"] == "allowEmpty"


def test_archived_source_takes_no_snapshot(edge: Edge) -> None:
    source = edge.source()
    snapshot = opened(edge, source)
    edge.request("DELETE", f"/v1/sources/{source}")
    for refused in (
        replace(edge, source, "a"),
        edge.request("POST", f"/v1/sources/{source}/snapshots"),
        edge.request("PUT", f"{snapshot}/parts/1", {"items": items("a")}),
        edge.request("POST", f"{snapshot}/complete", {"allowEmpty": True}),
    ):
        assert (refused.status, refused.code) == (409, "source_inactive")


def test_long_completion_answers_202_and_a_repeat_goes_on(edge: Edge, monkeypatch: pytest.MonkeyPatch) -> None:
    source = edge.source()
    edge.push(source, "gone")
    snapshot = opened(edge, source)
    edge.request("PUT", f"{snapshot}/parts/1", {"items": items("a")})
    monkeypatch.setattr("knowledge.staging.snapshot_completion.COMPLETION_BUDGET_MS", -1)
    first = edge.request("POST", f"{snapshot}/complete", headers={"Idempotency-Key": "k"})
    assert (first.status, first.body["snapshot"]["state"]) == (202, "completing")
    assert edge.request("DELETE", snapshot).code == "snapshot_closed"
    one_request = edge.source()
    edge.push(one_request, "gone")
    also = replace(edge, one_request, "a", headers={"Idempotency-Key": "l"})
    assert (also.status, also.body["snapshot"]["state"]) == (202, "completing")
    monkeypatch.undo()
    again = edge.request("POST", f"{snapshot}/complete", headers={"Idempotency-Key": "k"})
    assert (again.status, again.body["snapshot"]["state"]) == (200, "completed")
    assert replace(edge, one_request, "a", headers={"Idempotency-Key": "l"}).body["counts"]["removed"] == 1
    for each in (source, one_request):
        assert states(edge, each) == {"a": "active", "gone": "removed"}


def test_every_step_replays_its_first_answer(edge: Edge) -> None:
    source = edge.source()
    edge.push(source, "gone")

    def twice(method: str, path: str, body: Any = None) -> Reply:
        first, again = (edge.request(method, path, body, headers={"Idempotency-Key": path + method}) for _ in range(2))
        assert (again.status, again.text, again.headers["idempotent-replayed"]) == (first.status, first.text, "true")
        return first

    snapshots = f"/v1/sources/{source}/snapshots"
    first = twice("POST", snapshots)
    assert first.status == 201
    path = f"{snapshots}/{first.body['snapshot']['id']}"
    assert twice("PUT", f"{path}/parts/1", {"items": items("a")}).body["counts"]["created"] == 1
    completed = twice("POST", f"{path}/complete").body["snapshot"]
    assert (completed["state"], completed["counts"]["removed"]) == ("completed", 1)
    other = f"{snapshots}/{opened(edge, source).rpartition('/')[2]}"
    assert twice("DELETE", other).body["snapshot"]["state"] == "aborted"
    conflict = edge.request(
        "PUT", f"{path}/parts/1", {"items": items("b")}, headers={"Idempotency-Key": f"{path}/parts/1PUT"}
    )
    assert (conflict.status, conflict.code) == (409, "idempotency_conflict")


def test_replayed_snapshot_does_nothing_twice(edge: Edge) -> None:
    source = edge.source()
    first = replace(edge, source, "a", headers={"Idempotency-Key": "k"})
    edge.push(source, "b")
    again = replace(edge, source, "a", headers={"Idempotency-Key": "k"})
    assert (again.status, again.text, again.headers["idempotent-replayed"]) == (first.status, first.text, "true")
    assert states(edge, source) == {"a": "active", "b": "active"}
