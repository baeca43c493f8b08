"""The upkeep on the stack: fired now, it looks after every source and leaves what is served alone."""

from __future__ import annotations

from typing import Any

import boto3
import httpx
from knowledge.upkeep.scattered import SMALL_OBJECTS

from tests.support.stack import PATIENCE_SECONDS, StackProcess, eventually

ROUND = {"pk": {"S": "upkeep"}, "sk": {"S": "round"}}


def test_round_of_the_upkeep_ends_compacts_and_everything_is_still_served(local_stack: StackProcess) -> None:
    credentials = local_stack.credentials
    with httpx.Client(
        base_url=credentials["baseUrl"],
        headers={"Authorization": f"Bearer {credentials['apiKey']}"},
        timeout=PATIENCE_SECONDS,
        trust_env=False,
    ) as api:
        source = api.post("v1/sources", json={"name": "tended"}).raise_for_status().json()["source"]["id"]
        # As many small packs as are worth a compaction.
        for number in range(SMALL_OBJECTS):
            item = {"externalItemId": f"item-{number}", "title": "A", "content": f"Number {number}."}
            api.post(f"v1/sources/{source}/items", json=item).raise_for_status()
            run = api.post(f"v1/sources/{source}/runs").raise_for_status().json()["run"]["id"]
            api.post(f"v1/sources/{source}/runs/{run}/apply").raise_for_status()

        # Else the schedule's own round, which may have ended without this source, is today's.
        dynamodb, table = _catalog(local_stack)
        dynamodb.delete_item(TableName=table, Key=ROUND)
        local_stack.ask("POST", "fire/RunUpkeepFunction")
        assert eventually(lambda: _round(dynamodb, table))["ended"] == {"BOOL": True}
        current = api.get(f"v1/sources/{source}/generations/current").raise_for_status().json()["generation"]
        assert current["origin"] == "compaction"
        items = f"v1/sources/{source}/generations/current/items"
        served = api.get(items, params={"include": "content"}).raise_for_status().json()["items"]
        assert {each["externalItemId"]: each["content"] for each in served} == {
            f"item-{number}": f"Number {number}." for number in range(SMALL_OBJECTS)
        }


def _catalog(stack: StackProcess) -> tuple[Any, str]:
    """The stack's DynamoDB, and the name of its Catalog."""
    environment = stack.environment
    dynamodb = boto3.client(
        "dynamodb",
        endpoint_url=environment["AWS_ENDPOINT_URL_DYNAMODB"],
        region_name=environment["AWS_DEFAULT_REGION"],
        aws_access_key_id=environment["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=environment["AWS_SECRET_ACCESS_KEY"],
    )
    (table,) = [name for name in dynamodb.list_tables()["TableNames"] if "Catalog" in name]
    return dynamodb, table


def _round(dynamodb: Any, table: str) -> dict[str, Any] | None:
    """The row that says how far the round has come, once it has ended."""
    row: dict[str, Any] | None = dynamodb.get_item(TableName=table, Key=ROUND, ConsistentRead=True).get("Item")
    return row if row is not None and row["ended"]["BOOL"] else None
