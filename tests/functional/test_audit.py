"""Who changed what: a row beside each change, and reading them."""

from __future__ import annotations

from itertools import islice
from typing import Any

import pytest
from knowledge.limits import AUDIT_KEPT_SECONDS
from knowledge.storage import audit_store
from knowledge.storage.attributes import from_row
from knowledge.times import MS_PER_DAY, timestamp

from testing.edge import Edge, Reply
from tests.support.edge_lists import pages
from tests.support.keys import key_id

AGENT = "kb/1.0"
AUDIT = "/v1/admin/audit"


@pytest.fixture
def auditor(edge: Edge) -> str:
    return edge.key(edge.admin, name="auditor", scopes=["audit:read"])


def listed(edge: Edge, key: str, query: str = "") -> Reply:
    return edge.request("GET", AUDIT, key=key, query=query)


def entries(edge: Edge, key: str, query: str = "") -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = listed(edge, key, query).body["entries"]
    return found


def test_a_change_tells_who_what_and_from_where(edge: Edge, auditor: str) -> None:
    source = edge.source(name="Help")
    edge.request("PATCH", f"/v1/sources/{source}", {"graceDays": 30}, headers={"User-Agent": AGENT})
    entry = entries(edge, auditor)[0]
    assert entry["kind"] == "source.updated"
    assert entry["by"] == {"keyId": key_id(edge.token), "name": "test"}
    assert entry["subject"] == {"sourceId": source}
    assert (entry["before"], entry["after"]) == ({"graceDays": 7}, {"graceDays": 30})
    assert (entry["userAgent"], entry["address"]) == (AGENT, "203.0.113.9")
    assert entry["requestId"]


def test_every_kind_of_change_is_written_down_once(edge: Edge, auditor: str) -> None:
    source = edge.source()
    path = f"/v1/sources/{source}"
    edge.push(source)
    run = edge.run(source)
    edge.apply(source, run)
    edge.apply(source, run)
    edge.push(source, title="Changed")
    edge.apply(source, edge.run(source))
    oldest = edge.request("GET", f"{path}/generations").body["generations"][-1]["id"]
    edge.request("POST", f"{path}/generations/{oldest}/restore", {"message": "back to before"})
    edge.request("PATCH", path, {"name": "Docs"})
    edge.request("PATCH", path, {"name": "Docs"})
    for _ in range(2):
        edge.request("DELETE", path)
    for _ in range(2):
        edge.request("POST", f"{path}/restore")
    edge.addresses["hooks.example.com"] = ["93.184.215.14"]
    hook = edge.request("POST", "/v1/webhooks", {"url": "https://hooks.example.com/a"}).body["webhook"]["id"]
    edge.request("PATCH", f"/v1/webhooks/{hook}", {"enabled": False})
    edge.request("POST", f"/v1/webhooks/{hook}/rotate-secret")
    edge.request("DELETE", f"/v1/webhooks/{hook}")
    made = edge.request("POST", "/v1/admin/keys", {"name": "k"}, key=edge.admin).body["key"]["id"]
    rotated = edge.request("POST", f"/v1/admin/keys/{made}/rotate", key=edge.admin).body["key"]["id"]
    edge.request("DELETE", f"/v1/admin/keys/{rotated}", key=edge.admin)
    kinds = [entry["kind"] for entry in reversed(entries(edge, auditor))]
    assert kinds[kinds.index("source.created") :] == [
        *("source.created", "run.created", "run.applied", "run.created", "run.applied", "generation.restored"),
        *("source.updated", "source.archived", "source.restored"),
        *("webhook.created", "webhook.updated", "webhook.secret_rotated", "webhook.deleted"),
        *("key.created", "key.rotated", "key.revoked"),
    ]


def test_an_apply_without_changes_is_written_down(edge: Edge, auditor: str) -> None:
    source = edge.source()
    edge.push(source)
    edge.apply(source, edge.run(source))
    again = edge.run(source)
    reply = edge.request("POST", f"/v1/sources/{source}/runs/{again}/apply", {"message": "nothing new"})
    entry = entries(edge, auditor)[0]
    assert (entry["kind"], entry["message"]) == ("run.applied", "nothing new")
    assert entry["subject"] == {"sourceId": source, "runId": again, "generationId": reply.body["generationId"]}


def test_what_was_refused_changed_nothing_and_is_not_written_down(edge: Edge, auditor: str) -> None:
    source = edge.source()
    edge.request("DELETE", f"/v1/sources/{source}")
    before = len(entries(edge, auditor))
    edge.request("PATCH", f"/v1/sources/{source}", {"name": "x"})
    edge.request("POST", f"/v1/sources/{source}/runs")
    edge.request("POST", "/v1/sources", {"name": ""})
    assert len(entries(edge, auditor)) == before


