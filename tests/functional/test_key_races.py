"""Keys changed by many at once, and changes that are cut off at any AWS call; on Dynoxide, whose transactions hold."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from threading import Barrier
from typing import Any

import pytest
from httpapi.assembly import EdgeServices
from httpapi.errors import EdgeError
from httpapi.keys.model import Key, KeySpec
from httpapi.keys.scopes import ALL_SCOPES, Scope
from httpapi.requests import HttpRequest
from httpapi.settings import EdgeSettings
from knowledge.errors import ServiceUnavailableError
from knowledge.limits import ENDED_KEY_COUNTED_MS
from knowledge.storage.clients import Clients

from testing.edge import TENANT_LIMIT, Edge, Reply
from testing.faults import Faults
from testing.held_clock import START
from tests.support.edge_crashes import Watched, cases
from tests.support.keys import check_figures, key_id, outbox, stored_keys

ROUNDS = 15


@pytest.fixture
def services(dynoxide: Any) -> Iterator[EdgeServices]:
    yield EdgeServices(replace(EdgeSettings.from_environment(), tenant_limit=TENANT_LIMIT), clock=lambda: START)


def at_once(*works: Callable[[], object]) -> Counter[str]:
    """Do all of it at the same moment and count what came of it: `done`, or the name of the error."""
    gate = Barrier(len(works))

    def one(work: Callable[[], object]) -> str:
        gate.wait()
        try:
            work()
        except (EdgeError, ServiceUnavailableError) as error:
            return type(error).__name__
        return "done"

    with ThreadPoolExecutor(len(works)) as pool:
        return Counter(pool.map(one, works))


def test_two_admin_keys_that_revoke_each_other_leave_one(services: EdgeServices) -> None:
    for _ in range(ROUNDS):
        first = services.keys.bootstrap_tenant(tenant_id=None, name="t").key
        tenant = first.tenant_id
        second = services.keys.create_key(tenant, KeySpec("second", ALL_SCOPES)).key
        assert at_once(
            lambda tenant=tenant, other=second: services.keys.revoke_key(tenant, other.key_id),
            lambda tenant=tenant, other=first: services.keys.revoke_key(tenant, other.key_id),
        ) == {"done": 1, "LastAdminKeyError": 1}
        check_figures(tenant, START)
        assert [event["eventType"] for event in outbox(tenant)] == ["key.revoked"]


def test_two_admin_keys_of_which_one_rotates_and_both_are_revoked_leave_one(services: EdgeServices) -> None:
    for _ in range(ROUNDS):
        first = services.keys.bootstrap_tenant(tenant_id=None, name="t").key
        tenant = first.tenant_id
        second = services.keys.create_key(tenant, KeySpec("second", ALL_SCOPES)).key
        at_once(
            lambda tenant=tenant, key=first: services.keys.rotate_key(tenant, key.key_id, 0),
            lambda tenant=tenant, key=first: services.keys.revoke_key(tenant, key.key_id),
            lambda tenant=tenant, key=second: services.keys.revoke_key(tenant, key.key_id),
        )
        check_figures(tenant, START)


def test_key_rotated_by_many_at_once_gets_one_successor(services: EdgeServices) -> None:
    key = services.keys.bootstrap_tenant(tenant_id=None, name="t").key
    rotate = [lambda: services.keys.rotate_key(key.tenant_id, key.key_id, 60_000)] * 8
    assert at_once(*rotate) == {"done": 1, "KeyRotatedError": 7}
    assert len(stored_keys(key.tenant_id)) == 2
    assert len(outbox(key.tenant_id)) == 1
    check_figures(key.tenant_id, START)


def test_keys_of_a_line_that_are_revoked_at_once_leave_its_share_to_the_last_of_them(services: EdgeServices) -> None:
    for _ in range(ROUNDS):
        admin = services.keys.bootstrap_tenant(tenant_id=None, name="t").key
        tenant = admin.tenant_id
        line = [services.keys.create_key(tenant, KeySpec("k")).key]
        for _ in range(2):
            line.append(services.keys.rotate_key(tenant, line[-1].key_id, 60_000).issued.key)
        chosen = line[1:]
        assert at_once(
            *[lambda key=key, tenant=tenant: services.keys.revoke_key(tenant, key.key_id) for key in chosen]
        ) == {"done": 2}
        check_figures(tenant, START)
        assert [key.share for key in stored_keys(tenant) if key.key_id == line[0].key_id] == [120]
        services.keys.revoke_key(tenant, line[0].key_id)
        check_figures(tenant, START)


def test_key_that_is_rotated_and_revoked_at_once_keeps_its_share_within_its_line(services: EdgeServices) -> None:
    for _ in range(ROUNDS):
        admin = services.keys.bootstrap_tenant(tenant_id=None, name="t").key
        tenant = admin.tenant_id
        first = services.keys.create_key(tenant, KeySpec("k")).key
        second = services.keys.rotate_key(tenant, first.key_id, 60_000).issued.key
        at_once(
            lambda tenant=tenant, key=second: services.keys.rotate_key(tenant, key.key_id, 60_000),
            lambda tenant=tenant, key=second: services.keys.revoke_key(tenant, key.key_id),
            lambda tenant=tenant, key=first: services.keys.revoke_key(tenant, key.key_id),
        )
        check_figures(tenant, START)


def test_two_admin_keys_that_turn_each_other_off_leave_one(services: EdgeServices) -> None:
    off = [{"scopes": (Scope.ITEMS_READ,)}, {"expires_at": START + 60_000}, {}]
    for number in range(ROUNDS):
        first = services.keys.bootstrap_tenant(tenant_id=None, name="t").key
        tenant = first.tenant_id
        second = services.keys.create_key(tenant, KeySpec("second", ALL_SCOPES)).key
        changes = off[number % len(off)]
        enabled = None if changes else False
        assert at_once(
            *[
                lambda tenant=tenant, key=key, changes=changes, enabled=enabled: services.keys.update_key(
                    tenant, key.key_id, changes, enabled=enabled
                )
                for key in (first, second)
            ]
        ) == {"done": 1, "LastAdminKeyError": 1}
        check_figures(tenant, START)


def test_sum_of_limits_is_exact_when_many_keys_are_raised_at_once(services: EdgeServices) -> None:
    tenant = services.keys.bootstrap_tenant(tenant_id=None, name="t").key.tenant_id
    keys = [services.keys.create_key(tenant, KeySpec("k")).key for _ in range(12)]
    raised = at_once(
        *[
            lambda key=key: services.keys.update_key(tenant, key.key_id, {"rate_limit_per_minute": 6_000})
            for key in keys
        ]
    )
    # 13 keys of 120 leave room for 9 raises of 5 880.
    assert raised == {"done": 9, "ValidationFailedError": 3}
    check_figures(tenant, START)


def test_key_that_is_changed_rotated_and_revoked_at_once_obeys_every_rule(services: EdgeServices) -> None:
    for _ in range(ROUNDS):
        admin = services.keys.bootstrap_tenant(tenant_id=None, name="t").key
        tenant = admin.tenant_id
        key = services.keys.create_key(tenant, KeySpec("k", rate_limit_per_minute=600)).key
        at_once(
            lambda tenant=tenant, key=key: services.keys.update_key(tenant, key.key_id, {"rate_limit_per_minute": 60}),
            lambda tenant=tenant, key=key: services.keys.update_key(tenant, key.key_id, {"name": "n"}, enabled=False),
            lambda tenant=tenant, key=key: services.keys.rotate_key(tenant, key.key_id, 60_000),
            lambda tenant=tenant, key=key: services.keys.revoke_key(tenant, key.key_id),
        )
        check_figures(tenant, START)


def test_changes_of_one_key_by_many_at_once_all_stand(services: EdgeServices) -> None:
    """Each changes something else of it, so whoever comes second decides anew and loses nothing."""
    tenant = services.keys.bootstrap_tenant(tenant_id=None, name="t").key.tenant_id
    for _ in range(ROUNDS):
        key = services.keys.create_key(tenant, KeySpec("k", rate_limit_per_minute=1)).key
        changes = [{"name": "n"}, {"description": "d"}, {"rate_limit_per_minute": 2}]
        done = at_once(
            *[lambda change=change, key=key: services.keys.update_key(tenant, key.key_id, change) for change in changes]
        )
        assert done == {"done": 3}
        spec = services.keys.get_key(tenant, key.key_id).spec
        assert (spec.name, spec.description, spec.rate_limit_per_minute) == ("n", "d", 2)


def test_key_revoked_by_many_at_once_is_one_event(services: EdgeServices) -> None:
    admin = services.keys.bootstrap_tenant(tenant_id=None, name="t").key
    key = services.keys.create_key(admin.tenant_id, KeySpec("k")).key
    assert at_once(*[lambda: services.keys.revoke_key(key.tenant_id, key.key_id)] * 8) == {"done": 8}
    assert len(outbox(key.tenant_id)) == 1
    check_figures(key.tenant_id, START)


def test_sum_of_limits_is_exact_when_many_keys_are_made_at_once(services: EdgeServices) -> None:
    tenant = services.keys.bootstrap_tenant(tenant_id=None, name="t").key.tenant_id
    made = at_once(*[lambda: services.keys.create_key(tenant, KeySpec("k", rate_limit_per_minute=6_000))] * 14)
    assert made == {"done": 9, "ValidationFailedError": 5}
    check_figures(tenant, START)


def test_expired_key_leaves_the_sum_once(services: EdgeServices) -> None:
    tenant = services.keys.bootstrap_tenant(tenant_id=None, name="t").key.tenant_id
    for number in range(9):
        expiry = START - ENDED_KEY_COUNTED_MS if number < 4 else None
        services.keys.create_key(tenant, KeySpec(f"k{number}", rate_limit_per_minute=6_000, expires_at=expiry))
    made = at_once(*[lambda: services.keys.create_key(tenant, KeySpec("k", rate_limit_per_minute=6_000))] * 8)
    assert made == {"done": 4, "ValidationFailedError": 4}
    check_figures(tenant, START)


def test_use_is_written_once_by_many_requests_at_once(dynoxide: Any) -> None:
    edge = Edge(dynoxide, dict(os.environ), clients=Clients())
    written: list[str] = []
    watch = Faults(after=lambda call, _: written.append(str(call)) if "lastUsedAt" in str(call.request) else None)
    edge.clients = watch.clients(edge.clients.dynamodb, None)
    edge.services = edge.make_services()
    event = {"httpMethod": "GET", "headers": {"Authorization": f"Bearer {edge.token}"}}
    request = HttpRequest.from_event(event, "/v1/whoami")

    def authenticate() -> None:
        authenticator = edge.services.authenticator
        authenticator.admit_key(authenticator.identify_key(request))

    for seconds, writes in ((0, 1), (3_600, 0), (1, 1)):
        edge.clock.advance(seconds=seconds)
        del written[:]
        assert at_once(*[authenticate] * 8) == {"done": 8}
        assert len(written) == writes


@pytest.fixture
def watched(dynoxide: Any) -> Watched:
    return Watched(dynoxide)


def test_one_retry_finishes_a_rotation_cut_off_anywhere(watched: Watched) -> None:
    edge = watched.edge

    def rotate(admin: str) -> Reply:
        path = f"/v1/admin/keys/{key_id(admin)}/rotate"
        return edge.request("POST", path, key=admin, headers={"Idempotency-Key": "r"}, check=False)

    for admin, reply in cases(watched, rotate):
        assert reply.status == 201, reply.text
        old = edge.stored(admin)
        new = edge.stored(reply.body["secret"])
        assert [event["data"]["keyId"] for event in outbox(old.tenant_id)] == [new.key_id] == [old.rotated_to]
        assert len(stored_keys(old.tenant_id)) == 2
        check_figures(old.tenant_id, edge.clock())
        assert edge.request("GET", "/v1/whoami", key=reply.body["secret"]).status == 200


def test_one_retry_finishes_a_revocation_cut_off_anywhere(watched: Watched) -> None:
    edge = watched.edge
    victims: dict[str, Key] = {}

    def revoke(admin: str) -> Reply:
        if admin not in victims:
            watch, watched.watch.way = watched.watch.way, None
            victims[admin] = edge.services.keys.create_key(edge.tenant_of(admin), KeySpec("k")).key
            watched.watch.way = watch
            watched.watch.calls.clear()
        path = f"/v1/admin/keys/{victims[admin].key_id}"
        return edge.request("DELETE", path, key=admin, headers={"Idempotency-Key": "r"}, check=False)

    for admin, reply in cases(watched, revoke):
        tenant = edge.tenant_of(admin)
        assert (reply.status, reply.body["key"]["status"]) == (200, "revoked")
        assert len(outbox(tenant)) == 1
        check_figures(tenant, edge.clock())


def test_one_retry_finishes_a_change_cut_off_anywhere(watched: Watched) -> None:
    edge = watched.edge

    def change(admin: str) -> Reply:
        path = f"/v1/admin/keys/{key_id(admin)}"
        body = {"name": "changed", "rateLimitPerMinute": 240}
        return edge.request("PATCH", path, body, key=admin, headers={"Idempotency-Key": "r"}, check=False)

    for admin, reply in cases(watched, change):
        assert (reply.status, reply.body["key"]["name"]) == (200, "changed"), reply.text
        stored = edge.stored(admin)
        assert (stored.spec.name, stored.spec.rate_limit_per_minute, stored.share) == ("changed", 240, 240)
        check_figures(stored.tenant_id, edge.clock())
