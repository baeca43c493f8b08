"""Labels of sources: whoever comes second finds the source that is there, however close they come."""

from __future__ import annotations

import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from knowledge.environments import Environment
from knowledge.sources import store as source_store
from knowledge.sources.labels import find_claim

from testing.edge import Edge

LABEL = "docs@github.com/acme/site"
QUERY = "label=docs%40github.com%2Facme%2Fsite"


def test_second_creation_finds_the_source_as_it_is(edge: Edge) -> None:
    first = edge.request("POST", "/v1/sources", {"name": "Docs", "label": LABEL, "graceDays": 3})
    second = edge.request("POST", "/v1/sources", {"name": "Other", "label": LABEL})
    other = edge.request("POST", "/v1/sources", {"name": "Other", "label": LABEL.upper()})
    assert [each.status for each in (first, second, other)] == [201, 200, 201]
    assert second.body == first.body
    assert (first.body["source"]["label"], first.body["source"]["graceDays"]) == (LABEL, 3)
    found = edge.request("GET", "/v1/sources", query=QUERY).body
    assert ([each["id"] for each in found["sources"]], found["nextCursor"]) == ([first.body["source"]["id"]], None)
    assert edge.request("GET", "/v1/sources", query="label=nobody").body["sources"] == []
    refused = edge.request("PATCH", f"/v1/sources/{first.body['source']['id']}", {"label": "other"})
    assert (refused.status, refused.body["details"][0]["path"]) == (400, "label")
    audited = edge.request("GET", "/v1/admin/audit", key=edge.key(edge.admin, scopes=["audit:read"]))
    made = [each["after"]["label"] for each in audited.body["entries"] if each["kind"] == "source.created"]
    assert made == [LABEL.upper(), LABEL], "what was found was not made"


def test_retry_of_the_first_creation_is_told_that_it_was_made(edge: Edge) -> None:
    body, headers = {"name": "Docs", "label": LABEL}, {"Idempotency-Key": "first"}
    made = edge.request("POST", "/v1/sources", body, headers=headers)
    table = edge.environment["IDEMPOTENCY_TABLE"]
    for row in edge.clients.dynamodb.scan(TableName=table)["Items"]:
        edge.clients.dynamodb.delete_item(TableName=table, Key={"id": row["id"]})
    again = edge.request("POST", "/v1/sources", body, headers=headers)
    assert (again.status, again.body) == (201, made.body)


def test_full_tenant_still_finds_its_labels(edge: Edge, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(source_store, "SOURCES", 1)
    assert edge.request("POST", "/v1/sources", {"name": "Docs", "label": LABEL}).status == 201
    assert edge.request("POST", "/v1/sources", {"name": "Docs", "label": LABEL}).status == 200
    assert edge.request("POST", "/v1/sources", {"name": "Docs", "label": "new"}).code == "source_limit"


def test_labels_are_of_an_environment_and_of_a_tenant(edge: Edge) -> None:
    mine = edge.request("POST", "/v1/sources", {"name": "Docs", "label": LABEL}).body["source"]["id"]
    strangers = {
        "test": edge.key(edge.admin, name="test", environment=Environment.TEST),
        "stranger": edge.key(edge.bootstrap(), name="stranger"),
    }
    for key in strangers.values():
        assert edge.request("GET", "/v1/sources", query=QUERY, key=key).body["sources"] == []
        made = edge.request("POST", "/v1/sources", {"name": "Docs", "label": LABEL}, key=key)
        assert made.status == 201
        assert made.body["source"]["id"] != mine
    limited = edge.key(edge.admin, source_ids=(edge.source(),))
    assert edge.request("GET", "/v1/sources", query=QUERY, key=limited).body["sources"] == []


def test_archive_keeps_a_label_and_deletion_frees_it(edge: Edge) -> None:
    eraser = edge.key(edge.admin, name="eraser", scopes=["content:erase"])
    first = edge.request("POST", "/v1/sources", {"name": "Docs", "label": LABEL}).body["source"]["id"]
    edge.request("DELETE", f"/v1/sources/{first}")
    again = edge.request("POST", "/v1/sources", {"name": "Docs", "label": LABEL})
    assert (again.status, again.body["source"]["id"], again.body["source"]["status"]) == (200, first, "archived")
    assert edge.request("POST", f"/v1/sources/{first}/delete", key=eraser).status == 202
    assert edge.request("GET", "/v1/sources", query=QUERY).body["sources"] == []
    second = edge.request("POST", "/v1/sources", {"name": "Docs", "label": LABEL})
    assert second.status == 201
    # A repeat of the deletion takes nothing from the source that has the label now.
    assert edge.request("POST", f"/v1/sources/{first}/delete", key=eraser).status == 202
    tenant = edge.tenant_of(edge.token)
    catalog = edge.services.knowledge.stores.sources.catalog
    assert find_claim(catalog, tenant, Environment.LIVE, LABEL) == second.body["source"]["id"]


@pytest.mark.parametrize("label", ["", "a b", "#a", "a#b", "-a", "ä", "a" * 201, "a\n", "a?b"])
def test_label_that_cannot_be_is_400(edge: Edge, label: str) -> None:
    reply = edge.request("POST", "/v1/sources", {"name": "Docs", "label": label})
    assert (reply.status, reply.body["details"][0]["path"]) == (400, "label")


def test_six_at_once_make_one_source(edge_on_dynoxide: Edge) -> None:
    """Each looks for the label before any of them has claimed it."""
    edge = edge_on_dynoxide
    service, tenant = edge.services.knowledge.sources, edge.tenant_of(edge.token)
    find = type(service.store).find_labelled
    looked, together = threading.local(), threading.Barrier(6)

    def blind_at_first(store: source_store.SourceStore, *asked: Any) -> object:
        if getattr(looked, "once", False):
            return find(store, *asked)
        looked.once = True
        together.wait(30)
        return None

    def create(number: int) -> str:
        made = service.create_source(
            tenant, name=f"{number}", grace_days=7, removal_guard=None, source_id=f"src_{number:026d}", label=LABEL
        )
        return made.source_id

    with pytest.MonkeyPatch.context() as patched, ThreadPoolExecutor(6) as pool:
        patched.setattr(source_store.SourceStore, "find_labelled", blind_at_first)
        made = Counter(pool.map(create, range(6)))
    assert list(made.values()) == [6]
    assert len(edge.request("GET", "/v1/sources").body["sources"]) == 1
    tally = service.store.catalog.find(tenant, source_store.TALLY)
    assert tally["count"] == 1, "what was refused took no place"
