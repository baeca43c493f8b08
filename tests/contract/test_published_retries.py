"""What the published description promises of Idempotency-Key and of rate limits: a test a line."""

from __future__ import annotations

import os
import time
from typing import Any

import boto3
import pytest

from tests.contract import spec
from tests.functional.edge import Edge, Reply, item_path

RETRY = {"Idempotency-Key": "0b0f3b52-8d0a-4a47-93f0-5a3f6f3e9a10"}
DAY_SECONDS = 86_400


def items_of(edge: Edge, source: str) -> list[str]:
    return [each["externalItemId"] for each in edge.request("GET", f"/v1/sources/{source}/items").body["items"]]


def batch(*ids: str) -> dict[str, Any]:
    return {"items": [{"externalItemId": each, "title": "Refunds", "content": "14 days."} for each in ids]}


def is_replay(again: Reply, first: Reply) -> bool:
    same = (again.status, again.text) == (first.status, first.text)
    return same and again.headers.get("idempotent-replayed") == "true"


class Target:
    """A source in a state in which every mutating operation succeeds once."""

    def __init__(self, edge: Edge) -> None:
        self.source = edge.source()
        edge.push(self.source, "faq-1")
        edge.push(self.source, "gone")
        edge.request("DELETE", item_path(self.source, "gone"))
        self.run = edge.run(self.source)
        made = edge.request("POST", "/v1/admin/keys", {"name": "k"}, key=edge.admin).body
        self.ids = {"sourceId": self.source, "runId": self.run, "keyId": made["key"]["id"], "partNumber": "1"}

    def path(self, edge: Edge, operation: spec.SpecOperation) -> str:
        ids = dict(self.ids)
        if "{snapshotId}" in operation.path:
            ids["snapshotId"] = edge.request("POST", f"/v1/sources/{self.source}/snapshots").body["snapshot"]["id"]
        ids["externalItemId"] = "gone" if operation.name == "restore_item" else "faq-1"
        return operation.path.format(**ids)


MUTATING = [operation for operation in spec.operations() if operation.mutating]


@pytest.mark.parametrize("operation", MUTATING, ids=lambda operation: operation.name)
def test_every_mutating_request_takes_an_idempotency_key(edge: Edge, operation: spec.SpecOperation) -> None:
    """Sent again with its key, every mutating request gets its first answer, marked as a replay."""
    path = Target(edge).path(edge, operation)
    body = operation.request_body()
    example = body["content"]["application/json"]["example"] if body else None
    example = {"allowEmpty": True} if operation.name == "complete_snapshot" else example
    key = edge.admin if operation.scope == "keys:manage" else edge.token
    if operation.name == "create_key":
        kms = boto3.client("kms").create_key()["KeyMetadata"]["KeyId"]
        edge.services = edge.make_services(idempotency_key_id=kms)
    first = edge.request(operation.method, path, example, key=key, headers=RETRY)
    assert first.status in {200, 201}, first.text
    assert is_replay(edge.request(operation.method, path, example, key=key, headers=RETRY), first)


def test_key_may_be_any_unique_text(edge: Edge) -> None:
    """A UUID is a good key; so is a name of one's own."""
    for key in ("0b0f3b52-8d0a-4a47-93f0-5a3f6f3e9a10", "import-2024-06-01-batch-7", "1", "a b/c?=~", "x" * 255):
        first, again = (
            edge.request("POST", "/v1/sources", {"name": "a"}, headers={"Idempotency-Key": key}) for _ in range(2)
        )
        assert is_replay(again, first)


def test_same_key_and_payload_replays_the_first_result(edge: Edge) -> None:
    """A replay is the first answer, even when the item looks different by now."""
    source = edge.source()
    path = f"/v1/sources/{source}/items/batch"
    first = edge.request("POST", path, batch("a", "b"), headers=RETRY)
    edge.push(source, "a", title="changed since")
    assert is_replay(edge.request("POST", path, batch("a", "b"), headers=RETRY), first)
    assert edge.request("GET", item_path(source, "a")).body["item"]["title"] == "changed since"


def test_same_key_with_another_payload_is_409(edge: Edge) -> None:
    """A key stands for one payload; another one is idempotency_conflict and does nothing."""
    source = edge.source()
    path = f"/v1/sources/{source}/items/batch"
    edge.request("POST", path, batch("a"), headers=RETRY)
    refused = edge.request("POST", path, batch("b"), headers=RETRY)
    assert (refused.status, refused.code) == (409, "idempotency_conflict")
    assert items_of(edge, source) == ["a"]


