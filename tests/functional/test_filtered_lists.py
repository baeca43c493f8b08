"""A page of a filtered list looks at a bounded number of rows, and says where to go on."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import boto3
from knowledge.storage.attributes import to_row
from webhooks.deliveries.model import Delivery, DeliveryState
from webhooks.deliveries.rows import delivery_row

from testing.edge import Edge
from tests.support.stored_rows import put_rows

ROWS = 2_500
LOOKED_AT = 1_000


@contextmanager
def queries(edge: Edge) -> Iterator[list[int]]:
    """Collect how many rows each query of the Catalog brings."""
    brought: list[int] = []
    client = edge.services.knowledge.stores.sources.catalog.dynamodb
    query = client.query

    def watched(**request: Any) -> Any:
        answer = query(**request)
        brought.append(answer["ScannedCount"])
        return answer

    client.query = watched
    try:
        yield brought
    finally:
        client.query = query


def walk(edge: Edge, path: str, name: str, query: str, key: str) -> tuple[list[str], list[int]]:
    """Read a list to its end: the ids in it, and how many rows each page looked at."""
    ids: list[str] = []
    looked_at: list[int] = []
    cursor: str | None = ""
    while cursor is not None:
        with queries(edge) as brought:
            reply = edge.request("GET", path, query=f"{query}&cursor={cursor}" if cursor else query, key=key)
        assert reply.status == 200, reply.text
        ids += [entry["id"] for entry in reply.body[name]]
        looked_at.append(sum(brought))
        cursor = reply.body["nextCursor"]
    return ids, looked_at


def test_deliveries_of_a_rare_state(edge_on_dynoxide: Edge) -> None:
    edge = edge_on_dynoxide
    webhook = edge.request("POST", "/v1/webhooks", {"url": "https://hooks.example.com"}).body["webhook"]["id"]
    made = Delivery(
        edge.tenant_of(edge.admin),
        webhook,
        "",
        "evt_1",
        "run.ready",
        None,
        "{}",
        DeliveryState.DELIVERED,
        edge.clock(),
        None,
    )
    failed = {0, ROWS - 1}

    def rows() -> Iterator[dict[str, Any]]:
        for number in range(ROWS):
            state = DeliveryState.FAILED if number in failed else DeliveryState.DELIVERED
            yield delivery_row(
                replace(made, delivery_id=f"dlv_{number:026d}", created_at=edge.clock() + number, state=state)
            )

    put_rows(edge.environment["CATALOG_TABLE"], [to_row(row) for row in rows()])
    path = f"/v1/webhooks/{webhook}/deliveries"
    ids, looked_at = walk(edge, path, "deliveries", "state=failed&limit=2", edge.token)
    assert ids == [f"dlv_{number:026d}" for number in sorted(failed, reverse=True)]
    assert (len(looked_at), max(looked_at)) == (3, LOOKED_AT)
    # Of a list that shows every row a page looks at no more than it shows, and one.
    with queries(edge) as brought:
        assert len(edge.request("GET", path, query="limit=2").body["deliveries"]) == 2
    assert brought == [3]


def test_sources_of_a_limited_key(edge_on_dynoxide: Edge) -> None:
    edge = edge_on_dynoxide
    oldest = edge.source()
    client, table = boto3.client("dynamodb"), edge.environment["CATALOG_TABLE"]
    (row,) = [
        row
        for row in client.scan(TableName=table, ConsistentRead=True)["Items"]
        if row["sk"]["S"] == f"source#{oldest}"
    ]
    plain = edge.services.knowledge.stores.sources.catalog.find(row["pk"]["S"], row["sk"]["S"])

    def rows() -> Iterator[dict[str, Any]]:
        for number in range(ROWS):
            source = f"src_{number:026d}"
            order = f"source#{edge.clock() + 1 + number:015d}#{source}"
            yield {**plain, "sk": f"source#{source}", "sourceId": source, "order": order}

    put_rows(edge.environment["CATALOG_TABLE"], [to_row(row) for row in rows()])
    newest = f"src_{ROWS - 1:026d}"
    limited = edge.key(edge.admin, source_ids=(oldest, newest))
    ids, looked_at = walk(edge, "/v1/sources", "sources", "limit=2", limited)
    assert ids == [newest, oldest]
    assert (len(looked_at), max(looked_at)) == (3, LOOKED_AT)
