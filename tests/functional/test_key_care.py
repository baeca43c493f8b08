"""Caring for keys: changing them, finding them, turning them off, and saying whose a leaked text is."""

from __future__ import annotations

import logging
import os
from typing import Any

import boto3
import pytest
from httpapi.keys import tokens
from httpapi.keys.scopes import ALL_SCOPES, DEFAULT_SCOPES, Scope
from knowledge.environments import Environment
from knowledge.times import timestamp

from testing.edge import Edge, Reply
from tests.support.edge_lists import pages
from tests.support.keys import check_figures, key_id, stored_figures, stored_keys, whoami
from tests.support.stored_rows import put_rows

KEYS = "/v1/admin/keys"
DAY_MS = 86_400_000
MANAGER = (Scope.KEYS_MANAGE, Scope.ITEMS_READ, Scope.SOURCES_READ)


def change(edge: Edge, token: str, body: Any, *, by: str | None = None, **kwargs: Any) -> Reply:
    return edge.request("PATCH", f"{KEYS}/{key_id(token)}", body, key=by or edge.admin, **kwargs)


def test_what_is_named_changes_and_the_rest_stays(edge: Edge) -> None:
    source, token = edge.source(), edge.key(edge.admin)
    before = edge.request("GET", f"{KEYS}/{key_id(token)}", key=edge.admin).body["key"]
    body = {
        "name": "nightly",
        "description": "Runs on the build server.",
        "scopes": ["items:read", "items:read"],
        "sourceIds": [source],
        "rateLimitPerMinute": 7,
        "expiresAt": timestamp(edge.clock() + DAY_MS),
    }
    changed = change(edge, token, body)
    assert changed.status == 200
    assert changed.body["key"] == {**before, **body, "scopes": ["items:read"]}
    assert edge.request("GET", f"{KEYS}/{key_id(token)}", key=edge.admin).body == changed.body
    back = {"description": None, "sourceIds": None, "expiresAt": None}
    assert change(edge, token, back).body["key"] == {**changed.body["key"], **back}
    assert change(edge, token, {}).body["key"] == {**changed.body["key"], **back}


def test_change_acts_on_the_next_request(edge: Edge) -> None:
    source, token = edge.source(), edge.key(edge.admin)
    assert edge.request("GET", f"/v1/sources/{source}", key=token).status == 200
    change(edge, token, {"scopes": ["items:read"]})
    assert edge.request("GET", f"/v1/sources/{source}", key=token).code == "insufficient_scope"
    change(edge, token, {"scopes": ["sources:read"], "sourceIds": [edge.source()]})
    assert edge.request("GET", f"/v1/sources/{source}", key=token).status == 404
    change(edge, token, {"rateLimitPerMinute": 1})
    assert edge.request("GET", "/v1/whoami", key=token).code == "rate_limited"
    edge.clock.advance(seconds=60)
    change(edge, token, {"expiresAt": timestamp(edge.clock() + 1)})
    edge.clock.advance(seconds=1)
    assert whoami(edge, token) == (401, "key_expired")


def test_disabled_key_is_refused_until_it_is_enabled(edge: Edge) -> None:
    token = edge.key(edge.admin)
    off = change(edge, token, {"enabled": False}).body["key"]
    assert (off["status"], off["enabled"], off["disabledAt"]) == ("disabled", False, timestamp(edge.clock()))
    row = boto3.client("dynamodb").get_item(TableName=os.environ["KEYS_TABLE"], Key={"keyId": {"S": key_id(token)}})
    assert row["Item"]["disabledAt"] == {"N": str(edge.clock())}
    assert whoami(edge, token) == (401, "key_disabled")
    edge.clock.advance(seconds=5)
    # Once more changes nothing of when it was.
    assert change(edge, token, {"enabled": False}).body["key"] == off
    refused = edge.request("POST", f"{KEYS}/{key_id(token)}/rotate", key=edge.admin)
    assert (refused.code, "Enable it first" in refused.body["error"]) == ("key_inactive", True)
    on = change(edge, token, {"enabled": True}).body["key"]
    assert (on["status"], on["enabled"], on["disabledAt"]) == ("active", True, None)
    assert whoami(edge, token) == (200, None)


