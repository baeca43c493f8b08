"""What the published description says of sources, items, runs and generations, and its quickstart: a test a line."""

from __future__ import annotations

import re
import time
from typing import Any

import httpx
import pytest
from knowledge.index.entries import path_of
from knowledge.sources.rows import source_sk
from knowledge.times import MS_PER_DAY

from testing import spec
from testing.edge import Reply, item_path
from tests.contract.tenant import Tenant, table


def item(external_item_id: str = "faq-1", content: str = "Refunds take 14 days.") -> dict[str, str]:
    return {"externalItemId": external_item_id, "title": "Refunds", "content": content}


def let_days_pass_since_removal(tenant: Tenant, source: str, external_item_id: str, *, days: int) -> None:
    """Move the removal of an item into the past: what is due is decided by its row."""
    table(tenant, "ItemsTable").update_item(
        Key={"pk": f"{source}#{path_of(external_item_id)[0]}", "sk": external_item_id},
        UpdateExpression="SET removedAt = :then",
        ExpressionAttributeValues={":then": int(time.time() * 1000) - days * MS_PER_DAY - 1},
    )


def served(tenant: Tenant, source: str, generation: str = "current") -> dict[str, str]:
    """What a generation serves: contents by id."""
    path = f"/v1/sources/{source}/generations/{generation}/items"
    items = tenant.request("GET", path, query="include=content").body["items"]
    return {each["externalItemId"]: each["content"] for each in items}


def states(tenant: Tenant, source: str) -> dict[str, str]:
    listed = tenant.request("GET", f"/v1/sources/{source}/items").body["items"]
    return {each["externalItemId"]: each["state"] for each in listed}


def changes(tenant: Tenant, source: str, run: str) -> dict[str, str]:
    listed = tenant.request("GET", f"/v1/sources/{source}/runs/{run}/changes").body["changes"]
    return {each["externalItemId"]: each["change"] for each in listed}


def test_base_path_is_api(tenant: Tenant) -> None:
    """Every path hangs under /api, such as POST /api/v1/sources."""
    assert [server["url"] for server in spec.document()["servers"]] == ["https://{host}/api"]
    assert tenant.base_url == f"{tenant.origin}/api"
    assert tenant.request("POST", "/v1/sources", {"name": "Help center"}).status == 201
    elsewhere = httpx.post(f"{tenant.origin}/v1/sources", json={"name": "Help center"}, trust_env=False)
    assert (elsewhere.status_code, elsewhere.json()["code"]) == (404, "not_found")


def test_source_is_of_its_type_and_owns_its_items_runs_and_generations(tenant: Tenant) -> None:
    """A source has type developer_api, and nothing of it shows in another."""
    source, other = tenant.source(), tenant.source()
    read = tenant.request("GET", f"/v1/sources/{source}").body["source"]
    assert read["type"] == "developer_api"
    tenant.push(source)
    tenant.publish(source)
    for plural in ("items", "runs", "generations"):
        assert len(tenant.request("GET", f"/v1/sources/{source}/{plural}").body[plural]) == 1
        assert tenant.request("GET", f"/v1/sources/{other}/{plural}").body[plural] == []


def test_same_id_is_the_same_item(tenant: Tenant) -> None:
    """An item is named by an id of the client's; pushing the id again replaces the item."""
    source = tenant.source()
    assert tenant.push(source, content="first").body["result"] == "created"
    assert tenant.push(source, content="second").body["result"] == "updated"
    assert tenant.request("GET", item_path(source, "faq-1")).body["item"]["content"] == "second"
    assert states(tenant, source) == {"faq-1": "active"}


def test_staging_set_is_changed_by_pushes_removals_and_snapshots_and_read_by_runs(tenant: Tenant) -> None:
    """The staging set is the full desired state: each way of changing it shows in the next run."""
    source = tenant.source()
    items = f"/v1/sources/{source}/items"
    tenant.push(source, "pushed")
    tenant.request("POST", f"{items}/batch", {"items": [item("batched"), item("doomed")]})
    assert changes(tenant, source, tenant.run(source)) == dict.fromkeys(("pushed", "batched", "doomed"), "added")
    tenant.publish(source)
    tenant.request("DELETE", item_path(source, "doomed"))
    assert changes(tenant, source, tenant.run(source)) == {"doomed": "removed"}
    tenant.request("POST", f"{items}/snapshot", {"items": [item("pushed"), item("new")]})
    assert changes(tenant, source, tenant.run(source)) == {"batched": "removed", "doomed": "removed", "new": "added"}


