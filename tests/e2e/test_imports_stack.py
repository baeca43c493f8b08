"""Imports over the local stack: upload by link, progress, the stack's own bus, a schedule, and refused events."""

from __future__ import annotations

import gzip
import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from local.template import ROOT
from testing.import_files import chunked, many, ndjson
from testing.lifecycle import draft
from testing.resources import continuous_integration
from tests.support.stack import PATIENCE_SECONDS, StackProcess, aws, eventually

ENDED = {"completed", "completed_with_errors", "failed", "cancelled"}
LINES = int(os.environ.get("IMPORT_LINES", "10000"))


@pytest.fixture
def api(local_stack: StackProcess) -> Iterator[httpx.Client]:
    """A client whose key may poll."""
    with local_stack.client(local_stack.credentials["adminKey"]) as admin:
        asked = {"name": "imports", "rateLimitPerMinute": 1_200}
        secret = admin.post("v1/admin/keys", json=asked).raise_for_status().json()["secret"]
    with local_stack.client(secret) as client:
        yield client


def make_source(api: httpx.Client) -> str:
    return str(api.post("v1/sources", json={"name": "Imports"}).raise_for_status().json()["source"]["id"])


def ask(api: httpx.Client, source: str, **body: Any) -> dict[str, Any]:
    return dict(api.post(f"v1/sources/{source}/imports", json=body).raise_for_status().json())


def put(upload: dict[str, Any], body: bytes, **headers: str) -> int:
    return httpx.request(
        upload["method"], upload["url"], content=body, headers={**upload["headers"], **headers}, trust_env=False
    ).status_code


def read(api: httpx.Client, source: str, import_id: str) -> dict[str, Any]:
    return dict(api.get(f"v1/sources/{source}/imports/{import_id}").raise_for_status().json()["import"])


def wait(api: httpx.Client, source: str, import_id: str) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """Poll an import until it ends; returns it, and everything that was seen on the way."""
    seen: list[dict[str, Any]] = []

    def look() -> Any:
        seen.append(read(api, source, import_id))
        return seen[-1]["state"] in ENDED and seen[-1]

    return eventually(look, PATIENCE_SECONDS * max(1, LINES / 2_500), longest_pause_seconds=0.25), seen


def refused(stack: StackProcess, about: str) -> str:
    """The reason of the dead letter that mentions a text."""
    queues = aws(stack, "sqs")
    url = queues.get_queue_url(QueueName="local-ImportDeadLettersQueue")["QueueUrl"]

    def look() -> Any:
        for message in queues.receive_message(QueueUrl=url, MaxNumberOfMessages=10, VisibilityTimeout=0).get(
            "Messages", []
        ):
            body = json.loads(message["Body"])
            if about in json.dumps(body["event"]):
                queues.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
                return body["reason"]
        return None

    return str(eventually(look))


def test_uploaded_file_becomes_the_generation_that_direct_pushes_make(api: httpx.Client) -> None:
    contents = many(LINES, "some text that is not too short to be an item")
    source, direct = make_source(api), make_source(api)
    asked = ask(api, source, mode="snapshot", apply=True)
    body = gzip.compress(ndjson(contents))
    assert put(asked["upload"], body) == 200
    assert put(asked["upload"], body) == 412, "the link takes one file"
    ended, seen = wait(api, source, asked["import"]["id"])
    assert (ended["state"], ended["linesRead"], ended["counts"]["created"]) == ("completed", LINES, LINES)
    assert ended["bytesRead"] == ended["bytesTotal"] == len(ndjson(contents))
    assert {"staging"} <= {step["state"] for step in seen}
    assert any(0 < step["linesRead"] < LINES for step in seen), "progress is visible"
    for batch in chunked(contents.items(), 2_500):
        items = [{"externalItemId": name, "title": draft(name, text).title, "content": text} for name, text in batch]
        api.post(f"v1/sources/{direct}/items/batch", json={"items": items}).raise_for_status()
    publish(api, direct)
    hashes = [
        api.get(f"v1/sources/{name}/generations/current").json()["generation"]["rootHash"] for name in (source, direct)
    ]
    assert hashes[0] == hashes[1]


def publish(api: httpx.Client, source: str) -> None:
    """Run and apply, however long either takes."""
    path = f"v1/sources/{source}/runs"
    run = api.post(path).raise_for_status().json()["run"]["id"]
    eventually(lambda: api.get(f"{path}/{run}").raise_for_status().json()["run"]["state"] == "ready", LINES / 20)
    # Over 25 s an apply answers 409 apply_in_progress, and a retry what came of it.
    eventually(lambda: api.post(f"{path}/{run}/apply").status_code == 200, LINES / 20)


def test_upload_without_its_signed_header_is_refused(api: httpx.Client) -> None:
    asked = ask(api, make_source(api), mode="upsert")
    bare = httpx.put(asked["upload"]["url"], content=b"{}\n", trust_env=False)
    assert bare.status_code == 403


def test_upload_that_curl_calls_a_form_is_read_all_the_same(api: httpx.Client) -> None:
    source = make_source(api)
    asked = ask(api, source, mode="upsert")
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    assert put(asked["upload"], ndjson({"a": "one=two&three"}), **form) == 200
    ended, _ = wait(api, source, asked["import"]["id"])
    assert (ended["state"], ended["linesRead"], ended["counts"]["created"]) == ("completed", 1, 1)


