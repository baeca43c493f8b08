"""Taking content back, and deleting sources, over HTTP; and looking for what is left."""

from __future__ import annotations

from typing import Any

from testing.edge import Edge
from tests.support.erasing import WAIT_SECONDS, forms_of, has_words_left, holds

SECRET, TITLE = "a secret that nobody may find", "Title of a secret"


def erasures(source: str) -> str:
    return f"/v1/sources/{source}/erasures"


def ask(edge: Edge, source: str, *ids: str, **rest: Any) -> Any:
    reply = edge.request("POST", erasures(source), {"externalItemIds": list(ids), **rest})
    assert reply.status == 202, reply.text
    return reply.body["erasure"]


def carry_out(edge: Edge, source: str, erasure_id: str) -> Any:
    """Let the upkeep come by, as it does every quarter of an hour."""
    knowledge = edge.services.knowledge
    for _ in range(8):
        assert knowledge.erasures.eraser.go_on(lambda: True) == 0
        if knowledge.stores.erasures.get_erasure(source, erasure_id).state == "completed":
            break
        edge.clock.advance(seconds=WAIT_SECONDS)
    # moto leaves a counter out of an answer that is 1 again as in the minute before, so more than one is asked.
    replies = [edge.request("GET", f"{erasures(source)}/{erasure_id}") for _ in range(2)]
    assert replies[1].body["erasure"]["state"] == "completed"
    return replies[1].body["erasure"]


def places_with(edge: Edge, *texts: str) -> list[str]:
    """Where a text stands in any table, or in any version of any object."""
    wanted = forms_of(texts)
    found = []
    s3, bucket = edge.clients.s3, edge.environment["CONTENT_BUCKET"]
    for version in s3.list_object_versions(Bucket=bucket).get("Versions", []):
        body = s3.get_object(Bucket=bucket, Key=version["Key"], VersionId=version["VersionId"])["Body"].read()
        if holds([body], wanted) or has_words_left(body):
            found.append(version["Key"])
    tables = {name for name in edge.environment if name.endswith("_TABLE")} - {"IDEMPOTENCY_TABLE"}
    for table in sorted(tables):
        for row in rows(edge, table):
            blobs = [value["B"] for value in row.values() if "B" in value]
            if holds([*blobs, str(row).encode()], wanted):
                found.append(f"{table} {row}"[:200])
    return found


def carry_out_deletions(edge: Edge, rounds: int = 3) -> None:
    for _ in range(rounds):
        relay_all(edge)
        assert edge.services.knowledge.deleter.go_on(lambda: True) == 0
        edge.clock.advance(seconds=WAIT_SECONDS)


def rows(edge: Edge, table: str) -> list[dict[str, Any]]:
    pages = edge.clients.dynamodb.get_paginator("scan").paginate(TableName=edge.environment[table])
    return [row for page in pages for row in page["Items"]]


def relay_all(edge: Edge) -> None:
    """Take every event out of the index of what is to be relayed, as the relay does when it has."""
    for row in rows(edge, "CATALOG_TABLE"):
        if "unrelayed" in row:
            edge.clients.dynamodb.update_item(
                TableName=edge.environment["CATALOG_TABLE"],
                Key={"pk": row["pk"], "sk": row["sk"]},
                UpdateExpression="REMOVE unrelayed",
            )


def named_by_keys(edge: Edge, name: str, *tables: str) -> list[str]:
    """Keys of rows of some tables, and of all versions of objects, that name something; but for those of events."""
    found = [
        f"{row['pk']['S']} {row['sk']['S']}"
        for table in tables
        for row in rows(edge, table)
        if name in f"{row['pk']['S']} {row['sk']['S']}" and not row["sk"]["S"].startswith("event#")
    ]
    page = edge.clients.s3.list_object_versions(Bucket=edge.environment["CONTENT_BUCKET"])
    versions = [*page.get("Versions", []), *page.get("DeleteMarkers", [])]
    return found + [each["Key"] for each in versions if name in each["Key"]]