def test_key_that_ended_is_not_changed(edge: Edge) -> None:
    revoked, brief = edge.key(edge.admin), edge.key(edge.admin, expires_at=edge.clock() + 1)
    edge.request("DELETE", f"{KEYS}/{key_id(revoked)}", key=edge.admin)
    edge.clock.advance(seconds=1)
    for token, word in ((revoked, "revoked"), (brief, "expired")):
        for body in ({"name": "again"}, {"expiresAt": None}, {"enabled": True}):
            reply = change(edge, token, body)
            assert (reply.status, reply.code) == (409, "key_inactive")
            assert word in reply.body["error"]


def test_rotation_settles_the_limit_and_the_end_of_the_key_that_it_replaced(edge: Edge) -> None:
    token = edge.key(edge.admin)
    successor = edge.request("POST", f"{KEYS}/{key_id(token)}/rotate", key=edge.admin).body["key"]["id"]
    for body in ({"rateLimitPerMinute": 1}, {"expiresAt": None}):
        reply = change(edge, token, body)
        assert (reply.status, reply.code) == (409, "key_rotated")
        assert f"Change the key that replaced it, {successor}" in reply.body["error"]
    assert change(edge, token, {"name": "old", "scopes": ["items:read"]}).status == 200
    assert change(edge, token, {"enabled": False}).body["key"]["status"] == "disabled"
    check_figures(edge.tenant_of(edge.admin), edge.clock())


@pytest.mark.parametrize(
    ("body", "path"),
    [
        ({"name": None}, "name"),
        ({"scopes": None}, "scopes"),
        ({"scopes": []}, "scopes"),
        ({"enabled": None}, "enabled"),
        ({"rateLimitPerMinute": None}, "rateLimitPerMinute"),
        ({"rateLimitPerMinute": 6_001}, "rateLimitPerMinute"),
        ({"expiresAt": "2001-01-01T00:00:00Z"}, "expiresAt"),
        ({"environment": "test"}, "environment"),
        ({"description": "x" * 501}, "description"),
        ({"name": "pay\u202eroll"}, "name"),
        ({"description": "two\nlines"}, "description"),
    ],
)
def test_bad_change_is_refused_with_its_place(edge: Edge, body: dict[str, Any], path: str) -> None:
    reply = change(edge, edge.token, body)
    assert (reply.status, reply.code) == (400, "validation_error")
    assert [fault["path"] for fault in reply.body["details"]] == [path]


@pytest.mark.parametrize(
    "body",
    [{"scopes": ["items:read"]}, {"sourceIds": True}, {"expiresAt": "2035-01-01T00:00:00Z"}, {"enabled": False}],
    ids=lambda body: next(iter(body)),
)
def test_last_admin_key_stays_one(edge: Edge, body: dict[str, Any]) -> None:
    first = edge.bootstrap()
    if "sourceIds" in body:
        source = edge.request("POST", "/v1/sources", {"name": "a"}, key=first).body["source"]["id"]
        body = {"sourceIds": [source]}
    refused = change(edge, first, body, by=first)
    assert (refused.status, refused.code) == (409, "last_admin_key")
    second = edge.key(first)
    assert change(edge, first, body, by=second).status == 200
    check_figures(edge.tenant_of(second), edge.clock())
    assert change(edge, second, body, by=second).code == "last_admin_key"


