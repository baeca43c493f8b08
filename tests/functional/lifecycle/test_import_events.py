"""The events around imports: deliveries repeated and out of order, refusals, and what is told at the end."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

from local.events.inputs import target_input
from local.template.resolve import Resolver
from testing.import_files import Importing, ndjson, requested_event
from testing.resources import project_template


def test_same_event_five_times_and_two_at_once_is_one_import(importing: Importing) -> None:
    life = importing.life
    event = importing.upload(importing.create(), ndjson({"a": "one"}))
    found = [importing.deliver(event) for _ in range(2)]
    life.import_machine.run_until("IsStaged")
    found += [importing.deliver(event)]
    importing.run()
    found += [importing.deliver(event) for _ in range(2)]
    importing.run()
    assert len({answer["importId"] for answer in found}) == 1
    assert len(life.import_machine.executions) == 1
    life.check(settled=True)


def test_object_nobody_announced_is_imported_by_its_metadata(importing: Importing) -> None:
    life = importing.life
    life.push(gone="old")
    key = f"imports/{life.tenant_id}/{life.source_id}/nightly/export.ndjson"
    event = importing.put(key, ndjson({"a": "one"}), mode="snapshot", apply="true")
    first, again = importing.deliver(event), importing.deliver(event)
    importing.run()
    assert first == again
    assert importing.get(first["importId"]).state == "completed"
    assert life.served() == {"a": "one"}
    # The same file, written again the next night, is an import of its own.
    later = json.loads(json.dumps(event).replace("00A1", "00A2"))
    assert importing.deliver(later) != first


def test_what_an_import_writes_beside_its_upload_starts_nothing(importing: Importing) -> None:
    job = importing.create()
    event = importing.put(f"imports/{job.tenant_id}/{job.source_id}/{job.import_id}/piece-00000.ndjson", b"{}")
    assert importing.deliver(event) == {"importId": None}
    assert not importing.life.import_machine.executions
    assert not importing.queue.messages


def test_requested_import_reads_another_bucket(importing: Importing) -> None:
    life = importing.life
    importing.put("exports/nightly.ndjson", ndjson({"a": "one"}))
    detail = {"tenantId": life.tenant_id, "sourceId": life.source_id, "bucket": "exports-of-ours"}
    event = requested_event("e1", **detail, key="exports/nightly.ndjson", mode="snapshot", apply=True)
    first, again = importing.deliver(event), importing.deliver(event)
    importing.run()
    assert first == again
    assert importing.get(first["importId"]).state == "completed"
    assert importing.deliver({**event, "id": "e2"}) != first


def refusals(importing: Importing) -> dict[str, tuple[dict[str, Any], str]]:
    """Events that can't be followed, and what is said about each."""
    life = importing.life
    tenant, source, own = life.tenant_id, life.source_id, importing.bucket
    file = importing.put(f"imports/{tenant}/{source}/x.ndjson", b"")
    key = file["detail"]["object"]["key"]
    asked = {"tenantId": tenant, "sourceId": source, "bucket": own, "key": key, "mode": "upsert"}
    unknown = life.ids("src")
    return {
        "unknown source": (importing.put(f"imports/{tenant}/{unknown}/x", b""), "no such source"),
        "foreign source": (importing.put(f"imports/tenant-b/{source}/x", b""), "no such source"),
        "unknown import": (importing.put(f"imports/{tenant}/{source}/{life.ids('imp')}/upload", b""), "no such import"),
        "no source's folder": (importing.put("imports/stray", b""), "no source's folder"),
        "another bucket": (
            {**file, "detail": {**file["detail"], "bucket": {"name": "other"}}},
            "no object of the stack's own bucket",
        ),
        "bad metadata": (importing.put(f"imports/{tenant}/{source}/y", b"", mode="replace"), "metadata"),
        "own bucket elsewhere": (requested_event("1", **{**asked, "key": f"content/{tenant}/{source}/x"}), "folder"),
        "another's folder": (requested_event("2", **{**asked, "key": f"imports/tenant-b/{source}/x"}), "folder"),
        "missing file": (requested_event("3", **{**asked, "key": key + "y"}), "not there"),
        "foreign tenant": (
            requested_event("4", **{**asked, "tenantId": "tenant-b", "key": f"imports/tenant-b/{source}/x"}),
            "no such source",
        ),
        "no mode": (requested_event("5", **{**asked, "mode": "all"}), "detail.mode"),
        "unknown field": (requested_event("6", **asked, more=1), "detail.more"),
        "no detail": ({"id": "7", "detail-type": "knowledge.import.requested"}, "none that starts"),
        "another event": ({"id": "8", "detail-type": "Object Deleted", "detail": {}}, "none that starts"),
    }


