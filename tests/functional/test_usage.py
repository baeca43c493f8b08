"""How much a tenant has and asks: counted by the rate limit, told by GET /v1/usage."""

from __future__ import annotations

from typing import Any

import pytest
from httpapi import usage

from testing.edge import Edge
from tests.support.edge_lists import pages

DAY = 86_400


@pytest.fixture
def reader(edge: Edge) -> str:
    return edge.key(edge.admin, name="reader", scopes=["audit:read"])


def told(edge: Edge, reader: str, query: str = "") -> dict[str, Any]:
    reply = edge.request("GET", "/v1/usage", key=reader, query=query)
    assert reply.status == 200, reply.text
    body: dict[str, Any] = reply.body
    return body


def days_of(body: dict[str, Any], name: str) -> dict[str, int]:
    (found,) = [key for key in body["keys"] if key["name"] == name]
    assert found["requests"] == sum(day["requests"] for day in found["days"])
    return {day["day"]: day["requests"] for day in found["days"]}


def test_requests_are_told_by_key_and_day(edge: Edge, reader: str) -> None:
    writer = edge.key(edge.admin, name="writer", rate_limit_per_minute=3)
    for _ in range(5):
        edge.request("GET", "/v1/whoami", key=writer)
    edge.clock.advance(seconds=61)
    edge.request("GET", "/v1/whoami", key=writer)
    edge.clock.advance(seconds=2 * DAY)
    edge.request("GET", "/v1/whoami", key=writer)
    assert days_of(told(edge, reader), "writer") == {"2026-11-18": 6, "2026-11-20": 1}
    assert days_of(told(edge, reader, "since=2026-11-19&until=2026-11-20"), "writer") == {"2026-11-20": 1}
    assert days_of(told(edge, reader, "until=2026-11-17"), "writer") == {}


def test_a_rotated_key_stands_for_those_before_it(edge: Edge, reader: str) -> None:
    made = edge.request("POST", "/v1/admin/keys", {"name": "job"}, key=edge.admin).body
    edge.request("GET", "/v1/whoami", key=made["secret"])
    rotated = edge.request("POST", f"/v1/admin/keys/{made['key']['id']}/rotate", key=edge.admin).body
    edge.request("GET", "/v1/whoami", key=rotated["secret"])
    edge.request("GET", "/v1/whoami", key=made["secret"])
    assert days_of(told(edge, reader), "job") == {"2026-11-18": 3}


def test_what_is_served_is_added_up(edge: Edge, reader: str) -> None:
    assert told(edge, reader)["served"] == {"sources": 0, "items": 0, "contentBytes": 0}
    for number in range(2):
        source = edge.source()
        edge.push(source, "a", content="12345")
        edge.push(source, "b", content="123")
        if number == 0:
            edge.publish(source)
            assert edge.request("GET", f"/v1/sources/{source}").body["source"]["servedItems"] == 2
    assert told(edge, reader)["served"] == {"sources": 2, "items": 2, "contentBytes": 8}


def test_pages_are_bounded_by_the_counters_they_read(edge: Edge, reader: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(usage, "COUNTERS_READ", 60)
    for number in range(5):
        edge.key(edge.admin, name=f"k{number}")
        edge.clock.advance(seconds=1)
    names: list[str] = []
    for body in pages(edge, "/v1/usage", "limit=50", reader):
        assert len(body["keys"]) <= 2
        names += [key["name"] for key in body["keys"]]
    assert sorted(name for name in names if name.startswith("k")) == [f"k{number}" for number in range(5)]


@pytest.mark.parametrize(
    "query",
    ["since=2026-11-19&until=2026-11-18", "since=2026-01-01", "since=yesterday", "until=2026-02-30", "since=2026-1-1"],
)
def test_days_that_cannot_be_told_are_refused(edge: Edge, reader: str, query: str) -> None:
    assert edge.request("GET", "/v1/usage", key=reader, query=query).code == "validation_error"


def test_only_a_key_that_may_reads_it_and_only_its_own_tenants(edge: Edge) -> None:
    assert edge.request("GET", "/v1/usage", key=edge.key(edge.admin, scopes=["items:read"])).status == 403
    limited = edge.key(edge.admin, scopes=["audit:read"], source_ids=(edge.source(),))
    assert edge.request("GET", "/v1/usage", key=limited).status == 403
    stranger = edge.key(edge.bootstrap(), name="stranger", scopes=["audit:read"])
    assert {key["name"] for key in told(edge, stranger)["keys"]} == {"admin", "stranger"}