def test_key_is_kept_for_24_hours(edge: Edge) -> None:
    """The record ends a day after the request; after that the key is as good as new."""
    source = edge.source()
    path = f"/v1/sources/{source}/items/batch"
    sent = time.time()
    edge.request("POST", path, batch("a"), headers=RETRY)
    table = boto3.resource("dynamodb").Table(os.environ["IDEMPOTENCY_TABLE"])
    (record,) = table.scan()["Items"]
    assert sent + DAY_SECONDS - 1 <= record["expiration"] <= time.time() + DAY_SECONDS + 1
    table.update_item(
        Key={"id": record["id"]},
        UpdateExpression="SET expiration = :past",
        ExpressionAttributeValues={":past": int(sent) - 1},
    )
    fresh = edge.request("POST", path, batch("b"), headers=RETRY)
    assert (fresh.status, fresh.body["counts"]["created"]) == (200, 1)
    assert "idempotent-replayed" not in fresh.headers


def test_upsert_needs_no_key_to_be_safe(edge: Edge) -> None:
    """The same item pushed twice to a source is one item, and its second push changes nothing."""
    source = edge.source()
    assert edge.push(source).body["result"] == "created"
    assert edge.push(source).body["result"] == "unchanged"
    assert items_of(edge, source) == ["faq-1"]


def test_batch_with_a_key_is_retried_as_a_unit(edge: Edge) -> None:
    """A batch that was answered is not done again, not even in part."""
    source = edge.source()
    path, key = f"/v1/sources/{source}/items/batch", {"Idempotency-Key": "import-2024-06-01-batch-7"}
    first = edge.request("POST", path, batch("a", "b", "c"), headers=key)
    edge.request("DELETE", item_path(source, "b"))
    assert is_replay(edge.request("POST", path, batch("a", "b", "c"), headers=key), first)
    assert edge.request("GET", item_path(source, "b")).body["item"]["state"] == "removed"


def test_run_with_a_key_is_made_once(edge: Edge) -> None:
    """A retried run is the same run, and a retried apply publishes nothing twice."""
    source = edge.source()
    edge.push(source)
    run = edge.request("POST", f"/v1/sources/{source}/runs", headers=RETRY)
    assert is_replay(edge.request("POST", f"/v1/sources/{source}/runs", headers=RETRY), run)
    path = f"/v1/sources/{source}/runs/{run.body['run']['id']}/apply"
    applied = edge.request("POST", path, headers={"Idempotency-Key": "apply"})
    assert is_replay(edge.request("POST", path, headers={"Idempotency-Key": "apply"}), applied)
    assert len(edge.request("GET", f"/v1/sources/{source}/runs").body["runs"]) == 1
    assert len(edge.request("GET", f"/v1/sources/{source}/generations").body["generations"]) == 1


def spend(edge: Edge, key: str, times: int) -> list[int]:
    return [edge.request("GET", "/v1/whoami", key=key).status for _ in range(times)]


def test_key_has_120_requests_a_minute_unless_it_says_otherwise(edge: Edge) -> None:
    """A key made without a limit gets 120, and the 121st request of the minute is refused."""
    made = edge.request("POST", "/v1/admin/keys", {"name": "k"}, key=edge.admin).body
    assert made["key"]["rateLimitPerMinute"] == 120
    assert spend(edge, made["secret"], 121) == [200] * 120 + [429]
    slow = edge.request("POST", "/v1/admin/keys", {"name": "k", "rateLimitPerMinute": 2}, key=edge.admin).body
    assert spend(edge, slow["secret"], 3) == [200, 200, 429]


def test_limit_is_the_keys_and_not_the_addresses(edge: Edge) -> None:
    """Another address does not help a spent key, and a spent key does not harm another at the same address."""
    spent = edge.key(edge.admin, rate_limit_per_minute=1)
    spend(edge, spent, 1)
    for address in ("198.51.100.7", "203.0.113.9"):
        headers = {"X-Forwarded-For": address}
        assert edge.request("GET", "/v1/whoami", key=spent, headers=headers).status == 429
        assert edge.request("GET", "/v1/whoami", headers=headers).status == 200


def test_refusal_for_the_rate_is_exactly_as_published(edge: Edge) -> None:
    """429, Retry-After: 60, and the published body."""
    spent = edge.key(edge.admin, rate_limit_per_minute=1)
    spend(edge, spent, 1)
    reply = edge.request("GET", "/v1/whoami", key=spent)
    assert (reply.status, reply.headers["retry-after"]) == (429, "60")
    assert reply.body == {"error": "Too many requests. Please slow down.", "code": "rate_limited"}


def test_request_after_the_indicated_delay_is_let_in(edge: Edge) -> None:
    """To wait as long as Retry-After says is enough."""
    spent = edge.key(edge.admin, rate_limit_per_minute=1)
    spend(edge, spent, 1)
    refused = edge.request("GET", "/v1/whoami", key=spent)
    edge.clock.advance(seconds=int(refused.headers["retry-after"]))
    assert spend(edge, spent, 1) == [200]


def test_noisy_workload_is_isolated_by_a_key_of_its_own(edge: Edge) -> None:
    """Two keys of one tenant are counted apart."""
    noisy, quiet = (edge.key(edge.admin, rate_limit_per_minute=3) for _ in range(2))
    assert spend(edge, noisy, 5) == [200, 200, 200, 429, 429]
    assert spend(edge, quiet, 3) == [200, 200, 200]
