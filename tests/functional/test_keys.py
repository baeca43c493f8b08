"""API keys over HTTP, and how they let a request in."""

from __future__ import annotations

import hashlib
import json

import boto3
import pytest
from httpapi.keys import tokens
from httpapi.keys.scopes import DEFAULT_SCOPES, Scope
from httpapi.paging import Listing
from knowledge.times import timestamp

from testing.edge import Edge, load_app
from tests.support.keys import key_id

KEYS = "/v1/admin/keys"


def test_created_key_works_and_its_secret_is_shown_once(edge: Edge) -> None:
    created = edge.request("POST", KEYS, {"name": "sync"}, key=edge.admin)
    assert created.status == 201
    assert created.headers["cache-control"] == "no-store"
    key, secret = created.body["key"], created.body["secret"]
    assert secret.startswith(f"sk_live_{key['id']}_")
    assert key["scopes"] == list(DEFAULT_SCOPES)
    assert (key["rateLimitPerMinute"], key["sourceIds"], key["status"]) == (120, None, "active")
    assert edge.request("GET", "/v1/whoami", key=secret).body["key"]["id"] == key["id"]
    read = edge.request("GET", f"{KEYS}/{key['id']}", key=edge.admin)
    listed = edge.request("GET", KEYS, key=edge.admin)
    assert secret not in read.text + listed.text
    assert tokens.parse(secret).hash() not in read.text + listed.text


def test_only_a_hash_of_a_key_is_stored(edge: Edge) -> None:
    secret = edge.request("POST", KEYS, {"name": "sync"}, key=edge.admin).body["secret"]
    edge.request("GET", "/v1/whoami", key=secret)
    for table in boto3.client("dynamodb").list_tables()["TableNames"]:
        rows = json.dumps(boto3.client("dynamodb").scan(TableName=table)["Items"])
        assert secret[len("sk_live_0123456789abcdef_") :] not in rows
    assert edge.stored(secret).secret_hash == hashlib.sha256(secret.encode()).hexdigest()


def test_test_environment_is_a_label(edge: Edge) -> None:
    secret = edge.request("POST", KEYS, {"name": "ci", "environment": "test"}, key=edge.admin).body["secret"]
    assert secret.startswith("sk_test_")
    assert edge.request("GET", "/v1/whoami", key=secret).status == 200


def test_keys_are_listed_oldest_first_in_pages(edge: Edge) -> None:
    for number in range(3):
        edge.clock.advance(seconds=1)
        edge.request("POST", KEYS, {"name": f"k{number}"}, key=edge.admin)
    names, cursor = [], ""
    while cursor is not None:
        page = edge.request("GET", KEYS, key=edge.admin, query=f"limit=2&cursor={cursor}" if cursor else "limit=2").body
        names += [key["name"] for key in page["keys"]]
        cursor = page["nextCursor"]
    assert names[-3:] == ["k0", "k1", "k2"]
    assert len(names) == 5


def test_list_that_fills_its_pages_ends_with_the_last_of_them(edge: Edge) -> None:
    first = edge.request("GET", KEYS, key=edge.admin, query="limit=1").body
    second = edge.request("GET", KEYS, key=edge.admin, query=f"limit=1&cursor={first['nextCursor']}").body
    assert len(first["keys"]) == len(second["keys"]) == 1
    assert second["nextCursor"] is None


def test_cursor_with_a_position_of_another_kind_is_refused(edge: Edge) -> None:
    # As an earlier version might have written them: signed by the API, and none of this list's positions.
    listing = Listing(edge.tenant_of(edge.admin), "list_keys", {}, {}, edge.services.cursor_keys)
    for position in (1, "x", [], [1], ["1", "k"], [1, 2], [1.5, "k"], [1, ""], [10**40, "k" * 16], {"a": 1}):
        reply = edge.request("GET", KEYS, key=edge.admin, query=f"cursor={listing.cursor(position)}")
        assert (reply.status, reply.code) == (400, "validation_error"), position


