"""Sessions begun while their key is narrowed, and requests that are cut off; on Dynoxide, whose transactions hold.

who signs in                     who narrows the key
reads the key
                                 reads the key
                                 writes it, without its sessions, and deletes their rows
writes the session, and the key on condition of what was read: refused, reads again
"""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pytest
from httpapi.errors import EdgeError
from httpapi.keys.ledger import KeyLedger
from httpapi.keys.model import Key, KeySpec
from httpapi.keys.scopes import ALL_SCOPES, Scope
from httpapi.keys.sessions import SessionWish
from knowledge.limits import KEY_SESSIONS
from knowledge.storage.clients import Clients

from testing.edge import Edge, Reply
from testing.faults import Faults, before_first
from tests.functional.test_key_races import at_once
from tests.support.edge_crashes import Watched, cases
from tests.support.keys import check_figures, key_id, stored_sessions

Narrowing = Callable[[Edge, Key], object]
NARROWINGS: dict[str, Narrowing] = {
    "revoked": lambda edge, key: edge.services.keys.revoke_key(key.tenant_id, key.key_id),
    "disabled": lambda edge, key: edge.services.keys.update_key(key.tenant_id, key.key_id, {}, enabled=False),
    "fewer scopes": lambda edge, key: edge.services.keys.update_key(
        key.tenant_id, key.key_id, {"scopes": (Scope.ITEMS_READ,)}
    ),
    "rotated at once": lambda edge, key: edge.services.keys.rotate_key(key.tenant_id, key.key_id, 0),
    "expires now": lambda edge, key: edge.services.keys.update_key(
        key.tenant_id, key.key_id, {"expires_at": edge.clock() + 1}
    ),
}


class Stage:
    """An edge whose calls are watched, a key of a tenant, and its text."""

    def __init__(self, resources: Any) -> None:
        self.edge = Edge(resources, dict(os.environ), clients=Clients())
        self.watch = Faults()
        self.edge.clients = self.watch.clients(self.edge.clients.dynamodb, None)
        self.edge.services = self.edge.make_services()
        self.token = self.edge.key(self.edge.admin)
        self.key = self.edge.stored(self.token)

    def begin(self) -> Key:
        return self.edge.services.sessions.begin_session(self.key, SessionWish(scopes=(Scope.RUNS_APPLY,))).key


@pytest.fixture
def stage(dynoxide: Any) -> Stage:
    return Stage(dynoxide)


def check_sessions(stage: Stage) -> None:
    """The rows of a key's sessions are those that it names, and none has what the key has not."""
    key, sessions = stage.edge.stored(stage.token), stored_sessions(stage.token)
    assert key.sessions == {each.holder_id: each.spec.expires_at for each in sessions}
    for session in sessions:
        assert key.revoked_at is None
        assert key.disabled_at is None
        assert set(session.spec.scopes) <= set(key.spec.scopes)
        assert key.spec.expires_at is None or (session.spec.expires_at or 0) <= key.spec.expires_at


def narrow_meanwhile(stage: Stage, narrowing: Narrowing) -> None:
    """Narrow the key between the read of whoever signs in and their write."""
    met = before_first(
        stage.watch, "transact_write_items", lambda: narrowing(stage.edge, stage.key), matching="parentKeyId"
    )
    with suppress(EdgeError):
        stage.begin()
    assert met
    check_sessions(stage)


@pytest.mark.parametrize("how", NARROWINGS)
def test_session_begun_while_its_key_is_narrowed_does_not_survive(stage: Stage, how: str) -> None:
    stage.begin()
    narrow_meanwhile(stage, NARROWINGS[how])


@pytest.mark.parametrize("how", NARROWINGS)
def test_key_narrowed_while_a_session_is_begun_ends_it(stage: Stage, how: str) -> None:
    met = before_first(stage.watch, "transact_write_items", stage.begin, matching=stage.key.key_id)
    NARROWINGS[how](stage.edge, stage.key)
    assert met
    check_sessions(stage)


