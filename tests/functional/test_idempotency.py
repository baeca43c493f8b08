"""Retries with an Idempotency-Key."""

from __future__ import annotations

import datetime
import json
import os
import time
from types import SimpleNamespace
from typing import Any

import boto3
import pytest
from aws_lambda_powertools.utilities.idempotency.persistence import base, datarecord, dynamodb
from httpapi.keys import tokens

from testing.edge import Edge

RETRY = {"Idempotency-Key": "7b2d0f6e-0d5c-4f0e-9d0a-0c9d7a1e5b11"}


def records() -> list[dict[str, Any]]:
    return boto3.client("dynamodb").scan(TableName=os.environ["IDEMPOTENCY_TABLE"])["Items"]


def test_replayed_key_returns_first_response(edge: Edge) -> None:
    first = edge.request("POST", "/v1/sources", {"name": "a"}, headers=RETRY)
    edge.services = edge.make_services()  # As another process would.
    second = edge.request("POST", "/v1/sources", {"name": "a"}, headers=RETRY)
    assert (second.status, second.text) == (201, first.text)
    assert second.headers["idempotent-replayed"] == "true"
    assert "idempotent-replayed" not in first.headers
    assert len(edge.request("GET", "/v1/sources").body["sources"]) == 1


def test_order_of_names_and_spelling_of_the_path_do_not_matter(edge: Edge) -> None:
    source = edge.source()
    first = edge.request(
        "POST", f"/v1/sources/{source}/items", body='{"externalItemId":"a","title":"t","content":"c"}', headers=RETRY
    )
    second = edge.request(
        "POST",
        f"/v1/sources/{source}/items",
        body='{"content":"c", "title":"t","externalItemId":"\\u0061"}',
        headers=RETRY,
    )
    assert second.text == first.text
    edge.push(source, "b/c")
    removed = edge.request("DELETE", f"/v1/sources/{source}/items/b%2Fc", headers={"Idempotency-Key": "x"})
    again = edge.request("DELETE", f"/v1/sources/{source}/items/%62%2fc", headers={"Idempotency-Key": "x"})
    assert (again.status, again.text) == (200, removed.text)


@pytest.mark.parametrize("change", ["body", "path", "method"])
def test_same_key_with_another_request_conflicts(edge: Edge, change: str) -> None:
    source = edge.source()
    assert edge.request("PATCH", f"/v1/sources/{source}", {"name": "a"}, headers=RETRY).status == 200
    other = {
        "body": ("PATCH", f"/v1/sources/{source}", {"name": "b"}),
        "path": ("PATCH", f"/v1/sources/{edge.source()}", {"name": "a"}),
        "method": ("DELETE", f"/v1/sources/{source}", None),
    }[change]
    refused = edge.request(*other, headers=RETRY)
    assert (refused.status, refused.code) == (409, "idempotency_conflict")


def test_key_belongs_to_whoever_sent_it(edge: Edge) -> None:
    first = edge.request("POST", "/v1/sources", {"name": "a"}, headers=RETRY)
    for other in (edge.key(edge.admin), edge.bootstrap()):
        reply = edge.request("POST", "/v1/sources", {"name": "a"}, headers=RETRY, key=other)
        assert (reply.status, "idempotent-replayed" in reply.headers) == (201, False)
        assert reply.body["source"]["id"] != first.body["source"]["id"]


def test_running_request_is_in_progress_until_its_time_is_out(edge: Edge, monkeypatch: pytest.MonkeyPatch) -> None:
    replies, times = [], [time.time()]
    sources = edge.services.knowledge.sources
    create = type(sources).create_source

    def create_slowly(service: Any, *args: Any, **kwargs: Any) -> Any:
        monkeypatch.setattr(type(sources), "create_source", create)
        replies.append(edge.request("POST", "/v1/sources", {"name": "a"}, headers=RETRY))
        times.append(time.time())
        return create(service, *args, **kwargs)

    monkeypatch.setattr(type(sources), "create_source", create_slowly)
    first = edge.request("POST", "/v1/sources", {"name": "a"}, headers=RETRY)
    assert (replies[0].status, replies[0].code) == (409, "idempotency_in_progress")
    # For as long as the function of the first may live, and no longer: a client that waits so long gets through.
    began, refused = times
    wait_seconds = int(replies[0].headers["retry-after"])
    assert edge.remaining / 1_000 - (refused - began) <= wait_seconds <= edge.remaining / 1_000 + 1
    assert first.status == 201