def test_revoked_key_is_refused_on_the_next_request(edge: Edge) -> None:
    created = edge.request("POST", KEYS, {"name": "sync"}, key=edge.admin).body
    path = f"{KEYS}/{created['key']['id']}"
    revoked = edge.request("DELETE", path, key=edge.admin)
    assert (revoked.status, revoked.body["key"]["status"]) == (200, "revoked")
    refused = edge.request("GET", "/v1/whoami", key=created["secret"])
    assert (refused.status, refused.code) == (401, "key_revoked")
    assert edge.request("DELETE", path, key=edge.admin).body == revoked.body


def test_expired_key_is_refused(edge: Edge) -> None:
    expiry = timestamp(edge.clock() + 60_000)
    created = edge.request("POST", KEYS, {"name": "brief", "expiresAt": expiry}, key=edge.admin).body
    assert created["key"]["expiresAt"] == expiry
    assert edge.request("GET", "/v1/whoami", key=created["secret"]).status == 200
    edge.clock.advance(seconds=60)
    refused = edge.request("GET", "/v1/whoami", key=created["secret"])
    assert (refused.status, refused.code) == (401, "key_expired")
    assert edge.request("GET", f"{KEYS}/{created['key']['id']}", key=edge.admin).body["key"]["status"] == "expired"


@pytest.mark.parametrize(
    ("header", "code"),
    [
        (None, "unauthorized"),
        ("Basic abc", "unauthorized"),
        ("Bearer", "unauthorized"),
        ("Bearer ", "unauthorized"),
        ("sk_live_x", "unauthorized"),
        ("Bearer abc", "invalid_key"),
        ("Bearer sk_live_0123456789abcdef_" + "A" * 49, "invalid_key"),
    ],
)
def test_header_that_names_no_key_is_401(edge: Edge, header: str | None, code: str) -> None:
    reply = edge.request("GET", "/v1/whoami", key=None, headers={"Authorization": header})
    assert (reply.status, reply.code) == (401, code)
    assert reply.headers["www-authenticate"] == "Bearer"


def test_scheme_is_read_without_case(edge: Edge) -> None:
    reply = edge.request("GET", "/v1/whoami", key=None, headers={"Authorization": f"bearer {edge.token}"})
    assert reply.status == 200


