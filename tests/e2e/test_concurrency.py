"""Many requests at once over HTTP, with eight processes that answer them."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from testing.edge import Reply
from tests.contract.tenant import Tenant, table
from tests.support.stack import StackProcess, eventually, require_whole_stack

WORKERS = 8
FUNCTION = "local-DeveloperApiFunction"
RETRY = {"Idempotency-Key": "7b2d0f6e-0d5c-4f0e-9d0a-0c9d7a1e5b11"}


@pytest.fixture(scope="module")
def wide_stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StackProcess]:
    """A stack with eight workers a function."""
    require_whole_stack()
    with StackProcess(tmp_path_factory.mktemp("wide"), "--workers", str(WORKERS)) as stack:
        yield stack


@pytest.fixture
def tenant(wide_stack: StackProcess) -> Iterator[Tenant]:
    made = Tenant(wide_stack)
    # Eight requests at once make as many workers; starting them is not what is looked at.

    def busy() -> int:
        at_once(made, WORKERS * 4, "GET", "/v1/whoami")
        return len(wide_stack.worker_pids(FUNCTION))

    eventually(lambda: busy() == WORKERS)
    yield made
    made.close()


def at_once(tenant: Tenant, times: int, *request: Any, **options: Any) -> list[Reply]:
    """Send a request many times side by side."""
    with ThreadPoolExecutor(4 * WORKERS) as pool:
        return list(pool.map(lambda _: tenant.request(*request, **options), range(times)))


def counted(tenant: Tenant, key: str) -> list[tuple[int, int]]:
    """Read what was counted for a key: in its last minute and on the day, for each day on which it was used."""
    rows = table(tenant, "RateCountersTable").scan()["Items"]
    own = [row for row in rows if row["id"].startswith(key.split("_")[2] + "#")]
    return [(int(row["hits"]), int(row["requests"])) for row in own]


def test_exactly_120_of_200_requests_pass_in_one_minute(tenant: Tenant) -> None:
    for attempt in range(3):
        # All are sent within one minute of the clock: it is long enough, unless it has begun a while ago.
        if attempt or time.time() % 60 > 30:
            time.sleep(60 - time.time() % 60)
        key = tenant.key()
        statuses = Counter(reply.status for reply in at_once(tenant, 200, "GET", "/v1/whoami", key=key))
        if counted(tenant, key) == [(200, 200)]:
            break
    assert counted(tenant, key) == [(200, 200)]
    assert statuses == {200: 120, 429: 80}


def test_one_of_50_requests_with_a_key_executes_and_the_others_replay_or_wait(tenant: Tenant) -> None:
    source = tenant.source()
    batch = {"items": [{"externalItemId": f"faq-{n}", "title": "t", "content": "c" * 2_000} for n in range(200)]}
    before = table(tenant, "IdempotencyTable").scan(Select="COUNT")["Count"]
    replies = at_once(tenant, 50, "POST", f"/v1/sources/{source}/items/batch", batch, headers=RETRY)
    kinds = Counter("idempotent-replayed" in reply.headers if reply.status == 200 else reply.code for reply in replies)
    assert kinds[False] == 1, kinds
    assert kinds[True] + kinds["idempotency_in_progress"] == 49, kinds
    assert {reply.text for reply in replies if reply.status == 200} == {
        next(reply.text for reply in replies if reply.status == 200)
    }
    assert all(int(reply.headers["retry-after"]) > 0 for reply in replies if reply.status == 409)
    assert table(tenant, "IdempotencyTable").scan(Select="COUNT")["Count"] == before + 1
    # Every worker that read the batch would have found its items new; only the first wrote any.
    assert next(reply for reply in replies if reply.status == 200).body["counts"]["created"] == 200
    again = tenant.request("POST", f"/v1/sources/{source}/items/batch", batch, headers=RETRY)
    assert again.headers["idempotent-replayed"] == "true"


def test_50_runs_with_one_key_are_one_run(tenant: Tenant) -> None:
    source = tenant.source()
    tenant.push(source)
    replies = at_once(tenant, 50, "POST", f"/v1/sources/{source}/runs", headers={"Idempotency-Key": "one run"})
    assert {reply.status for reply in replies} <= {201, 409}
    assert {reply.code for reply in replies if reply.status == 409} <= {"idempotency_in_progress"}
    runs = tenant.request("GET", f"/v1/sources/{source}/runs").body["runs"]
    assert {reply.body["run"]["id"] for reply in replies if reply.status == 201} == {run["id"] for run in runs}
    assert len(runs) == 1