def test_run_compares_with_what_was_applied_last_and_records_it(tenant: Tenant) -> None:
    """A run holds what differs from the last applied state, not from the last run, and keeps it."""
    source = tenant.source()
    tenant.push(source, "a")
    first = tenant.run(source)
    tenant.push(source, "b")
    second = tenant.run(source)
    assert changes(tenant, source, second) == {"a": "added", "b": "added"}
    tenant.apply(source, second)
    assert changes(tenant, source, tenant.run(source)) == {}
    assert changes(tenant, source, first) == {"a": "added"}


def test_run_is_finished_when_it_is_answered(tenant: Tenant) -> None:
    """Runs are synchronous: the answer of the POST is a run that can be applied."""
    source = tenant.source()
    tenant.push(source)
    run = tenant.request("POST", f"/v1/sources/{source}/runs").body["run"]
    assert (run["state"], run["discovery"], run["applyEligible"]) == ("ready", "complete", True)
    assert run["counts"]["added"] == 1


def test_apply_publishes_a_new_generation_that_is_served_at_once(tenant: Tenant) -> None:
    """Only an apply makes pushed content served, and it does so with its answer."""
    source = tenant.source()
    tenant.push(source, content="first")
    before = tenant.publish(source)
    tenant.push(source, content="second")
    run = tenant.run(source)
    assert served(tenant, source) == {"faq-1": "first"}
    after = tenant.apply(source, run).body["generationId"]
    assert after != before
    assert tenant.request("GET", f"/v1/sources/{source}/generations/current").body["generation"]["id"] == after
    assert served(tenant, source) == {"faq-1": "second"}


def test_generation_never_changes(tenant: Tenant) -> None:
    """A generation goes on to hold what it held, whatever is published after it."""
    source = tenant.source(graceDays=0)
    tenant.push(source, content="first")
    first = tenant.publish(source)
    seen = tenant.request("GET", f"/v1/sources/{source}/generations/{first}").body["generation"]
    tenant.push(source, content="second")
    tenant.publish(source)
    tenant.request("DELETE", item_path(source, "faq-1"))
    tenant.publish(source)
    assert served(tenant, source) == {}
    assert served(tenant, source, first) == {"faq-1": "first"}
    assert (
        tenant.request("GET", f"/v1/sources/{source}/generations/{first}").body["generation"]
        == seen | {"current": False}
        if "current" in seen
        else seen
    )


def test_removed_item_becomes_a_tombstone_once_its_grace_is_over(tenant: Tenant) -> None:
    """The golden rule: what is gone from the staging set goes from what is served, after the source's grace."""
    source = tenant.source(graceDays=2)
    tenant.push(source, "kept")
    tenant.push(source, "gone")
    tenant.publish(source)
    tenant.request("DELETE", item_path(source, "gone"))
    tenant.publish(source)
    assert set(served(tenant, source)) == {"kept", "gone"}
    let_days_pass_since_removal(tenant, source, "gone", days=2)
    run = tenant.request("POST", f"/v1/sources/{source}/runs", {"mode": "full"}).body["run"]
    assert (run["discovery"], run["counts"]["tombstoned"]) == ("complete", 1)
    tenant.apply(source, run["id"])
    assert set(served(tenant, source)) == {"kept"}
    assert states(tenant, source)["gone"] == "tombstoned"


def test_run_that_saw_only_part_of_the_set_makes_no_tombstones(tenant: Tenant) -> None:
    """The golden rule speaks of complete discovery: with a snapshot half sent, nothing can be applied."""
    source = tenant.source(graceDays=0)
    tenant.push(source)
    tenant.publish(source)
    tenant.request("DELETE", item_path(source, "faq-1"))
    tenant.request("POST", f"/v1/sources/{source}/snapshots")
    run = tenant.request("POST", f"/v1/sources/{source}/runs").body["run"]
    assert run["discovery"] == "incomplete"
    assert tenant.apply(source, run["id"]).code == "not_apply_eligible"
    assert set(served(tenant, source)) == {"faq-1"}


