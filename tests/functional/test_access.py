"""Who is let in where: every documented operation, with every kind of key, and with every id in every place."""

from __future__ import annotations

import json
from collections.abc import Iterator
from itertools import combinations
from typing import Any

import boto3
import pytest
from httpapi.keys import tokens
from httpapi.keys.scopes import Scope
from knowledge.environments import Environment

from testing import spec
from testing.edge import Edge, Reply, load_app
from testing.operations import ABSENT, RATE_HEADERS, path_names, send
from tests.support.edge_tenants import Tenant, make_tenant
from tests.support.keys import key_id

# Not ids of things that belong to a tenant.
CHOSEN = {"partNumber"}


def unusable_headers(edge: Edge) -> Iterator[tuple[str | None, str]]:
    """Give every kind of Authorization header that lets nobody in, with the code it is answered by."""
    known = tokens.parse(edge.token)
    revoked, brief, rotated = (edge.key(edge.admin, expires_at=expiry) for expiry in (None, edge.clock() + 1_000, None))
    tenant, disabled = edge.tenant_of(edge.admin), edge.key(edge.admin)
    edge.services.keys.update_key(tenant, key_id(disabled), {}, enabled=False)
    edge.services.keys.revoke_key(tenant, key_id(revoked))
    edge.services.keys.rotate_key(tenant, key_id(rotated), 1_000)
    edge.clock.advance(seconds=1)
    yield from ((None, "unauthorized"), ("", "unauthorized"), ("Bearer", "unauthorized"))
    yield f"Basic {edge.token}", "unauthorized"
    yield edge.token, "unauthorized"
    yield "Bearer x", "invalid_key"
    yield f"Bearer {edge.token}x", "invalid_key"
    yield f"Bearer {edge.token[:-1]}{'0' if edge.token[-1] != '0' else '1'}", "invalid_key"
    yield f"Bearer {tokens.mint(Environment.LIVE, tokens.new_key_id()).text}", "invalid_key"
    yield f"Bearer {tokens.mint(Environment.LIVE, known.key_id).text}", "invalid_key"
    yield f"Bearer {tokens.mint_session(Environment.LIVE, known.key_id).text}", "session_ended"
    yield f"Bearer {revoked}", "key_revoked"
    yield f"Bearer {brief}", "key_expired"
    yield f"Bearer {rotated}", "key_expired"
    yield f"Bearer {disabled}", "key_disabled"


def test_every_operation_wants_a_usable_key(edge: Edge) -> None:
    mine = make_tenant(edge).ids
    for header, code in unusable_headers(edge):
        for operation in spec.keyed():
            for ids in (ABSENT, mine):
                reply = send(edge, operation, ids, key=None, headers={"Authorization": header})
                assert (reply.status, reply.code) == (401, code), (operation.name, header)
                assert set(reply.body) == {"error", "code"}
                assert reply.headers["www-authenticate"] == "Bearer"
                assert not reply.headers.keys() & set(RATE_HEADERS)


def test_every_operation_wants_its_scope_whatever_it_is_asked_for(edge: Edge) -> None:
    tenant = make_tenant(edge)
    for scope in Scope:
        others = edge.key(tenant.admin, scopes=tuple(other for other in Scope if other is not scope))
        for operation in spec.operations():
            if scope in operation.scopes and operation.or_scope is None:
                replies = [send(edge, operation, ids, key=others) for ids in (ABSENT, tenant.ids)]
                for reply in replies:
                    assert (reply.status, reply.code) == (403, "insufficient_scope"), operation.name
                    assert scope in reply.body["error"]
                    assert reply.headers.keys() >= set(RATE_HEADERS)
                assert replies[0].body == replies[1].body
        edge.services.keys.revoke_key(edge.tenant_of(others), key_id(others))
        edge.clock.advance(seconds=120)  # Until then its limit counts among those of its tenant.


