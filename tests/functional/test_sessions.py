"""Portal sessions: what one has of its key, what it may not do, who sees and ends it, and what ends with its key."""

from __future__ import annotations

from typing import Any

import pytest
from httpapi.keys.roles import ROLE_SCOPES, Role
from httpapi.keys.scopes import ALL_SCOPES, Scope
from knowledge.environments import Environment
from knowledge.limits import KEY_SESSIONS
from knowledge.times import timestamp

from testing.edge import Edge, Reply
from tests.support.keys import check_figures, key_id, stored_sessions, whoami

SESSIONS = "/v1/portal/sessions"
KEYS = "/v1/admin/keys"
HOUR_MS = 3_600_000
SOME = (Scope.ITEMS_READ, Scope.SOURCES_READ)


def sign_in(edge: Edge, key: str, body: Any = None, **kwargs: Any) -> Reply:
    return edge.request("POST", SESSIONS, body, key=key, **kwargs)


def session_of(edge: Edge, key: str, **body: Any) -> str:
    """Begin a session; return its text."""
    reply = sign_in(edge, key, body)
    assert reply.status == 201, reply.text
    return str(reply.body["secret"])


def test_session_is_as_its_key_is_unless_less_is_asked_for(edge: Edge) -> None:
    token = edge.key(edge.admin, scopes=SOME)
    made = sign_in(edge, token)
    assert made.body["secret"].startswith("ps_live_")
    assert made.body["session"] == {
        "id": key_id(made.body["secret"]),
        "name": "test",
        "keyId": key_id(token),
        "role": None,
        "environment": "live",
        "scopes": list(SOME),
        "sourceIds": None,
        "createdAt": timestamp(edge.clock()),
        "expiresAt": timestamp(edge.clock() + 8 * HOUR_MS),
        "lastUsedAt": None,
        "endedAt": None,
    }
    source = edge.source()
    less = {"name": "Anna", "scopes": ["items:read"], "sourceIds": [source], "expiresInSeconds": 60}
    session = sign_in(edge, token, less).body["session"]
    assert (session["name"], session["scopes"], session["sourceIds"]) == ("Anna", ["items:read"], [source])
    assert session["expiresAt"] == timestamp(edge.clock() + 60_000)


def test_session_does_what_it_may_and_says_who_it_is(edge: Edge) -> None:
    mine, other = edge.source(), edge.source()
    secret = session_of(edge, edge.token, name="Anna", scopes=["sources:read"], sourceIds=[mine])
    assert edge.request("GET", f"/v1/sources/{mine}", key=secret).status == 200
    assert edge.request("GET", f"/v1/sources/{other}", key=secret).status == 404
    assert edge.request("GET", f"/v1/sources/{mine}/items", key=secret).code == "insufficient_scope"
    told = edge.request("GET", "/v1/whoami", key=secret).body
    assert told["tenantId"] == edge.tenant_of(edge.token)
    assert (told["key"]["id"], told["key"]["scopes"]) == (key_id(edge.token), ["sources:read"])
    assert told["key"]["expiresAt"] == told["session"]["expiresAt"] == timestamp(edge.clock() + 8 * HOUR_MS)
    assert (told["session"]["name"], told["session"]["sourceIds"]) == ("Anna", [mine])
    assert "session" not in edge.request("GET", "/v1/whoami").body


@pytest.mark.parametrize("role", list(Role))
def test_role_gives_what_it_has_in_common_with_the_key(edge: Edge, role: Role) -> None:
    assert sign_in(edge, edge.admin, {"role": role}).body["session"]["scopes"] == sorted(
        ROLE_SCOPES[role], key=ALL_SCOPES.index
    )
    few = edge.key(edge.admin, scopes=(Scope.ITEMS_READ, Scope.KEYS_MANAGE))
    held = ["keys:manage"] * (role is Role.OWNER)
    assert sorted(sign_in(edge, few, {"role": role}).body["session"]["scopes"]) == sorted(
        ["items:read", *held][:2]
    ) or (role is Role.DEVELOPER)