def test_rolling_push_or_batch_touches_only_what_it_names(tenant: Tenant) -> None:
    """The golden rule's other half: a push and a batch leave all other items alone."""
    source = tenant.source()
    tenant.push(source, "other")
    before = tenant.request("GET", item_path(source, "other")).body
    tenant.push(source, "one")
    tenant.request("POST", f"/v1/sources/{source}/items/batch", {"items": [item("two")]})
    assert states(tenant, source) == {"one": "active", "other": "active", "two": "active"}
    assert tenant.request("GET", item_path(source, "other")).body == before


def make_key(tenant: Tenant, **fields: Any) -> Reply:
    return tenant.request("POST", "/v1/admin/keys", {"name": "sync", **fields}, key=tenant.admin)


def test_administrator_creates_a_key_whose_secret_is_shown_once(tenant: Tenant) -> None:
    """The quickstart's first step: the secret is in the answer that creates the key, and nowhere after."""
    made = make_key(tenant)
    assert made.status == 201
    secret = made.body["secret"]
    assert tenant.request("GET", "/v1/whoami", key=secret).status == 200
    path = f"/v1/admin/keys/{made.body['key']['id']}"
    later = [
        tenant.request("GET", path, key=tenant.admin),
        tenant.request("GET", "/v1/admin/keys", key=tenant.admin),
        tenant.request("GET", "/v1/whoami", key=secret),
        tenant.request("DELETE", path, key=tenant.admin),
    ]
    assert not any(secret in reply.text or "secret" in reply.body for reply in later)


def test_key_looks_as_it_is_shown(tenant: Tenant) -> None:
    """A live key is sk_live_, 16 characters, an underscore and its secret part."""
    assert re.fullmatch(r"sk_live_[0-9A-Za-z]{16}_[0-9A-Za-z]+", make_key(tenant).body["secret"])


def test_quickstart_ends_with_a_published_generation(tenant: Tenant) -> None:
    """The quickstart's requests, header for header, with a key as the admin endpoint makes it."""
    key = make_key(tenant).body["secret"]
    created = tenant.request("POST", "/v1/sources", {"name": "Help center", "graceDays": 7}, key=key)
    source = created.body["source"]["id"]
    pushed = tenant.request(
        "POST",
        f"/v1/sources/{source}/items",
        {"externalItemId": "faq-1", "title": "Refunds", "content": "Refunds take 14 days."},
        key=key,
        headers={"Idempotency-Key": "0b0f3b52-8d0a-4a47-93f0-5a3f6f3e9a10"},
    )
    assert pushed.status == 201
    # Neither the run nor the apply has a body or a content type.
    run = tenant.request("POST", f"/v1/sources/{source}/runs", key=key).body["run"]["id"]
    applied = tenant.request("POST", f"/v1/sources/{source}/runs/{run}/apply", key=key)
    assert applied.status == 200
    assert set(applied.body) == {"status", "generationId", "counts"}
    assert applied.body["status"] == "published"
    assert served(tenant, source) == {"faq-1": "Refunds take 14 days."}


@pytest.mark.parametrize("method", ["GET", "PATCH", "DELETE"])
def test_source_of_another_type_is_not_there(tenant: Tenant, method: str) -> None:
    """A source of another connector, in the same table, is no developer_api source: 404."""
    source = tenant.source()
    table(tenant, "CatalogTable").update_item(
        Key={"pk": tenant.tenant_id, "sk": source_sk(source)},
        UpdateExpression="SET #type = :type",
        ExpressionAttributeNames={"#type": "type"},
        ExpressionAttributeValues={":type": "website"},
    )
    body = {"name": "x"} if method == "PATCH" else None
    reply = tenant.request(method, f"/v1/sources/{source}", body)
    assert (reply.status, reply.code) == (404, "not_found")
    assert tenant.request("GET", "/v1/sources").body["sources"] == []


def test_key_is_rotated_while_both_work(tenant: Tenant) -> None:
    """Rotation makes a new key, and the old one goes on for as long as the caller chose."""
    old = tenant.key()
    path = f"/v1/admin/keys/{old.split('_')[2]}/rotate"
    rotated = tenant.request("POST", path, {"overlapSeconds": 60}, key=tenant.admin)
    assert rotated.status == 201
    assert rotated.body["previousKey"]["expiresAt"] is not None
    for key in (old, rotated.body["secret"]):
        assert tenant.request("GET", "/v1/whoami", key=key).status == 200
