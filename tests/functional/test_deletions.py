"""A source is deleted over HTTP, and carried away by the upkeep with everything that is kept of it."""

from __future__ import annotations

import gzip
import json
import random
from typing import Any

import pytest
from httpapi.keys.scopes import DEFAULT_SCOPES
from knowledge.errors import ServiceUnavailableError, SourceNotFoundError
from knowledge.ids import new_id
from knowledge.sources.model import SourceStatus

from testing.edge import Edge
from tests.support.edge_erasing import (
    SECRET,
    TITLE,
    carry_out_deletions,
    named_by_keys,
    places_with,
    relay_all,
    rows,
)
from tests.support.edge_questions import give, keep_answer, page_of, texts
from tests.support.erasing import WAIT_SECONDS

# Too much for a row, however it is compressed.
LONG = f"{SECRET} {random.Random(7).randbytes(60_000).hex()}"


def delete(edge: Edge, source: str, **said: Any) -> Any:
    return edge.request("POST", f"/v1/sources/{source}/delete", said or None)


def archive(edge: Edge, source: str) -> None:
    assert edge.request("DELETE", f"/v1/sources/{source}").status == 200


def fill(edge: Edge) -> str:
    """A source with something of each kind that may be kept of one."""
    versioned = {"Status": "Enabled"}
    edge.clients.s3.put_bucket_versioning(Bucket=edge.environment["CONTENT_BUCKET"], VersioningConfiguration=versioned)
    source = edge.source(name=SECRET, synonyms=[[TITLE, "other"]], questionLog="on")
    edge.push(source, "x", content=SECRET, title=TITLE)
    edge.push(source, "y", content=SECRET)
    edge.publish(source)
    erasure = edge.request("POST", f"/v1/sources/{source}/erasures", {"externalItemIds": ["y"]})
    assert erasure.status == 202
    for _ in range(8):
        edge.services.knowledge.erasures.eraser.go_on(lambda: True)
        edge.clock.advance(seconds=WAIT_SECONDS)
    edge.push(source, "x", content=LONG, title=TITLE)
    edge.publish(source)
    edge.push(source, "x", content=SECRET, title=TITLE)
    edge.run(source)
    snapshot = edge.request("POST", f"/v1/sources/{source}/snapshots").body["snapshot"]["id"]
    part = {"items": [{"externalItemId": "z", "title": TITLE, "content": LONG}]}
    path = f"/v1/sources/{source}/snapshots/{snapshot}"
    assert edge.request("PUT", f"{path}/parts/1", part).status == 200
    assert edge.request("POST", f"{path}/complete").status in {200, 202}
    made = edge.request("POST", f"/v1/sources/{source}/imports", {"mode": "upsert"}).body["import"]["id"]
    put = edge.clients.s3.put_object
    bucket = edge.environment["CONTENT_BUCKET"]
    for name in ("upload", "rejected.ndjson"):
        key = f"imports/{edge.tenant_of(edge.token)}/{source}/{made}/{name}"
        put(Bucket=bucket, Key=key, Body=gzip.compress(json.dumps({"content": SECRET}).encode()))
    # As the collector leaves what it deletes: a version, and the mark of its deletion.
    edge.clients.s3.delete_object(Bucket=bucket, Key=key)
    rejects = {
        "pk": {"S": f"{source}#rejects#{made}"},
        "sk": {"S": "0"},
        "report": {"B": gzip.compress(TITLE.encode())},
    }
    edge.clients.dynamodb.put_item(TableName=edge.environment["ITEMS_TABLE"], Item=rejects)
    answer = keep_answer(edge, SECRET, source, cites="x")
    assert give(edge, answer, helpful=False, comment=TITLE).status == 200
    return source


def left_of(edge: Edge, source: str) -> list[str]:
    """Rows and versions that name a source, but for its events and what names it as a subject."""
    asked = [str(row) for row in rows(edge, "QUESTIONS_TABLE") if source in str(row)]
    return named_by_keys(edge, source, "CATALOG_TABLE", "ITEMS_TABLE") + asked


def tally(edge: Edge) -> int:
    key = {"pk": {"S": edge.tenant_of(edge.token)}, "sk": {"S": "sources"}}
    row = edge.clients.dynamodb.get_item(TableName=edge.environment["CATALOG_TABLE"], Key=key)["Item"]
    return int(row["count"]["N"])


def test_nothing_is_left_of_a_deleted_source_and_others_stay(edge: Edge) -> None:
    source, other = fill(edge), edge.source()
    edge.push(other, "x", content="kept")
    generation = edge.publish(other)
    archive(edge, source)
    before = tally(edge)
    folders = {key.split("/")[0] for key in left_of(edge, source) if "/" in key}
    assert folders >= {"content", "runs", "index", "snapshots", "imports", "erasures"}
    reply = delete(edge, source, message="ticket 4712")
    assert (reply.status, reply.body["source"]["status"]) == (202, "deleting"), reply.text
    edge.services.knowledge.deleter.go_on(lambda: True)
    assert places_with(edge, LONG[:60], TITLE) == []
    assert tally(edge) == before, "its place is free when it is gone"
    carry_out_deletions(edge)
    assert left_of(edge, source) == []
    assert places_with(edge, SECRET, TITLE) == [row for row in places_with(edge, SECRET) if row.startswith("AUDIT")]
    assert tally(edge) == before - 1
    told = [row for row in rows(edge, "CATALOG_TABLE") if row.get("eventType", {}).get("S") == "source.deleted"]
    assert [(row["sourceId"]["S"], row["environment"]["S"]) for row in told] == [(source, "live")]
    items = edge.request("GET", f"/v1/sources/{other}/generations/{generation}/items", query="include=content")
    assert [item["content"] for item in items.body["items"]] == ["kept"]
    assert delete(edge, source).status == 404


