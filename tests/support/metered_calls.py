"""Calls of every kind to DynamoDB, with the units and rows that each comes to by DynamoDB's published rules.

A write unit a KB of the larger of the old and the new row, a read unit 4 KB (half of one where it need not be
consistent), twice as many in a transaction, and a write for each index entry that is made or goes.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

ITEMS, CATALOG = "ItemsTable", "CatalogTable"
Row = dict[str, Any]


def row(pk: str, sk: str, size: int, **attributes: str) -> Row:
    """A row of so many bytes: names and values."""
    plain = {"pk": pk, "sk": sk, **attributes}
    used = sum(len(name) + len(value) for name, value in plain.items()) + len("body")
    return {name: {"S": value} for name, value in {**plain, "body": "x" * (size - used)}.items()}


def key(pk: str, sk: str) -> Row:
    """The key of a row."""
    return {"pk": {"S": pk}, "sk": {"S": sk}}


@dataclass
class Case:
    """A call on the rows of one pk, with the units and rows it comes to."""

    method: str
    params: Callable[[str], dict[str, Any]]
    reads: float = 0
    writes: float = 0
    rows: int = 0
    before: Callable[[str], list[Row]] = field(default=lambda pk: [])
    table: str = ITEMS


def of_key(sk: str = "a", **more: Any) -> Callable[[str], dict[str, Any]]:
    """A call that names one row."""
    return lambda pk: {"Key": key(pk, sk), **more}


def putting(size: int, **more: Any) -> Callable[[str], dict[str, Any]]:
    """A put of one row."""
    return lambda pk: {"Item": row(pk, "a", size), **more}


def having(*sizes: int, **attributes: str) -> Callable[[str], list[Row]]:
    """Rows `a`, `b` ... of these sizes."""
    return lambda pk: [row(pk, "abcdef"[place], size, **attributes) for place, size in enumerate(sizes)]


def listing(**more: Any) -> Callable[[str], dict[str, Any]]:
    """A query of all rows."""
    return lambda pk: {"KeyConditionExpression": "pk = :p", "ExpressionAttributeValues": {":p": {"S": pk}}, **more}


def setting(expression: str, value: str, **more: Any) -> Callable[[str], dict[str, Any]]:
    """An update of row `a`."""
    return of_key(UpdateExpression=expression, ExpressionAttributeValues={":v": {"S": value}}, **more)


def in_batch(requests: Callable[[str], Any]) -> Callable[[str], dict[str, Any]]:
    """The parameters of a batch, by the table's logical id."""
    return lambda pk: {"RequestItems": {ITEMS: requests(pk)}}


def transaction(pk: str) -> dict[str, Any]:
    """One action of every kind; the update makes no row larger."""
    update = {"UpdateExpression": "SET body = :v", "ExpressionAttributeValues": {":v": {"S": "y"}}}
    return {
        "TransactItems": [
            {"Put": {"TableName": ITEMS, "Item": row(pk, "new", 1500)}},
            {"Update": {"TableName": ITEMS, "Key": key(pk, "a"), **update}},
            {"Delete": {"TableName": ITEMS, "Key": key(pk, "b")}},
            {
                "ConditionCheck": {
                    "TableName": ITEMS,
                    "Key": key(pk, "c"),
                    "ConditionExpression": "attribute_exists(pk)",
                }
            },
            {"Put": {"TableName": CATALOG, "Item": row(pk, "listed", 100, order="run#1")}},
        ]
    }