def test_limits_of_changed_keys_add_up_to_the_bound_too(edge: Edge) -> None:
    admin = edge.bootstrap()
    tenant = edge.tenant_of(admin)
    for _ in range(9):
        edge.key(admin)
    first, second = (edge.key(admin, rate_limit_per_minute=limit) for limit in (5_000, 880))
    assert stored_figures(tenant)[1] == 60_000

    def raised() -> Reply:
        return change(edge, second, {"rateLimitPerMinute": 881, "name": "raised"}, by=admin)

    refused = raised()
    assert (refused.status, refused.body["details"][0]["path"]) == (400, "rateLimitPerMinute")
    assert edge.stored(second).spec.name == "test"
    # What was lowered counts for two minutes more, since it may have been asked for in this minute.
    assert change(edge, first, {"rateLimitPerMinute": 1}, by=admin).status == 200
    for seconds, status in ((119, 400), (1, 200)):
        edge.clock.advance(seconds=seconds)
        check_figures(tenant, edge.clock())
        assert raised().status == status
    assert stored_figures(tenant)[1] == 55_002
    check_figures(tenant, edge.clock())


def test_sources_of_a_key_must_be_there(edge: Edge) -> None:
    mine, absent = edge.source(), f"src_{'0' * 26}"
    stranger = edge.bootstrap()
    theirs = edge.request("POST", "/v1/sources", {"name": "a"}, key=stranger).body["source"]["id"]
    tester = edge.key(edge.admin, environment=Environment.TEST)
    tested = edge.request("POST", "/v1/sources", {"name": "a"}, key=tester).body["source"]["id"]
    token = edge.key(edge.admin)
    for named, unknown in (
        ([mine, absent], [absent]),
        ([theirs], [theirs]),
        ([tested, mine, absent], [tested, absent]),
    ):
        replies = [
            edge.request("POST", KEYS, {"name": "k", "sourceIds": named}, key=edge.admin),
            change(edge, token, {"sourceIds": named}),
        ]
        for reply in replies:
            assert (reply.status, reply.code) == (400, "validation_error")
            assert [fault["path"] for fault in reply.body["details"]] == ["sourceIds"] * len(unknown)
            for source, fault in zip(unknown, reply.body["details"], strict=True):
                assert source in fault["message"]
        assert replies[0].body == replies[1].body
    assert change(edge, token, {"sourceIds": [mine]}).status == 200
    body = {"name": "k", "sourceIds": [tested], "environment": "test"}
    assert edge.request("POST", KEYS, body, key=edge.admin).status == 201


def test_keys_are_found_by_status_source_and_scope(edge: Edge) -> None:
    first, second = edge.source(), edge.source()
    admin = edge.admin
    made = {
        "both": edge.key(admin, name="both", scopes=(Scope.ITEMS_READ,), source_ids=(first, second)),
        "one": edge.key(admin, name="one", scopes=(Scope.ITEMS_WRITE,), source_ids=(second,)),
        "off": edge.key(admin, name="off", scopes=(Scope.ITEMS_READ,)),
        "gone": edge.key(admin, name="gone", source_ids=(first,)),
        "brief": edge.key(admin, name="brief", expires_at=edge.clock() + 1_000, source_ids=(first,)),
    }
    change(edge, made["off"], {"enabled": False})
    edge.request("DELETE", f"{KEYS}/{key_id(made['gone'])}", key=admin)
    edge.clock.advance(seconds=1)

    def found(query: str) -> set[str]:
        keys = edge.request("GET", KEYS, key=admin, query=query).body["keys"]
        return {key["name"] for key in keys} & set(made)

    assert found("status=active") == {"both", "one"}
    assert found("status=disabled") == {"off"}
    assert found("status=revoked") == {"gone"}
    assert found("status=expired") == {"brief"}
    # Whatever reaches the source, so those that are for every source, too.
    assert found(f"sourceId={second}") == {"both", "one", "off"}
    assert found(f"sourceId={first}&status=active") == {"both"}
    assert found("scope=items:write") == {"one", "gone", "brief"}
    assert found("scope=items:read&status=active") == {"both"}
    for query in ("status=lost", "sourceId=x", "scope=all"):
        reply = edge.request("GET", KEYS, key=admin, query=query)
        assert (reply.status, reply.body["details"][0]["path"]) == (400, query.partition("=")[0])
    # A cursor belongs to its filters.
    cursor = edge.request("GET", KEYS, key=admin, query="status=active&limit=1").body["nextCursor"]
    assert edge.request("GET", KEYS, key=admin, query=f"status=active&cursor={cursor}").status == 200
    assert edge.request("GET", KEYS, key=admin, query=f"cursor={cursor}").status == 400


