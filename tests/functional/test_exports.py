"""Exports over the edge: asked for, listed, read, and what ends them."""

from __future__ import annotations

from urllib.parse import parse_qs, urlsplit

import pytest
from httpapi.keys.scopes import ALL_SCOPES, Scope
from knowledge.errors import ExportFailedError
from knowledge.exports import store as export_store
from knowledge.exports import writing
from knowledge.limits import EXPORT_SILENT_MS

from testing.edge import Edge, Reply
from testing.faults import Crash
from tests.support.edge_erasing import ask, carry_out, carry_out_deletions, named_by_keys
from tests.support.edge_imports import upload
from tests.support.exporting import lines_of
from tests.support.keys import key_id


def create(edge: Edge, source: str, generation: str = "current", **request: object) -> Reply:
    return edge.request("POST", f"/v1/sources/{source}/generations/{generation}/exports", **request)


def path_of(export: dict[str, str]) -> str:
    return f"/v1/sources/{export['sourceId']}/generations/{export['generationId']}/exports/{export['id']}"


def filled(edge: Edge) -> tuple[str, str]:
    """A source that serves two items, and its generation."""
    source = edge.source()
    edge.push(source, "a", content="one", metadata={"n": 1.0})
    edge.push(source, "b", content="two", tags=["t"])
    return source, edge.publish(source)


def file_of(edge: Edge, export: dict[str, str]) -> bytes:
    """The file of an export, from where its link leads."""
    url = urlsplit(edge.request("GET", path_of(export)).body["export"]["file"]["url"])
    bucket = edge.environment["CONTENT_BUCKET"]
    key = url.path.removeprefix(f"/{bucket}").lstrip("/")
    body: bytes = edge.clients.s3.get_object(Bucket=bucket, Key=key)["Body"].read()
    return body


def test_export_is_written_and_taken_back(edge: Edge) -> None:
    source, generation = filled(edge)
    reply = create(edge, source, json_body={"message": "a copy"})
    assert reply.status == 202
    export = reply.body["export"]
    assert (export["state"], export["generationId"], export["file"]) == ("writing", generation, None)
    assert export["createdBy"] == {"keyId": key_id(edge.token), "name": "test"}
    edge.export_machine.run()
    read = edge.request("GET", path_of(export)).body["export"]
    assert (read["state"], read["itemsWritten"], read["message"]) == ("completed", 2, "a copy")
    assert (
        read["rootHash"]
        == edge.request("GET", f"/v1/sources/{source}/generations/current").body["generation"]["rootHash"]
    )
    query = parse_qs(urlsplit(read["file"]["url"]).query)
    assert query["X-Amz-Expires"] == ["900"]
    assert query["response-content-disposition"] == [f'attachment; filename="{generation}.ndjson.gz"']
    body = file_of(edge, export)
    assert (len(body), sorted(line["externalItemId"] for line in lines_of(body))) == (read["bytes"], ["a", "b"])
    listed = edge.request("GET", f"/v1/sources/{source}/generations/current/exports").body["exports"]
    assert listed == [{**read, "file": None}]
    other = edge.source()
    job = edge.request("POST", f"/v1/sources/{other}/imports", {"mode": "snapshot", "apply": True}).body["import"]
    upload(edge, other, job["id"], body)
    copied = edge.request("GET", f"/v1/sources/{other}/generations/current").body["generation"]
    assert copied["rootHash"] == read["rootHash"]


def test_export_expires_after_a_day(edge: Edge) -> None:
    source, _ = filled(edge)
    export = create(edge, source).body["export"]
    edge.export_machine.run()
    edge.clock.advance(days=1)
    read = edge.request("GET", path_of(export)).body["export"]
    assert (read["state"], read["file"], read["itemsWritten"]) == ("expired", None, 2)


def test_export_takes_the_scopes_of_reading_contents(edge: Edge) -> None:
    source, _ = filled(edge)
    for missing in (Scope.ITEMS_READ, Scope.RUNS_READ):
        key = edge.key(edge.admin, scopes=tuple(scope for scope in ALL_SCOPES if scope is not missing))
        refused = create(edge, source, key=key)
        assert (refused.status, refused.code) == (403, "insufficient_scope")
    reader = edge.key(edge.admin, scopes=(Scope.ITEMS_READ, Scope.RUNS_READ), source_ids=(source,))
    assert create(edge, source, key=reader).status == 202
    assert create(edge, filled(edge)[0], key=reader).status == 404


def test_export_ends_with_its_key(edge: Edge) -> None:
    source, _ = filled(edge)
    key = edge.key(edge.admin)
    export = create(edge, source, key=key).body["export"]
    assert edge.request("DELETE", f"/v1/admin/keys/{key_id(key)}", key=edge.admin).status == 200
    edge.export_machine.run()
    read = edge.request("GET", path_of(export)).body["export"]
    assert (read["state"], read["error"]["code"], read["file"]) == ("failed", "export_key_ended", None)
    assert "revoked" in read["error"]["message"]


def test_repeated_request_makes_one_export(edge: Edge) -> None:
    source, _ = filled(edge)
    headers = {"Idempotency-Key": "nightly"}
    first, again = (create(edge, source, headers=headers) for _ in range(2))
    assert (again.text, again.headers["idempotent-replayed"]) == (first.text, "true")
    table = edge.environment["IDEMPOTENCY_TABLE"]
    for row in edge.clients.dynamodb.scan(TableName=table)["Items"]:
        edge.clients.dynamodb.delete_item(TableName=table, Key={"id": row["id"]})
    # The record was lost in a crash, before the machine was started.
    edge.export_machine.executions.clear()
    after = create(edge, source, headers=headers)
    assert after.body["export"]["id"] == first.body["export"]["id"]
    edge.export_machine.run()
    assert edge.request("GET", path_of(first.body["export"])).body["export"]["state"] == "completed"
    assert len(edge.request("GET", f"/v1/sources/{source}/generations/current/exports").body["exports"]) == 1


