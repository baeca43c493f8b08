"""What the published description says of sources, items, runs and generations, and its quickstart: a test a line."""

from __future__ import annotations

import os
import re
from typing import Any

import boto3
import pytest
from knowledge.source_store import source_sk

from tests.contract import spec
from tests.functional.edge import Edge, Reply, item_path


def item(external_item_id: str = "faq-1", content: str = "Refunds take 14 days.") -> dict[str, str]:
    return {"externalItemId": external_item_id, "title": "Refunds", "content": content}


def served(edge: Edge, source: str, generation: str = "current") -> dict[str, str]:
    """What a generation serves: contents by id."""
    path = f"/v1/sources/{source}/generations/{generation}/items"
    items = edge.request("GET", path, query="include=content").body["items"]
    return {each["externalItemId"]: each["content"] for each in items}


def states(edge: Edge, source: str) -> dict[str, str]:
    listed = edge.request("GET", f"/v1/sources/{source}/items").body["items"]
    return {each["externalItemId"]: each["state"] for each in listed}


def changes(edge: Edge, source: str, run: str) -> dict[str, str]:
    listed = edge.request("GET", f"/v1/sources/{source}/runs/{run}/changes").body["changes"]
    return {each["externalItemId"]: each["change"] for each in listed}


def test_base_path_is_api(edge: Edge) -> None:
    """Every path hangs under /api, such as POST /api/v1/sources."""
    assert [server["url"] for server in spec.document()["servers"]] == ["/api"]
    assert edge.request("POST", "/api/v1/sources", {"name": "Help center"}, check=False).status == 201


def test_source_is_of_its_type_and_owns_its_items_runs_and_generations(edge: Edge) -> None:
    """A source has type developer_api, and nothing of it shows in another."""
    source, other = edge.source(), edge.source()
    read = edge.request("GET", f"/v1/sources/{source}").body["source"]
    assert read["type"] == "developer_api"
    edge.push(source)
    edge.publish(source)
    for plural in ("items", "runs", "generations"):
        assert len(edge.request("GET", f"/v1/sources/{source}/{plural}").body[plural]) == 1
        assert edge.request("GET", f"/v1/sources/{other}/{plural}").body[plural] == []


def test_same_id_is_the_same_item(edge: Edge) -> None:
    """An item is named by an id of the client's; pushing the id again replaces the item."""
    source = edge.source()
    assert edge.push(source, content="first").body["result"] == "created"
    assert edge.push(source, content="second").body["result"] == "updated"
    assert edge.request("GET", item_path(source, "faq-1")).body["item"]["content"] == "second"
    assert states(edge, source) == {"faq-1": "active"}


def test_staging_set_is_changed_by_pushes_removals_and_snapshots_and_read_by_runs(edge: Edge) -> None:
    """The staging set is the full desired state: each way of changing it shows in the next run."""
    source = edge.source()
    items = f"/v1/sources/{source}/items"
    edge.push(source, "pushed")
    edge.request("POST", f"{items}/batch", {"items": [item("batched"), item("doomed")]})
    assert changes(edge, source, edge.run(source)) == dict.fromkeys(("pushed", "batched", "doomed"), "added")
    edge.publish(source)
    edge.request("DELETE", item_path(source, "doomed"))
    assert changes(edge, source, edge.run(source)) == {"doomed": "removed"}
    edge.request("POST", f"{items}/snapshot", {"items": [item("pushed"), item("new")]})
    assert changes(edge, source, edge.run(source)) == {"batched": "removed", "doomed": "removed", "new": "added"}


def test_run_compares_with_what_was_applied_last_and_records_it(edge: Edge) -> None:
    """A run holds what differs from the last applied state, not from the last run, and keeps it."""
    source = edge.source()
    edge.push(source, "a")
    first = edge.run(source)
    edge.push(source, "b")
    second = edge.run(source)
    assert changes(edge, source, second) == {"a": "added", "b": "added"}
    edge.apply(source, second)
    assert changes(edge, source, edge.run(source)) == {}
    assert changes(edge, source, first) == {"a": "added"}


def test_run_is_finished_when_it_is_answered(edge: Edge) -> None:
    """Runs are synchronous: the answer of the POST is a run that can be applied."""
    source = edge.source()
    edge.push(source)
    run = edge.request("POST", f"/v1/sources/{source}/runs").body["run"]
    assert (run["state"], run["discovery"], run["applyEligible"]) == ("ready", "complete", True)
    assert run["counts"]["added"] == 1


def test_apply_publishes_a_new_generation_that_is_served_at_once(edge: Edge) -> None:
    """Only an apply makes pushed content served, and it does so with its answer."""
    source = edge.source()
    edge.push(source, content="first")
    before = edge.publish(source)
    edge.push(source, content="second")
    run = edge.run(source)
    assert served(edge, source) == {"faq-1": "first"}
    after = edge.apply(source, run).body["generationId"]
    assert after != before
    assert edge.request("GET", f"/v1/sources/{source}/generations/current").body["generation"]["id"] == after
    assert served(edge, source) == {"faq-1": "second"}


def test_generation_never_changes(edge: Edge) -> None:
    """A generation goes on to hold what it held, whatever is published after it."""
    source = edge.source(graceDays=0)
    edge.push(source, content="first")
    first = edge.publish(source)
    seen = edge.request("GET", f"/v1/sources/{source}/generations/{first}").body["generation"]
    edge.push(source, content="second")
    edge.publish(source)
    edge.request("DELETE", item_path(source, "faq-1"))
    edge.publish(source)
    assert served(edge, source) == {}
    assert served(edge, source, first) == {"faq-1": "first"}
    assert edge.request("GET", f"/v1/sources/{source}/generations/{first}").body["generation"] == seen | {
        "current": False
    } if "current" in seen else seen