def test_no_session_has_more_than_its_key(edge: Edge) -> None:
    mine, other = edge.source(), edge.source()
    limited = edge.key(edge.admin, scopes=SOME, source_ids=(mine,))
    for body in (
        {"scopes": ["items:read", "items:write"]},
        {"sourceIds": [mine, other]},
        {"role": "owner", "sourceIds": [other]},
    ):
        assert sign_in(edge, limited, body).code == "insufficient_scope"
    assert (
        sign_in(edge, edge.key(edge.admin, scopes=(Scope.WEBHOOKS_MANAGE,)), {"role": "viewer"}).code
        == "insufficient_scope"
    )
    absent = sign_in(edge, edge.token, {"sourceIds": [f"src_{'0' * 26}"]})
    assert (absent.status, absent.body["details"][0]["path"]) == (400, "sourceIds")
    assert sign_in(edge, edge.token, {"role": "viewer", "scopes": ["items:read"]}).code == "validation_error"
    soon = edge.key(edge.admin, expires_at=edge.clock() + HOUR_MS)
    assert sign_in(edge, soon).body["session"]["expiresAt"] == timestamp(edge.clock() + HOUR_MS)
    test = edge.key(edge.admin, environment=Environment.TEST)
    secret = session_of(edge, test)
    assert secret.startswith("ps_test_")
    assert edge.request("GET", f"/v1/sources/{mine}", key=secret).status == 404


def test_session_begins_none_and_is_no_key(edge: Edge) -> None:
    secret = session_of(edge, edge.admin)
    refused = sign_in(edge, secret)
    assert (refused.status, refused.code) == (403, "insufficient_scope")
    assert edge.request("GET", f"{KEYS}/{key_id(secret)}", key=edge.admin).status == 404
    assert edge.request("DELETE", f"{KEYS}/{key_id(secret)}", key=edge.admin).status == 404
    assert key_id(secret) not in {key["id"] for key in edge.request("GET", KEYS, key=edge.admin).body["keys"]}
    # Its secret under the other beginning is neither.
    assert whoami(edge, "sk" + secret[2:]) == (401, "invalid_key")


def test_session_ends_by_itself(edge: Edge) -> None:
    secret = session_of(edge, edge.token, expiresInSeconds=60)
    assert whoami(edge, secret) == (200, None)
    edge.clock.advance(seconds=60)
    assert whoami(edge, secret) == (401, "session_ended")
    assert edge.request("GET", SESSIONS).body["sessions"] == []
    assert edge.request("GET", f"{SESSIONS}/{key_id(secret)}").status == 404


def test_sessions_of_a_key_are_bounded_and_those_that_ended_leave_nothing(edge: Edge) -> None:
    for _ in range(KEY_SESSIONS):
        last = session_of(edge, edge.token, expiresInSeconds=600)
    assert (refused := sign_in(edge, edge.token)).code == "session_limit"
    assert refused.status == 409
    assert session_of(edge, edge.admin)
    assert edge.request("DELETE", f"{SESSIONS}/{key_id(last)}").status == 200
    assert session_of(edge, edge.token, expiresInSeconds=600)
    edge.clock.advance(seconds=600)
    newest = session_of(edge, edge.token)
    assert [each.holder_id for each in stored_sessions(edge.token)] == [key_id(newest)]


def test_sessions_are_counted_with_their_key(edge: Edge) -> None:
    token = edge.key(edge.admin, rate_limit_per_minute=4)
    secrets = [session_of(edge, token) for _ in range(2)]
    assert [whoami(edge, secret)[0] for secret in [*secrets, token]] == [200, 200, 429]
    check_figures(edge.tenant_of(edge.admin), edge.clock())


TAKEN: list[tuple[str, dict[str, Any]]] = [
    ("a scope", {"scopes": ["items:read"]}),
    ("a source", {"sourceIds": "one"}),
    ("its use", {"enabled": False}),
    ("some of its time", {"expiresAt": "soon"}),
    ("some of its requests", {"rateLimitPerMinute": 10}),
    ("some of its days", {"requestsPerDay": 10}),
    ("its answers", {"answersPerDay": 10}),
]


