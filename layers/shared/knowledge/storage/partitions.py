"""Whole partitions of a table, emptied row by row."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import islice
from typing import TYPE_CHECKING, Any

from knowledge.errors import ServiceUnavailableError
from knowledge.ports import HasTime
from knowledge.storage.clients import backoff, query_rows, translated

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient

_KEYS_PER_DELETE = 25
_TRIES = 5


def list_sort_keys(
    dynamodb: DynamoDBClient, table: str, pk: str, prefix: str = "", *, having: str = ""
) -> Iterator[str]:
    """The sort keys of a partition that begin with a prefix, in order; of rows `having` an attribute if it is given."""
    return (row["sk"]["S"] for row in _keys(dynamodb, table, pk, prefix, having))


def delete_rows(
    dynamodb: DynamoDBClient,
    table: str,
    pk: str,
    has_time: HasTime,
    doomed: Callable[[str], bool] = lambda _: True,
) -> tuple[int, bool]:
    """Delete the rows of a partition whose sort keys are `doomed`; tells how many went, and whether there was time."""
    keys = (row for row in _keys(dynamodb, table, pk) if doomed(row["sk"]["S"]))
    deleted = 0
    while batch := list(islice(keys, _KEYS_PER_DELETE)):
        delete_keys(dynamodb, table, batch)
        deleted += len(batch)
        if not has_time():
            return deleted, False
    return deleted, True


def _keys(
    dynamodb: DynamoDBClient, table: str, pk: str, prefix: str = "", having: str = ""
) -> Iterator[dict[str, Any]]:
    values = {":pk": {"S": pk}, **({":prefix": {"S": prefix}} if prefix else {})}
    query: dict[str, Any] = {
        "TableName": table,
        "KeyConditionExpression": "pk = :pk" + (" AND begins_with(sk, :prefix)" if prefix else ""),
        "ExpressionAttributeValues": values,
        "ProjectionExpression": "pk, sk",
        "ConsistentRead": True,
        **({"FilterExpression": f"attribute_exists({having})"} if having else {}),
    }
    return query_rows(dynamodb, query)


def delete_keys(dynamodb: DynamoDBClient, table: str, keys: list[dict[str, Any]]) -> None:
    """Delete up to 25 rows by their keys. Raises ServiceUnavailableError."""
    requests: Any = {table: [{"DeleteRequest": {"Key": key}} for key in keys]}
    for attempt in range(_TRIES):
        with translated():
            answer = dynamodb.batch_write_item(RequestItems=requests)
        requests = answer.get("UnprocessedItems")
        if not requests:
            return
        backoff(attempt)
    raise ServiceUnavailableError