def test_removed_item_becomes_a_tombstone_once_its_grace_is_over(edge: Edge) -> None:
    """The golden rule: what is gone from the staging set goes from what is served, after the source's grace."""
    source = edge.source(graceDays=2)
    edge.push(source, "kept")
    edge.push(source, "gone")
    edge.publish(source)
    edge.request("DELETE", item_path(source, "gone"))
    edge.publish(source)
    assert set(served(edge, source)) == {"kept", "gone"}
    edge.clock.advance(days=2)
    run = edge.request("POST", f"/v1/sources/{source}/runs").body["run"]
    assert (run["discovery"], run["counts"]["tombstoned"]) == ("complete", 1)
    edge.apply(source, run["id"])
    assert set(served(edge, source)) == {"kept"}
    assert states(edge, source)["gone"] == "tombstoned"


def test_run_that_saw_only_part_of_the_set_makes_no_tombstones(edge: Edge) -> None:
    """The golden rule speaks of complete discovery: with a snapshot half sent, nothing can be applied."""
    source = edge.source(graceDays=0)
    edge.push(source)
    edge.publish(source)
    edge.request("DELETE", item_path(source, "faq-1"))
    edge.request("POST", f"/v1/sources/{source}/snapshots")
    run = edge.request("POST", f"/v1/sources/{source}/runs").body["run"]
    assert run["discovery"] == "incomplete"
    assert edge.apply(source, run["id"]).code == "not_apply_eligible"
    assert set(served(edge, source)) == {"faq-1"}


def test_rolling_push_or_batch_touches_only_what_it_names(edge: Edge) -> None:
    """The golden rule's other half: a push and a batch leave all other items alone."""
    source = edge.source()
    edge.push(source, "other")
    before = edge.request("GET", item_path(source, "other")).body
    edge.clock.advance(seconds=60)
    edge.push(source, "one")
    edge.request("POST", f"/v1/sources/{source}/items/batch", {"items": [item("two")]})
    assert states(edge, source) == {"one": "active", "other": "active", "two": "active"}
    assert edge.request("GET", item_path(source, "other")).body == before


def make_key(edge: Edge, **fields: Any) -> Reply:
    return edge.request("POST", "/v1/admin/keys", {"name": "sync", **fields}, key=edge.admin)


def test_administrator_creates_a_key_whose_secret_is_shown_once(edge: Edge) -> None:
    """The quickstart's first step: the secret is in the answer that creates the key, and nowhere after."""
    made = make_key(edge)
    assert made.status == 201
    secret = made.body["secret"]
    assert edge.request("GET", "/v1/whoami", key=secret).status == 200
    path = f"/v1/admin/keys/{made.body['key']['id']}"
    later = [
        edge.request("GET", path, key=edge.admin),
        edge.request("GET", "/v1/admin/keys", key=edge.admin),
        edge.request("GET", "/v1/whoami", key=secret),
        edge.request("DELETE", path, key=edge.admin),
    ]
    assert not any(secret in reply.text or "secret" in reply.body for reply in later)


def test_key_looks_as_it_is_shown(edge: Edge) -> None:
    """A live key is sk_live_, 16 characters, an underscore and its secret part."""
    assert re.fullmatch(r"sk_live_[0-9A-Za-z]{16}_[0-9A-Za-z]+", make_key(edge).body["secret"])


def test_quickstart_ends_with_a_published_generation(edge: Edge) -> None:
    """The quickstart's requests, header for header, with a key as the admin endpoint makes it."""
    key = make_key(edge).body["secret"]
    created = edge.request("POST", "/v1/sources", {"name": "Help center", "graceDays": 7}, key=key)
    source = created.body["source"]["id"]
    pushed = edge.request(
        "POST",
        f"/v1/sources/{source}/items",
        {"externalItemId": "faq-1", "title": "Refunds", "content": "Refunds take 14 days."},
        key=key,
        headers={"Idempotency-Key": "0b0f3b52-8d0a-4a47-93f0-5a3f6f3e9a10"},
    )
    assert pushed.status == 201
    # Neither the run nor the apply has a body or a content type.
    run = edge.request("POST", f"/v1/sources/{source}/runs", key=key).body["run"]["id"]
    applied = edge.request("POST", f"/v1/sources/{source}/runs/{run}/apply", key=key)
    assert applied.status == 200
    assert set(applied.body) == {"status", "generationId", "counts"}
    assert applied.body["status"] == "published"
    assert served(edge, source) == {"faq-1": "Refunds take 14 days."}


@pytest.mark.parametrize("method", ["GET", "PATCH", "DELETE"])
def test_source_of_another_type_is_not_there(edge: Edge, method: str) -> None:
    """A source of another connector, in the same table, is no developer_api source: 404."""
    source = edge.source()
    boto3.resource("dynamodb").Table(os.environ["CATALOG_TABLE"]).update_item(
        Key={"pk": edge.tenant_of(edge.admin), "sk": source_sk(source)},
        UpdateExpression="SET #type = :type",
        ExpressionAttributeNames={"#type": "type"},
        ExpressionAttributeValues={":type": "website"},
    )
    body = {"name": "x"} if method == "PATCH" else None
    reply = edge.request(method, f"/v1/sources/{source}", body)
    assert (reply.status, reply.code) == (404, "not_found")
    assert edge.request("GET", "/v1/sources").body["sources"] == []