@pytest.mark.parametrize(("what", "body"), TAKEN, ids=[each[0] for each in TAKEN])
def test_what_is_taken_from_a_key_ends_its_sessions(edge: Edge, what: str, body: dict[str, Any]) -> None:
    token = edge.key(edge.admin, scopes=SOME)
    secrets = [session_of(edge, token) for _ in range(2)]
    values = {"one": [edge.source()], "soon": timestamp(edge.clock() + HOUR_MS)}
    body = {name: values.get(value, value) if isinstance(value, str) else value for name, value in body.items()}
    assert edge.request("PATCH", f"{KEYS}/{key_id(token)}", body, key=edge.admin).status == 200
    assert [whoami(edge, secret) for secret in secrets] == [(401, "session_ended")] * 2
    assert stored_sessions(token) == []
    ended = edge.request("GET", "/v1/admin/audit", query="kind=session.ended", key=edge.admin).body["entries"]
    assert {entry["subject"]["sessionId"] for entry in ended} == set(map(key_id, secrets))
    # Turned on again it brings none of them back.
    edge.request("PATCH", f"{KEYS}/{key_id(token)}", {"enabled": True}, key=edge.admin)
    assert [whoami(edge, secret) for secret in secrets] == [(401, "session_ended")] * 2


def test_what_takes_nothing_from_a_key_leaves_its_sessions(edge: Edge) -> None:
    token = edge.key(edge.admin, scopes=SOME, rate_limit_per_minute=10)
    secret = session_of(edge, token)
    later = timestamp(edge.clock() + 9 * HOUR_MS)
    more: list[dict[str, Any]] = [
        {"name": "another"},
        {"scopes": ["items:read", "sources:read", "items:write"]},
        {"rateLimitPerMinute": 20, "expiresAt": later},
    ]
    for body in more:
        edge.request("PATCH", f"{KEYS}/{key_id(token)}", body, key=edge.admin)
        assert whoami(edge, secret) == (200, None)
    assert edge.request("GET", "/v1/whoami", key=secret).body["key"]["scopes"] == list(SOME)