def test_every_declared_scope_is_documented() -> None:
    declared = {
        operation.name: (
            tuple(scope for scope in (operation.scope, *operation.further_scopes) if scope),
            operation.or_scope,
        )
        for function in ("developer_api", "admin_api", "search_api")
        for operation in load_app(function).api.operations
    }
    assert declared == {operation.name: (operation.scopes, operation.or_scope) for operation in spec.operations()}


def test_where_either_of_two_scopes_will_do_either_does_and_neither_is_refused(edge: Edge) -> None:
    tenant = make_tenant(edge)
    either = [operation for operation in spec.operations() if operation.or_scope is not None]
    assert [operation.name for operation in either] == ["list_imports", "get_import"]
    for operation in either:
        for scope in (*operation.scopes, operation.or_scope):
            reply = send(edge, operation, tenant.ids, key=edge.key(tenant.admin, scopes=(Scope(scope),)))
            assert reply.status == 200, (operation.name, scope)
        others = tuple(other for other in Scope if other not in {*operation.scopes, operation.or_scope})
        refused = [
            send(edge, operation, ids, key=edge.key(tenant.admin, scopes=others)) for ids in (ABSENT, tenant.ids)
        ]
        for reply in refused:
            assert (reply.status, reply.code) == (403, "insufficient_scope"), operation.name
            assert operation.scope in reply.body["error"]
        assert refused[0].body == refused[1].body


def same_answer(first: Reply, second: Reply) -> bool:
    """Tell whether nothing but the count of requests tells two answers apart."""
    headers = [{**reply.headers, "ratelimit-remaining": ""} for reply in (first, second)]
    return (first.status, first.text, headers[0]) == (second.status, second.text, headers[1])


def test_what_is_not_yours_looks_like_what_is_not_there_in_every_place(edge: Edge) -> None:
    theirs, mine = make_tenant(edge), make_tenant(edge)
    before = rows_of(edge, theirs)
    for operation in spec.operations():
        names = [name for name in path_names(operation) if name not in CHOSEN]
        for count in range(1, len(names) + 1):
            for places in combinations(names, count):
                foreign = send(edge, operation, mine.ids | {name: theirs.ids[name] for name in places}, key=mine.token)
                absent = send(edge, operation, mine.ids | {name: ABSENT[name] for name in places}, key=mine.token)
                if (operation.name, places) == ("list_item_history", ("externalItemId",)):
                    # In one's own source nothing became of it, whoever else has an item of that id.
                    told = [{**reply.body, "externalItemId": ""} for reply in (foreign, absent)]
                    assert (foreign.status, told[0]) == (absent.status, told[1]), "the same"
                    assert (foreign.status, told[0]["history"]) == (200, [])
                    continue
                assert (foreign.status, foreign.code) == (404, "not_found"), (operation.name, places)
                assert same_answer(foreign, absent), (operation.name, places)
                assert foreign.headers.keys() >= set(RATE_HEADERS)
    assert rows_of(edge, theirs) == before


def test_ids_in_a_query_or_body_reach_nothing_of_another_tenant(edge: Edge) -> None:
    theirs, mine = make_tenant(edge), make_tenant(edge)
    (changes,) = (operation for operation in spec.operations() if operation.name == "list_generation_changes")
    foreign, absent = (
        send(edge, changes, mine.ids, key=mine.token, query=f"from={ids['generationId']}")
        for ids in (theirs.ids, ABSENT)
    )
    assert foreign.status == 404
    assert same_answer(foreign, absent)
    # A key may name any source; what is another tenant's stays out of its reach.
    limited = edge.key(mine.admin, source_ids=(theirs.ids["sourceId"], mine.ids["sourceId"]))
    for operation in spec.operations():
        if "sourceId" in path_names(operation):
            reply = send(edge, operation, theirs.ids, key=limited)
            assert same_answer(reply, send(edge, operation, key=limited)), operation.name
            assert reply.status == 404