def test_filters_leave_one_key_one_kind_and_one_time(edge: Edge, auditor: str) -> None:
    other = edge.key(edge.admin, name="other")
    edge.source()
    early_at = entries(edge, auditor)[0]["at"]
    edge.clock.advance(seconds=60)
    edge.request("POST", "/v1/sources", {"name": "theirs"}, key=other)
    theirs = entries(edge, auditor, f"keyId={other.split('_')[2]}")
    assert [entry["kind"] for entry in theirs] == ["source.created"]
    late = entries(edge, auditor, f"since={theirs[0]['at']}")
    assert [entry["id"] for entry in late] == [theirs[0]["id"]]
    edge.request("POST", "/v1/admin/keys", {"name": "k"}, key=edge.admin)
    assert [entry["kind"] for entry in entries(edge, auditor, "kind=key.created")] == ["key.created"]
    early = entries(edge, auditor, f"until={early_at}")
    assert [entry["kind"] for entry in early] == ["source.created"]
    assert early[0]["id"] != theirs[0]["id"]


def test_a_request_tells_what_it_changed(edge: Edge, auditor: str) -> None:
    reply = edge.request("POST", "/v1/sources", {"name": "one"}, request_id="req-2")
    edge.request("POST", "/v1/sources", {"name": "another"})
    (entry,) = entries(edge, auditor, f"requestId={reply.headers['x-request-id']}")
    assert entry["subject"] == {"sourceId": reply.body["source"]["id"]}
    assert entries(edge, auditor, "requestId=of-nothing") == []
    assert listed(edge, auditor, "requestId=a%20b").code == "validation_error"


def test_any_time_can_be_asked_for(edge_on_dynoxide: Edge) -> None:
    """As DynamoDB does, Dynoxide refuses bounds in the wrong order; moto finds nothing between them."""
    edge = edge_on_dynoxide
    auditor = edge.key(edge.admin, name="auditor", scopes=["audit:read"])
    edge.source()
    ancient, beyond = "0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z"
    found = {
        f"since={timestamp(edge.clock() + 1)}": 0,
        f"since={beyond}": 0,
        "until=1969-12-31T23:59:59Z": 0,
        f"until={ancient}": 0,
        f"since={ancient}&until=1960-01-01T00:00:00Z": 0,
        f"since={ancient}": 1,
        f"since=1969-01-01T00:00:00Z&until={beyond}": 1,
        f"until={beyond}": 1,
    }
    asked = {query: listed(edge, auditor, f"kind=source.created&{query}") for query in found}
    assert {query: reply.status for query, reply in asked.items()} == dict.fromkeys(found, 200)
    assert {query: len(reply.body["entries"]) for query, reply in asked.items()} == found


def test_since_after_until_is_refused(edge: Edge, auditor: str) -> None:
    now, before = timestamp(edge.clock()), timestamp(edge.clock() - 1)
    reply = edge.request("GET", AUDIT, key=auditor, query=f"since={now}&until={before}")
    assert (reply.status, reply.code) == (400, "validation_error")
    assert "must not be after until" in reply.text
    assert listed(edge, auditor, f"since={now}&until={now}").status == 200


def test_what_is_kept_is_counted_from_now(edge: Edge, auditor: str) -> None:
    edge.source()
    edge.clock.advance(seconds=AUDIT_KEPT_SECONDS - 86_400)
    auditor = edge.key(edge.admin, name="late", scopes=["audit:read"])
    ahead = timestamp(edge.clock() + 30 * MS_PER_DAY)
    assert len(entries(edge, auditor, f"kind=source.created&until={ahead}")) == 1
    edge.clock.advance(seconds=2 * 86_400)
    back = timestamp(edge.clock() - 10 * MS_PER_DAY)
    assert entries(edge, auditor, f"kind=source.created&until={back}") == []


def test_a_page_goes_on_where_its_rows_are_no_longer_kept(edge_on_dynoxide: Edge) -> None:
    edge = edge_on_dynoxide
    first = edge.source()
    edge.request("PATCH", f"/v1/sources/{first}", {"name": "n"})
    edge.clock.advance(seconds=AUDIT_KEPT_SECONDS - 60)
    auditor = edge.key(edge.admin, name="late", scopes=["audit:read"])
    page = listed(edge, auditor, "limit=1").body
    assert page["nextCursor"]
    edge.clock.advance(seconds=120)
    rest = listed(edge, auditor, f"limit=1&cursor={page['nextCursor']}")
    assert (rest.body["entries"], rest.body["nextCursor"]) == ([], None)