@pytest.mark.parametrize(
    ("overlap", "code"), [(0, "session_ended"), (HOUR_MS // 1000, "session_ended"), (86_400, None)]
)
def test_rotation_ends_what_would_outlive_the_old_key(edge: Edge, overlap: int, code: str | None) -> None:
    token = edge.key(edge.admin, scopes=SOME)
    secret, brief = session_of(edge, token), session_of(edge, token, expiresInSeconds=600)
    edge.request("POST", f"{KEYS}/{key_id(token)}/rotate", {"overlapSeconds": overlap}, key=edge.admin)
    assert whoami(edge, secret)[1] == code
    assert whoami(edge, brief)[1] == (None if overlap else "session_ended")


def test_revoked_key_ends_its_sessions_and_no_others(edge: Edge) -> None:
    token, other = edge.key(edge.admin), session_of(edge, edge.admin)
    secret = session_of(edge, token)
    edge.request("DELETE", f"{KEYS}/{key_id(token)}", key=edge.admin)
    assert whoami(edge, secret) == (401, "session_ended")
    assert whoami(edge, other) == (200, None)


def test_who_sees_and_ends_which(edge: Edge) -> None:
    source = edge.source()
    limited = edge.key(edge.admin, scopes=(Scope.KEYS_MANAGE,), source_ids=(source,))
    plain = edge.key(edge.admin, scopes=SOME)
    of_plain, also_plain, of_admin, of_limited = (session_of(edge, key) for key in (plain, plain, edge.admin, limited))

    def seen(by: str) -> set[str]:
        return {each["id"] for each in edge.request("GET", SESSIONS, key=by).body["sessions"]}

    ids = [key_id(each) for each in (of_plain, also_plain, of_admin, of_limited)]
    assert seen(edge.admin) == seen(of_admin) == set(ids)
    assert seen(plain) == seen(of_plain) == set(ids[:2])
    assert seen(limited) == {ids[3]}
    assert edge.request("GET", f"{SESSIONS}/{ids[2]}", key=plain).status == 404
    assert edge.request("DELETE", f"{SESSIONS}/{ids[2]}", key=plain).status == 404
    # Who only has a session ends itself.
    assert edge.request("DELETE", f"{SESSIONS}/{ids[1]}", key=of_plain).status == 404
    ended = edge.request("DELETE", f"{SESSIONS}/{ids[0]}", key=of_plain)
    assert ended.body["session"]["endedAt"] == timestamp(edge.clock())
    assert whoami(edge, of_plain) == (401, "session_ended")
    assert edge.request("DELETE", f"{SESSIONS}/{ids[1]}", key=plain).status == 200
    assert edge.request("DELETE", f"{SESSIONS}/{ids[3]}", key=of_admin).status == 200
    assert seen(edge.admin) == {ids[2]}
    assert edge.request("GET", f"{SESSIONS}/no", key=edge.admin).status == 404


def test_another_tenant_sees_nothing_of_it(edge: Edge) -> None:
    secret, theirs = session_of(edge, edge.admin), edge.bootstrap()
    assert edge.request("GET", SESSIONS, key=theirs).body["sessions"] == []
    for method in ("GET", "DELETE"):
        assert edge.request(method, f"{SESSIONS}/{key_id(secret)}", key=theirs).status == 404


def test_what_is_done_in_a_session_names_it_and_its_key(edge: Edge) -> None:
    secret = session_of(edge, edge.admin, name="Anna")
    source = edge.request("POST", "/v1/sources", {"name": "Help"}, key=secret).body["source"]["id"]
    run = edge.request("POST", f"/v1/sources/{source}/runs", key=secret).body["run"]
    by = {"keyId": key_id(edge.admin), "name": "Anna", "sessionId": key_id(secret)}
    assert run["createdBy"] == by
    made = edge.request("POST", KEYS, {"name": "k"}, key=secret).body["key"]
    assert made["createdBy"] == by
    assert made["expiresAt"] is None
    for key in (key_id(edge.admin), key_id(secret)):
        entries = edge.request("GET", "/v1/admin/audit", query=f"keyId={key}", key=edge.admin).body["entries"]
        assert {"source.created", "run.created", "key.created"} <= {
            each["kind"] for each in entries if each["by"] == by
        }
    begun = edge.request("GET", "/v1/admin/audit", query="kind=session.created", key=edge.admin).body["entries"]
    assert [entry["subject"] for entry in begun] == [{"keyId": key_id(edge.admin), "sessionId": key_id(secret)}]
    assert secret not in str(begun)


def test_use_of_a_session_is_noted_to_the_hour(edge: Edge) -> None:
    secret = session_of(edge, edge.token)
    whoami(edge, secret)
    assert edge.request("GET", f"{SESSIONS}/{key_id(secret)}").body["session"]["lastUsedAt"] == timestamp(edge.clock())


def test_retry_gets_the_same_session(edge: Edge) -> None:
    headers = {"Idempotency-Key": "one"}
    first, again = (sign_in(edge, edge.token, {"name": "Anna"}, headers=headers) for _ in range(2))
    # Without a key to seal a secret with, the answer is not kept, and the session gets another secret.
    assert again.body["session"] == first.body["session"]
    assert [whoami(edge, each.body["secret"])[0] for each in (first, again)] == [401, 200]
    # What a session asks under the same header is another request.
    body = {"name": "Help"}
    mine = edge.request("POST", "/v1/sources", body, headers={"Idempotency-Key": "two"}).body
    its = edge.request("POST", "/v1/sources", body, key=again.body["secret"], headers={"Idempotency-Key": "two"}).body
    assert mine["source"]["id"] != its["source"]["id"]