def test_exports_at_once_are_bounded(edge: Edge, monkeypatch: pytest.MonkeyPatch) -> None:
    source, _ = filled(edge)
    monkeypatch.setattr(export_store, "EXPORTS_UNDER_WAY", 1)
    assert create(edge, source).status == 202
    refused = create(edge, source)
    assert (refused.status, refused.code) == (409, "export_limit")
    edge.export_machine.run()
    assert create(edge, source).status == 202


def test_export_that_died_leaves_its_place_and_nothing_else(edge: Edge, monkeypatch: pytest.MonkeyPatch) -> None:
    source, _ = filled(edge)
    monkeypatch.setattr(export_store, "EXPORTS_UNDER_WAY", 1)
    dead = create(edge, source).body["export"]
    (execution,) = edge.export_machine.executions.values()
    monkeypatch.setattr(writing.ExportWriter, "_put_together", _die)
    with pytest.raises(Crash):
        edge.export_machine.run()
    monkeypatch.undo()
    monkeypatch.setattr(export_store, "EXPORTS_UNDER_WAY", 1)
    assert execution.status == "ABORTED"
    assert create(edge, source).code == "export_limit"
    edge.clock.advance(ms=EXPORT_SILENT_MS)
    read = edge.request("GET", path_of(dead)).body["export"]
    assert (read["state"], read["error"]["code"]) == ("failed", "export_failed")
    assert create(edge, source).status == 202
    bucket = edge.environment["CONTENT_BUCKET"]
    assert not edge.clients.s3.list_multipart_uploads(Bucket=bucket).get("Uploads")
    edge.export_machine.run()


def test_export_that_fails_at_its_end_leaves_no_upload(edge: Edge, monkeypatch: pytest.MonkeyPatch) -> None:
    source, _ = filled(edge)
    export = create(edge, source).body["export"]
    monkeypatch.setattr(writing.ExportWriter, "_put_together", _fail)
    edge.export_machine.run()
    read = edge.request("GET", path_of(export)).body["export"]
    assert (read["state"], read["error"]["code"]) == ("failed", "export_failed")
    uploads = edge.clients.s3.list_multipart_uploads(Bucket=edge.environment["CONTENT_BUCKET"])
    assert not uploads.get("Uploads")


def _fail(*_: object) -> None:
    raise ExportFailedError


def _die(*_: object) -> None:
    raise Crash("the last part is sent")


def test_erasure_ends_exports_and_deletes_their_files(edge: Edge) -> None:
    """One is completed, one has sent its parts; what they hold is in no version and in no unfinished upload."""
    versioned = {"Status": "Enabled"}
    bucket = edge.environment["CONTENT_BUCKET"]
    edge.clients.s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration=versioned)
    source, _ = filled(edge)
    completed = create(edge, source).body["export"]
    edge.export_machine.run()
    unfinished = create(edge, source).body["export"]
    key = f"exports/{edge.tenant_of(edge.token)}/{source}/0/{unfinished['id']}.ndjson.gz"
    edge.clients.s3.create_multipart_upload(Bucket=bucket, Key=key)
    erasure = ask(edge, source, "a")
    read = edge.request("GET", path_of(completed)).body["export"]
    assert (read["state"], read["file"]) == ("expired", None)
    refused = create(edge, source)
    assert (refused.status, refused.code, refused.headers["retry-after"]) == (409, "erasure_in_progress", "60")
    edge.export_machine.run()
    read = edge.request("GET", path_of(unfinished)).body["export"]
    assert (read["state"], read["error"]["code"]) == ("failed", "export_failed")
    assert "erased" in read["error"]["message"]
    carry_out(edge, source, erasure["id"])
    prefix = f"exports/{edge.tenant_of(edge.token)}/{source}/"
    assert not edge.clients.s3.list_object_versions(Bucket=bucket, Prefix=prefix).get("Versions")
    assert not edge.clients.s3.list_multipart_uploads(Bucket=bucket, Prefix=prefix).get("Uploads")
    after = create(edge, source).body["export"]
    edge.export_machine.run()
    assert [line["externalItemId"] for line in lines_of(file_of(edge, after))] == ["b"]


def test_deleted_source_takes_its_exports_along(edge: Edge) -> None:
    source, _ = filled(edge)
    other = create(edge, filled(edge)[0]).body["export"]
    create(edge, source)
    edge.export_machine.run()
    create(edge, source)
    bucket, tenant = edge.environment["CONTENT_BUCKET"], edge.tenant_of(edge.token)
    for name in (source, other["sourceId"]):
        edge.clients.s3.create_multipart_upload(Bucket=bucket, Key=f"exports/{tenant}/{name}/0/exp_x.ndjson.gz")
    edge.request("DELETE", f"/v1/sources/{source}")
    assert edge.request("POST", f"/v1/sources/{source}/delete").status == 202
    edge.export_machine.run()
    carry_out_deletions(edge)
    assert named_by_keys(edge, source, "CATALOG_TABLE") == []
    assert edge.services.knowledge.stores.exports.list_places(tenant) == []
    left = edge.clients.s3.list_multipart_uploads(Bucket=bucket)["Uploads"]
    assert [upload["Key"].split("/")[2] for upload in left] == [other["sourceId"]]
    assert file_of(edge, other)