def test_report_on_bad_lines_is_a_link(api: httpx.Client) -> None:
    source = make_source(api)
    asked = ask(api, source, mode="upsert")
    assert put(asked["upload"], ndjson({"a": "one"}) + b"not json\n") == 200
    ended, _ = wait(api, source, asked["import"]["id"])
    assert (ended["state"], ended["generationId"]) == ("completed_with_errors", None)
    lines = httpx.get(ended["report"]["url"], trust_env=False).raise_for_status().text.splitlines()
    assert [json.loads(line)["line"] for line in lines] == [2]


def test_import_whose_key_was_revoked_before_its_file_came_stages_nothing(
    api: httpx.Client, local_stack: StackProcess
) -> None:
    source, admin = make_source(api), {"Authorization": f"Bearer {local_stack.credentials['adminKey']}"}
    made = api.post("v1/admin/keys", json={"name": "leaked"}, headers=admin).raise_for_status().json()
    key = {"Authorization": f"Bearer {made['secret']}"}
    body = {"mode": "snapshot", "apply": True}
    asked = api.post(f"v1/sources/{source}/imports", json=body, headers=key).raise_for_status().json()
    api.delete(f"v1/admin/keys/{made['key']['id']}", headers=admin).raise_for_status()
    # S3 takes it all the same.
    assert put(asked["upload"], ndjson(many(3))) == 200
    ended, _ = wait(api, source, asked["import"]["id"])
    assert (ended["state"], ended["error"]["code"]) == ("failed", "import_key_ended")
    assert api.get(f"v1/sources/{source}/items").json()["items"] == []


def test_import_is_cancelled_wherever_it_is(api: httpx.Client) -> None:
    source = make_source(api)
    asked = ask(api, source, mode="upsert", apply=True)
    assert put(asked["upload"], gzip.compress(ndjson(many(20_000)))) == 200
    path = f"v1/sources/{source}/imports/{asked['import']['id']}"
    eventually(lambda: api.get(path).json()["import"]["state"] != "awaiting_upload")
    cancelled = api.post(f"{path}/cancel").raise_for_status().json()["import"]
    assert cancelled["state"] == "cancelled"
    staged = len(api.get(f"v1/sources/{source}/items?limit=200").json()["items"])
    publish(api, source)
    assert api.get(path).json()["import"]["generationId"] is None
    assert len(api.get(f"v1/sources/{source}/items?limit=200").json()["items"]) == staged


def test_import_is_requested_on_the_stacks_own_bus(api: httpx.Client, local_stack: StackProcess) -> None:
    source, tenant = make_source(api), local_stack.credentials["tenantId"]
    store, events = aws(local_stack, "s3"), aws(local_stack, "events")
    store.create_bucket(Bucket="exports")
    store.put_object(Bucket="exports", Key="nightly.ndjson", Body=ndjson(many(3)))
    detail = {"tenantId": tenant, "sourceId": source, "bucket": "exports", "key": "nightly.ndjson", "mode": "snapshot"}
    foreign = {**detail, "tenantId": "ten_somebody-else"}
    entries = [
        {"Source": "nightly", "DetailType": "knowledge.import.requested", "Detail": json.dumps(each)}
        for each in ({**detail, "apply": True}, foreign)
    ]
    sent = events.put_events(Entries=[{**entry, "EventBusName": "local-knowledge"} for entry in entries])
    assert sent["FailedEntryCount"] == 0
    listed = eventually(lambda: api.get(f"v1/sources/{source}/imports").json()["imports"])
    ended, _ = wait(api, source, listed[0]["id"])
    assert (ended["state"], ended["counts"]["created"]) == ("completed", 3)
    assert refused(local_stack, "ten_somebody-else") == "The tenant has no such source."
    assert len(api.get(f"v1/sources/{source}/imports").json()["imports"]) == 1


def test_schedule_that_asks_for_nothing_is_told_why(local_stack: StackProcess) -> None:
    local_stack.ask("POST", "fire/ScheduledImportRule")
    assert refused(local_stack, '"detail": {}') == "detail.tenantId is missing"


def test_nightly_script_imports_and_tells_how_it_ended(
    api: httpx.Client, local_stack: StackProcess, tmp_path: Path
) -> None:
    for tool in ("bash", "curl", "jq"):
        if shutil.which(tool) is None:
            (pytest.fail if continuous_integration() else pytest.skip)(f"{tool} is not installed")
    source, file = make_source(api), tmp_path / "items.ndjson"
    environment = {
        "PATH": os.environ["PATH"],
        "CHATBOT_API": local_stack.credentials["baseUrl"],
        "CHATBOT_KEY": api.headers["Authorization"].removeprefix("Bearer "),
        "POLL_SECONDS": "0.5",
    }
    script = ROOT / "examples" / "curl" / "nightly_import.sh"

    def run(body: bytes, **more: str) -> subprocess.CompletedProcess[str]:
        file.write_bytes(body)
        command = ["bash", str(script), source, str(file), "snapshot"]
        return subprocess.run(command, env=environment | more, capture_output=True, text=True, check=False)

    done = run(gzip.compress(ndjson({"a": "one", "b": "two"})))
    assert done.returncode == 0, done.stdout + done.stderr
    told = json.loads(done.stdout.splitlines()[-1])
    assert (told["state"], told["counts"]["created"], told["generationId"] is None) == ("completed", 2, False)
    refused = run(ndjson({"a": "one"}) + b"bad\n")
    assert (refused.returncode, json.loads(refused.stderr)["line"]) == (2, 2)
    assert "too_many_rejected" in refused.stdout
    flawed = run(ndjson({"a": "one"}) + b"bad\n", MAX_REJECTED="1")
    assert (flawed.returncode, json.loads(flawed.stderr)["line"]) == (1, 2)
    empty = run(b"")
    assert empty.returncode == 2
    assert "names no items" in empty.stdout
