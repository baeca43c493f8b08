"""Rotating keys over HTTP, and what rotation and revocation leave in the table and in the outbox."""

from __future__ import annotations

import json
import os
import random
from typing import Any

import boto3
import pytest
from httpapi.errors import EdgeError
from httpapi.keys.model import KeySpec
from httpapi.keys.scopes import ALL_SCOPES, Scope
from knowledge.environments import Environment
from knowledge.times import timestamp

from testing.edge import Edge, Reply
from tests.support.keys import check_figures, key_id, outbox, stored_figures, stored_keys

KEYS = "/v1/admin/keys"
DAY_MS = 86_400_000
RETRY = {"Idempotency-Key": "rotate-1"}


def rotate(edge: Edge, token: str, body: Any = None, *, by: str | None = None, **kwargs: Any) -> Reply:
    return edge.request("POST", f"{KEYS}/{key_id(token)}/rotate", body, key=by or edge.admin, **kwargs)


def works(edge: Edge, token: str) -> bool:
    reply = edge.request("GET", "/v1/whoami", key=token)
    assert reply.status == 200 or reply.code == "key_expired"
    return reply.status == 200


def test_both_keys_work_until_the_old_one_expires(edge: Edge) -> None:
    old = edge.key(edge.admin)
    reply = rotate(edge, old, {"overlapSeconds": 60})
    assert (reply.status, reply.headers["cache-control"]) == (201, "no-store")
    new = reply.body["secret"]
    assert reply.body["key"]["id"] == key_id(new) != key_id(old)
    assert reply.body["previousKey"]["id"] == key_id(old)
    assert reply.body["previousKey"]["expiresAt"] == timestamp(edge.clock() + 60_000)
    edge.clock.advance(seconds=59)
    assert (works(edge, old), works(edge, new)) == (True, True)
    edge.clock.advance(seconds=1)
    assert (works(edge, old), works(edge, new)) == (False, True)


def test_overlap_is_a_day_unless_said_otherwise(edge: Edge) -> None:
    for number, body in enumerate((None, {})):
        previous = rotate(edge, edge.key(edge.admin, name=f"k{number}"), body).body["previousKey"]
        assert (previous["status"], previous["expiresAt"]) == ("active", timestamp(edge.clock() + DAY_MS))


def test_overlap_of_nothing_ends_the_old_key_at_once(edge: Edge) -> None:
    old = edge.key(edge.admin)
    reply = rotate(edge, old, {"overlapSeconds": 0})
    assert reply.body["previousKey"]["status"] == "expired"
    assert (works(edge, old), works(edge, reply.body["secret"])) == (False, True)


def test_new_key_is_like_the_old_one(edge: Edge) -> None:
    tester = edge.key(edge.admin, environment=Environment.TEST)
    source = edge.request("POST", "/v1/sources", {"name": "a"}, key=tester).body["source"]["id"]
    asked = {
        "name": "nightly",
        "description": "Runs at night.",
        "scopes": ["items:read", "runs:read"],
        "sourceIds": [source],
        "rateLimitPerMinute": 7,
        "environment": "test",
    }
    old = edge.request("POST", KEYS, asked, key=edge.admin).body
    edge.clock.advance(seconds=5)
    reply = rotate(edge, old["secret"]).body
    assert {name: reply["key"][name] for name in asked} == asked
    assert reply["secret"].startswith("sk_test_")
    assert (reply["key"]["expiresAt"], reply["key"]["lastUsedAt"]) == (None, None)
    assert reply["key"]["createdAt"] == timestamp(edge.clock())
    assert (reply["key"]["rotatedFrom"], reply["key"]["rotatedTo"]) == (old["key"]["id"], None)
    changed = {"expiresAt": timestamp(edge.clock() + DAY_MS), "rotatedTo": reply["key"]["id"]}
    assert reply["previousKey"] == {**old["key"], **changed}


def test_new_key_lives_as_long_as_the_old_one_was_made_for(edge: Edge) -> None:
    old = edge.key(edge.admin, expires_at=edge.clock() + 90 * DAY_MS)
    edge.clock.advance(days=80)
    reply = rotate(edge, old).body
    assert reply["key"]["expiresAt"] == timestamp(edge.clock() + 90 * DAY_MS)
    assert reply["previousKey"]["expiresAt"] == timestamp(edge.clock() + DAY_MS)