def test_key_limited_to_sources_sees_others_as_absent_and_makes_no_sources_keys_or_webhooks(edge: Edge) -> None:
    tenant = make_tenant(edge)
    limited = edge.key(tenant.admin, source_ids=(f"src_{'0' * 26}",))
    for operation in spec.operations():
        if "sourceId" in path_names(operation):
            reply = send(edge, operation, tenant.ids, key=limited)
            assert (reply.status, reply.code) == (404, "not_found"), operation.name
            assert same_answer(reply, send(edge, operation, key=limited)), operation.name
        # A session, or a link to one, reaches no further than the key.
        elif "portal" in operation.path:
            continue
        elif 201 in operation.statuses() and operation.scope != Scope.WEBHOOKS_MANAGE:
            reply = send(edge, operation, tenant.ids, key=limited)
            assert (reply.status, reply.code) == (403, "insufficient_scope"), operation.name


def test_key_of_the_other_environment_sees_sources_and_webhooks_as_absent(edge: Edge) -> None:
    tenant = make_tenant(edge)
    tester = edge.key(tenant.admin, environment=Environment.TEST)
    edge.request("GET", "/v1/whoami", key=tester)
    before = rows_of(edge, tenant)
    for operation in spec.operations():
        places = {"sourceId", "webhookId"} & set(path_names(operation))
        if places:
            reply = send(edge, operation, tenant.ids, key=tester)
            absent = send(edge, operation, {**tenant.ids, **{name: ABSENT[name] for name in places}}, key=tester)
            assert (reply.status, reply.code) == (404, "not_found"), operation.name
            assert same_answer(reply, absent), operation.name
    assert rows_of(edge, tenant) == before
    for path, name in (("/v1/sources", "sources"), ("/v1/webhooks", "webhooks")):
        assert edge.request("GET", path, key=tester).body[name] == []
        assert edge.request("GET", path, key=tenant.token).body[name]


def test_malformed_id_is_an_absent_one(edge: Edge) -> None:
    mine = make_tenant(edge)
    for operation in spec.operations():
        for name in set(path_names(operation)) - CHOSEN - {"externalItemId"}:
            absent = send(edge, operation, {**mine.ids, name: ABSENT[name]}, key=mine.token)
            for malformed in ("x", ABSENT[name] + "0", ABSENT[name][:-1] + "-", "%00", "%F0%9F%98%80"):
                reply = send(edge, operation, {**mine.ids, name: malformed}, key=mine.token)
                assert same_answer(reply, absent), (operation.name, name, malformed)


@pytest.mark.parametrize("parameter", ["snapshotId", "importId", "runId", "generationId"])
def test_id_of_another_source_of_the_same_tenant_is_absent(edge: Edge, parameter: str) -> None:
    tenant = make_tenant(edge)
    other = edge.request("POST", "/v1/sources", {"name": "other"}, key=tenant.token).body["source"]["id"]
    for operation in spec.operations():
        if parameter in path_names(operation):
            reply = send(edge, operation, {**tenant.ids, "sourceId": other}, key=tenant.token)
            absent = send(edge, operation, {"sourceId": other}, key=tenant.token)
            assert (reply.status, reply.code) == (404, "not_found"), operation.name
            assert same_answer(reply, absent), operation.name


def rows_of(edge: Edge, tenant: Tenant) -> list[str]:
    """Read every row of every table that names the tenant or its source."""
    client = boto3.client("dynamodb")
    marks = (edge.tenant_of(tenant.admin), tenant.ids["sourceId"])
    tables = ("CATALOG_TABLE", "KEYS_TABLE", "ITEMS_TABLE", "IDEMPOTENCY_TABLE")
    rows: list[Any] = [row for table in tables for row in client.scan(TableName=edge.environment[table])["Items"]]
    texts = [json.dumps(row, sort_keys=True, default=str) for row in rows]
    return sorted(text for text in texts if any(mark in text for mark in marks))
