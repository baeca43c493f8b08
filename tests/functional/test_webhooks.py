"""Webhooks over the edge: endpoints, their secrets, their deliveries; what is sent is in other tests."""

from __future__ import annotations

import base64
import json
import logging
from dataclasses import replace

import boto3
import pytest
from webhooks.deliveries.model import DeliveryState
from webhooks.tasks import deliver_webhooks

from testing.edge import Edge, Reply
from tests.support.hostile_targets import HOSTILE_URLS

HOOK = {"url": "https://hooks.example.com/in?token=abc"}


@pytest.fixture
def edge(edge: Edge) -> Edge:
    """The edge with the key that seals recorded secrets."""
    edge.services = edge.make_services(idempotency_key_id=edge.environment["IDEMPOTENCY_KEY_ID"])
    return edge


def create(edge: Edge, **fields: object) -> Reply:
    return edge.request("POST", "/v1/webhooks", {**HOOK, **fields})


def path_of(edge: Edge, **fields: object) -> str:
    return f"/v1/webhooks/{create(edge, **fields).body['webhook']['id']}"


def stored_text(edge: Edge) -> str:
    """Everything in every table, as text, bytes decoded as far as they are text."""
    client = boto3.client("dynamodb")
    tables = ("CATALOG_TABLE", "KEYS_TABLE", "ITEMS_TABLE", "IDEMPOTENCY_TABLE")
    rows = [row for table in tables for row in client.scan(TableName=edge.environment[table])["Items"]]
    return json.dumps(rows, default=lambda value: bytes(value).decode("latin-1"))