def test_rotation_never_gives_the_old_key_more_time(edge: Edge) -> None:
    expiry = edge.clock() + 60_000
    reply = rotate(edge, edge.key(edge.admin, expires_at=expiry), {"overlapSeconds": 3_600})
    assert reply.body["previousKey"]["expiresAt"] == timestamp(expiry)


def test_expiry_stays_within_what_a_time_can_say(edge: Edge) -> None:
    asked = {"name": "k", "expiresAt": "9999-12-31T23:59:59.999Z"}
    old = edge.request("POST", KEYS, asked, key=edge.admin).body
    assert old["key"]["expiresAt"] == asked["expiresAt"]
    edge.clock.advance(days=1)
    assert rotate(edge, old["secret"]).body["key"]["expiresAt"] == asked["expiresAt"]
    beyond = edge.request("POST", KEYS, {"name": "k", "expiresAt": "9999-12-31T23:59:59-01:00"}, key=edge.admin)
    assert (beyond.status, beyond.body["details"][0]["path"]) == (400, "expiresAt")


def test_only_an_active_key_is_rotated_and_only_once(edge: Edge) -> None:
    revoked, brief, rotated = edge.key(edge.admin), edge.key(edge.admin, expires_at=edge.clock() + 1), edge.token
    edge.request("DELETE", f"{KEYS}/{key_id(revoked)}", key=edge.admin)
    edge.clock.advance(seconds=1)
    successor = rotate(edge, rotated).body["key"]["id"]
    for token, code, word in (
        (revoked, "key_inactive", "revoked"),
        (brief, "key_inactive", "expired"),
        (rotated, "key_rotated", successor),
    ):
        reply = rotate(edge, token)
        assert (reply.status, reply.code) == (409, code)
        assert word in reply.body["error"]
    assert len(outbox(edge.tenant_of(edge.admin))) == 2


def test_key_that_a_rotation_ended_names_its_successor(edge: Edge) -> None:
    old = edge.key(edge.admin)
    successor = rotate(edge, old, {"overlapSeconds": 0}).body["key"]["id"]
    edge.clock.advance(seconds=1)
    reply = rotate(edge, old)
    assert (reply.status, reply.code) == (409, "key_rotated")
    assert successor in reply.body["error"]


def test_bad_overlap_is_refused_and_changes_nothing(edge: Edge) -> None:
    for overlap in (-1, 2_592_001, 1.5, "60", True, None):
        reply = rotate(edge, edge.token, {"overlapSeconds": overlap})
        assert (reply.status, [fault["path"] for fault in reply.body["details"]]) == (400, ["overlapSeconds"]), overlap
    assert rotate(edge, edge.token, {"overlap": 60}).body["details"][0]["path"] == "overlap"
    assert len(stored_keys(edge.tenant_of(edge.admin))) == 2


def test_longest_overlap_is_30_days(edge: Edge) -> None:
    previous = rotate(edge, edge.token, {"overlapSeconds": 2_592_000}).body["previousKey"]
    assert previous["expiresAt"] == timestamp(edge.clock() + 30 * DAY_MS)


def test_key_limited_to_sources_rotates_none_but_can_be_rotated(edge: Edge) -> None:
    limited = edge.key(edge.admin, source_ids=(edge.source(),))
    refused = rotate(edge, limited, by=limited)
    assert (refused.status, refused.code) == (403, "insufficient_scope")
    assert rotate(edge, limited).status == 201


def test_retry_replays_and_the_record_holds_no_secret(edge: Edge) -> None:
    sealing = boto3.client("kms").create_key()["KeyMetadata"]["KeyId"]
    edge.services = edge.make_services(idempotency_key_id=sealing)
    first = rotate(edge, edge.admin, headers=RETRY)
    second = rotate(edge, edge.admin, headers=RETRY)
    assert second.text == first.text
    assert (second.headers["idempotent-replayed"], second.headers["cache-control"]) == ("true", "no-store")
    for table in ("IDEMPOTENCY_TABLE", "KEYS_TABLE", "CATALOG_TABLE"):
        rows = boto3.client("dynamodb").scan(TableName=os.environ[table])["Items"]
        assert first.body["secret"][25:] not in json.dumps(rows, default=str)
    # Whoever holds the new key may ask for the same answer: idempotency is the tenant's.
    assert rotate(edge, edge.admin, by=first.body["secret"], headers=RETRY).text == first.text
    assert rotate(edge, edge.admin, {"overlapSeconds": 0}, headers=RETRY).code == "idempotency_conflict"