def test_crash_lets_a_retry_through_and_creates_once(edge: Edge, monkeypatch: pytest.MonkeyPatch) -> None:
    class Killed(BaseException):
        pass

    store = edge.services.idempotency._records

    def die(*_: object, **__: object) -> None:
        raise Killed

    edge.remaining = 0
    with monkeypatch.context() as crash:
        crash.setattr(store, "save_success", die)
        with pytest.raises(Killed):
            edge.request("POST", "/v1/sources", {"name": "a"}, headers=RETRY)
    retried = edge.request("POST", "/v1/sources", {"name": "a"}, headers=RETRY)
    assert retried.status == 201
    listed = edge.request("GET", "/v1/sources").body["sources"]
    assert [source["id"] for source in listed] == [retried.body["source"]["id"]]


def let_powertools_wait(monkeypatch: pytest.MonkeyPatch, *, seconds: float) -> None:
    """Put the clock of Powertools forward: it goes by that of the machine."""

    class Later(datetime.datetime):
        @classmethod
        def now(cls, tz: datetime.tzinfo | None = None) -> datetime.datetime:
            return datetime.datetime.now(tz) + datetime.timedelta(seconds=seconds)

    for module in (base, datarecord, dynamodb):
        monkeypatch.setattr(module, "dt", SimpleNamespace(**{**vars(datetime), "datetime": Later}))


