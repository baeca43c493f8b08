"""Tables are restored to a moment before an erasure, whose objects are gone for good: it is taken back again."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from operations.copying import restore_objects
from operations.erasures import Erasures
from operations.stack import DeployedStack
from testing.edge import Edge
from tests.support.edge_erasing import SECRET, TITLE, ask, carry_out, erasures, places_with, rows

RESTORED = ("CATALOG_TABLE", "ITEMS_TABLE")


def restore(edge: Edge, table: str, copies: list[dict[str, Any]]) -> None:
    name = edge.environment[table]
    for row in rows(edge, table):
        edge.clients.dynamodb.delete_item(TableName=name, Key={"pk": row["pk"], "sk": row["sk"]})
    for row in copies:
        edge.clients.dynamodb.put_item(TableName=name, Item=row)


def stack_of(edge: Edge) -> DeployedStack:
    resources = {
        "CatalogTable": ("AWS::DynamoDB::Table", edge.environment["CATALOG_TABLE"]),
        "ContentBucket": ("AWS::S3::Bucket", edge.environment["CONTENT_BUCKET"]),
    }
    return DeployedStack("stack", resources, lambda service: getattr(edge.clients, service))


def test_what_was_taken_back_since_is_taken_back_again(edge: Edge) -> None:
    source = edge.source()
    edge.push(source, "x", content=SECRET, title=TITLE)
    edge.push(source, "y", content=f"{SECRET}, too", title=TITLE)
    edge.push(source, "a", content="one")
    first = edge.publish(source)
    edge.push(source, "b", content="two")
    edge.publish(source)
    at = datetime.fromtimestamp(edge.clock.now / 1000, UTC)
    copies = {table: rows(edge, table) for table in RESTORED}
    for item in ("x", "y"):
        edge.clock.advance(days=1)
        carry_out(edge, source, ask(edge, source, item)["id"])
    assert places_with(edge, SECRET, TITLE) == []

    for table in RESTORED:
        restore(edge, table, copies[table])
    restore_objects(edge.clients.s3, edge.environment["CONTENT_BUCKET"], at, print)
    assert places_with(edge, SECRET, TITLE), "rows hold it again"
    said: list[str] = []
    for _ in range(2):
        Erasures(stack_of(edge), said.append).replay(at)
    assert said[1] == "0 generations are served from what erasures left; 0 erasures are opened again"
    (erasure,) = edge.request("GET", erasures(source)).body["erasures"]
    assert (erasure["state"], erasure["items"]) == ("opening", 2)
    carry_out(edge, source, erasure["id"])

    assert places_with(edge, SECRET, TITLE) == []
    for generation, expected in ((first, {"a": "one"}), ("current", {"a": "one", "b": "two"})):
        items = edge.request("GET", f"/v1/sources/{source}/generations/{generation}/items", query="include=content")
        assert {item["externalItemId"]: item["content"] for item in items.body["items"]} == expected
    edge.push(source, "c", content="three")
    edge.publish(source)


def test_what_was_taken_back_before_stays_as_it_is(edge: Edge) -> None:
    source = edge.source()
    edge.push(source, "x", content=SECRET, title=TITLE)
    edge.publish(source)
    carry_out(edge, source, ask(edge, source, "x")["id"])
    edge.clock.advance(days=1)
    edge.push(source, "x", content="pushed again")
    edge.publish(source)
    edge.clock.advance(days=1)
    at = datetime.fromtimestamp(edge.clock.now / 1000, UTC)
    said: list[str] = []
    Erasures(stack_of(edge), said.append).replay(at)
    assert said == ["0 generations are served from what erasures left; 0 erasures are opened again"]
    items = edge.request("GET", f"/v1/sources/{source}/generations/current/items", query="include=content")
    assert [item["content"] for item in items.body["items"]] == ["pushed again"]
