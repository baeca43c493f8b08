"""Keys for web pages: what they can be made, where they are taken, what a page can read; and who tries for more."""

from __future__ import annotations

from typing import Any

import boto3
import pytest
from httpapi.answers import RequestMark
from httpapi.keys import tokens
from httpapi.keys.model import KeyKind
from httpapi.keys.scopes import Scope
from knowledge.environments import Environment

from testing import spec
from testing.edge import Edge
from testing.operations import send
from tests.support.browser_keys import ELSEWHERE, ORIGIN, ask_for_key, make_page, may_read
from tests.support.keys import key_id

PREFLIGHT = {"Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "authorization"}


def paths(reply: Any) -> set[str]:
    """The places of a refused body."""
    assert (reply.status, reply.code) == (400, "validation_error"), reply.text
    return {detail["path"] for detail in reply.body["details"]}


def test_key_is_made_with_what_a_page_needs(edge: Edge) -> None:
    page = make_page(edge)
    assert page.secret.startswith("pk_live_")
    told = {name: page.key[name] for name in ("kind", "scopes", "sourceIds", "allowedOrigins")}
    assert told == {
        "kind": "browser",
        "scopes": ["search:read", "answers:read"],
        "sourceIds": [page.source_id],
        "allowedOrigins": [ORIGIN],
    }
    limits = ("rateLimitPerMinute", "addressLimitPerMinute", "requestsPerDay", "answersPerDay")
    assert [page.key[name] for name in limits] == [3_000, 60, 100_000, 1_000]
    listed = edge.request("GET", "/v1/admin/keys", key=edge.admin).body["keys"]
    assert [each["kind"] for each in listed if each["id"] == page.key["id"]] == ["browser"]
    assert {each["kind"] for each in listed if each["id"] != page.key["id"]} == {"secret"}
    found = edge.request("POST", "/v1/admin/keys/identify", {"secret": page.secret}, key=edge.admin)
    assert found.body["key"]["id"] == page.key["id"]
    own = {"rateLimitPerMinute": 7, "addressLimitPerMinute": 6, "requestsPerDay": 5, "answersPerDay": 4}
    made = ask_for_key(edge, sourceIds=[page.source_id], scopes=["search:read"], environment="live", **own).body["key"]
    assert {name: made[name] for name in own} == own
    assert made["scopes"] == ["search:read"]


def test_test_key_says_so(edge: Edge) -> None:
    edge.token = edge.key(edge.admin, environment=Environment.TEST)
    reply = ask_for_key(edge, sourceIds=[edge.source()], environment="test")
    assert reply.body["secret"].startswith("pk_test_")


def test_what_no_such_key_may_be_is_refused(edge: Edge) -> None:
    source = edge.source()
    assert paths(ask_for_key(edge)) == {"sourceIds"}
    assert paths(ask_for_key(edge, sourceIds=[source], allowedOrigins=None)) == {"allowedOrigins"}
    assert paths(ask_for_key(edge, sourceIds=[source], allowedOrigins=[])) == {"allowedOrigins"}
    assert paths(ask_for_key(edge, sourceIds=[])) == {"sourceIds"}
    for scope in set(Scope) - {Scope.SEARCH_READ, Scope.ANSWERS_READ}:
        assert paths(ask_for_key(edge, sourceIds=[source], scopes=["search:read", scope])) == {"scopes"}
    for origin in ("*", "null", "https://*.example.com", "https://Shop.example.com", f"{ORIGIN}/", f"{ORIGIN}:443"):
        assert paths(ask_for_key(edge, sourceIds=[source], allowedOrigins=[ORIGIN, origin])) == {"allowedOrigins[1]"}
    many = [f"https://a{number}.example.com" for number in range(21)]
    assert paths(ask_for_key(edge, sourceIds=[source], allowedOrigins=many)) == {"allowedOrigins"}
    assert ask_for_key(edge, sourceIds=[source], allowedOrigins=many[:20]).status == 201
    # And a secret key has nothing of it.
    secret = ask_for_key(edge, kind=None, addressLimitPerMinute=5)
    assert paths(secret) == {"allowedOrigins", "addressLimitPerMinute"}
    foreign = edge.bootstrap()
    theirs = edge.request("POST", "/v1/sources", {"name": "s"}, key=edge.key(foreign)).body["source"]["id"]
    assert paths(ask_for_key(edge, sourceIds=[theirs])) == {"sourceIds"}


def test_page_searches_its_sources_and_reads_the_answer(edge: Edge) -> None:
    page = make_page(edge)
    hidden = edge.source()
    edge.push(hidden, "hidden")
    edge.publish(hidden)
    reply = page.search()
    assert [each["externalItemId"] for each in reply.body["results"]] == ["faq-1"]
    assert set(reply.body["generations"]) == {page.source_id}
    assert reply.headers["access-control-allow-origin"] == ORIGIN
    assert reply.headers["vary"] == "Origin"
    assert {"X-Request-Id", "Retry-After"} <= set(reply.headers["access-control-expose-headers"].split(", "))
    assert "access-control-allow-credentials" not in reply.headers
    assert page.search(sourceIds=[hidden]).code == "not_found"


@pytest.mark.parametrize(
    "origin",
    [
        *(None, "null", "*", "", ELSEWHERE, f"{ORIGIN}/", f"{ORIGIN}:443", f"{ORIGIN}.evil.example.com"),
        *(
            "https://SHOP.example.com",
            "http://shop.example.com",
            "https://example.com",
            "https://xn--shp-sna.example.com",
        ),
    ],
)
def test_stolen_key_is_no_use_from_elsewhere(edge: Edge, origin: str | None) -> None:
    page = make_page(edge)
    before = edge.stored(page.secret)
    reply = page.search(origin=origin)
    assert (reply.status, reply.code) == (403, "origin_not_allowed")
    assert "access-control-allow-origin" not in reply.headers
    assert reply.headers["vary"] == "Origin"
    # Nothing was counted of it, and nothing noted.
    assert edge.stored(page.secret) == before
    assert page.search().headers["ratelimit-remaining"] == "59"


def test_two_origins_are_none(edge: Edge) -> None:
    page = make_page(edge)
    event = {
        "httpMethod": "POST",
        "path": "/v1/search",
        "multiValueHeaders": {"Authorization": [f"Bearer {page.secret}"], "Origin": [ORIGIN, ORIGIN]},
        "requestContext": {"requestId": "r"},
        "body": '{"query": "a"}',
    }
    assert edge.send(event).code == "origin_not_allowed"


def test_forged_origin_cannot_be_told(edge: Edge) -> None:
    """Whoever uses no browser writes what he likes: what bounds it is the limit of his address, and the budget."""
    page = make_page(edge, addressLimitPerMinute=2)
    replies = [page.search(origin=ORIGIN, address="198.51.100.66") for _ in range(3)]
    assert [each.status for each in replies] == [200, 200, 429]


def test_every_other_operation_refuses_it_before_it_looks_at_anything(edge: Edge) -> None:
    page = make_page(edge)
    searched = 0
    for operation in spec.keyed():
        ids = {"sourceId": page.source_id, "keyId": page.key["id"]}
        bodies = [{}, {"body": b"{"}] if operation.request_body() else [{}]
        for sent in bodies:
            reply = send(edge, operation, ids, key=page.secret, headers={"Origin": ORIGIN}, **sent)
            if operation.path.startswith(("/v1/search", "/v1/answers")):
                searched += 1
                assert reply.code != "browser_key_not_allowed" if reply.status >= 400 else True
                continue
            assert (reply.status, reply.code) == (403, "browser_key_not_allowed"), operation.name
            assert "access-control-allow-origin" not in reply.headers
            assert "ratelimit-limit" not in reply.headers
    assert searched


def test_preview_is_not_for_pages(edge: Edge) -> None:
    page = make_page(edge)
    edge.push(page.source_id, "draft")
    reply = page.search(runId=edge.run(page.source_id), sourceIds=[page.source_id])
    assert (reply.status, reply.code) == (403, "insufficient_scope")
    assert may_read(reply, ORIGIN)


def test_ended_key_tells_its_pages_and_nobody_else(edge: Edge) -> None:
    page = make_page(edge, expiresAt="2099-01-01T00:00:00Z")
    page.change(enabled=False)
    disabled = page.search()
    assert (disabled.status, disabled.code, may_read(disabled, ORIGIN)) == (401, "key_disabled", True)
    edge.request("DELETE", page.path, key=edge.admin)
    revoked = page.search()
    assert (revoked.status, revoked.code, may_read(revoked, ORIGIN)) == (401, "key_revoked", True)
    assert page.search(origin=ELSEWHERE).code == "origin_not_allowed"
    # Nobody knows the pages of a key that is none: the browser shows them nothing.
    unknown = tokens.mint(Environment.LIVE, tokens.new_key_id(), KeyKind.BROWSER).text
    reply = edge.request("POST", "/v1/search", {"query": "a"}, key=unknown, headers={"Origin": ORIGIN})
    assert (reply.status, reply.code, may_read(reply, ORIGIN)) == (401, "invalid_key", False)


def test_page_reads_every_refusal_of_its_own_requests(edge: Edge, monkeypatch: pytest.MonkeyPatch) -> None:
    page = make_page(edge, addressLimitPerMinute=2)
    assert may_read(page.search(query=""), ORIGIN)
    page.search()
    limited = page.search()
    assert (limited.status, limited.code, may_read(limited, ORIGIN)) == (429, "rate_limited", True)

    def fail(*_: object) -> None:
        raise RuntimeError("nobody foresaw this")

    monkeypatch.setattr(edge.services.rate_limiter, "count_request", fail)
    broken = page.search()
    assert (broken.status, broken.code, may_read(broken, ORIGIN)) == (500, "internal_error", True)


def test_key_with_other_letters_before_it_is_none(edge: Edge) -> None:
    page = make_page(edge)
    for text in ("sk" + page.secret[2:], "pk" + edge.token[2:]):
        assert edge.request("GET", "/v1/sources", key=text).code == "invalid_key"
    # Not even with a checksum that fits: the hash is of the whole text.
    stem = "sk" + page.secret[2:-6]
    forged = stem + tokens.checksum(stem)
    assert edge.request("GET", "/v1/sources", key=forged).code == "invalid_key"


@pytest.mark.parametrize(
    ("fields", "place"),
    [
        ({"scopes": ["search:read", "items:read"]}, "scopes"),
        ({"scopes": ["keys:manage"]}, "scopes"),
        ({"scopes": ["answers:manage"]}, "scopes"),
        ({"sourceIds": None}, "sourceIds"),
        ({"allowedOrigins": None}, "allowedOrigins"),
        ({"allowedOrigins": ["https://*.example.com"]}, "allowedOrigins[0]"),
        ({"allowedOrigins": ["null"]}, "allowedOrigins[0]"),
        ({"answersPerDay": None}, "answersPerDay"),
        ({"requestsPerDay": None}, "requestsPerDay"),
        ({"addressLimitPerMinute": None}, "addressLimitPerMinute"),
        ({"kind": "secret"}, "kind"),
    ],
)
def test_change_makes_nothing_else_of_it(edge: Edge, fields: dict[str, Any], place: str) -> None:
    page = make_page(edge)
    before = edge.stored(page.secret)
    assert paths(page.change(**fields)) == {place}
    assert edge.stored(page.secret) == before


def test_secret_key_is_not_made_one_for_pages(edge: Edge) -> None:
    path = f"/v1/admin/keys/{key_id(edge.token)}"
    for fields in ({"kind": "browser"}, {"allowedOrigins": [ORIGIN]}, {"addressLimitPerMinute": 5}):
        assert edge.request("PATCH", path, fields, key=edge.admin).code == "validation_error"
    reply = edge.request("PATCH", path, {"answersPerDay": 5, "requestsPerDay": 6}, key=edge.admin)
    assert [reply.body["key"][name] for name in ("answersPerDay", "requestsPerDay")] == [5, 6]
    reply = edge.request("PATCH", path, {"answersPerDay": None, "requestsPerDay": None}, key=edge.admin)
    assert [reply.body["key"][name] for name in ("answersPerDay", "requestsPerDay")] == [None, None]


def test_next_request_obeys_a_change_and_the_audit_has_it(edge: Edge) -> None:
    page = make_page(edge)
    assert page.change(allowedOrigins=[ELSEWHERE, ELSEWHERE], answersPerDay=7).status == 200
    assert page.search(origin=ORIGIN).code == "origin_not_allowed"
    assert page.search(origin=ELSEWHERE).status == 200
    entries = edge.request("GET", "/v1/admin/audit", key=edge.admin, query=f"keyId={key_id(edge.admin)}").body[
        "entries"
    ]
    changed = next(each for each in entries if each["kind"] == "key.updated")
    assert changed["before"] == {"allowedOrigins": [ORIGIN], "answersPerDay": 1_000}
    assert changed["after"] == {"allowedOrigins": [ELSEWHERE], "answersPerDay": 7}
    made = next(each for each in entries if each["kind"] == "key.created")
    assert (made["after"]["kind"], made["after"]["allowedOrigins"]) == ("browser", [ORIGIN])


def test_rotation_keeps_the_kind_and_all_of_its_rules(edge: Edge) -> None:
    page = make_page(edge)
    assert edge.request("POST", f"{page.path}/rotate", {"kind": "secret"}, key=edge.admin).code == "validation_error"
    rotated = edge.request("POST", f"{page.path}/rotate", key=edge.admin).body
    assert rotated["secret"].startswith("pk_live_")
    kept = ("kind", "scopes", "sourceIds", "allowedOrigins", "addressLimitPerMinute", "requestsPerDay", "answersPerDay")
    assert {name: rotated["key"][name] for name in kept} == {name: page.key[name] for name in kept}
    page.search()
    page.secret = rotated["secret"]
    assert page.search(origin=ELSEWHERE).code == "origin_not_allowed"
    # The client of both is one, and so is the day's budget.
    assert page.search().headers["ratelimit-remaining"] == "58"


def test_manager_of_some_sources_raises_no_budget_over_its_own(edge: Edge) -> None:
    page = make_page(edge)
    scopes = (Scope.KEYS_MANAGE, Scope.SEARCH_READ, Scope.ANSWERS_READ)
    manager = edge.key(edge.admin, scopes=scopes, source_ids=(page.source_id,), answers_per_day=500)
    for fields, status in (
        ({"answersPerDay": 501}, 403),
        ({"answersPerDay": 500}, 200),
        ({"requestsPerDay": 999}, 200),
    ):
        assert edge.request("PATCH", page.path, fields, key=manager).status == status


def test_no_record_of_another_key_is_replayed_to_it(edge: Edge) -> None:
    """A record belongs to a rotation line, so one name of a request means another one for each key."""
    page = make_page(edge)
    headers = {"Idempotency-Key": "guessable", "Origin": ORIGIN}
    made = edge.request("POST", "/v1/sources", {"name": "s"}, headers={"Idempotency-Key": "guessable"})
    assert made.status == 201
    reply = edge.request("POST", "/v1/sources", {"name": "s"}, key=page.secret, headers=headers)
    assert (reply.status, reply.code) == (403, "browser_key_not_allowed")
    assert edge.request("POST", "/v1/search", {"query": "refunds"}, key=page.secret, headers=headers).status == 200
    lines = {edge.stored(key).line_id for key in (edge.token, edge.admin, page.secret)}
    assert len({RequestMark("ten_1", line, "guessable", "f") for line in lines}) == 3


# What a browser asks before the request.


@pytest.mark.parametrize("origin", [ORIGIN, ELSEWHERE, "null", None])
@pytest.mark.parametrize("configured", [(), ("https://console.example.com",)])
def test_preflight_of_what_pages_ask_is_answered_to_any(
    edge: Edge, origin: str | None, configured: tuple[str, ...]
) -> None:
    edge.services = edge.make_services(cors_origins=configured)
    headers = PREFLIGHT | ({} if origin is None else {"Origin": origin})
    reply = edge.request("OPTIONS", "/v1/search", key=None, headers=headers)
    assert (reply.status, reply.text) == (204, "")
    assert reply.headers["access-control-allow-origin"] == "*"
    assert reply.headers["access-control-max-age"] == "7200"
    assert reply.headers["access-control-allow-methods"] == reply.headers["allow"] == "OPTIONS, POST"
    assert {"Authorization", "Content-Type"} <= set(reply.headers["access-control-allow-headers"].split(", "))
    assert "access-control-allow-credentials" not in reply.headers


def test_preflight_of_anything_else_is_not(edge: Edge) -> None:
    for path in ("/v1/sources", "/v1/admin/keys", "/v1/searches", "/v1/search/x", "/v1/answers/a/b", "/v1/whoami"):
        reply = edge.request("OPTIONS", path, key=None, headers=PREFLIGHT | {"Origin": ORIGIN})
        assert "access-control-allow-origin" not in reply.headers, path


def test_secret_key_gains_no_page_by_it(edge: Edge) -> None:
    page = make_page(edge)
    for origin in (ORIGIN, ELSEWHERE):
        reply = edge.request("POST", "/v1/search", {"query": "refunds"}, headers={"Origin": origin})
        assert reply.status == 200
        assert not may_read(reply, origin)
        assert not may_read(edge.request("GET", f"/v1/sources/{page.source_id}", headers={"Origin": origin}), origin)
    listed = edge.request("POST", "/v1/search", {"query": "a"}, headers={"Origin": "https://console.example.com"})
    assert may_read(listed, "https://console.example.com")


# Limits by client, and of all of them together.


def test_their_limits_count_in_their_tenants_sum(edge: Edge) -> None:
    """However many visitors a page has: behind the gateway they take from the same share."""
    edge.admin = edge.bootstrap()
    edge.token = edge.key(edge.admin, rate_limit_per_minute=60)
    source = edge.source()
    made = [ask_for_key(edge, sourceIds=[source], rateLimitPerMinute=6_000) for _ in range(10)]
    assert [reply.status for reply in made] == [201] * 9 + [400]
    assert paths(made[-1]) == {"rateLimitPerMinute"}
    raised = {"rateLimitPerMinute": 6_000}
    own = edge.request("PATCH", f"/v1/admin/keys/{key_id(edge.token)}", raised, key=edge.admin)
    assert paths(own) == {"rateLimitPerMinute"}


def test_noisy_client_is_stopped_and_takes_nothing_from_others(edge: Edge) -> None:
    page = make_page(edge, addressLimitPerMinute=3, rateLimitPerMinute=5)
    noisy = [page.search(address="198.51.100.1") for _ in range(20)]
    assert [each.status for each in noisy] == [200] * 3 + [429] * 17
    assert (noisy[-1].headers["retry-after"], noisy[-1].headers["ratelimit-limit"]) == ("60", "3")
    other = page.search(address="198.51.100.2")
    assert (other.status, other.headers["ratelimit-limit"], other.headers["ratelimit-remaining"]) == (200, "3", "2")
    edge.clock.advance(seconds=60)
    assert page.search(address="198.51.100.1").status == 200


def test_many_clients_are_held_to_the_keys_own_limit(edge: Edge) -> None:
    page = make_page(edge, rateLimitPerMinute=5)
    replies = [page.search(address=f"198.51.100.{number}") for number in range(8)]
    assert [each.status for each in replies] == [200] * 5 + [429] * 3
    assert replies[-1].headers["ratelimit-limit"] == "5"


def test_what_a_client_says_of_itself_counts_for_nothing(edge: Edge) -> None:
    page = make_page(edge, addressLimitPerMinute=2)
    statuses = []
    for number in range(4):
        headers = {"Origin": ORIGIN, "X-Forwarded-For": f"198.51.100.{number}", "Forwarded": f"for=192.0.2.{number}"}
        reply = edge.request("POST", "/v1/search", {"query": "a"}, key=page.secret, headers=headers)
        statuses.append(reply.status)
    assert statuses == [200, 200, 429, 429]


def test_network_of_ipv6_is_one_client(edge: Edge) -> None:
    page = make_page(edge, addressLimitPerMinute=2)
    replies = [page.search(address=f"2001:db8:1:2:{number}::1") for number in range(3)]
    assert [each.status for each in replies] == [200, 200, 429]
    assert page.search(address="2001:db8:1:3::1").status == 200


def test_no_address_is_kept_and_the_counts_of_clients_go_in_an_hour(edge: Edge) -> None:
    page = make_page(edge)
    addresses = [f"198.51.100.{number}" for number in range(9)] + ["2001:db8:1:2::1", None]
    for address in addresses:
        assert page.search(address=address).status == 200
    table = edge.environment["RATE_COUNTERS_TABLE"]
    rows = [row for row in boto3.client("dynamodb").scan(TableName=table)["Items"] if page.key["id"] in row["id"]["S"]]
    of_clients = [row for row in rows if "requests" not in row]
    assert len(rows) - len(of_clients) == 1
    assert sum(int(row["hits"]["N"]) for row in of_clients) == len(addresses)
    for row in of_clients:
        assert row.keys() == {"id", "hits", "expiresAt"}
        assert len(row["id"]["S"].rpartition("#")[2]) == 4
        assert int(row["expiresAt"]["N"]) <= edge.clock() // 1000 + 3_600
    assert not [address for address in addresses if address and address in str(rows)]


def test_it_costs_one_write_more(edge: Edge) -> None:
    page = make_page(edge)
    secret = edge.key(edge.admin)
    writes: list[str] = []
    client = edge.clients.dynamodb
    handler = lambda params, **_: writes.append(params["TableName"])  # noqa: E731
    client.meta.events.register("provide-client-params.dynamodb.UpdateItem", handler)
    try:
        counted = []
        for ask in (page.search, lambda: edge.request("POST", "/v1/search", {"query": "refunds"}, key=secret)):
            for _ in range(2):
                writes.clear()
                assert ask().status == 200
                counted.append(writes.count(edge.environment["RATE_COUNTERS_TABLE"]))
    finally:
        client.meta.events.unregister("provide-client-params.dynamodb.UpdateItem", handler)
    assert counted == [2, 2, 1, 1]
