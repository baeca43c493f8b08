"""Sign-in links: a code that begins one session, once, and nothing else."""

from __future__ import annotations

from typing import Any

from httpapi.keys.scopes import Scope
from knowledge.limits import KEY_SESSIONS
from knowledge.times import timestamp

from testing.edge import Edge, Reply
from testing.operations import send
from testing.spec import keyed
from tests.support.keys import key_id, stored_sessions, whoami

LINKS = "/v1/portal/sign-in-links"
SESSIONS = "/v1/portal/sessions"
KEYS = "/v1/admin/keys"
TEN_MINUTES_MS = 600_000


def make_link(edge: Edge, key: str, **body: Any) -> Reply:
    reply = edge.request("POST", LINKS, body, key=key)
    assert reply.status == 201, reply.text
    return reply


def code_of(edge: Edge, key: str, **body: Any) -> str:
    return str(make_link(edge, key, **body).body["code"])


def redeem(edge: Edge, code: str, body: Any = None) -> Reply:
    return edge.request("POST", SESSIONS, body, key=code)


def test_link_begins_one_session_with_what_it_says(edge: Edge) -> None:
    source = edge.source()
    made = make_link(edge, edge.admin, name="Anna", role="viewer", sourceIds=[source], expiresInSeconds=3_600).body
    assert made["code"].startswith("pc_live_")
    assert made["link"]["expiresAt"] == timestamp(edge.clock() + TEN_MINUTES_MS)
    assert made["link"]["sessionExpiresInSeconds"] == 3_600
    session = redeem(edge, made["code"]).body["session"]
    for name in ("name", "role", "scopes", "sourceIds", "keyId", "environment"):
        assert session[name] == made["link"][name], name
    assert session["expiresAt"] == timestamp(edge.clock() + 3_600_000)
    assert (again := redeem(edge, made["code"])).code == "link_used"
    assert again.status == 401
    assert [each.holder_id for each in stored_sessions(edge.admin)] == [session["id"]]


def test_session_by_a_link_has_no_more_than_the_link(edge: Edge) -> None:
    few = {"name": "Anna", "scopes": ["items:read", "runs:read"], "expiresInSeconds": 600}
    code = code_of(edge, edge.admin, **few)
    assert redeem(edge, code, {"scopes": ["items:read", "keys:manage"]}).code == "insufficient_scope"
    session = redeem(edge, code, {"name": "Bo", "scopes": ["items:read"], "expiresInSeconds": 28_800}).body["session"]
    assert (session["name"], session["scopes"]) == ("Bo", ["items:read"])
    assert session["expiresAt"] == timestamp(edge.clock() + 600_000)


def test_link_is_good_for_nothing_else(edge: Edge) -> None:
    code = code_of(edge, edge.admin)
    for operation in keyed():
        if operation.name != "create_session":
            assert send(edge, operation, key=code).code == "invalid_key", operation.name
    # It is no session, though it is kept like one.
    assert edge.request("GET", SESSIONS, key=edge.admin).body["sessions"] == []
    for method in ("GET", "DELETE"):
        assert edge.request(method, f"{SESSIONS}/{key_id(code)}", key=edge.admin).status == 404
    assert whoami(edge, f"ps{code[2:]}")[0] == 401
    assert redeem(edge, code).status == 201


def test_link_runs_out(edge: Edge) -> None:
    code = code_of(edge, edge.admin)
    edge.clock.advance(seconds=600)
    assert redeem(edge, code).code == "link_used"
    soon = edge.key(edge.admin, expires_at=edge.clock() + 60_000)
    assert make_link(edge, soon).body["link"]["expiresAt"] == timestamp(edge.clock() + 60_000)


def test_link_ends_with_what_is_taken_from_its_key(edge: Edge) -> None:
    manager = edge.key(edge.admin)
    code = code_of(edge, manager, role="viewer")
    few = {"scopes": ["keys:manage", "items:read"]}
    assert edge.request("PATCH", f"{KEYS}/{key_id(manager)}", few, key=edge.admin).status == 200
    assert redeem(edge, code).code == "link_used"
    assert stored_sessions(manager) == []


def test_links_count_among_the_sessions_of_a_key(edge: Edge) -> None:
    codes = [code_of(edge, edge.admin) for _ in range(KEY_SESSIONS)]
    assert edge.request("POST", LINKS, {}, key=edge.admin).code == "session_limit"
    assert redeem(edge, codes[0]).status == 201
    assert edge.request("POST", LINKS, {}, key=edge.admin).code == "session_limit"
    edge.clock.advance(seconds=600)
    assert make_link(edge, edge.admin)


def test_who_manages_no_keys_makes_none_and_who_is_signed_in_gives_what_the_session_has(edge: Edge) -> None:
    plain = edge.key(edge.admin, scopes=(Scope.ITEMS_READ,))
    assert edge.request("POST", LINKS, {}, key=plain).code == "insufficient_scope"
    signed_in = {"name": "Anna", "scopes": ["keys:manage", "items:read"]}
    session = edge.request("POST", SESSIONS, signed_in, key=edge.admin).body["secret"]
    assert edge.request("POST", LINKS, {"scopes": ["items:write"]}, key=session).code == "insufficient_scope"
    made = make_link(edge, session, name="Bo", role="viewer").body
    assert made["link"]["scopes"] == ["items:read"]
    assert redeem(edge, made["code"]).body["session"]["keyId"] == key_id(edge.admin)


def test_audit_tells_who_made_the_link_and_who_used_it(edge: Edge) -> None:
    made = make_link(edge, edge.admin, name="Anna").body
    session = redeem(edge, made["code"]).body["session"]
    entries = edge.request("GET", "/v1/admin/audit", key=edge.admin).body["entries"]
    used, linked = entries[0], entries[1]
    assert (linked["kind"], linked["subject"]["sessionId"]) == ("session.link_created", made["link"]["id"])
    assert (used["kind"], used["subject"]["sessionId"]) == ("session.created", session["id"])
    assert used["by"] == {"keyId": key_id(edge.admin), "name": "Anna", "sessionId": made["link"]["id"]}
    assert made["code"] not in str(entries)