def test_retry_of_a_lost_answer_gives_the_same_key_another_secret(edge: Edge) -> None:
    # Without a KMS key no record is kept: it is as if the function had died before it could write one.
    first = rotate(edge, edge.token, headers=RETRY).body
    second = rotate(edge, edge.token, headers=RETRY).body
    assert (second["key"], second["previousKey"]) == (first["key"], first["previousKey"])
    assert edge.request("GET", "/v1/whoami", key=first["secret"]).code == "invalid_key"
    assert works(edge, second["secret"])
    tenant = edge.tenant_of(edge.admin)
    assert len(stored_keys(tenant)) == 3
    assert len(outbox(tenant)) == 1
    # Now somebody has the secret, so it stays.
    assert rotate(edge, edge.token, headers=RETRY).code == "key_rotated"
    assert works(edge, second["secret"])


def test_idempotency_key_of_another_day_makes_another_key(edge: Edge) -> None:
    made = edge.request("POST", KEYS, {"name": "k"}, key=edge.admin, headers=RETRY).body["key"]["id"]
    edge.clock.advance(days=2)
    rotated = rotate(edge, edge.token, headers=RETRY)
    assert rotated.status == 201
    assert rotated.body["key"]["id"] != made


def test_each_end_of_a_key_is_in_the_outbox_once(edge: Edge) -> None:
    tenant = edge.tenant_of(edge.admin)
    assert outbox(tenant) == []
    new = rotate(edge, edge.token).body["key"]["id"]
    rotate(edge, edge.token)
    for _ in range(2):
        assert edge.request("DELETE", f"{KEYS}/{key_id(edge.token)}", key=edge.admin).status == 200
    events = {event["eventType"]: event for event in outbox(tenant)}
    assert len(outbox(tenant)) == len(events) == 2
    assert events["key.rotated"]["data"] == {"keyId": new, "previousKeyId": key_id(edge.token)}
    assert events["key.revoked"]["data"] == {"keyId": key_id(edge.token)}
    for event in events.values():
        assert (event["tenantId"], event["occurredAt"]) == (tenant, edge.clock())
        assert event["eventId"].startswith("evt_")
        assert "sourceId" not in event


@pytest.mark.parametrize("overlap", [0, 60])
def test_rotation_leaves_a_last_admin_key_that_cannot_be_revoked(edge: Edge, overlap: int) -> None:
    admin = edge.bootstrap()
    new = rotate(edge, admin, {"overlapSeconds": overlap}, by=admin).body["secret"]
    # The old one is on its way out, so revoking it leaves the new one; revoking the new one would leave none.
    assert edge.request("DELETE", f"{KEYS}/{key_id(new)}", key=new).code == "last_admin_key"
    if overlap:
        assert edge.request("DELETE", f"{KEYS}/{key_id(new)}", key=admin).code == "last_admin_key"
    assert edge.request("DELETE", f"{KEYS}/{key_id(admin)}", key=new).status == 200
    check_figures(edge.tenant_of(new), edge.clock())


def test_successor_of_an_expiring_admin_key_is_no_lasting_one(edge: Edge) -> None:
    admin = edge.bootstrap()
    brief = edge.key(admin, expires_at=edge.clock() + DAY_MS)
    rotate(edge, brief, by=admin)
    assert edge.request("DELETE", f"{KEYS}/{key_id(admin)}", key=admin).code == "last_admin_key"