def test_questions_that_were_put_to_others_too_stay_without_the_source(edge: Edge) -> None:
    source, other = edge.source(questionLog="on"), edge.source(questionLog="on")
    keep_answer(edge, "to one alone", source, cites="x")
    shared = keep_answer(edge, "to both, cites it", source, other, cites="x")
    keep_answer(edge, "to both", other, source, cites="y")
    keep_answer(edge, "to the other", other)
    for number in range(60):
        keep_answer(edge, f"many {number}", source)
    limited = edge.key(edge.admin, source_ids=(other,))
    assert texts(edge, key=limited) == ["to the other"]
    archive(edge, source)
    delete(edge, source)
    carry_out_deletions(edge)
    assert left_of(edge, source) == []
    found = {each["text"]: each for each in page_of(edge)["questions"]}
    assert found.keys() == {"to both, cites it", "to both", "to the other"}
    assert {str(each["sourceIds"]) for each in found.values()} == {str([other])}
    assert found["to both, cites it"]["cited"] == []
    assert found["to both"]["cited"] == [{"sourceId": other, "externalItemId": "y"}]
    assert give(edge, shared, limited, helpful=True).status == 200


def test_a_question_that_is_kept_late_goes_with_its_source_all_the_same(edge: Edge) -> None:
    source = edge.source(questionLog="on")
    archive(edge, source)
    delete(edge, source)
    edge.services.knowledge.deleter.go_on(lambda: True)
    keep_answer(edge, "a search that was under way", source)
    carry_out_deletions(edge)
    assert left_of(edge, source) == []


def test_source_is_not_there_from_the_answer_on(edge: Edge) -> None:
    source = edge.source()
    edge.push(source, "x")
    edge.publish(source)
    run = edge.run(source)
    archive(edge, source)
    assert delete(edge, source).status == 202
    path = f"/v1/sources/{source}"
    for method, rest, body in (
        ("GET", "", None),
        ("PATCH", "", {"name": "other"}),
        ("DELETE", "", None),
        ("POST", "/restore", None),
        ("GET", "/items", None),
        ("POST", "/items", {"externalItemId": "x", "title": "t", "content": "c"}),
        ("POST", "/runs", None),
        ("POST", f"/runs/{run}/apply", None),
        ("GET", "/generations/current", None),
        ("POST", "/erasures", {"externalItemIds": ["x"]}),
        ("POST", "/imports", {"mode": "upsert"}),
        ("POST", "/snapshots", None),
    ):
        reply = edge.request(method, f"{path}{rest}", body)
        assert (reply.status, reply.code) == (404, "not_found"), (method, rest)
    assert source not in str(edge.request("GET", "/v1/sources").body)
    limited = edge.request("POST", "/v1/admin/keys", {"name": "k", "sourceIds": [source]}, key=edge.admin)
    assert limited.status == 400


def test_request_that_read_the_source_before_does_not_bring_it_back(edge: Edge) -> None:
    source, tenant = edge.source(), edge.tenant_of(edge.token)
    archive(edge, source)
    knowledge = edge.services.knowledge
    read = knowledge.sources.get_source(tenant, source)
    assert delete(edge, source).status == 202
    for late in (
        lambda: knowledge.stores.sources.set_status(read, SourceStatus.ACTIVE, edge.clock()),
        lambda: knowledge.erasures.service.request_erasure(read, ["x"], erasure_id=new_id("era")),
    ):
        with pytest.raises(SourceNotFoundError):
            late()
        marked = knowledge.sources.find_source(tenant, source)
        assert (marked.status, marked.erasure_id) == ("deleting", None)


def test_repeat_answers_the_same_and_is_recorded_once(edge: Edge) -> None:
    source = edge.source()
    archive(edge, source)
    first = delete(edge, source, message="ticket 4712")
    edge.clock.advance(seconds=60)
    assert delete(edge, source).body == first.body
    entries = edge.request("GET", "/v1/admin/audit").body["entries"]
    (entry,) = [entry for entry in entries if entry["kind"] == "source.deleted"]
    assert (entry["subject"], entry["message"]) == ({"sourceId": source}, "ticket 4712")