def test_pages_go_back_over_months_and_leave_nothing_out(edge: Edge, auditor: str) -> None:
    for number in range(7):
        edge.source(name=f"s{number}")
        edge.clock.advance(seconds=12 * 86_400)
    auditor = edge.key(edge.admin, name="late", scopes=["audit:read"])
    whole = [entry["id"] for entry in entries(edge, auditor)]
    paged = [entry["id"] for page in pages(edge, AUDIT, "limit=2", auditor) for entry in page["entries"]]
    assert paged == whole
    assert len(set(paged)) == len(paged)


def test_a_page_ends_after_so_many_rows(edge: Edge, auditor: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(audit_store, "ROWS_LOOKED_AT", 3)
    first = edge.source()
    for number in range(5):
        edge.request("PATCH", f"/v1/sources/{first}", {"name": f"n{number}"})
    read = list(islice(pages(edge, AUDIT, "kind=source.created", auditor), 10))
    assert [entry["subject"]["sourceId"] for page in read for entry in page["entries"]] == [first]
    assert len(read) > 1


def test_only_a_key_that_may_reads_it_and_only_its_own_tenants(edge: Edge, auditor: str) -> None:
    edge.source()
    assert listed(edge, edge.key(edge.admin, scopes=["keys:manage"])).code == "insufficient_scope"
    limited = edge.key(edge.admin, name="limited", scopes=["audit:read"], source_ids=(edge.source(),))
    assert listed(edge, limited).status == 403
    stranger = edge.key(edge.bootstrap(), name="stranger", scopes=["audit:read"])
    assert entries(edge, stranger) == []


def test_of_two_changes_at_once_each_tells_what_it_found(edge: Edge, auditor: str) -> None:
    """The second is decided on what the first has left, so `before` is never what nobody had."""
    source = edge.source()
    service = edge.services.knowledge.sources
    original = service.store.change_settings
    raced = []

    def late(*given: Any, **more: Any) -> Any:
        if not raced:
            raced.append(True)
            edge.request("PATCH", f"/v1/sources/{source}", {"graceDays": 3})
        return original(*given, **more)

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(type(service.store), "change_settings", lambda _self, *given, **more: late(*given, **more))
        edge.request("PATCH", f"/v1/sources/{source}", {"graceDays": 5})
    told = [(entry["before"], entry["after"]) for entry in entries(edge, auditor, "kind=source.updated")]
    assert told == [({"graceDays": 3}, {"graceDays": 5}), ({"graceDays": 7}, {"graceDays": 3})]


def test_runs_generations_and_items_name_their_keys(edge: Edge) -> None:
    source = edge.source()
    path = f"/v1/sources/{source}"
    own = {"keyId": key_id(edge.token), "name": "test"}
    other = edge.key(edge.admin, name="writer")
    edge.push(source)
    edge.request("POST", f"{path}/items", {"externalItemId": "b", "title": "B", "content": "b"}, key=other)
    run = edge.request("POST", f"{path}/runs", {"message": "weekly"}).body["run"]
    assert (run["createdBy"], run["message"]) == (own, "weekly")
    assert run["writers"] == [own["keyId"], key_id(other)]
    edge.request("POST", f"{path}/runs/{run['id']}/apply", {"message": "go"}, key=other)
    generation = edge.request("GET", f"{path}/generations/current").body["generation"]
    assert (generation["createdBy"]["name"], generation["message"]) == ("writer", "go")
    item = edge.request("GET", f"{path}/items/b").body["item"]
    assert item["updatedByKeyId"] == key_id(other)
    assert edge.request("GET", path).body["source"]["createdBy"] == own


def test_a_message_has_500_characters_at_most(edge: Edge) -> None:
    source = edge.source()
    assert edge.request("POST", f"/v1/sources/{source}/runs", {"message": "m" * 500}).status == 201
    assert edge.request("POST", f"/v1/sources/{source}/runs", {"message": "m" * 501}).status == 400


def test_webhook_is_told_of_a_new_key_and_an_archived_source(edge: Edge) -> None:
    source = edge.source()
    made = edge.request("POST", "/v1/admin/keys", {"name": "k"}, key=edge.admin).body["key"]["id"]
    edge.request("DELETE", f"/v1/sources/{source}")
    rows = map(from_row, edge.clients.dynamodb.scan(TableName=edge.environment["CATALOG_TABLE"])["Items"])
    told = {row["eventType"]: row["data"] for row in rows if row.get("kind") == "event"}
    assert told["key.created"]["keyId"] == made
    assert "source.archived" in told