def test_rotation_needs_no_room(edge: Edge) -> None:
    admin = edge.bootstrap()
    tenant = edge.tenant_of(admin)
    full = [edge.key(admin) for _ in range(9)]
    edge.key(admin, rate_limit_per_minute=5_880)
    for overlap in (0, 60):
        full = [rotate(edge, token, {"overlapSeconds": overlap}, by=admin).body["secret"] for token in full]
        assert stored_figures(tenant) == (11, 60_000)
        check_figures(tenant, edge.clock())
    over = edge.request("POST", KEYS, {"name": "k", "rateLimitPerMinute": 1}, key=admin)
    assert (over.status, over.body["details"][0]["path"]) == (400, "rateLimitPerMinute")


def test_rotation_brings_no_requests_of_its_own(edge: Edge) -> None:
    token = edge.key(edge.admin, rate_limit_per_minute=5)
    answered = []
    for overlap in (0, 60, 0):
        answered += [edge.request("GET", "/v1/whoami", key=token).status for _ in range(4)]
        token = rotate(edge, token, {"overlapSeconds": overlap}).body["secret"]
    assert sorted(answered) == [200] * 5 + [429] * 7
    edge.clock.advance(seconds=60)
    assert edge.request("GET", "/v1/whoami", key=token).headers["ratelimit-remaining"] == "4"


@pytest.mark.parametrize("end", ["revoked", "expired", "rotated and revoked"])
def test_key_that_ended_counts_for_two_minutes_more(edge: Edge, end: str) -> None:
    admin = edge.bootstrap()
    tenant = edge.tenant_of(admin)
    expiry = edge.clock() + 10_000 if end == "expired" else None
    token = edge.key(admin, rate_limit_per_minute=6_000, expires_at=expiry)
    for _ in range(8):
        edge.key(admin)
    edge.key(admin, rate_limit_per_minute=5_880)
    if end == "rotated and revoked":
        token = rotate(edge, token, {"overlapSeconds": 0}, by=admin).body["secret"]
    edge.clock.advance(seconds=10)
    if end != "expired":
        edge.request("DELETE", f"{KEYS}/{key_id(token)}", key=admin)
    over = {"name": "k", "rateLimitPerMinute": 6_000}
    for seconds, status in ((119, 400), (1, 201), (0, 400)):
        edge.clock.advance(seconds=seconds)
        check_figures(tenant, edge.clock())
        assert edge.request("POST", KEYS, over, key=admin).status == status
    # Its share is gone, and revoking it gives nothing back a second time.
    edge.request("DELETE", f"{KEYS}/{key_id(token)}", key=admin)
    edge.clock.advance(seconds=120)
    assert edge.request("POST", KEYS, {"name": "k", "rateLimitPerMinute": 1}, key=admin).status == 400
    check_figures(tenant, edge.clock())


def test_share_of_a_line_stays_while_one_of_its_keys_works(edge: Edge) -> None:
    """Of three keys that overlap the newest is revoked, then the one before it: the first is still there."""
    admin = edge.bootstrap()
    tenant = edge.tenant_of(admin)
    first = edge.key(admin)
    for _ in range(8):
        edge.key(admin)
    edge.key(admin, rate_limit_per_minute=5_880)
    second = rotate(edge, first, {"overlapSeconds": 3_600}, by=admin).body["secret"]
    third = rotate(edge, second, {"overlapSeconds": 3_600}, by=admin).body["secret"]
    for token in (third, second):
        edge.request("DELETE", f"{KEYS}/{key_id(token)}", key=admin)
        edge.clock.advance(seconds=600)
        assert edge.request("POST", KEYS, {"name": "k", "rateLimitPerMinute": 1}, key=admin).status == 400
        check_figures(tenant, edge.clock())
    edge.request("DELETE", f"{KEYS}/{key_id(first)}", key=admin)
    edge.clock.advance(seconds=120)
    assert edge.request("POST", KEYS, {"name": "k", "rateLimitPerMinute": 6_000}, key=admin).status == 201


def test_share_of_a_line_whose_old_keys_ended_leaves_with_its_newest(edge: Edge) -> None:
    admin = edge.bootstrap()
    first = edge.key(admin)
    for _ in range(8):
        edge.key(admin)
    edge.key(admin, rate_limit_per_minute=5_880)
    second = rotate(edge, first, {"overlapSeconds": 3_600}, by=admin).body["secret"]
    for token in (first, second):
        edge.request("DELETE", f"{KEYS}/{key_id(token)}", key=admin)
    edge.clock.advance(seconds=120)
    assert edge.request("POST", KEYS, {"name": "k", "rateLimitPerMinute": 6_000}, key=admin).status == 201


