"""What the published description promises of Idempotency-Key and of rate limits: a test a line."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from typing import Any

import pytest

from testing import spec
from testing.edge import Reply, item_path
from tests.contract.tenant import Tenant, table

RETRY = {"Idempotency-Key": "0b0f3b52-8d0a-4a47-93f0-5a3f6f3e9a10"}
DAY_SECONDS = 86_400


def items_of(tenant: Tenant, source: str) -> list[str]:
    return [each["externalItemId"] for each in tenant.request("GET", f"/v1/sources/{source}/items").body["items"]]


def batch(*ids: str) -> dict[str, Any]:
    return {"items": [{"externalItemId": each, "title": "Refunds", "content": "14 days."} for each in ids]}


def is_replay(again: Reply, first: Reply) -> bool:
    same = (again.status, again.text) == (first.status, first.text)
    return same and again.headers.get("idempotent-replayed") == "true"


class Target:
    """A source in a state in which every mutating operation succeeds once."""

    def __init__(self, tenant: Tenant) -> None:
        self.source = tenant.source()
        tenant.push(self.source, "faq-1")
        tenant.push(self.source, "gone")
        generation = tenant.publish(self.source)
        tenant.request("DELETE", item_path(self.source, "gone"))
        self.run = tenant.run(self.source)
        made = tenant.request("POST", "/v1/admin/keys", {"name": "k"}, key=tenant.admin).body
        self.ids = {"sourceId": self.source, "runId": self.run, "keyId": made["key"]["id"], "partNumber": "1"}
        self.ids["generationId"] = generation

    def path(self, tenant: Tenant, operation: spec.SpecOperation) -> str:
        ids = dict(self.ids)
        ids["externalItemId"] = "gone" if operation.name == "restore_item" else "faq-1"
        if operation.name == "delete_source":
            tenant.request("DELETE", f"/v1/sources/{self.source}")
        for name in re.findall(r"{(\w+)}", operation.path):
            if name == "deliveryId":
                ids[name] = self._made(tenant, "/v1/webhooks/{webhookId}/test".format(**ids))
            elif name == "questionId":
                ids[name] = self._asked(tenant)
            elif name not in ids:
                ids[name] = self._made(tenant, operation.path.partition(f"/{{{name}}}")[0].format(**ids))
        return operation.path.format(**ids)

    def _asked(self, tenant: Tenant) -> str:
        """Ask something that is kept."""
        tenant.request("PATCH", f"/v1/sources/{self.source}", {"questionLog": "on"})
        return str(tenant.request("POST", "/v1/answers", {"question": "why", "sourceIds": [self.source]}).body["id"])

    def _made(self, tenant: Tenant, collection: str) -> str:
        """Make what a path names by sending the example of the POST on its collection."""
        made = tenant.request("POST", collection, example_of(spec.find("POST", collection)))
        return str(next(value["id"] for value in made.body.values() if isinstance(value, dict)))


def example_of(operation: spec.SpecOperation) -> Any:
    body = operation.request_body()
    example = body["content"]["application/json"]["example"] if body else None
    # The names of examples don't resolve where the stack runs.
    return example | {"url": "http://127.0.0.1:9/"} if example and "url" in example else example


MUTATING = [operation for operation in spec.operations() if operation.mutating]


@pytest.mark.parametrize("operation", MUTATING, ids=lambda operation: operation.name)
def test_every_mutating_request_takes_an_idempotency_key(tenant: Tenant, operation: spec.SpecOperation) -> None:
    """Sent again with its key, every mutating request gets its first answer, marked as a replay."""
    path = Target(tenant).path(tenant, operation)
    example = example_of(operation)
    example = {"allowEmpty": True} if operation.name == "complete_snapshot" else example
    example = {"secret": tenant.admin} if operation.name == "identify_key" else example
    key = tenant.admin if operation.scope == "keys:manage" else tenant.token
    first = tenant.request(operation.method, path, example, key=key, headers=RETRY)
    assert first.status in {200, 201, 202}, first.text
    assert is_replay(tenant.request(operation.method, path, example, key=key, headers=RETRY), first)


def test_key_may_be_any_unique_text(tenant: Tenant) -> None:
    """A UUID is a good key; so is a name of one's own."""
    for key in ("0b0f3b52-8d0a-4a47-93f0-5a3f6f3e9a10", "import-2024-06-01-batch-7", "1", "a b/c?=~", "x" * 255):
        first, again = (
            tenant.request("POST", "/v1/sources", {"name": "a"}, headers={"Idempotency-Key": key}) for _ in range(2)
        )
        assert is_replay(again, first)


