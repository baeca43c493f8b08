"""What many requests at once must not break; on Dynoxide, because moto loses concurrent updates."""

from __future__ import annotations

import os
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from httpapi.answers import RequestMark, WrittenAnswer
from httpapi.assembly import EdgeServices
from httpapi.errors import EdgeError, RateLimitedError
from httpapi.keys.issuing import Creation
from httpapi.keys.model import KeySpec
from httpapi.keys.scopes import ALL_SCOPES
from httpapi.settings import EdgeSettings
from knowledge.errors import ServiceUnavailableError
from knowledge.storage.clients import Clients

from testing.edge import Context, Edge
from testing.held_clock import START

WORKERS = 8


@pytest.fixture
def services(dynoxide: Any) -> Iterator[EdgeServices]:
    yield EdgeServices(EdgeSettings.from_environment(), clock=lambda: START)


def outcomes(work: Callable[[int], Any], times: int) -> Counter[str]:
    """Do it many times side by side and count what came of it, by the name of the result or error."""

    def once(number: int) -> str:
        try:
            return str(work(number))
        except (EdgeError, ServiceUnavailableError) as error:
            return type(error).__name__

    with ThreadPoolExecutor(WORKERS) as pool:
        return Counter(pool.map(once, range(times)))


def test_rate_limit_is_exact(services: EdgeServices) -> None:
    key = services.keys.bootstrap_tenant(tenant_id=None, name="t").key

    def take(_: int) -> str:
        services.rate_limiter.count_request(key)
        return "taken"

    assert outcomes(take, 200) == {"taken": 120, RateLimitedError.__name__: 80}


def test_processes_begin_a_minute_once(dynoxide: Any) -> None:
    """Each knows of its own minutes alone: the count is exact whichever of them a request comes to."""
    edge = Edge(dynoxide, dict(os.environ), clients=Clients())
    key = edge.stored(edge.key(edge.admin, rate_limit_per_minute=50))
    processes = [edge.make_services() for _ in range(4)]

    def take(number: int) -> str:
        processes[number % len(processes)].rate_limiter.count_request(key)
        return "taken"

    for _ in range(5):
        assert outcomes(take, 80) == {"taken": 50, RateLimitedError.__name__: 30}
        edge.clock.advance(seconds=60)


def test_clock_that_is_behind_counts_with_the_others(dynoxide: Any) -> None:
    edge = Edge(dynoxide, dict(os.environ), clients=Clients())
    key = edge.stored(edge.key(edge.admin, rate_limit_per_minute=3))
    ahead, behind = edge.make_services(), edge.make_services()
    behind.rate_limiter._clock = lambda: edge.clock() - 60_000
    ahead.rate_limiter.count_request(key)
    assert [behind.rate_limiter.count_request(key).remaining for _ in range(2)] == [1, 0]
    with pytest.raises(RateLimitedError):
        ahead.rate_limiter.count_request(key)


def test_key_and_its_successor_have_one_budget(dynoxide: Any) -> None:
    """Rotating brought a fresh budget: 5 a minute became 40."""
    edge = Edge(dynoxide, dict(os.environ), clients=Clients())
    key = edge.stored(edge.key(edge.admin, rate_limit_per_minute=5))
    for _ in range(3):
        edge.services.rate_limiter.count_request(key)
    rotated = edge.services.keys.rotate_key(key.tenant_id, key.key_id, 0).issued.key
    assert edge.services.rate_limiter.count_request(rotated).remaining == 1


def test_noisy_key_takes_nothing_from_another(services: EdgeServices) -> None:
    noisy = services.keys.bootstrap_tenant(tenant_id=None, name="t").key
    quiet = services.keys.create_key(noisy.tenant_id, KeySpec("quiet")).key

    def take(number: int) -> str:
        key = quiet if number % 3 == 0 else noisy
        try:
            services.rate_limiter.count_request(key)
        except RateLimitedError:
            return f"{key.spec.name} limited"
        return key.spec.name

    assert outcomes(take, 360) == {"quiet": 120, noisy.spec.name: 120, f"{noisy.spec.name} limited": 120}


def test_one_admin_key_is_left_when_all_are_revoked_at_once(services: EdgeServices) -> None:
    first = services.keys.bootstrap_tenant(tenant_id=None, name="t").key
    made = [services.keys.create_key(first.tenant_id, KeySpec("k", ALL_SCOPES)).key for _ in range(7)]
    keys = [first, *made]

    def revoke(number: int) -> str:
        return services.keys.revoke_key(first.tenant_id, keys[number].key_id).status(START)

    assert outcomes(revoke, 8) == {"revoked": 7, "LastAdminKeyError": 1}


def test_one_request_with_a_key_works_and_the_others_wait_or_replay(services: EdgeServices) -> None:
    worked: list[int] = []

    def run(number: int) -> str:
        def work() -> WrittenAnswer:
            worked.append(number)
            time.sleep(0.05)
            return WrittenAnswer(201, f'{{"made":{number}}}')

        mark = RequestMark("ten_a", "line", "key", "fingerprint")
        answer = services.idempotency.run_once(mark, Context(), work)
        return "replayed" if answer.replayed else "worked"

    counted = outcomes(run, 50)
    assert len(worked) == counted["worked"] == 1
    assert counted["replayed"] + counted["IdempotencyInProgressError"] == 49
    table = os.environ["IDEMPOTENCY_TABLE"]
    assert services._clients.dynamodb.scan(TableName=table)["Count"] == 1


def test_retries_of_a_crashed_creation_make_one_key(services: EdgeServices) -> None:
    tenant = services.keys.bootstrap_tenant(tenant_id=None, name="t").key.tenant_id
    creation = Creation("0123456789abcdef", "token")
    counted = outcomes(lambda _: services.keys.create_key(tenant, KeySpec("k"), creation).key.key_id, 16)
    assert counted == {"0123456789abcdef": 16}
