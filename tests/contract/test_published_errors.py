"""The error table of the published description over HTTP: a test a code, and the shape that all of them share."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import pytest
from knowledge.sources.rows import source_sk

from testing.edge import Reply
from tests.contract.tenant import Tenant, table
from tests.support.stack import StackProcess, eventually

MIB = 1_048_576
NOBODYS = "src_01ARZ3NDEKTSV4RRFFQ69G5FAV"
RETRY = {"Idempotency-Key": "0b0f3b52-8d0a-4a47-93f0-5a3f6f3e9a10"}


def check(reply: Reply, status: int, code: str) -> None:
    """Every error has the one shape: a text for people, a code for programs, and details of what a body holds."""
    assert (reply.status, reply.code) == (status, code), reply.text
    assert set(reply.body) - {"details"} == {"error", "code"}
    assert isinstance(reply.body["error"], str)
    assert len(reply.body["error"]) > 10
    assert "details" not in reply.body or code in {"validation_error", "invalid_json"}
    assert reply.headers["content-type"] == "application/json"


def test_400_validation_error(tenant: Tenant) -> None:
    reply = tenant.request("POST", "/v1/sources", {"name": "", "graceDays": -1, "nam": "x"})
    check(reply, 400, "validation_error")
    assert {detail["path"] for detail in reply.body["details"]} == {"name", "graceDays", "nam"}


@pytest.mark.parametrize("body", [b"{", b'{"name": "a",}', b'{"name": NaN}', b'{"name": "\xff"}', b'{"a":1,"a":1}'])
def test_400_invalid_json(tenant: Tenant, body: bytes) -> None:
    check(tenant.request("POST", "/v1/sources", body=body), 400, "invalid_json")


@pytest.mark.parametrize("body", [b"", b"[]", b"null", b'"text"'])
def test_400_invalid_body(tenant: Tenant, body: bytes) -> None:
    check(tenant.request("POST", "/v1/sources", body=body), 400, "invalid_body")


@pytest.mark.parametrize("header", [None, "", "Bearer", "Basic dXNlcjpwYXNz", "Token x"])
def test_401_unauthorized(tenant: Tenant, header: str | None) -> None:
    headers = {} if header is None else {"Authorization": header}
    check(tenant.request("GET", "/v1/whoami", key=None, headers=headers), 401, "unauthorized")


def test_401_invalid_key(tenant: Tenant) -> None:
    check(tenant.request("GET", "/v1/whoami", key="sk_live_nonsense"), 401, "invalid_key")
    check(tenant.request("GET", "/v1/whoami", key=tenant.token[:-1] + "~"), 401, "invalid_key")


def key_path(key: str) -> str:
    return f"/v1/admin/keys/{key.split('_')[2]}"


def test_401_key_expired(tenant: Tenant) -> None:
    key = tenant.key()
    # Without an overlap the old key ends with the answer.
    rotated = tenant.request("POST", key_path(key) + "/rotate", {"overlapSeconds": 0}, key=tenant.admin)
    assert rotated.status == 201
    check(tenant.request("GET", "/v1/whoami", key=key), 401, "key_expired")
    assert tenant.request("GET", "/v1/whoami", key=rotated.body["secret"]).status == 200


def test_401_key_revoked(tenant: Tenant) -> None:
    key = tenant.key()
    assert tenant.request("DELETE", key_path(key), key=tenant.admin).status == 200
    check(tenant.request("GET", "/v1/whoami", key=key), 401, "key_revoked")


def test_403_insufficient_scope(tenant: Tenant) -> None:
    reader = tenant.key(scopes=["sources:read"])
    assert tenant.request("GET", "/v1/sources", key=reader).status == 200
    check(tenant.request("POST", "/v1/sources", {"name": "a"}, key=reader), 403, "insufficient_scope")


def test_404_not_found(tenant: Tenant) -> None:
    source = tenant.source()
    check(tenant.request("GET", f"/v1/sources/{NOBODYS}"), 404, "not_found")
    check(tenant.request("GET", f"/v1/sources/{source}/runs/run_{NOBODYS[4:]}"), 404, "not_found")
    table(tenant, "CatalogTable").update_item(
        Key={"pk": tenant.tenant_id, "sk": source_sk(source)},
        UpdateExpression="SET #type = :type",
        ExpressionAttributeNames={"#type": "type"},
        ExpressionAttributeValues={":type": "website"},
    )
    check(tenant.request("GET", f"/v1/sources/{source}"), 404, "not_found")
    check(tenant.request("GET", "/v1/nothing"), 404, "not_found")


def test_409_idempotency_conflict(tenant: Tenant) -> None:
    assert tenant.request("POST", "/v1/sources", {"name": "a"}, headers=RETRY).status == 201
    check(tenant.request("POST", "/v1/sources", {"name": "b"}, headers=RETRY), 409, "idempotency_conflict")


def test_409_idempotency_in_progress(tenant: Tenant, local_stack: StackProcess) -> None:
    source = tenant.source()
    tenant.push(source)
    run = tenant.run(source)
    path = f"/v1/sources/{source}/runs/{run}/apply"
    with (
        stopped(local_stack, "PublishGenerationFunction", tenant) as let_go_on,
        ThreadPoolExecutor(1) as pool,
    ):
        first = pool.submit(tenant.request, "POST", path, headers=RETRY)
        lease_of(tenant, source)
        again = tenant.request("POST", path, headers=RETRY)
        let_go_on()
        assert first.result().status == 200
    check(again, 409, "idempotency_in_progress")
    assert int(again.headers["retry-after"]) > 0


def test_409_source_inactive(tenant: Tenant) -> None:
    source = tenant.source()
    assert tenant.request("DELETE", f"/v1/sources/{source}").status == 200
    check(tenant.push(source), 409, "source_inactive")


def test_409_not_apply_eligible(tenant: Tenant) -> None:
    source = tenant.source()
    tenant.push(source)
    assert tenant.request("POST", f"/v1/sources/{source}/snapshots").status == 201
    run = tenant.request("POST", f"/v1/sources/{source}/runs").body["run"]
    check(tenant.apply(source, run["id"]), 409, "not_apply_eligible")


def published_in_the_end(tenant: Tenant, source: str, run: str) -> None:
    """The code is a transient one: the same apply, tried again, publishes."""

    def applied() -> bool:
        return tenant.apply(source, run).status == 200

    eventually(applied)
    assert len(tenant.request("GET", f"/v1/sources/{source}/generations/current/items").body["items"]) > 0


def test_409_stale_base(tenant: Tenant) -> None:
    source = tenant.source()
    tenant.push(source)
    run = tenant.run(source)
    tenant.publish(source)
    tenant.push(source, "faq-2")
    check(tenant.apply(source, run), 409, "stale_base")
    published_in_the_end(tenant, source, run)


def test_409_stale_plan(tenant: Tenant) -> None:
    source = tenant.source()
    tenant.push(source)
    run = tenant.run(source)
    assert tenant.request("PATCH", f"/v1/sources/{source}", {"graceDays": 3}).status == 200
    check(tenant.apply(source, run), 409, "stale_plan")
    published_in_the_end(tenant, source, run)


def test_409_apply_in_progress(tenant: Tenant, local_stack: StackProcess) -> None:
    source = tenant.source()
    tenant.push(source)
    first, second = tenant.run(source), tenant.run(source)
    with (
        stopped(local_stack, "PublishGenerationFunction", tenant) as let_go_on,
        ThreadPoolExecutor(1) as pool,
    ):
        applied = pool.submit(tenant.apply, source, first)
        lease_of(tenant, source)
        refused = tenant.apply(source, second)
        let_go_on()
        assert applied.result().status == 200
    check(refused, 409, "apply_in_progress")
    assert int(refused.headers["retry-after"]) > 0


def test_409_lease_lost(tenant: Tenant, local_stack: StackProcess) -> None:
    def take_the_lease(source: str) -> None:
        change_source(tenant, source, "SET leaseRunId = :other ADD leaseToken :one", {":other": "run_x", ":one": 1})

    source, run, reply = apply_meddled_with(tenant, local_stack, take_the_lease)
    check(reply, 409, "lease_lost")
    change_source(tenant, source, "SET leaseExpiresAt = :past", {":past": 1})
    published_in_the_end(tenant, source, run)


def test_409_apply_conflict(tenant: Tenant, local_stack: StackProcess) -> None:
    def owe_settling(source: str) -> None:
        change_source(tenant, source, "SET settleRunId = :other", {":other": "run_x"})

    source, run, reply = apply_meddled_with(tenant, local_stack, owe_settling)
    check(reply, 409, "apply_conflict")
    change_source(tenant, source, "REMOVE settleRunId", None)
    published_in_the_end(tenant, source, run)


@pytest.mark.parametrize("compress", [False, True])
def test_413_payload_too_large_over_1_mib_alone(tenant: Tenant, compress: bool) -> None:
    source = tenant.source()
    body = b'{"externalItemId": "a", "title": "t", "content": "' + b"c" * MIB + b'"}'
    reply = tenant.request("POST", f"/v1/sources/{source}/items", body=body, compress=compress)
    check(reply, 413, "payload_too_large")


def test_413_payload_too_large_over_8_mib_in_a_batch(tenant: Tenant) -> None:
    path = f"/v1/sources/{tenant.source()}/items/batch"
    fits = b'{"items": []}' + b" " * (8 * MIB - 13)
    assert tenant.request("POST", path, body=fits, compress=True).status == 200
    check(tenant.request("POST", path, body=fits + b" ", compress=True), 413, "payload_too_large")
    # The gateway takes no such body as it is, and its own answer is the same.
    check(tenant.request("POST", path, body=fits + b" "), 413, "payload_too_large")


@pytest.mark.parametrize("media_type", ["text/plain", "application/x-www-form-urlencoded", "application/xml"])
def test_415_unsupported_media_type(tenant: Tenant, media_type: str) -> None:
    reply = tenant.request("POST", "/v1/sources", {"name": "a"}, headers={"Content-Type": media_type})
    check(reply, 415, "unsupported_media_type")


def test_429_rate_limited(tenant: Tenant) -> None:
    key = tenant.key(rateLimitPerMinute=1)
    replies = [tenant.request("GET", "/v1/whoami", key=key) for _ in range(3)]
    # A minute of the clock may begin between two requests, but not between both pairs.
    check(next(reply for reply in replies if reply.status != 200), 429, "rate_limited")


def test_502_build_failed(tenant: Tenant, local_stack: StackProcess) -> None:
    source = tenant.source()
    tenant.push(source, content="first")
    before = tenant.publish(source)
    tenant.push(source, content="second")
    run = tenant.run(source)
    for wait_seconds in (1, 4, 10, 20):
        with ThreadPoolExecutor(1) as pool:
            with stopped(local_stack, "BuildGenerationFunction", tenant) as let_go_on:
                applied = pool.submit(tenant.apply, source, run)
                # The process that builds is gone in the middle; it must have been given its work by then.
                time.sleep(wait_seconds)
                let_go_on(signal.SIGKILL)
            reply = applied.result()
        if reply.status != 200:
            break
        tenant.push(source, content=f"after {wait_seconds}")
        before, run = reply.body["generationId"], tenant.run(source)
    check(reply, 502, "build_failed")
    current = tenant.request("GET", f"/v1/sources/{source}/generations/current").body["generation"]
    assert current["id"] == before
    published_in_the_end(tenant, source, run)


def lease_of(tenant: Tenant, source: str) -> str:
    """Wait until an apply of the source holds its lease; return the run it is for."""
    rows = table(tenant, "CatalogTable")
    key = {"pk": tenant.tenant_id, "sk": source_sk(source)}
    return str(eventually(lambda: rows.get_item(Key=key, ConsistentRead=True)["Item"].get("leaseRunId")))


def change_source(tenant: Tenant, source: str, update: str, values: dict[str, Any] | None) -> None:
    """Change the row of a source behind the API's back."""
    table(tenant, "CatalogTable").update_item(
        Key={"pk": tenant.tenant_id, "sk": source_sk(source)},
        UpdateExpression=update,
        **({"ExpressionAttributeValues": values} if values else {}),
    )


@contextmanager
def stopped(stack: StackProcess, function: str, tenant: Tenant) -> Iterator[Callable[..., None]]:
    """Hold up every process of a function; what is yielded lets them go on, or sends them another signal."""
    warm = tenant.source()
    tenant.push(warm)
    tenant.publish(warm)
    pids = stack.worker_pids(f"local-{function}")
    assert pids

    def send(number: int = signal.SIGCONT) -> None:
        while pids:
            os.kill(pids.pop(), number)

    for pid in pids:
        os.kill(pid, signal.SIGSTOP)
    try:
        yield send
    finally:
        send()


def apply_meddled_with(tenant: Tenant, stack: StackProcess, meddle: Callable[[str], None]) -> tuple[str, str, Reply]:
    """Apply a run while something happens to its source between the checks and the publication."""
    source = tenant.source()
    tenant.push(source)
    run = tenant.run(source)
    with stopped(stack, "PublishGenerationFunction", tenant) as let_go_on, ThreadPoolExecutor(1) as pool:
        applied = pool.submit(tenant.apply, source, run)
        lease_of(tenant, source)
        meddle(source)
        let_go_on()
        return source, run, applied.result()