def test_only_an_archived_source_at_rest_is_deleted(edge: Edge) -> None:
    source = edge.source()
    edge.push(source, "x")
    assert (delete(edge, source).status, delete(edge, source).code) == (409, "source_active")
    assert edge.request("POST", f"/v1/sources/{source}/erasures", {"externalItemIds": ["x"]}).status == 202
    archive(edge, source)
    reply = delete(edge, source)
    assert (reply.status, reply.code, reply.headers["retry-after"]) == (409, "erasure_in_progress", "60")
    other = edge.source()
    assert edge.request("POST", f"/v1/sources/{other}/snapshots").status == 201
    archive(edge, other)
    assert (delete(edge, other).status, delete(edge, other).code) == (409, "snapshot_open")
    assert edge.request("GET", f"/v1/sources/{other}").body["source"]["status"] == "archived"


def test_deletion_takes_a_scope_that_no_key_has_by_default(edge: Edge) -> None:
    source = edge.source()
    archive(edge, source)
    usual = edge.key(edge.admin, scopes=DEFAULT_SCOPES)
    assert edge.request("POST", f"/v1/sources/{source}/delete", key=usual).code == "insufficient_scope"
    foreign = edge.bootstrap()
    eraser = edge.key(foreign, scopes=("content:erase",))
    assert edge.request("POST", f"/v1/sources/{source}/delete", key=eraser).status == 404
    assert edge.request("GET", f"/v1/sources/{source}").status == 200


def test_what_comes_after_the_first_look_is_found_before_the_row_goes(edge: Edge) -> None:
    """A request that was under way writes a row and an object when the source was emptied already."""
    source = edge.source()
    edge.push(source, "x")
    archive(edge, source)
    delete(edge, source)
    relay_all(edge)
    deleter = edge.services.knowledge.deleter
    deleter.go_on(lambda: True)
    late = {"pk": {"S": f"{source}#3"}, "sk": {"S": "late"}}
    edge.clients.dynamodb.put_item(TableName=edge.environment["ITEMS_TABLE"], Item=late)
    key = f"content/{edge.tenant_of(edge.token)}/{source}/late"
    edge.clients.s3.put_object(Bucket=edge.environment["CONTENT_BUCKET"], Key=key, Body=b"late")
    edge.clock.advance(seconds=WAIT_SECONDS)
    deleter.go_on(lambda: True)
    assert left_of(edge, source) == [f"{edge.tenant_of(edge.token)} source#{source}"], "it waits anew"
    edge.clock.advance(seconds=WAIT_SECONDS)
    deleter.go_on(lambda: True)
    assert left_of(edge, source) == []


def test_row_stays_for_a_quarter_of_an_hour_whoever_looks(edge: Edge) -> None:
    """One that failed is due again after a minute, which shortens no wait."""
    source, tenant = edge.source(), edge.tenant_of(edge.token)
    archive(edge, source)
    delete(edge, source)
    relay_all(edge)
    deleter, deletions = edge.services.knowledge.deleter, edge.services.knowledge.stores.deletions
    for _ in range(14):
        deletion = deletions.find_deletion(tenant, source)
        assert deletion is not None
        deleter.advance(deletion, lambda: True)
        edge.clock.advance(seconds=60)
    assert left_of(edge, source) == [f"{tenant} source#{source}"]
    edge.clock.advance(seconds=60)
    deleter.go_on(lambda: True)
    assert left_of(edge, source) == []


def test_row_stays_until_every_event_is_relayed(edge: Edge) -> None:
    source = edge.source()
    archive(edge, source)
    delete(edge, source)
    deleter = edge.services.knowledge.deleter
    for _ in range(3):
        deleter.go_on(lambda: True)
        edge.clock.advance(seconds=WAIT_SECONDS)
    assert left_of(edge, source) != []
    carry_out_deletions(edge, 1)
    assert left_of(edge, source) == []


def test_one_deletion_that_fails_keeps_no_other(edge: Edge, monkeypatch: pytest.MonkeyPatch) -> None:
    broken, sound = edge.source(), edge.source()
    for source in (broken, sound):
        archive(edge, source)
        delete(edge, source)
    relay_all(edge)
    deleter = edge.services.knowledge.deleter
    empty = type(deleter.emptier).empty_source

    def fail(self: Any, deletion: Any, has_time: Any, *, last: bool) -> Any:
        if deletion.source_id == broken:
            raise ServiceUnavailableError
        return empty(self, deletion, has_time, last=last)

    monkeypatch.setattr(type(deleter.emptier), "empty_source", fail)
    failed = 0
    for _ in range(4):
        failed += deleter.go_on(lambda: True)
        edge.clock.advance(seconds=WAIT_SECONDS)
    assert failed
    assert left_of(edge, sound) == []
    monkeypatch.setattr(type(deleter.emptier), "empty_source", empty)
    carry_out_deletions(edge)
    assert left_of(edge, broken) == []


def test_little_time_is_enough_in_the_end(edge: Edge) -> None:
    source = edge.source()
    for number in range(30):
        edge.push(source, f"item-{number}")
    edge.publish(source)
    archive(edge, source)
    delete(edge, source)
    relay_all(edge)
    for _ in range(80):
        once = iter([True, True])
        edge.services.knowledge.deleter.go_on(lambda once=once: next(once, False))
        edge.clock.advance(seconds=WAIT_SECONDS)
        if not left_of(edge, source):
            break
    assert left_of(edge, source) == []
