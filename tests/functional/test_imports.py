"""Imports over the edge: asked for, listed, read; what happens to their files is in the lifecycle's tests."""

from __future__ import annotations

import gzip
from urllib.parse import parse_qs, urlsplit

import pytest
from httpapi.keys.scopes import ALL_SCOPES, Scope
from knowledge.imports import store as import_store

from testing.edge import Edge, Reply
from tests.support.edge_imports import arrive, upload
from tests.support.keys import key_id


def create(edge: Edge, source: str, **body: object) -> Reply:
    return edge.request("POST", f"/v1/sources/{source}/imports", {"mode": "upsert", **body})


def test_created_import_waits_for_one_signed_upload(edge: Edge) -> None:
    source = edge.source()
    reply = create(edge, source, mode="snapshot", apply=True, format="ndjson.gz")
    assert reply.status == 201
    job, upload = reply.body["import"], reply.body["upload"]
    assert (job["state"], job["mode"], job["apply"], job["format"]) == (
        "awaiting_upload",
        "snapshot",
        True,
        "ndjson.gz",
    )
    assert (upload["method"], upload["headers"]) == ("PUT", {"If-None-Match": "*"})
    url = urlsplit(upload["url"])
    query = parse_qs(url.query)
    assert query["X-Amz-SignedHeaders"] == ["host;if-none-match"]
    assert query["X-Amz-Expires"] == ["3600"]
    assert url.path.endswith(f"/{source}/{job['id']}/upload")
    assert edge.tenant_of(edge.token) in url.path


def test_import_is_read_and_listed(edge: Edge) -> None:
    source = edge.source()
    first = create(edge, source).body["import"]
    edge.clock.advance(seconds=1)
    second = create(edge, source).body["import"]
    path = f"/v1/sources/{source}/imports"
    assert edge.request("GET", f"{path}/{first['id']}").body == {"import": first}
    listed = edge.request("GET", path, query="limit=1")
    assert (listed.status, [job["id"] for job in listed.body["imports"]]) == (200, [second["id"]])
    rest = edge.request("GET", path, query=f"limit=1&cursor={listed.body['nextCursor']}").body
    assert ([job["id"] for job in rest["imports"]], rest["nextCursor"]) == ([first["id"]], None)


def test_upload_that_never_came_is_shown_as_expired(edge: Edge) -> None:
    source = edge.source()
    job = create(edge, source).body["import"]
    edge.clock.advance(days=2)
    assert edge.request("GET", f"/v1/sources/{source}/imports/{job['id']}").body["import"]["state"] == "expired"


def test_repeated_creation_makes_one_import(edge: Edge) -> None:
    source = edge.source()
    path, body, headers = f"/v1/sources/{source}/imports", {"mode": "upsert"}, {"Idempotency-Key": "nightly"}
    first = edge.request("POST", path, body, headers=headers)
    again = edge.request("POST", path, body, headers=headers)
    assert (again.text, again.headers["idempotent-replayed"]) == (first.text, "true")
    # The record was lost in a crash: the id is the same all the same.
    edge.clients.dynamodb.delete_item(TableName=edge.environment["IDEMPOTENCY_TABLE"], Key=_record(edge))
    after = edge.request("POST", path, body, headers=headers)
    assert after.body["import"] == first.body["import"]
    assert len(edge.request("GET", path).body["imports"]) == 1


def _record(edge: Edge) -> dict[str, object]:
    (row,) = edge.clients.dynamodb.scan(TableName=edge.environment["IDEMPOTENCY_TABLE"])["Items"]
    return {"id": row["id"]}


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"mode": "replace"},
        {"mode": "upsert", "apply": 1},
        {"mode": "upsert", "format": "csv"},
        {"mode": "upsert", "x": 1},
        {"mode": "upsert", "maxRejected": -1},
        {"mode": "upsert", "maxRejected": 10_000_001},
        {"mode": "upsert", "message": "m" * 501},
    ],
)
def test_bad_request_is_refused(edge: Edge, body: dict[str, object]) -> None:
    reply = edge.request("POST", f"/v1/sources/{edge.source()}/imports", body)
    assert (reply.status, reply.code) == (400, "validation_error")


def test_apply_needs_its_own_scope(edge: Edge) -> None:
    source = edge.source()
    pusher = edge.key(edge.admin, scopes=tuple(scope for scope in ALL_SCOPES if scope is not Scope.RUNS_APPLY))
    path = f"/v1/sources/{source}/imports"
    assert edge.request("POST", path, {"mode": "upsert"}, key=pusher).status == 201
    refused = edge.request("POST", path, {"mode": "upsert", "apply": True}, key=pusher)
    assert (refused.status, refused.code) == (403, "insufficient_scope")


def test_archived_source_takes_no_import(edge: Edge) -> None:
    source = edge.source()
    edge.request("DELETE", f"/v1/sources/{source}")
    assert create(edge, source).code == "source_inactive"


def test_uploaded_file_is_published_and_its_bad_line_reported(edge: Edge) -> None:
    source = edge.source()
    job = create(edge, source, apply=True, maxRejected=1, message="by night").body["import"]
    body = b'{"externalItemId":"a","title":"A","content":"one"}\n{"externalItemId":"b"}\n'
    assert upload(edge, source, job["id"], body) == {"importId": job["id"]}
    read = edge.request("GET", f"/v1/sources/{source}/imports/{job['id']}").body["import"]
    assert (read["state"], read["linesRead"], read["bytesRead"]) == ("completed_with_errors", 2, len(body))
    assert read["bytesTotal"] == len(body)
    assert read["counts"] == {"created": 1, "updated": 0, "unchanged": 0, "removed": 0, "stale": 0, "rejected": 1}
    assert (read["report"]["faults"], read["report"]["faultsLeftOut"]) == (2, 0)
    assert "errors.ndjson" in read["report"]["url"]
    current = edge.request("GET", f"/v1/sources/{source}/generations/current").body["generation"]
    assert read["generationId"] == current["id"]
    author = {"keyId": key_id(edge.token), "name": "test"}
    run = edge.request("GET", f"/v1/sources/{source}/runs/{read['runId']}").body["run"]
    for made in (read, run, current):
        assert (made["createdBy"], made["message"]) == (author, "by night")
    listed = edge.request("GET", f"/v1/sources/{source}/imports").body["imports"]
    assert listed == [{**read, "report": {**read["report"], "url": None}}]