def test_same_key_and_payload_replays_the_first_result(tenant: Tenant) -> None:
    """A replay is the first answer, even when the item looks different by now."""
    source = tenant.source()
    path = f"/v1/sources/{source}/items/batch"
    first = tenant.request("POST", path, batch("a", "b"), headers=RETRY)
    tenant.push(source, "a", title="changed since")
    assert is_replay(tenant.request("POST", path, batch("a", "b"), headers=RETRY), first)
    assert tenant.request("GET", item_path(source, "a")).body["item"]["title"] == "changed since"


def test_same_key_with_another_payload_is_409(tenant: Tenant) -> None:
    """A key stands for one payload; another one is idempotency_conflict and does nothing."""
    source = tenant.source()
    path = f"/v1/sources/{source}/items/batch"
    tenant.request("POST", path, batch("a"), headers=RETRY)
    refused = tenant.request("POST", path, batch("b"), headers=RETRY)
    assert (refused.status, refused.code) == (409, "idempotency_conflict")
    assert items_of(tenant, source) == ["a"]


def test_key_is_kept_for_24_hours(tenant: Tenant) -> None:
    """The record ends a day after the request; after that the key is as good as new."""
    source = tenant.source()
    path = f"/v1/sources/{source}/items/batch"
    records = table(tenant, "IdempotencyTable")
    before = {each["id"] for each in records.scan()["Items"]}
    sent = time.time()
    tenant.request("POST", path, batch("a"), headers=RETRY)
    (record,) = [each for each in records.scan()["Items"] if each["id"] not in before]
    assert sent + DAY_SECONDS - 1 <= record["expiration"] <= time.time() + DAY_SECONDS + 1
    records.update_item(
        Key={"id": record["id"]},
        UpdateExpression="SET expiration = :past",
        ExpressionAttributeValues={":past": int(sent) - 1},
    )
    fresh = tenant.request("POST", path, batch("b"), headers=RETRY)
    assert (fresh.status, fresh.body["counts"]["created"]) == (200, 1)
    assert "idempotent-replayed" not in fresh.headers


def test_upsert_needs_no_key_to_be_safe(tenant: Tenant) -> None:
    """The same item pushed twice to a source is one item, and its second push changes nothing."""
    source = tenant.source()
    assert tenant.push(source).body["result"] == "created"
    assert tenant.push(source).body["result"] == "unchanged"
    assert items_of(tenant, source) == ["faq-1"]


def test_batch_with_a_key_is_retried_as_a_unit(tenant: Tenant) -> None:
    """A batch that was answered is not done again, not even in part."""
    source = tenant.source()
    path, key = f"/v1/sources/{source}/items/batch", {"Idempotency-Key": "import-2024-06-01-batch-7"}
    first = tenant.request("POST", path, batch("a", "b", "c"), headers=key)
    tenant.request("DELETE", item_path(source, "b"))
    assert is_replay(tenant.request("POST", path, batch("a", "b", "c"), headers=key), first)
    assert tenant.request("GET", item_path(source, "b")).body["item"]["state"] == "removed"