def test_crashed_request_is_in_progress_until_its_function_has_timed_out(
    edge: Edge, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Killed(BaseException):
        pass

    def die(*_: object, **__: object) -> None:
        raise Killed

    with monkeypatch.context() as crash:
        crash.setattr(type(edge.services.knowledge.sources), "create_source", die)
        with pytest.raises(Killed):
            edge.request("POST", "/v1/sources", {"name": "a"}, headers=RETRY)
    refused = edge.request("POST", "/v1/sources", {"name": "a"}, headers=RETRY)
    assert refused.code == "idempotency_in_progress"
    let_powertools_wait(monkeypatch, seconds=int(refused.headers["retry-after"]) + 0.001)
    assert edge.request("POST", "/v1/sources", {"name": "a"}, headers=RETRY).status == 201
    assert len(edge.request("GET", "/v1/sources").body["sources"]) == 1


def test_error_stores_nothing(edge: Edge) -> None:
    source = edge.source()
    path = f"/v1/sources/{source}/items/faq-1"
    assert edge.request("DELETE", path, headers=RETRY).status == 404
    assert records() == []
    edge.push(source)
    assert edge.request("DELETE", path, headers=RETRY).status == 200


def test_large_answer_replays_from_s3(edge: Edge) -> None:
    source = edge.source()
    # Removals of what was never there write nothing, and are answered one by one all the same.
    removals = [{"externalItemId": f"{'ä' * 250}{n:04d}"} for n in range(300)]
    path = f"/v1/sources/{source}/items/batch"
    first = edge.request("POST", path, {"removals": removals}, headers=RETRY)
    assert first.status == 200
    assert len(json.dumps(first.text)) > 400_000
    second = edge.request("POST", path, {"removals": removals}, headers=RETRY)
    assert second.text == first.text
    assert second.headers["idempotent-replayed"] == "true"
    kept = boto3.client("s3").list_objects_v2(Bucket=os.environ["CONTENT_BUCKET"], Prefix="idempotency/")["Contents"]
    assert [found["Key"].split("/")[1] for found in kept] == [edge.tenant_of(edge.admin)]


def test_secret_is_sealed_in_the_record_and_replays(edge: Edge) -> None:
    key_id = boto3.client("kms").create_key()["KeyMetadata"]["KeyId"]
    edge.services = edge.make_services(idempotency_key_id=key_id)
    first = edge.request("POST", "/v1/admin/keys", {"name": "k"}, key=edge.admin, headers=RETRY)
    secret = first.body["secret"]
    assert secret not in json.dumps(records(), default=str)
    second = edge.request("POST", "/v1/admin/keys", {"name": "k"}, key=edge.admin, headers=RETRY)
    assert second.text == first.text
    assert (second.headers["idempotent-replayed"], second.headers["cache-control"]) == ("true", "no-store")
    assert edge.request("GET", "/v1/whoami", key=secret).status == 200


def test_without_a_kms_key_a_retry_gives_the_same_key_another_secret(edge: Edge) -> None:
    first = edge.request("POST", "/v1/admin/keys", {"name": "k"}, key=edge.admin, headers=RETRY).body
    assert records() == []
    second = edge.request("POST", "/v1/admin/keys", {"name": "k"}, key=edge.admin, headers=RETRY).body
    assert second["key"]["id"] == first["key"]["id"]
    assert edge.request("GET", "/v1/whoami", key=first["secret"]).code == "invalid_key"
    assert edge.request("GET", "/v1/whoami", key=second["secret"]).status == 200
    # Once it was used, its secret is known to somebody: a retry makes another key.
    third = edge.request("POST", "/v1/admin/keys", {"name": "k"}, key=edge.admin, headers=RETRY).body
    assert third["key"]["id"] != first["key"]["id"]
    assert tokens.parse(third["secret"]).key_id == third["key"]["id"]


@pytest.mark.parametrize("key", ["", "x" * 256, "tab\there", "ümlaut"])
def test_key_that_cannot_be_is_refused(edge: Edge, key: str) -> None:
    reply = edge.request("POST", "/v1/sources", {"name": "a"}, headers={"Idempotency-Key": key})
    assert (reply.status, reply.code) == (400, "validation_error")
    assert reply.body["details"][0]["path"] == "Idempotency-Key"


def test_key_means_nothing_on_a_read(edge: Edge) -> None:
    edge.request("GET", "/v1/whoami", headers=RETRY)
    assert records() == []


def test_no_text_of_an_item_is_kept_and_a_push_is_repeated_whole(edge: Edge) -> None:
    """An erasure would not find it there. The repeat brings its own texts."""
    source = edge.source()
    item = {
        "externalItemId": "a",
        "title": "A title of its own",
        "content": "A content of its own",
        "url": "https://example.com/own",
        "tags": ["own-tag"],
        "metadata": {"own": "own-value", "n": 1.5},
    }
    first = edge.request("POST", f"/v1/sources/{source}/items", item, headers=RETRY)
    again = edge.request("POST", f"/v1/sources/{source}/items", item, headers=RETRY)
    assert again.headers["idempotent-replayed"] == "true"
    assert again.text == first.text
    gone = {"Idempotency-Key": "gone"}
    removed = edge.request("DELETE", f"/v1/sources/{source}/items/a", headers=gone)
    repeated = edge.request("DELETE", f"/v1/sources/{source}/items/a", headers=gone)
    assert repeated.text == removed.text
    back = edge.request("POST", f"/v1/sources/{source}/items/a/restore", headers={"Idempotency-Key": "back"})
    texts = {"title", "contentType", "url", "language", "tags", "metadata"}
    assert not texts & (removed.body["item"].keys() | back.body["item"].keys())
    records = str(edge.clients.dynamodb.scan(TableName=edge.environment["IDEMPOTENCY_TABLE"])["Items"])
    assert "contentHash" in records
    assert not [text for text in ("of its own", "example.com", "own-tag", "own-value") if text in records]