LETTERS = "abcdef"
LISTED = {"order": "run#1"}
IN_OUTBOX = {"order": "event#1", "unrelayed": "0"}
CASES = {
    "get, 4 KB": Case("get_item", of_key(ConsistentRead=True), reads=1, before=having(4096)),
    "get, a byte more": Case("get_item", of_key(ConsistentRead=True), reads=2, before=having(4097)),
    "get, eventually": Case("get_item", of_key(), reads=1, before=having(4097)),
    "get, nothing": Case("get_item", of_key(ConsistentRead=True), reads=1),
    "get, nothing eventually": Case("get_item", of_key(), reads=0.5),
    "put, 1 KB": Case("put_item", putting(1024), writes=1, rows=1),
    "put, a byte more": Case("put_item", putting(1025), writes=2, rows=1),
    "put over a larger row": Case("put_item", putting(100), writes=3, rows=1, before=having(3000)),
    "update to a larger row": Case(
        "update_item", setting("SET n = :v", "x" * 200), writes=2, rows=1, before=having(900)
    ),
    "update to a smaller row": Case(
        "update_item", setting("SET body = :v", "x"), writes=3, rows=1, before=having(3000)
    ),
    "delete": Case("delete_item", of_key(), writes=3, rows=1, before=having(2500)),
    "delete nothing": Case("delete_item", of_key(), writes=1, rows=1),
    "query": Case("query", listing(ConsistentRead=True), reads=2, before=having(1000, 1000, 1000, 1000, 1000)),
    "query, eventually": Case("query", listing(), reads=1, before=having(1000, 1000, 1000, 1000, 1000)),
    "query, nothing": Case("query", listing(ConsistentRead=True), reads=1),
    "query of a local index": Case(
        "query",
        listing(IndexName="ByOrder", ConsistentRead=True),
        reads=1,
        before=having(100, **LISTED),
        table=CATALOG,
    ),
    "batch get": Case(
        "batch_get_item",
        in_batch(lambda pk: {"Keys": [key(pk, sk) for sk in LETTERS], "ConsistentRead": True}),
        reads=4 + 3,  # Each row is rounded up by itself, and a missing one counts too.
        before=having(1000, 4097, 100),
    ),
    "batch get, eventually": Case(
        "batch_get_item",
        in_batch(lambda pk: {"Keys": [key(pk, sk) for sk in "ab"]}),
        reads=1.5,
        before=having(1000, 4097),
    ),
    "batch write": Case(
        "batch_write_item",
        in_batch(
            lambda pk: [
                {"PutRequest": {"Item": row(pk, "new", 1500)}},
                {"DeleteRequest": {"Key": key(pk, "a")}},
                {"DeleteRequest": {"Key": key(pk, "absent")}},
            ]
        ),
        writes=2 + 3 + 1,
        rows=3,
        before=having(3000),
    ),
    # In the Catalog once more for the index, which is not doubled.
    "transaction": Case(
        "transact_write_items", transaction, writes=2 * (2 + 1 + 1 + 1 + 1) + 1, rows=4, before=having(500, 500, 500)
    ),
    "transaction of reads": Case(
        "transact_get_items",
        lambda pk: {"TransactItems": [{"Get": {"TableName": ITEMS, "Key": key(pk, sk)}} for sk in "ab"]},
        reads=2 * (2 + 1),
        before=having(4097, 100),
    ),
    "put into a list": Case(
        "put_item", lambda pk: {"Item": row(pk, "a", 100, **LISTED)}, writes=1 + 1, rows=1, table=CATALOG
    ),
    "put that moves in a list": Case(
        "put_item",
        lambda pk: {"Item": row(pk, "a", 100, order="run#2")},
        writes=1 + 2,
        rows=1,
        before=having(100, **LISTED),
        table=CATALOG,
    ),
    "update that leaves the outbox's index": Case(
        "update_item",
        of_key(UpdateExpression="REMOVE unrelayed"),
        writes=1 + 1 + 1,  # The row, its entry in the list of its kind, and the entry that goes.
        rows=1,
        before=lambda pk: [{**row(pk, "a", 100, **IN_OUTBOX), "occurredAt": {"N": "1"}}],
        table=CATALOG,
    ),
}
MUST_NOT_EXIST = {"ConditionExpression": "attribute_not_exists(pk)"}
MUST_EXIST = {"ConditionExpression": "attribute_exists(pk)"}
# DynamoDB bills these and tells nobody: by the row that stands there.
REFUSALS = {
    "put": Case("put_item", putting(100, **MUST_NOT_EXIST), writes=3, before=having(2500)),
    "put of a larger row": Case("put_item", putting(5000, **MUST_NOT_EXIST), writes=1, before=having(100)),
    "put where nothing is": Case("put_item", putting(5000, **MUST_EXIST), writes=1),
    "update": Case(
        "update_item", setting("SET n = :v", "x", ConditionExpression="n = :v"), writes=2, before=having(1025)
    ),
    "delete": Case("delete_item", of_key(**MUST_NOT_EXIST), writes=2, before=having(1025)),
    "transaction": Case(
        "transact_write_items",
        lambda pk: {
            "TransactItems": [
                {"Put": {"TableName": ITEMS, "Item": row(pk, "new", 1500)}},
                {"ConditionCheck": {"TableName": ITEMS, "Key": key(pk, "a"), **MUST_EXIST}},
            ]
        },
        writes=2 * (2 + 1),
    ),
}