def test_events_that_cannot_be_followed_are_kept_with_their_reason(importing: Importing) -> None:
    for name, (event, reason) in refusals(importing).items():
        importing.queue.messages.clear()
        assert reason in importing.deliver(event)["rejected"], name
        (message,) = importing.queue.messages
        assert (message["event"], reason in message["reason"]) == (event, True), name
    assert not importing.life.import_machine.executions
    assert not importing.life.knowledge.imports.service.list_imports(
        importing.life.source, limit=10, position=None
    ).items


def test_archived_source_takes_no_event_and_ends_its_import(importing: Importing) -> None:
    life = importing.life
    waiting, under_way = importing.create(), importing.create()
    importing.deliver(importing.upload(under_way, ndjson({"a": "one"})))
    life.knowledge.sources.archive_source(life.tenant_id, life.source_id)
    assert "archived" in importing.deliver(importing.upload(waiting, b""))["rejected"]
    importing.run()
    ended = importing.get(under_way)
    assert (ended.state, ended.last_error.code, ended.counts.created) == ("failed", "source_inactive", 0)


def events_of(importing: Importing) -> list[dict[str, Any]]:
    stored = importing.life.check()
    return [event for event in stored.events if event["eventType"].startswith("import.")]


def test_end_of_an_import_is_one_event(importing: Importing) -> None:
    good = importing.whole(ndjson({"a": "one"}) + b"bad\n")
    bad = importing.whole(b"", "snapshot")
    told = {event["data"]["importId"]: event for event in events_of(importing)}
    assert len(events_of(importing)) == 2
    completed, failed = told[good.import_id], told[bad.import_id]
    assert (completed["eventType"], completed["data"]["state"]) == ("import.completed", "completed_with_errors")
    assert completed["data"]["counts"]["rejected"] == 1
    assert completed["data"]["generationId"] == importing.life.current.generation_id
    assert failed["eventType"] == "import.failed"


def test_schedule_of_the_template_requests_an_import(importing: Importing) -> None:
    """The rule's target as the template has it, with a parameter as an operator would set it."""
    life = importing.life
    importing.put("exports/nightly.ndjson", ndjson({"a": "one"}))
    asked = {"tenantId": life.tenant_id, "sourceId": life.source_id, "bucket": "exports-of-ours"}
    asked |= {"key": "exports/nightly.ndjson", "mode": "upsert", "apply": True}
    template = project_template()
    template = replace(template, parameters={**template.parameters, "ScheduledImport": json.dumps(asked)})
    (target,) = Resolver(template).resolve(template.resources["ScheduledImportRule"]["Properties"]["Targets"])
    fired = {"id": "6a7e", "time": "2026-11-24T03:00:00Z", "detail-type": "Scheduled Event", "detail": {}}
    event = json.loads(target_input(target, fired, "arn:aws:events:us-east-1:123456789012:rule/nightly"))
    found = importing.deliver(event)
    importing.run()
    assert importing.get(found["importId"]).state == "completed"
    assert life.served() == {"a": "one"}