def test_page_of_rare_keys_looks_at_a_bounded_number(edge_on_dynoxide: Edge) -> None:
    edge = edge_on_dynoxide
    client, table = boto3.client("dynamodb"), edge.environment["KEYS_TABLE"]
    row = client.get_item(TableName=table, Key={"keyId": {"S": key_id(edge.token)}})["Item"]
    put_rows(
        table,
        [
            {**row, "keyId": {"S": f"{number:016d}"}, "createdAt": {"N": str(edge.clock() + 1 + number)}}
            for number in range(1_200)
        ],
    )
    edge.clock.advance(seconds=10)
    last = edge.key(edge.admin, name="last", rate_limit_per_minute=1)
    change(edge, last, {"enabled": False})
    found = [[key["name"] for key in page["keys"]] for page in pages(edge, KEYS, "status=disabled&limit=2", edge.admin)]
    assert found == [[], ["last"]]


def test_leaked_text_is_identified(edge: Edge, caplog: pytest.LogCaptureFixture) -> None:
    token, revoked = edge.key(edge.admin, name="leaked"), edge.key(edge.admin, name="old")
    edge.request("DELETE", f"{KEYS}/{key_id(revoked)}", key=edge.admin)
    with caplog.at_level(logging.DEBUG):
        for text, name, status in ((token, "leaked", "active"), (f"  {revoked}\n", "old", "revoked")):
            reply = edge.request("POST", f"{KEYS}/identify", {"secret": text}, key=edge.admin)
            assert (reply.status, reply.body["key"]["name"], reply.body["key"]["status"]) == (200, name, status)
            assert text.strip() not in reply.text
    assert token[20:] not in str([vars(record) for record in caplog.records])
    tables = boto3.client("dynamodb").list_tables()["TableNames"]
    assert not [table for table in tables if token[20:] in str(boto3.client("dynamodb").scan(TableName=table))]
    # It is only read: the key was not used.
    assert edge.stored(token).last_used_at is None


def test_text_that_is_no_key_of_the_tenant_is_404(edge: Edge) -> None:
    stranger = edge.bootstrap()
    forged = tokens.mint(Environment.LIVE, key_id(edge.token)).text
    unknown = tokens.mint(Environment.LIVE, tokens.new_key_id()).text
    replies = [
        edge.request("POST", f"{KEYS}/identify", {"secret": text}, key=edge.admin)
        for text in (stranger, forged, unknown, edge.token[:-1], key_id(edge.token), "x" * 100_000, "💥")
    ]
    assert {reply.status for reply in replies} == {404}
    assert len({reply.text for reply in replies}) == 1
    for body in ({}, {"secret": ""}, {"secret": 5}, {"secret": None}):
        reply = edge.request("POST", f"{KEYS}/identify", body, key=edge.admin)
        assert (reply.status, reply.body["details"][0]["path"]) == (400, "secret")


