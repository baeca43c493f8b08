"""A tenant hears that a key is about to expire: 14 days and 1 day before, and never of one that has ended."""

from __future__ import annotations

from typing import Any

import pytest
from knowledge.times import timestamp

from testing.edge import Edge

DAY = 86_400


@pytest.fixture
def hook(edge: Edge) -> str:
    body = {"url": "https://hooks.example.com/a", "events": ["key.expiring"]}
    return str(edge.request("POST", "/v1/webhooks", body).body["webhook"]["id"])


def made(edge: Edge, days: int) -> str:
    body = {"name": "job", "scopes": ["items:read"], "expiresAt": timestamp(edge.clock() + days * DAY * 1000)}
    return str(edge.request("POST", "/v1/admin/keys", body, key=edge.admin).body["key"]["id"])


def told(edge: Edge, hook: str, days: float) -> list[Any]:
    """Which notices the sweep has made deliveries of after so many more days."""
    edge.clock.advance(seconds=days * DAY)
    edge.services.webhooks.relay.sweep(lambda: True)
    listed = edge.request("GET", f"/v1/webhooks/{hook}/deliveries").body["deliveries"]
    return [delivery["eventType"] for delivery in listed]


def test_notices_come_when_they_are_due_and_once(edge: Edge, hook: str) -> None:
    made(edge, 20)
    assert told(edge, hook, 5.9) == []
    assert told(edge, hook, 0.2) == ["key.expiring"]
    assert told(edge, hook, 1) == ["key.expiring"]
    assert told(edge, hook, 12) == ["key.expiring"] * 2
    assert told(edge, hook, 5) == ["key.expiring"] * 2


def test_revoked_key_sends_none(edge: Edge, hook: str) -> None:
    key_id = made(edge, 20)
    edge.request("DELETE", f"/v1/admin/keys/{key_id}", key=edge.admin)
    assert told(edge, hook, 25) == []


def test_rotated_key_leaves_its_notices_to_its_successor(edge: Edge, hook: str) -> None:
    key_id = made(edge, 20)
    edge.clock.advance(seconds=3 * DAY)
    new = edge.request("POST", f"/v1/admin/keys/{key_id}/rotate", key=edge.admin).body["key"]["id"]
    # The new one lives for 20 days from now on.
    assert told(edge, hook, 5.9) == []
    assert told(edge, hook, 0.2) == ["key.expiring"]
    edge.request("DELETE", f"/v1/admin/keys/{new}", key=edge.admin)
    assert told(edge, hook, 20) == ["key.expiring"]
