"""Whose a request is that comes again: its key's rotation line's, and nobody else's of the tenant."""

from __future__ import annotations

from typing import Any

import boto3
import pytest
from httpapi.keys.scopes import ALL_SCOPES, Scope

from testing import spec
from testing.edge import Edge, Reply
from testing.operations import having, send
from tests.support.edge_tenants import make_tenant
from tests.support.keys import key_id

RETRY = {"Idempotency-Key": "nightly-2027-01-31"}
KEYS = "/v1/admin/keys"


@pytest.fixture
def sealed(edge: Edge) -> Edge:
    """The edge with a key to seal recorded secrets with, so that answers with a secret are replayed too."""
    sealing = boto3.client("kms").create_key()["KeyMetadata"]["KeyId"]
    edge.services = edge.make_services(idempotency_key_id=sealing)
    return edge


def rotate(edge: Edge, token: str) -> str:
    path = f"{KEYS}/{key_id(token)}/rotate"
    return str(edge.request("POST", path, key=edge.admin).body["secret"])


def test_key_that_may_not_apply_gets_no_link_of_an_import_that_will_be(edge: Edge) -> None:
    path = f"/v1/sources/{edge.source()}/imports"
    body = {"mode": "snapshot", "apply": True}
    publisher = edge.request("POST", path, body, headers=RETRY)
    assert publisher.status == 201
    pusher = edge.key(edge.admin, scopes=(Scope.ITEMS_WRITE, Scope.RUNS_WRITE))
    refused = edge.request("POST", path, body, key=pusher, headers=RETRY)
    assert (refused.status, refused.code) == (403, "insufficient_scope")
    assert "runs:apply" in refused.body["error"]
    assert publisher.body["upload"]["url"] not in refused.text


def test_every_operation_checks_its_scope_before_it_replays(sealed: Edge) -> None:
    edge = sealed
    tenant = make_tenant(edge)
    for operation in spec.operations():
        if not operation.mutating or operation.scope is None:
            continue
        first = send(edge, operation, tenant.ids, key=tenant.token, headers={"Idempotency-Key": operation.name})
        # The same key, which has lost the scope meanwhile.
        others = tuple(scope for scope in ALL_SCOPES if scope != operation.scope)
        set_scopes(edge, tenant.token, others)
        again = send(edge, operation, tenant.ids, key=tenant.token, headers={"Idempotency-Key": operation.name})
        assert (again.status, again.code) == (403, "insufficient_scope"), (operation.name, first.status)
        set_scopes(edge, tenant.token, ALL_SCOPES)


def set_scopes(edge: Edge, token: str, scopes: tuple[Scope, ...]) -> None:
    boto3.client("dynamodb").update_item(
        TableName=edge.environment["KEYS_TABLE"],
        Key={"keyId": {"S": key_id(token)}},
        UpdateExpression="SET scopes = :scopes",
        ExpressionAttributeValues={":scopes": {"L": [{"S": scope} for scope in scopes]}},
    )


def makers() -> list[spec.SpecOperation]:
    """The operations that make something with an id of its own, and can be sent twice by their example."""
    return [operation for operation in having(409) if operation.method == "POST" and 201 in operation.statuses()]


def made_id(reply: Reply) -> Any:
    assert reply.status in {200, 201, 202}, reply.text
    return next((made["id"] for made in reply.body.values() if isinstance(made, dict) and "id" in made), None)


def test_another_key_with_the_same_name_makes_a_request_of_its_own(sealed: Edge) -> None:
    edge = sealed
    tenant = make_tenant(edge)
    other = edge.key(tenant.admin)
    for operation in makers():
        if operation.name in {"rotate_key", "open_snapshot"}:
            continue  # Of which there can be one alone; the other key is refused for that.
        headers = {"Idempotency-Key": operation.name}
        first = send(edge, operation, tenant.ids, key=tenant.token, headers=headers)
        second = send(edge, operation, tenant.ids, key=other, headers=headers)
        assert "idempotent-replayed" not in second.headers, operation.name
        if operation.name not in {"push_item", "rotate_webhook_secret"}:
            assert made_id(first) != made_id(second), operation.name
        replayed = send(edge, operation, tenant.ids, key=tenant.token, headers=headers)
        assert (replayed.text, replayed.headers.get("idempotent-replayed")) == (first.text, "true"), operation.name


def test_key_that_replaced_another_replays_its_requests(sealed: Edge) -> None:
    edge = sealed
    first = edge.request("POST", "/v1/sources", {"name": "a"}, headers=RETRY)
    assert first.status == 201
    token = edge.token
    for _ in range(2):
        token = rotate(edge, token)
        again = edge.request("POST", "/v1/sources", {"name": "a"}, key=token, headers=RETRY)
        assert (again.text, again.headers["idempotent-replayed"]) == (first.text, "true")
    conflict = edge.request("POST", "/v1/sources", {"name": "b"}, key=token, headers=RETRY)
    assert conflict.code == "idempotency_conflict"


def test_key_that_replaced_another_finds_what_its_lost_request_made(edge: Edge) -> None:
    """Without a record, as after a crash: the id is derived from the line, so that it is made once."""
    first = edge.request("POST", "/v1/sources", {"name": "a"}, headers=RETRY).body["source"]["id"]
    forget(edge)
    token = rotate(edge, edge.token)
    assert edge.request("POST", "/v1/sources", {"name": "a"}, key=token, headers=RETRY).body["source"]["id"] == first


def test_nobody_else_takes_the_id_that_a_request_will_have(edge: Edge) -> None:
    rival = edge.key(edge.admin)
    taken = edge.request("POST", "/v1/sources", {"name": "squatter"}, key=rival, headers=RETRY).body["source"]
    forget(edge)
    made = edge.request("POST", "/v1/sources", {"name": "mine"}, headers=RETRY).body["source"]
    assert (made["name"], made["id"] != taken["id"]) == ("mine", True)
    second_admin = edge.key(edge.admin)
    by_rival = edge.request("POST", KEYS, {"name": "squatter"}, key=second_admin, headers=RETRY).body["key"]
    by_admin = edge.request("POST", KEYS, {"name": "mine"}, key=edge.admin, headers=RETRY).body["key"]
    assert (by_admin["name"], by_admin["id"] != by_rival["id"]) == ("mine", True)
    # No record has its secret, so a retry finds the key by its id.
    again = edge.request("POST", KEYS, {"name": "mine"}, key=edge.admin, headers=RETRY).body["key"]
    assert again["id"] == by_admin["id"]


def forget(edge: Edge) -> None:
    """Drop every record, as if each function had died before it wrote one."""
    client, table = boto3.client("dynamodb"), edge.environment["IDEMPOTENCY_TABLE"]
    for row in client.scan(TableName=table)["Items"]:
        client.delete_item(TableName=table, Key={"id": row["id"]})
