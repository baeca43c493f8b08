"""What the key that asked for an import is to be for it to go on: real keys, in their table."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from httpapi.keys.import_permission import import_scopes
from httpapi.keys.permission import ATTRIBUTES
from httpapi.keys.scopes import ALL_SCOPES, Scope

from testing.edge import Edge
from testing.import_files import ndjson
from tests.support.edge_imports import upload
from tests.support.keys import key_id

DAY_MS = 86_400_000


class Asked:
    """An import that a key has asked for, whose file is still to come."""

    def __init__(self, edge: Edge, *, apply: bool = True, **spec: Any) -> None:
        self.edge = edge
        self.source = edge.source()
        self.tenant = edge.tenant_of(edge.token)
        self.text = edge.key(edge.admin, **spec)
        self.key_id = key_id(self.text)
        path = f"/v1/sources/{self.source}/imports"
        reply = edge.request("POST", path, {"mode": "upsert", "apply": apply}, key=self.text)
        assert reply.status == 201, reply.text
        self.import_id = str(reply.body["import"]["id"])

    def arrive(self) -> None:
        """The file comes, and the import is carried out."""
        upload(self.edge, self.source, self.import_id, ndjson({"a": "one"}))

    def read(self) -> dict[str, Any]:
        path = f"/v1/sources/{self.source}/imports/{self.import_id}"
        return dict(self.edge.request("GET", path).body["import"])

    def row(self, expression: str, **values: Any) -> None:
        """Change the key's row, as whoever manages keys does."""
        self.edge.clients.dynamodb.update_item(
            TableName=self.edge.environment["KEYS_TABLE"],
            Key={"keyId": {"S": self.key_id}},
            UpdateExpression=expression,
            **({"ExpressionAttributeValues": {f":{name}": value for name, value in values.items()}} if values else {}),
        )

    def rotate(self, overlap_seconds: int, key_id: str | None = None) -> str:
        path = f"/v1/admin/keys/{key_id or self.key_id}/rotate"
        reply = self.edge.request("POST", path, {"overlapSeconds": overlap_seconds}, key=self.edge.admin)
        return str(reply.body["key"]["id"])

    def revoke(self, key_id: str | None = None) -> None:
        assert self.edge.request("DELETE", f"/v1/admin/keys/{key_id or self.key_id}", key=self.edge.admin).status == 200


def _expire(asked: Asked) -> None:
    asked.edge.clock.advance(days=2)


def _rotate_twice_and_revoke_the_last(asked: Asked) -> None:
    second = asked.rotate(60)
    third = asked.rotate(60, second)
    asked.edge.clock.advance(seconds=61)
    asked.revoke(third)


def _rotate_and_then_leak(asked: Asked) -> None:
    second = asked.rotate(60)
    asked.rotate(0, second)
    asked.edge.clock.advance(seconds=61)


ENDS: dict[str, tuple[Callable[[Asked], object], str]] = {
    "revoked": (Asked.revoke, "is revoked"),
    "disabled": (lambda asked: asked.row("SET disabledAt = :at", at={"N": "1"}), "is disabled"),
    "suspended": (lambda asked: asked.row("SET suspendedAt = :at", at={"N": "1"}), "is suspended"),
    "rotated without an overlap": (lambda asked: asked.rotate(0), "was rotated without an overlap"),
    "revoked after its rotation": (lambda asked: (asked.rotate(60), asked.revoke()), "is revoked"),
    "its successor revoked": (_rotate_twice_and_revoke_the_last, "is revoked"),
    "its successor rotated without an overlap": (_rotate_and_then_leak, "without an overlap"),
    "no scope for items": (
        lambda asked: asked.row("SET scopes = :to", to={"L": [{"S": Scope.RUNS_WRITE}, {"S": Scope.RUNS_APPLY}]}),
        "has lost the scope items:write",
    ),
    "no scope to apply": (
        lambda asked: asked.row("SET scopes = :to", to={"L": [{"S": Scope.RUNS_WRITE}, {"S": Scope.ITEMS_WRITE}]}),
        "has lost the scope runs:apply",
    ),
    "another source": (
        lambda asked: asked.row("SET sourceIds = :to", to={"L": [{"S": "src_01KAQ5HZY6V7B2N3M4P5Q6R7S8"}]}),
        "does not reach the source",
    ),
    "another tenant": (lambda asked: asked.row("SET tenantId = :to", to={"S": "ten_other"}), "does not exist"),
}


@pytest.mark.parametrize("name", ENDS)
def test_import_ends_with_its_key(name: str, edge: Edge) -> None:
    asked = Asked(edge)
    end, told = ENDS[name]
    end(asked)
    asked.arrive()
    read = asked.read()
    assert (read["state"], read["error"]["code"], read["counts"]["created"]) == ("failed", "import_key_ended", 0)
    assert told in read["error"]["message"]
    assert edge.request("GET", f"/v1/sources/{asked.source}/items").body["items"] == []


def test_import_ends_with_a_key_that_ran_out_or_is_gone(edge: Edge) -> None:
    asked = Asked(edge, expires_at=edge.clock() + DAY_MS)
    edge.clock.advance(days=1)
    asked.arrive()
    assert "has expired" in asked.read()["error"]["message"]
    gone = Asked(edge)
    edge.clients.dynamodb.delete_item(TableName=edge.environment["KEYS_TABLE"], Key={"keyId": {"S": gone.key_id}})
    gone.arrive()
    assert "does not exist any more" in gone.read()["error"]["message"]


@pytest.mark.parametrize("wait", [0, 59, 61, 3_600])
def test_rotation_with_an_overlap_is_no_end(wait: int, edge: Edge) -> None:
    asked = Asked(edge)
    second = asked.rotate(60)
    edge.clock.advance(seconds=wait)
    if wait == 3_600:
        asked.rotate(60, second)
        edge.clock.advance(seconds=61)
    asked.arrive()
    assert asked.read()["state"] == "completed"


def test_key_that_is_given_its_scopes_back_goes_on(edge: Edge) -> None:
    asked = Asked(edge)
    asked.row("SET disabledAt = :at", at={"N": "1"})
    asked.row("REMOVE disabledAt")
    asked.arrive()
    assert asked.read()["state"] == "completed"


def test_import_without_apply_needs_no_scope_to_apply(edge: Edge) -> None:
    asked = Asked(edge, apply=False, scopes=tuple(import_scopes(apply=False)))
    asked.arrive()
    assert asked.read()["state"] == "completed"


def test_nothing_is_read_of_a_key_but_what_is_needed(edge: Edge, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = Asked(edge)
    get_item, seen = edge.clients.dynamodb.get_item, []

    def watched(**request: Any) -> Any:
        if request["Key"] == {"keyId": {"S": asked.key_id}}:
            seen.append(request)
        return get_item(**request)

    monkeypatch.setattr(edge.clients.dynamodb, "get_item", watched)
    asked.arrive()
    assert seen
    for request in seen:
        assert request["ConsistentRead"]
        assert set(request["ExpressionAttributeNames"].values()) == set(ATTRIBUTES)
    assert "secretHash" not in ATTRIBUTES


def test_import_takes_the_scope_of_its_run(edge: Edge) -> None:
    source = edge.source()
    for lacking in (Scope.ITEMS_WRITE, Scope.RUNS_WRITE):
        key = edge.key(edge.admin, scopes=tuple(scope for scope in ALL_SCOPES if scope is not lacking))
        refused = edge.request("POST", f"/v1/sources/{source}/imports", {"mode": "upsert"}, key=key)
        assert (refused.status, refused.code) == (403, "insufficient_scope")
        assert lacking in refused.body["error"]