def test_key_that_ended_is_known_for_400_days_once_its_share_is_given_back(edge: Edge) -> None:
    admin = edge.bootstrap()
    revoked, rotated, lasting = (edge.key(admin) for _ in range(3))
    edge.request("DELETE", f"{KEYS}/{key_id(revoked)}", key=admin)
    ended_at = edge.clock()
    rotate(edge, rotated, {"overlapSeconds": 0}, by=admin)
    assert goes_at(rotated) == (ended_at + 400 * DAY_MS) // 1000
    assert goes_at(revoked) is None
    edge.clock.advance(seconds=120)
    # The last of them wants the room that the revoked one holds.
    for _ in range(7):
        assert edge.request("POST", KEYS, {"name": "k", "rateLimitPerMinute": 6_000}, key=admin).status == 201
    assert goes_at(revoked) == (ended_at + 400 * DAY_MS) // 1000
    assert goes_at(lasting) is None
    # Until DynamoDB drops it, it is told apart from what never was a key.
    edge.clock.advance(days=399)
    assert edge.request("GET", "/v1/whoami", key=revoked).code == "key_revoked"


def goes_at(token: str) -> int | None:
    row = boto3.client("dynamodb").get_item(
        TableName=os.environ["KEYS_TABLE"], Key={"keyId": {"S": key_id(token)}}, ConsistentRead=True
    )["Item"]
    return int(row["ttl"]["N"]) if "ttl" in row else None


@pytest.mark.parametrize("seed", range(2))
def test_figures_hold_through_any_sequence(edge_on_dynoxide: Edge, seed: int) -> None:
    edge, dice = edge_on_dynoxide, random.Random(seed)
    tenant = edge.tenant_of(edge.bootstrap())
    keys = edge.services.keys
    done = refused = 0
    for _ in range(60):
        chosen = dice.choice(stored_keys(tenant)).key_id
        expiry = dice.choice([None, None, edge.clock() + 60_000])
        scopes = dice.choice([ALL_SCOPES, (Scope.ITEMS_READ,)])
        spec = KeySpec("k", scopes, rate_limit_per_minute=dice.choice([600, 6_000]), expires_at=expiry)
        overlap_ms = dice.choice([0, 60_000, 90_000])
        work = dice.choice(
            [
                lambda spec=spec: keys.create_key(tenant, spec),
                lambda chosen=chosen, overlap_ms=overlap_ms: keys.rotate_key(tenant, chosen, overlap_ms),
                lambda chosen=chosen: keys.revoke_key(tenant, chosen),
            ]
        )
        try:
            work()
            done += 1
        except EdgeError:
            refused += 1
        check_figures(tenant, edge.clock())
        edge.clock.advance(seconds=dice.choice([0, 5, 30]))
    assert done > 15
    assert refused > 5


def test_tenant_that_is_over_a_bound_that_was_lowered_keeps_its_keys_and_makes_no_more(edge: Edge) -> None:
    admin = edge.bootstrap()
    tenant = edge.tenant_of(admin)
    kept = edge.key(admin)
    edge.services = edge.make_services(tenant_limit=3_000)
    assert edge.request("GET", "/v1/whoami", key=kept).status == 200
    refused = edge.request("POST", KEYS, {"name": "k", "rateLimitPerMinute": 1}, key=admin)
    assert refused.body["details"] == [
        {
            "path": "rateLimitPerMinute",
            "message": "the limits of all live keys may add up to 3000 a minute, where one that ended counts for two"
            " minutes more: revoke a key, or ask for less",
        }
    ]
    # What does not raise the sum is not refused for it.
    kept = rotate(edge, kept, {"overlapSeconds": 0}, by=admin).body["secret"]
    assert edge.request("DELETE", f"{KEYS}/{key_id(kept)}", key=admin).status == 200
    edge.clock.advance(seconds=120)
    assert edge.request("POST", KEYS, {"name": "k", "rateLimitPerMinute": 2_880}, key=admin).status == 201
    assert stored_figures(tenant) == (1, 3_000)
