"""Test keys and live keys: each sees the sources and webhooks of its own environment, and makes them there."""

from __future__ import annotations

from typing import Any

import pytest
from knowledge.environments import Environment

from testing.edge import Edge

HOOK = {"url": "https://hooks.example.com/a"}


@pytest.fixture
def tester(edge: Edge) -> str:
    return edge.key(edge.admin, environment=Environment.TEST)


def made(edge: Edge, key: str) -> dict[str, Any]:
    reply = edge.request("POST", "/v1/sources", {"name": "a"}, key=key)
    assert reply.status == 201
    return reply.body["source"]


def hook(edge: Edge, key: str, **fields: Any) -> str:
    body = {**HOOK, "events": ["run.ready", "key.revoked"], **fields}
    return str(edge.request("POST", "/v1/webhooks", body, key=key).body["webhook"]["id"])


def heard(edge: Edge, webhook: str, key: str) -> list[tuple[str, str | None]]:
    edge.clock.advance(seconds=180)
    edge.services.webhooks.relay.sweep(lambda: True)
    listed = edge.request("GET", f"/v1/webhooks/{webhook}/deliveries", key=key).body["deliveries"]
    return [(delivery["eventType"], delivery["sourceId"]) for delivery in listed]


def test_source_is_where_its_key_is(edge: Edge, tester: str) -> None:
    live, test = made(edge, edge.token), made(edge, tester)
    assert (live["environment"], test["environment"]) == ("live", "test")
    for key, mine, other in ((edge.token, live, test), (tester, test, live)):
        listed = edge.request("GET", "/v1/sources", key=key).body["sources"]
        assert [source["id"] for source in listed] == [mine["id"]]
        assert edge.request("GET", f"/v1/sources/{mine['id']}", key=key).status == 200
        assert edge.request("GET", f"/v1/sources/{other['id']}", key=key).code == "not_found"
    assert edge.request("POST", f"/v1/sources/{live['id']}/items/batch", {"items": []}, key=tester).status == 404


def test_rotation_stays_where_it_is(edge: Edge, tester: str) -> None:
    source = made(edge, tester)["id"]
    path = f"/v1/admin/keys/{tester.split('_')[2]}/rotate"
    successor = edge.request("POST", path, key=edge.admin).body["secret"]
    assert successor.startswith("sk_test_")
    assert edge.request("GET", f"/v1/sources/{source}", key=successor).status == 200


def test_whoever_manages_keys_makes_and_sees_keys_of_both(edge: Edge, tester: str) -> None:
    for manager in (edge.admin, tester):
        for environment in ("live", "test"):
            body = {"name": "k", "environment": environment, "rateLimitPerMinute": 1}
            key = edge.request("POST", "/v1/admin/keys", body, key=manager).body["key"]
            assert key["environment"] == environment
            assert edge.request("GET", f"/v1/admin/keys/{key['id']}", key=manager).status == 200


def test_webhook_hears_of_the_sources_of_its_environment(edge: Edge, tester: str) -> None:
    live, test = made(edge, edge.token)["id"], made(edge, tester)["id"]
    mine, theirs = hook(edge, edge.token), hook(edge, tester)
    # One that names a source of the other environment hears nothing of it.
    curious = hook(edge, tester, sourceIds=[live])
    for source, key in ((live, edge.token), (test, tester)):
        edge.request("POST", f"/v1/sources/{source}/runs", key=key)
    assert heard(edge, mine, edge.token) == [("run.ready", live)]
    assert heard(edge, theirs, tester) == [("run.ready", test)]
    assert heard(edge, curious, tester) == []


def test_webhook_hears_of_the_keys_of_its_environment(edge: Edge, tester: str) -> None:
    mine, theirs = hook(edge, edge.token), hook(edge, tester)
    for environment in ("live", "test"):
        body = {"name": "k", "environment": environment}
        key = edge.request("POST", "/v1/admin/keys", body, key=edge.admin).body["key"]["id"]
        edge.request("DELETE", f"/v1/admin/keys/{key}", key=edge.admin)
    for webhook, key in ((mine, edge.token), (theirs, tester)):
        assert sorted(heard(edge, webhook, key)) == [("key.revoked", None)]


def test_event_of_a_source_that_is_gone_is_heard_of_in_both(edge: Edge, tester: str) -> None:
    source = made(edge, edge.token)["id"]
    mine, theirs = hook(edge, edge.token), hook(edge, tester)
    edge.request("POST", f"/v1/sources/{source}/runs")
    key = {"pk": {"S": edge.tenant_of(edge.token)}, "sk": {"S": f"source#{source}"}}
    edge.clients.dynamodb.delete_item(TableName=edge.environment["CATALOG_TABLE"], Key=key)
    assert heard(edge, mine, edge.token) == heard(edge, theirs, tester) == [("run.ready", source)]
