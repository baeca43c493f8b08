"""The client against the local stack: what is sent is what is kept, also when the way there is bad."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from knowledge_client import (
    FailedError,
    InvalidRequestError,
    KnowledgeClient,
    NotFoundError,
    NotModifiedError,
    PreconditionFailedError,
    UnauthorizedError,
    etag_of,
)

from tests.clients.client.scripted import item
from tests.contract.tenant import Tenant

pytestmark = pytest.mark.long

# Too large for an answer once it is written as JSON, so it comes as a link.
LARGE = "\x01" * 1_000_000


@pytest.fixture(scope="module")
def tenant(local_stack: Any) -> Iterator[Tenant]:
    tenant = Tenant(local_stack)
    yield tenant
    tenant.close()


@pytest.fixture(scope="module")
def client(tenant: Tenant) -> Iterator[KnowledgeClient]:
    with KnowledgeClient(tenant.base_url.removesuffix("/api") + "/", f"{tenant.token}\n") as client:
        yield client


def publish(client: KnowledgeClient, source_id: str) -> str:
    run = client.runs.start(source_id, message="by a test")
    return client.runs.apply(source_id, run["id"], planVersion=run["planVersion"])["generationId"]


@pytest.fixture
def _small_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("knowledge_client.bodies.PART_ITEMS", 20)


@pytest.mark.usefixtures("_small_parts")
def test_set_in_parts_is_published_followed_and_replaced(client: KnowledgeClient) -> None:
    source = client.sources.create(name="Parts", graceDays=0, questionLog="on")
    items = [item(number) for number in range(50)] + [item(9_999, content=LARGE)]
    assert client.items.replace(source["id"], iter(items))["created"] == 51
    first = publish(client, source["id"])
    served = {each["externalItemId"]: each for each in client.generations.items(source["id"], with_content=True)}
    assert {name: each["content"] for name, each in served.items()} == {
        each["externalItemId"]: each["content"] for each in items
    }
    assert "contentUrl" not in served["item-9999"]
    assert client.items.replace(source["id"], items[:3])["removed"] == 48
    second = publish(client, source["id"])
    changes = client.generations.changes(source["id"], second, since_generation=first, limit=10)
    assert {change["change"] for change in changes} == {"tombstoned"}
    assert [each["id"] for each in client.generations.list(source["id"])] == [second, first]
    (page,) = client.items.history(source["id"], "item-9999").answers()
    assert [(each["generation"]["id"], each["change"]) for each in page["history"]] == [
        (second, "tombstoned"),
        (first, "added"),
    ]
    assert (page["earlier"], page["erasedAt"]) == (False, None)
    assert client.generations.restore(source["id"], first)["status"] == "published"
    result = client.search(query="T", sourceIds=[source["id"]], limit=5)
    assert len(result["results"]) == 5
    assert client.ask(question="What is it?", sourceIds=[source["id"]])["status"] in {"answered", "not_found"}
    assert {each["kind"] for each in client.questions.list()} == {"question", "search"}
    assert client.sources.archive(source["id"])["id"] == source["id"]


@pytest.mark.usefixtures("_small_parts")
def test_half_of_a_surrogate_pair_is_named_in_a_set_of_parts(client: KnowledgeClient) -> None:
    source_id = client.sources.create(name="Surrogates")["id"]
    items = [item(number) for number in range(60)]
    items[37]["content"] = "x\ud83d"
    with pytest.raises(InvalidRequestError) as refused:
        client.items.replace(source_id, items)
    [fault] = refused.value.faults
    assert (fault.index, fault.external_item_id, fault.path) == (37, "item-37", "items[37].content")
    assert [each["state"] for each in client.snapshots.list(source_id)] == ["aborted"]


def test_awkward_id_is_exact(client: KnowledgeClient) -> None:
    source_id = client.sources.create(name="Ids")["id"]
    for name in ("faq/Rückgabe & refunds? 100% #1", "a/../b", "%2F", "🌱\u200d+;,:@&=", " hello "):
        assert client.items.push(source_id, {**item(1), "externalItemId": name})["result"] == "created"
        assert client.items.get(source_id, name)["externalItemId"] == name
        assert client.items.remove(source_id, name)["state"] == "removed"
        assert client.items.restore(source_id, name)["state"] == "active"
    assert len(list(client.items.list(source_id, state="active", limit=2))) == 5


def test_file_is_imported_and_published(client: KnowledgeClient, tmp_path: Path) -> None:
    source_id = client.sources.create(name="Import")["id"]
    file = tmp_path / "items.ndjson.gz"
    file.write_bytes(gzip.compress("".join(json.dumps(item(n)) + "\n" for n in range(50)).encode()))
    done: list[tuple[int, int]] = []
    ended = client.imports.run(
        source_id, file, mode="snapshot", apply=True, format="ndjson.gz", progress=lambda *at: done.append(at)
    )
    assert ended["state"] == "completed"
    assert ended["counts"]["created"] == 50
    assert done == [(file.stat().st_size, file.stat().st_size)]
    file.write_bytes(b"no json\n")
    with pytest.raises(FailedError) as failed:
        client.imports.run(source_id, file, mode="upsert", maxRejected=0)
    assert failed.value.code == "too_many_rejected"
    assert len(list(client.generations.items(source_id))) == 50


class LosingFirstAnswers(httpx.HTTPTransport):
    """Carries requests out, and loses the first answer of each."""

    def __init__(self) -> None:
        super().__init__()
        self.keys: list[str] = []

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        answer = super().handle_request(request)
        answer.read()
        self.keys.append(request.headers["Idempotency-Key"])
        if self.keys.count(self.keys[-1]) == 1:
            raise httpx.ReadError("the connection broke")
        return answer


def test_batch_whose_answer_is_lost_is_written_once(tenant: Tenant, client: KnowledgeClient) -> None:
    source_id = client.sources.create(name="Lost")["id"]
    way = LosingFirstAnswers()
    with httpx.Client(transport=way) as http:
        behind = KnowledgeClient(tenant.base_url, tenant.token, http_client=http, sleep=lambda _: None)
        answer = behind.items.push_batch(source_id, [item(number) for number in range(20)])
    # Were it done twice, the second answer would say that all are unchanged.
    assert answer["counts"]["created"] == 20
    assert len(way.keys) == 2


def test_keys_webhooks_and_use_are_managed(tenant: Tenant, client: KnowledgeClient) -> None:
    with KnowledgeClient(tenant.base_url, tenant.admin) as admin:
        made = admin.keys.create(name="job", scopes=["sources:read"], rateLimitPerMinute=10)
        key_id = made["key"]["id"]
        assert admin.keys.identify(secret=made["secret"])["id"] == key_id
        assert admin.keys.update(key_id, description="nightly")["description"] == "nightly"
        rotated = admin.keys.rotate(key_id, overlapSeconds=0)
        assert rotated["previousKey"]["id"] == key_id
        assert admin.keys.revoke(rotated["key"]["id"])["status"] == "revoked"
        assert key_id in {key["id"] for key in admin.keys.list(limit=1)}
        assert "key.rotated" in {entry["kind"] for entry in admin.keys.audit()}
        session = admin.sessions.create(name="Anna", role="owner")
        invited = admin.sessions.create_sign_in_link(role="viewer")
        assert session["session"]["id"] in {each["id"] for each in admin.sessions.list(limit=1)}
    with KnowledgeClient(tenant.base_url, invited["code"]) as invitation:
        begun = invitation.sessions.create()["session"]
    with KnowledgeClient(tenant.base_url, session["secret"]) as signed_in:
        told = signed_in.who_am_i()["session"]
        assert told["name"] == signed_in.sessions.get(told["id"])["name"] == "Anna"
        assert signed_in.sessions.end(begun["id"])["endedAt"]
        signed_in.sessions.end(session["session"]["id"])
    with KnowledgeClient(tenant.base_url, made["secret"]) as ended, pytest.raises(UnauthorizedError):
        ended.who_am_i()
    webhook = client.webhooks.create(url="http://127.0.0.1:9/hook", events=["run.failed"])["webhook"]
    assert client.webhooks.update(webhook["id"], enabled=False)["enabled"] is False
    assert client.webhooks.rotate_secret(webhook["id"])["secret"].startswith("whsec_")
    assert list(client.webhooks.deliveries(webhook["id"])) == []
    client.webhooks.delete(webhook["id"])
    with pytest.raises(NotFoundError):
        client.webhooks.get(webhook["id"])
    assert client.who_am_i()["tenantId"] == tenant.tenant_id
    assert client.health()["status"] == "ok"
    assert [each["requests"] > 0 for each in client.usage()]


def test_of_two_who_saw_the_same_one_writes(client: KnowledgeClient) -> None:
    source = client.sources.create(name="Conditions", graceDays=0)
    seen = client.sources.get(source["id"])
    client.sources.update(source["id"], name="Mine", if_match=etag_of(seen))
    with pytest.raises(PreconditionFailedError):
        client.sources.update(source["id"], name="Yours", if_match=etag_of(seen))
    client.items.push(source["id"], item(1), if_none_match="*")
    with pytest.raises(PreconditionFailedError) as refused:
        client.items.push(source["id"], item(1, content="else"), if_none_match="*")
    read = client.items.get(source["id"], "item-1")
    with pytest.raises(NotModifiedError):
        client.items.get(source["id"], "item-1", if_none_match=etag_of(read))
    pushed = client.items.push(source["id"], item(1, content="new"), if_match=refused.value.etag)
    with pytest.raises(PreconditionFailedError):
        client.items.remove(source["id"], "item-1", if_match=etag_of(read))
    client.items.remove(source["id"], "item-1", if_match=etag_of(pushed))
    generation = publish(client, source["id"])
    for name in ("current", generation):
        with pytest.raises(NotModifiedError):
            client.generations.get(
                source["id"], name, if_none_match=etag_of(client.generations.get(source["id"], name))
            )
    client.sources.archive(source["id"], if_match=etag_of(client.sources.get(source["id"])))