def test_created_webhook_shows_its_secret_once(edge: Edge, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    reply = create(edge, events=["run.failed", "run.failed"], description="search index")
    assert (reply.status, reply.headers["cache-control"]) == (201, "no-store")
    webhook, secret = reply.body["webhook"], reply.body["secret"]
    assert secret.startswith("whsec_")
    assert len(base64.b64decode(secret.removeprefix("whsec_"))) == 32
    assert (webhook["events"], webhook["sourceIds"], webhook["enabled"]) == (["run.failed"], None, True)
    path = f"/v1/webhooks/{webhook['id']}"
    assert edge.request("GET", path).body == {"webhook": webhook}
    assert edge.request("GET", "/v1/webhooks").body == {"webhooks": [webhook], "nextCursor": None}
    edge.request("POST", f"{path}/test")
    seen = stored_text(edge) + caplog.text + edge.request("GET", f"{path}/deliveries").text
    assert secret not in seen
    assert secret.removeprefix("whsec_") not in seen


def test_repeated_creation_finds_the_first_with_its_secret(edge: Edge) -> None:
    headers = {"Idempotency-Key": "hook"}
    first = edge.request("POST", "/v1/webhooks", HOOK, headers=headers)
    replay = edge.request("POST", "/v1/webhooks", HOOK, headers=headers)
    assert (replay.text, replay.headers["idempotent-replayed"]) == (first.text, "true")
    forget_answers(edge)
    assert edge.request("POST", "/v1/webhooks", HOOK, headers=headers).body == first.body
    assert len(edge.request("GET", "/v1/webhooks").body["webhooks"]) == 1


def forget_answers(edge: Edge) -> None:
    """Lose every recorded answer, as a crash between the work and its record does."""
    table, client = edge.environment["IDEMPOTENCY_TABLE"], boto3.client("dynamodb")
    for row in client.scan(TableName=table)["Items"]:
        client.delete_item(TableName=table, Key={"id": row["id"]})


def test_tenant_has_twenty_webhooks_at_most(edge: Edge) -> None:
    paths = [path_of(edge) for _ in range(20)]
    refused = create(edge)
    assert (refused.status, refused.code) == (409, "webhook_limit")
    first = edge.request("GET", "/v1/webhooks", query="limit=15").body
    rest = edge.request("GET", "/v1/webhooks", query=f"limit=15&cursor={first['nextCursor']}").body
    assert {f"/v1/webhooks/{hook['id']}" for hook in first["webhooks"] + rest["webhooks"]} == set(paths)
    assert edge.request("DELETE", paths[0]).status == 200
    assert edge.request("DELETE", paths[0]).status == 404
    assert create(edge).status == 201
    assert create(edge).code == "webhook_limit"


def test_hostile_targets_are_refused_with_their_reason(edge: Edge) -> None:
    for url, reason in HOSTILE_URLS:
        reply = create(edge, url=url)
        assert (reply.status, reply.code) == (400, "validation_error"), url
        (fault,) = reply.body["details"]
        assert fault["path"] == "url"
        assert reason in fault["message"] or not url or len(url) > 2_048, url
    assert edge.request("GET", "/v1/webhooks").body["webhooks"] == []


def test_name_with_any_private_address_is_refused_when_it_is_made_or_moved_to(edge: Edge) -> None:
    edge.addresses["inside.example.com"] = ["93.184.215.14", "10.0.0.7"]
    inside = "https://inside.example.com/"
    assert create(edge, url=inside).code == "validation_error"
    path = path_of(edge)
    assert edge.request("PATCH", path, {"url": inside}).code == "validation_error"
    assert edge.request("GET", path).body["webhook"]["url"] == HOOK["url"]


@pytest.mark.parametrize(
    "fields",
    [
        {"events": []},
        {"events": ["generation.retired"]},
        {"events": "run.failed"},
        {"sourceIds": []},
        {"sourceIds": ["x"]},
        {"url": None},
        {"url": ""},
        {"description": "x" * 201},
        {"enabled": "yes"},
        {"secret": "whsec_mine"},
    ],
)
def test_bad_fields_are_refused(edge: Edge, fields: dict[str, object]) -> None:
    assert create(edge, **fields).code == "validation_error"
    assert edge.request("PATCH", path_of(edge), fields).code == "validation_error"


def test_patch_changes_what_it_names(edge: Edge) -> None:
    source = edge.source()
    path = path_of(edge, events=["run.ready"], description="old")
    edge.clock.advance(seconds=1)
    changed = edge.request("PATCH", path, {"events": None, "sourceIds": [source], "url": "https://other.example.com/"})
    webhook = changed.body["webhook"]
    assert (webhook["events"], webhook["sourceIds"], webhook["description"]) == (None, [source], "old")
    assert webhook["url"] == "https://other.example.com/"
    assert webhook["updatedAt"] > webhook["createdAt"]
    disabled = edge.request("PATCH", path, {"enabled": False, "description": None}).body["webhook"]
    assert (disabled["enabled"], disabled["disabled"]["reason"], disabled["description"]) == (False, "by_tenant", None)
    assert edge.request("PATCH", path, {"enabled": False}).body["webhook"]["disabled"] == disabled["disabled"]
    assert edge.request("PATCH", path, {"enabled": True}).body["webhook"]["disabled"] is None
    assert edge.request("PATCH", path, {"enabled": None}).code == "validation_error"


def test_rotation_keeps_the_old_secret_for_its_overlap(edge: Edge) -> None:
    created = create(edge).body
    path = f"/v1/webhooks/{created['webhook']['id']}"
    rotated = edge.request("POST", f"{path}/rotate-secret", {"overlapSeconds": 60})
    assert (rotated.status, rotated.headers["cache-control"]) == (201, "no-store")
    assert rotated.body["secret"] != created["secret"]
    assert rotated.body["webhook"]["previousSecretExpiresAt"] is not None
    edge.clock.advance(seconds=60)
    assert edge.request("GET", path).body["webhook"]["previousSecretExpiresAt"] is None
    at_once = edge.request("POST", f"{path}/rotate-secret", {"overlapSeconds": 0}).body
    assert at_once["webhook"]["previousSecretExpiresAt"] is None


def test_retried_rotation_finds_the_secret_of_the_first_try(edge: Edge) -> None:
    path, headers = f"{path_of(edge)}/rotate-secret", {"Idempotency-Key": "rotate"}
    first = edge.request("POST", path, headers=headers)
    forget_answers(edge)
    edge.clock.advance(seconds=5)
    assert edge.request("POST", path, headers=headers).body == first.body
    assert edge.request("POST", path).body["secret"] != first.body["secret"]


def test_two_rotations_at_once_make_one_secret(edge: Edge, monkeypatch: pytest.MonkeyPatch) -> None:
    path = path_of(edge)
    store = edge.services.webhooks.endpoint_store
    stale = store.get_endpoint(edge.tenant_of(edge.token), path.rpartition("/")[2])
    edge.request("POST", f"{path}/rotate-secret")
    monkeypatch.setattr(type(store), "get_endpoint", lambda *_: stale)
    reply = edge.request("POST", f"{path}/rotate-secret")
    assert (reply.status, reply.code) == (409, "webhook_changed")


def test_test_event_is_on_its_way_even_to_a_disabled_webhook(edge: Edge) -> None:
    path = path_of(edge, enabled=False, events=["run.failed"])
    reply = edge.request("POST", f"{path}/test")
    assert reply.status == 202
    delivery = reply.body["delivery"]
    assert (delivery["eventType"], delivery["state"], delivery["attempts"]) == ("webhook.test", "pending", [])
    assert edge.request("GET", f"{path}/deliveries/{delivery['id']}").body == {"delivery": delivery}
    assert edge.request("GET", f"{path}/deliveries").body["deliveries"] == [delivery]
    assert edge.request("GET", f"{path}/deliveries", query="state=failed").body["deliveries"] == []
    assert edge.request("GET", f"{path}/deliveries", query="state=lost").code == "validation_error"


def attempt_all(edge: Edge) -> None:
    """Work on every message of the queue; nobody can be connected to, so each attempt fails."""
    queue = {"QueueUrl": edge.environment["WEBHOOK_QUEUE_URL"]}
    sqs = boto3.client("sqs")
    while messages := sqs.receive_message(**queue, MaxNumberOfMessages=10).get("Messages"):
        records = [{"messageId": message["MessageId"], "body": message["Body"]} for message in messages]
        assert deliver_webhooks(edge.services.webhooks, {"Records": records}) == {"batchItemFailures": []}
        for message in messages:
            sqs.delete_message(**queue, ReceiptHandle=message["ReceiptHandle"])


def test_attempts_are_shown_and_failures_delivered_again(edge: Edge) -> None:
    path = path_of(edge)
    delivery = edge.request("POST", f"{path}/test").body["delivery"]
    attempt_all(edge)
    tried = edge.request("GET", f"{path}/deliveries/{delivery['id']}").body["delivery"]
    assert (tried["state"], len(tried["attempts"])) == ("pending", 1)
    assert (tried["attempts"][0]["status"], bool(tried["attempts"][0]["failure"])) == (None, True)
    assert tried["nextAttemptAt"] > delivery["nextAttemptAt"]
    again = edge.request("POST", f"{path}/deliveries/{delivery['id']}/redeliver")
    assert (again.status, again.body["delivery"]["nextAttemptAt"]) == (202, delivery["nextAttemptAt"])
    attempt_all(edge)
    assert len(edge.request("GET", f"{path}/deliveries/{delivery['id']}").body["delivery"]["attempts"]) == 2


def test_what_failed_since_a_time_is_delivered_again(edge: Edge) -> None:
    path = path_of(edge)
    delivery = edge.request("POST", f"{path}/test").body["delivery"]
    store = edge.services.webhooks.delivery_store
    for _ in range(8):
        edge.clock.advance(days=1)
        edge.request("POST", f"{path}/test")
    for listed in edge.request("GET", f"{path}/deliveries").body["deliveries"]:
        pending = store.get(path.rpartition("/")[2], listed["id"])
        failed = replace(pending, state=DeliveryState.FAILED, next_attempt_at=None, remind_at=None, failure="a test")
        assert store.record(pending, failed)
    since = edge.request("GET", f"{path}/deliveries", query="limit=3").body["deliveries"][-1]["createdAt"]
    reply = edge.request("POST", f"{path}/redeliver", {"since": since})
    assert (reply.status, reply.body) == (202, {"redelivered": 3, "more": False})
    failed = edge.request("GET", f"{path}/deliveries", query="state=failed").body["deliveries"]
    assert len(failed) == 6
    assert failed[-1]["id"] == delivery["id"]
    assert edge.request("POST", f"{path}/redeliver", {"since": since}).body["redelivered"] == 0


def test_disabled_webhook_is_delivered_nothing_again(edge: Edge) -> None:
    path = path_of(edge)
    delivery = edge.request("POST", f"{path}/test").body["delivery"]
    edge.request("PATCH", path, {"enabled": False})
    one = edge.request("POST", f"{path}/deliveries/{delivery['id']}/redeliver")
    every = edge.request("POST", f"{path}/redeliver", {"since": "2026-01-01T00:00:00Z"})
    assert [(reply.status, reply.code) for reply in (one, every)] == [(409, "webhook_disabled")] * 2