def test_failed_import_says_why(edge: Edge) -> None:
    source = edge.source()
    job = create(edge, source, mode="snapshot", apply=True).body["import"]
    upload(edge, source, job["id"], b"\n")
    read = edge.request("GET", f"/v1/sources/{source}/imports/{job['id']}").body["import"]
    assert (read["state"], read["error"]["code"]) == ("failed", "import_failed")
    assert "names no items" in read["error"]["message"]


def test_bad_line_is_told_of_an_import_that_it_ended(edge: Edge) -> None:
    source = edge.source()
    job = create(edge, source, apply=True).body["import"]
    assert job["maxRejected"] == 0
    upload(edge, source, job["id"], b"bad\n")
    read = edge.request("GET", f"/v1/sources/{source}/imports/{job['id']}").body["import"]
    assert (read["state"], read["error"]["code"], read["runId"]) == ("failed", "too_many_rejected", None)
    assert parse_qs(urlsplit(read["report"]["url"]).query)["X-Amz-Expires"] == ["900"]


def test_cancelled_import_reads_no_file(edge: Edge) -> None:
    source = edge.source()
    job = create(edge, source, apply=True).body["import"]
    path = f"/v1/sources/{source}/imports/{job['id']}"
    first = edge.request("POST", f"{path}/cancel", headers={"Idempotency-Key": "stop"})
    assert (first.status, first.body["import"]["state"]) == (200, "cancelled")
    assert edge.request("POST", f"{path}/cancel").body == first.body
    assert edge.request("POST", f"{path}/cancel", headers={"Idempotency-Key": "stop"}).text == first.text
    upload(edge, source, job["id"], b'{"externalItemId":"a","title":"A","content":"one"}\n')
    assert edge.request("GET", path).body == first.body
    assert edge.request("GET", f"/v1/sources/{source}/items").body["items"] == []


def test_import_that_is_cancelled_while_it_stages_leaves_no_piece(edge: Edge) -> None:
    source = edge.source()
    job = create(edge, source, apply=True).body["import"]
    arrive(edge, source, job["id"], gzip.compress(b'{"externalItemId":"a","title":"A","content":"one"}\n'))
    for _ in range(2):
        edge.import_machine.run_until("IsStaged")
    folder = f"imports/{edge.tenant_of(edge.token)}/{source}/{job['id']}/"

    def names() -> list[str]:
        found = edge.clients.s3.list_objects_v2(Bucket=edge.environment["CONTENT_BUCKET"], Prefix=folder)
        return [each["Key"].removeprefix(folder) for each in found["Contents"]]

    assert names() == ["piece-00000.ndjson", "upload"]
    cancelled = edge.request("POST", f"/v1/sources/{source}/imports/{job['id']}/cancel").body["import"]
    assert (cancelled["state"], cancelled["error"], names()) == ("cancelled", None, ["upload"])
    edge.import_machine.run()
    assert edge.request("GET", f"/v1/sources/{source}/items").body["items"] == []
    edge.push(source)
    edge.publish(source)


def test_import_that_ended_is_not_cancelled(edge: Edge) -> None:
    source = edge.source()
    job = create(edge, source).body["import"]
    upload(edge, source, job["id"], b'{"externalItemId":"a","title":"A","content":"one"}\n')
    refused = edge.request("POST", f"/v1/sources/{source}/imports/{job['id']}/cancel")
    assert (refused.status, refused.code) == (409, "import_ended")
    unknown = edge.request("POST", f"/v1/sources/{source}/imports/imp_01KAQ5K2M4N6P8Q0R2S4T6V8W0/cancel")
    assert (unknown.status, unknown.code) == (404, "not_found")


def test_who_asked_and_who_cancelled_is_in_the_audit(edge: Edge) -> None:
    source = edge.source()
    job = create(edge, source, apply=True, message="by night").body["import"]
    edge.request("POST", f"/v1/sources/{source}/imports/{job['id']}/cancel")
    auditor = edge.key(edge.admin, scopes=(Scope.AUDIT_READ,))
    entries = edge.request("GET", "/v1/admin/audit", key=auditor).body["entries"]
    told = {entry["kind"]: entry for entry in entries if entry["kind"].startswith("import.")}
    subject = {"sourceId": source, "importId": job["id"]}
    assert {kind: entry["subject"] for kind, entry in told.items()} == {
        "import.created": subject,
        "import.cancelled": subject,
    }
    assert told["import.created"]["after"] == {"mode": "upsert", "apply": True, "maxRejected": 0}
    assert told["import.created"]["message"] == "by night"


def test_imports_under_way_of_a_tenant_are_bounded(edge: Edge, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(import_store, "IMPORTS_UNDER_WAY", 2)
    source = edge.source()
    jobs = [create(edge, source).body["import"] for _ in range(2)]
    refused = create(edge, source)
    assert (refused.status, refused.code) == (409, "import_limit")
    edge.request("POST", f"/v1/sources/{source}/imports/{jobs[0]['id']}/cancel")
    assert create(edge, source).status == 201