def test_without_the_condition_the_session_would_survive(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    """The guard taken away: the trap above closes."""
    change = KeyLedger._change

    def unconditional(ledger: KeyLedger, before: Key, after: Key) -> Any:
        action = change(ledger, before, after)
        action["Update"]["ConditionExpression"] = ":read = :read"
        return action

    monkeypatch.setattr(KeyLedger, "_change", unconditional)
    with pytest.raises(AssertionError):
        narrow_meanwhile(stage, NARROWINGS["fewer scopes"])


def test_sessions_and_narrowings_at_once(stage: Stage) -> None:
    for how in NARROWINGS.values():
        stage.token = stage.edge.key(stage.edge.admin)
        stage.key = stage.edge.stored(stage.token)
        at_once(*[stage.begin] * 4, lambda how=how: how(stage.edge, stage.key))
        check_sessions(stage)


def test_no_more_sessions_than_may_be_when_many_sign_in_at_once(stage: Stage) -> None:
    for _ in range(KEY_SESSIONS - 2):
        stage.begin()
    came = at_once(*[stage.begin] * 4)
    assert came["done"] <= 2
    assert len(stored_sessions(stage.token)) == KEY_SESSIONS - 2 + came["done"]
    check_sessions(stage)


def test_link_is_used_once_by_many_at_once(stage: Stage) -> None:
    services = stage.edge.services
    for _ in range(5):
        link = services.sessions.make_link(stage.key, SessionWish()).key
        came = at_once(*[lambda link=link: services.sessions.begin_session(link, SessionWish())] * 4)
        assert came["done"] == 1
        assert came["LinkUsedError"] + came["ServiceUnavailableError"] == 3
        check_sessions(stage)


def test_no_session_begins_behind_a_suspension(stage: Stage) -> None:
    table, tenant = stage.edge.environment["KEYS_TABLE"], f"tenant#{stage.key.tenant_id}"

    def suspend() -> None:
        stage.edge.resources.client("dynamodb").update_item(
            TableName=table,
            Key={"keyId": {"S": tenant}},
            UpdateExpression="SET suspendedAt = :now",
            ExpressionAttributeValues={":now": {"N": "1"}},
        )

    met = before_first(stage.watch, "transact_write_items", suspend, matching="parentKeyId")
    with suppress(EdgeError):
        stage.begin()
    assert met
    assert stored_sessions(stage.token) == []


def test_as_many_sessions_as_may_be_end_in_one_transaction(stage: Stage) -> None:
    edge = stage.edge
    edge.services.keys.update_key(stage.key.tenant_id, stage.key.key_id, {"expires_at": edge.clock() + 40 * 86_400_000})
    for _ in range(KEY_SESSIONS):
        stage.begin()
    path = f"/v1/admin/keys/{stage.key.key_id}"
    assert edge.request("POST", f"{path}/rotate", {"overlapSeconds": 0}, key=edge.admin).status == 201
    assert stored_sessions(stage.token) == []


@pytest.fixture
def watched(dynoxide: Any) -> Watched:
    return Watched(dynoxide)


def test_one_retry_finishes_a_sign_in_cut_off_anywhere(watched: Watched) -> None:
    edge = watched.edge

    def sign_in(admin: str) -> Reply:
        headers = {"Idempotency-Key": "r"}
        return edge.request("POST", "/v1/portal/sessions", {"name": "Anna"}, key=admin, headers=headers, check=False)

    for admin, reply in cases(watched, sign_in):
        assert reply.status == 201, reply.text
        assert [each.holder_id for each in stored_sessions(admin)] == [key_id(reply.body["secret"])]
        assert edge.request("GET", "/v1/whoami", key=reply.body["secret"]).status == 200
        check_figures(edge.tenant_of(admin), edge.clock())


def test_one_retry_finishes_an_end_with_its_key_cut_off_anywhere(watched: Watched) -> None:
    edge = watched.edge
    victims: dict[str, str] = {}

    def revoke(admin: str) -> Reply:
        if admin not in victims:
            watch, watched.watch.way = watched.watch.way, None
            issued = edge.services.keys.create_key(edge.tenant_of(admin), KeySpec("k", ALL_SCOPES))
            victims[admin] = issued.token.text
            edge.services.sessions.begin_session(issued.key, SessionWish())
            watched.watch.way = watch
            watched.watch.calls.clear()
        path = f"/v1/admin/keys/{key_id(victims[admin])}"
        return edge.request("DELETE", path, key=admin, headers={"Idempotency-Key": "r"}, check=False)

    for admin, reply in cases(watched, revoke):
        assert (reply.status, reply.body["key"]["status"]) == (200, "revoked")
        assert stored_sessions(victims[admin]) == []