def test_run_with_a_key_is_made_once(tenant: Tenant) -> None:
    """A retried run is the same run, and a retried apply publishes nothing twice."""
    source = tenant.source()
    tenant.push(source)
    run = tenant.request("POST", f"/v1/sources/{source}/runs", headers=RETRY)
    assert is_replay(tenant.request("POST", f"/v1/sources/{source}/runs", headers=RETRY), run)
    path = f"/v1/sources/{source}/runs/{run.body['run']['id']}/apply"
    applied = tenant.request("POST", path, headers={"Idempotency-Key": "apply"})
    assert is_replay(tenant.request("POST", path, headers={"Idempotency-Key": "apply"}), applied)
    assert len(tenant.request("GET", f"/v1/sources/{source}/runs").body["runs"]) == 1
    assert len(tenant.request("GET", f"/v1/sources/{source}/generations").body["generations"]) == 1


def spend(tenant: Tenant, key: str, times: int) -> list[int]:
    return [tenant.request("GET", "/v1/whoami", key=key).status for _ in range(times)]


def within_a_minute(work: Callable[[], Any]) -> Any:
    """Do it again when a new minute of the clock began meanwhile: limits are counted by the minute."""
    for attempt in range(3):
        if attempt:
            time.sleep(60 - time.time() % 60)
        minute = time.time() // 60
        result = work()
        if time.time() // 60 == minute:
            return result
    pytest.fail("no try was over within a minute")


def test_key_has_120_requests_a_minute_unless_it_says_otherwise(tenant: Tenant) -> None:
    """A key made without a limit gets 120, and the 121st request of the minute is refused."""
    made = tenant.request("POST", "/v1/admin/keys", {"name": "k"}, key=tenant.admin).body
    assert made["key"]["rateLimitPerMinute"] == 120
    assert within_a_minute(lambda: spend(tenant, tenant.key(), 121)) == [200] * 120 + [429]
    assert within_a_minute(lambda: spend(tenant, tenant.key(rateLimitPerMinute=2), 3)) == [200, 200, 429]


def test_limit_is_the_keys_and_not_the_addresses(tenant: Tenant) -> None:
    """Another address does not help a spent key, and a spent key does not harm another at the same address."""

    def from_two_addresses() -> list[int]:
        spent = tenant.key(rateLimitPerMinute=1)
        spend(tenant, spent, 1)
        return [
            tenant.request("GET", "/v1/whoami", key=key, headers={"X-Forwarded-For": address}).status
            for address in ("198.51.100.7", "203.0.113.9")
            for key in (spent, tenant.token)
        ]

    assert within_a_minute(from_two_addresses) == [429, 200, 429, 200]


def refused(tenant: Tenant) -> Reply:
    """What a request gets that comes right after the last one that was allowed."""
    spent = tenant.key(rateLimitPerMinute=1)
    spend(tenant, spent, 1)
    return tenant.request("GET", "/v1/whoami", key=spent)


def test_refusal_for_the_rate_is_exactly_as_published(tenant: Tenant) -> None:
    """429, Retry-After: 60, and the published body."""
    reply = within_a_minute(lambda: refused(tenant))
    assert (reply.status, reply.headers["retry-after"]) == (429, "60")
    assert reply.body == {"error": "Too many requests. Please slow down.", "code": "rate_limited"}


def test_noisy_workload_is_isolated_by_a_key_of_its_own(tenant: Tenant) -> None:
    """Two keys of one tenant are counted apart."""

    def both() -> tuple[list[int], list[int]]:
        noisy, quiet = (tenant.key(rateLimitPerMinute=3) for _ in range(2))
        return spend(tenant, noisy, 5), spend(tenant, quiet, 3)

    assert within_a_minute(both) == ([200, 200, 200, 429, 429], [200, 200, 200])


@pytest.mark.late
def test_request_after_the_indicated_delay_is_let_in(tenant: Tenant, spent_key: tuple[str, float]) -> None:
    """To wait as long as Retry-After says is enough."""
    key, refused_at = spent_key
    time.sleep(max(0, refused_at + 60 - time.time()))
    assert tenant.request("GET", "/v1/whoami", key=key).status == 200