def test_manager_of_some_sources_sees_and_changes_no_key_that_reaches_further(edge: Edge) -> None:
    mine, other = edge.source(), edge.source()
    manager = edge.key(edge.admin, scopes=MANAGER, source_ids=(mine,), name="manager")
    within = edge.key(edge.admin, source_ids=(mine,), name="within")
    beyond = [edge.key(edge.admin, source_ids=ids, rate_limit_per_minute=1) for ids in ((other,), (mine, other), None)]
    listed = edge.request("GET", KEYS, key=manager).body["keys"]
    assert {key["name"] for key in listed} == {"manager", "within"}
    before = stored_keys(edge.tenant_of(edge.admin))
    for token in [*beyond, edge.admin]:
        path = f"{KEYS}/{key_id(token)}"
        replies = [
            edge.request("GET", path, key=manager),
            edge.request("PATCH", path, {"enabled": False}, key=manager),
            edge.request("DELETE", path, key=manager),
            edge.request("POST", f"{KEYS}/identify", {"secret": token}, key=manager),
        ]
        absent = edge.request("GET", f"{KEYS}/{'0' * 16}", key=manager)
        assert {reply.text for reply in replies} == {absent.text}
        assert {reply.status for reply in replies} == {404}
        assert edge.request("POST", f"{path}/rotate", key=manager).status == 403
    assert edge.request("POST", KEYS, {"name": "k", "sourceIds": [mine]}, key=manager).status == 403
    assert stored_keys(edge.tenant_of(edge.admin)) == before
    assert edge.request("GET", f"{KEYS}/{key_id(within)}", key=manager).status == 200
    assert change(edge, within, {"name": "w", "scopes": ["items:read"]}, by=manager).status == 200
    assert edge.request("DELETE", f"{KEYS}/{key_id(within)}", key=manager).status == 200


@pytest.mark.parametrize(
    "more",
    [
        {"sourceIds": None},
        {"sourceIds": "other"},
        {"scopes": ["items:read", "runs:apply"]},
        {"rateLimitPerMinute": 101},
        {"expiresAt": None},
        {"expiresAt": "2031-01-01T00:00:00Z"},
    ],
    ids=str,
)
def test_manager_of_some_sources_gives_nothing_that_it_has_not(edge: Edge, more: dict[str, Any]) -> None:
    mine, other = edge.source(), edge.source()
    spec = {"source_ids": (mine,), "rate_limit_per_minute": 100, "expires_at": edge.clock() + 30 * DAY_MS}
    manager = edge.key(edge.admin, scopes=MANAGER, **spec)
    within = edge.key(edge.admin, **{**spec, "expires_at": edge.clock() + DAY_MS})
    body = {name: [mine, other] if value == "other" else value for name, value in more.items()}
    for token in (within, manager):
        before = edge.stored(token)
        reply = change(edge, token, body, by=manager)
        assert (reply.status, reply.code) == (403, "insufficient_scope")
        assert edge.stored(token).spec == before.spec
    # Whoever manages all keys may.
    assert change(edge, within, body).status == 200
    allowed = {
        "sourceIds": [mine],
        "scopes": ["items:read"],
        "rateLimitPerMinute": 100,
        "expiresAt": timestamp(spec["expires_at"]),
    }
    narrow = edge.key(edge.admin, source_ids=(mine,), rate_limit_per_minute=1)
    assert change(edge, narrow, allowed, by=manager).status == 200


def test_replay_of_a_change_asks_again_what_the_key_may_do(edge: Edge) -> None:
    source, retry = edge.source(), {"Idempotency-Key": "c"}
    manager, victim = edge.key(edge.admin, scopes=ALL_SCOPES), edge.key(edge.admin)
    body = {"scopes": list(DEFAULT_SCOPES)}
    first = change(edge, victim, body, by=manager, headers=retry)
    assert change(edge, victim, body, by=manager, headers=retry).text == first.text
    change(edge, manager, {"sourceIds": [source], "scopes": ["keys:manage", "items:read"]})
    assert change(edge, victim, body, by=manager, headers=retry).code == "insufficient_scope"


def test_changes_are_in_the_audit_with_what_was_before(edge: Edge) -> None:
    token = edge.key(edge.admin, name="job")
    change(edge, token, {"name": "job 2", "enabled": False})
    change(edge, token, {"name": "job 2"})
    entries = edge.request("GET", "/v1/admin/audit", key=edge.admin, query="kind=key.updated").body["entries"]
    assert len(entries) == 1
    (entry,) = entries
    assert entry["subject"] == {"keyId": key_id(token)}
    assert (entry["before"], entry["after"]) == (
        {"name": "job", "enabled": True},
        {"name": "job 2", "enabled": False},
    )
    assert entry["by"]["keyId"] == key_id(edge.admin)