def test_wrong_checksum_needs_no_read(edge: Edge, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(edge.services.key_store, "find_key", None)
    last = "0" if edge.token[-1] != "0" else "1"
    assert edge.request("GET", "/v1/whoami", key=edge.token[:-1] + last).code == "invalid_key"


def test_wrong_secret_or_environment_of_a_known_key_is_invalid(edge: Edge) -> None:
    known = tokens.parse(edge.token)
    other = tokens.mint("live", known.key_id)
    assert edge.request("GET", "/v1/whoami", key=other.text).code == "invalid_key"
    relabelled = edge.token[:-6].replace("sk_live", "sk_test")
    forged = relabelled + tokens.checksum(relabelled)
    assert edge.request("GET", "/v1/whoami", key=forged).code == "invalid_key"


def test_last_use_is_noted_at_most_once_an_hour(edge: Edge) -> None:
    edge.request("GET", "/v1/whoami")
    first = edge.stored(edge.token).last_used_at
    edge.clock.advance(seconds=1800)
    edge.request("GET", "/v1/whoami")
    assert edge.stored(edge.token).last_used_at == first == edge.clock() - 1_800_000
    edge.clock.advance(seconds=1801)
    edge.request("GET", "/v1/whoami")
    assert edge.stored(edge.token).last_used_at == edge.clock()


def test_limited_key_sees_its_sources_only(edge: Edge) -> None:
    mine, other = edge.source(), edge.source()
    limited = edge.key(edge.admin, source_ids=(mine,))
    assert edge.request("GET", f"/v1/sources/{mine}", key=limited).status == 200
    hidden = edge.request("GET", f"/v1/sources/{other}", key=limited)
    absent = edge.request("GET", "/v1/sources/src_01ARZ3NDEKTSV4RRFFQ69G5FAV", key=limited)
    assert (hidden.status, hidden.body) == (404, absent.body)
    listed = edge.request("GET", "/v1/sources", key=limited).body["sources"]
    assert [source["id"] for source in listed] == [mine]
    for path in ("/v1/sources", KEYS):
        refused = edge.request("POST", path, {"name": "x"}, key=limited)
        assert (refused.status, refused.code) == (403, "insufficient_scope")


def test_last_admin_key_cannot_be_revoked(edge: Edge) -> None:
    admin = edge.bootstrap()
    path = f"{KEYS}/{key_id(admin)}"
    edge.request(
        "POST", KEYS, {"name": "brief", "scopes": ["keys:manage"], "expiresAt": "2030-01-01T00:00:00Z"}, key=admin
    )
    refused = edge.request("DELETE", path, key=admin)
    assert (refused.status, refused.code) == (409, "last_admin_key")
    second = edge.request("POST", KEYS, {"name": "second", "scopes": ["keys:manage"]}, key=admin).body["secret"]
    assert edge.request("DELETE", path, key=admin).status == 200
    assert edge.request("DELETE", f"{KEYS}/{key_id(second)}", key=second).code == "last_admin_key"


def test_limits_of_a_tenants_keys_add_up_to_a_bound(edge: Edge) -> None:
    admin = edge.bootstrap()
    made = [edge.request("POST", KEYS, {"name": "k", "rateLimitPerMinute": 6_000}, key=admin) for _ in range(10)]
    assert [reply.status for reply in made] == [201] * 9 + [400]
    assert made[-1].body["details"][0]["path"] == "rateLimitPerMinute"
    # What a key that ended asked for in this minute was let through, so another one waits.
    edge.request("DELETE", f"{KEYS}/{made[0].body['key']['id']}", key=admin)
    edge.clock.advance(seconds=119)
    assert edge.request("POST", KEYS, {"name": "k", "rateLimitPerMinute": 6_000}, key=admin).status == 400
    edge.clock.advance(seconds=1)
    assert edge.request("POST", KEYS, {"name": "k", "rateLimitPerMinute": 6_000}, key=admin).status == 201


@pytest.mark.parametrize(
    ("fields", "path"),
    [
        ({"name": ""}, "name"),
        ({"scopes": []}, "scopes"),
        ({"scopes": ["everything"]}, "scopes[0]"),
        ({"sourceIds": []}, "sourceIds"),
        ({"sourceIds": ["x"]}, "sourceIds[0]"),
        ({"rateLimitPerMinute": 6001}, "rateLimitPerMinute"),
        ({"rateLimitPerMinute": True}, "rateLimitPerMinute"),
        ({"rateLimitPerMinute": "60"}, "rateLimitPerMinute"),
        ({"expiresAt": "tomorrow"}, "expiresAt"),
        ({"expiresAt": "2031-01-01T00:00:00"}, "expiresAt"),
        ({"expiresAt": "2001-01-01T00:00:00Z"}, "expiresAt"),
        ({"environment": "prod"}, "environment"),
        ({"scope": ["items:read"]}, "scope"),
        ({"name": "\ud800"}, "name"),
    ],
)
def test_bad_key_is_refused_with_its_place(edge: Edge, fields: dict, path: str) -> None:
    reply = edge.request("POST", KEYS, {"name": "k", **fields}, key=edge.admin)
    assert (reply.status, reply.code) == (400, "validation_error")
    assert [fault["path"] for fault in reply.body["details"]] == [path]


def test_bootstrap_makes_a_tenant_with_an_admin_key(edge: Edge, monkeypatch: pytest.MonkeyPatch) -> None:
    app = load_app("bootstrap_tenant")
    app.services.cache_clear()
    made = app.handler({"name": "Acme"}, None)
    assert made["tenantId"].startswith("ten_")
    assert made["key"]["name"] == "admin"
    assert set(made["key"]["scopes"]) == set(Scope)
    assert edge.request("GET", KEYS, key=made["secret"]).status == 200
    again = app.handler({"tenantId": made["tenantId"]}, None)
    assert again["tenantId"] == made["tenantId"]
    assert len(edge.request("GET", KEYS, key=made["secret"]).body["keys"]) == 2
    # A tenant whose limits are used up could not make room for the key it needs.
    for limit in [6_000] * 9 + [5_760]:
        edge.key(made["secret"], rate_limit_per_minute=limit)
    assert edge.request("POST", KEYS, {"name": "k"}, key=made["secret"]).status == 400
    assert edge.request("GET", KEYS, key=app.handler({"tenantId": made["tenantId"]}, None)["secret"]).status == 200
    app.services.cache_clear()
