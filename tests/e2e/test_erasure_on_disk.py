"""What was erased is nowhere in the data directory of a stack that has ended; everything else is served as before."""

from __future__ import annotations

import base64
import json
import os
import re
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import httpx
import pytest
from search.segments.model import MAGIC as SEGMENT

from local.template import ROOT
from tests.support.erasing import inflated
from tests.support.segment_words import unexplained_in
from tests.support.stack import StackProcess, eventually

WORDS = ("quorvexil", "zamburlon", "trivandex", "mopelkrit", "hastrovin")
TITLE = "Trivandex is a title"
TEXT = "The quorvexil of a zamburlon. "
# Runs the steps of an erasure as the upkeep does, by a clock that is a quarter of an hour further each time.
CARRY_OUT = """
import sys
from knowledge.assembly import KnowledgeServices
from knowledge.settings import Settings
from knowledge.times import system_clock

ahead = [0]
knowledge = KnowledgeServices(Settings.from_environment(), clock=lambda: system_clock() + ahead[0])
for _ in range(16):
    assert knowledge.erasures.eraser.go_on(lambda: True) == 0
    state = knowledge.stores.erasures.get_erasure(*sys.argv[1:]).state
    if state == "completed":
        break
    ahead[0] += 901_000
print(state)
"""
LAYERS = os.pathsep.join(str(ROOT / "layers" / name) for name in ("shared", "search"))
_BASE64 = re.compile(rb"[A-Za-z0-9+/]{16,}={0,2}")


@pytest.mark.long
def test_what_was_erased_is_nowhere_on_the_disk(own_stack: Any, tmp_path: Path) -> None:
    data = tmp_path / "data"
    stack: StackProcess = own_stack("--data", str(data))
    with stack.client() as api:
        source = api.post("v1/sources", json={"name": "kept", "graceDays": 0}).raise_for_status().json()["source"]["id"]
        path = f"v1/sources/{source}"
        before = {}
        for number, text in enumerate((TEXT, TEXT * 3_000, "mopelkrit")):
            push(api, path, "x", TITLE, text, metadata={"note": "hastrovin"})
            push(api, path, "y", "Other", f"Kept {number}.")
            before[publish(api, path)] = f"Kept {number}."
        upload(api, path, {"externalItemId": "x", "title": TITLE, "content": f"{TEXT} imported"})
        unapplied = api.post(f"{path}/runs").raise_for_status().json()["run"]["id"]
        assert api.get(f"{path}/runs/{unapplied}/changes").json()["changes"]
        # Whoever looks finds it while it is there.
        assert {word for _, found in places(data) for word in found} == set(WORDS)
        key = api.post(
            "v1/admin/keys",
            json={"name": "eraser", "scopes": ["content:erase"]},
            headers={"Authorization": f"Bearer {stack.credentials['adminKey']}"},
        ).raise_for_status()
        erased = api.post(
            f"{path}/erasures",
            json={"externalItemIds": ["x"]},
            headers={"Authorization": f"Bearer {key.json()['secret']}"},
        )
        assert erased.status_code == 202, erased.text
        carry_out(stack, source, erased.json()["erasure"]["id"])
        for generation, text in before.items():
            served = api.get(f"{path}/generations/{generation}/items", params={"include": "content"}).raise_for_status()
            items = {item["externalItemId"]: item["content"] for item in served.json()["items"]}
            assert items == {"y": text}
    stack.stop()
    vacuum(data)
    assert dict(places(data)) == {}
    segments = [body for body in (path.read_bytes() for path in data.rglob("*") if path.is_file()) if SEGMENT in body]
    assert segments
    for body in segments:
        assert unexplained_in(body[body.index(SEGMENT) :]) == []


def push(api: httpx.Client, path: str, item: str, title: str, content: str, **more: Any) -> None:
    body = {"externalItemId": item, "title": title, "content": content, **more}
    headers = {"Idempotency-Key": f"{item} {len(content)} {content[:20]}"}
    api.post(f"{path}/items", json=body, headers=headers).raise_for_status()


def publish(api: httpx.Client, path: str) -> str:
    run = api.post(f"{path}/runs").raise_for_status().json()["run"]["id"]
    return str(api.post(f"{path}/runs/{run}/apply").raise_for_status().json()["generationId"])


def upload(api: httpx.Client, path: str, item: dict[str, Any]) -> None:
    """Import a file of one item, and wait for it to end."""
    made = api.post(f"{path}/imports", json={"mode": "upsert"}).raise_for_status().json()
    link = made["upload"]
    put = httpx.request(link["method"], link["url"], headers=link["headers"], content=json.dumps(item).encode())
    assert put.status_code == 200, put.text
    place = f"{path}/imports/{made['import']['id']}"
    assert eventually(lambda: api.get(place).json()["import"]["state"] == "completed")


def carry_out(stack: StackProcess, source: str, erasure: str) -> None:
    settings = stack.environment
    session = boto3.Session(settings["AWS_ACCESS_KEY_ID"], settings["AWS_SECRET_ACCESS_KEY"])
    client = {
        service: session.client(
            service,
            region_name=settings["AWS_DEFAULT_REGION"],
            endpoint_url=settings.get(f"AWS_ENDPOINT_URL_{service.upper()}", settings.get("AWS_ENDPOINT_URL")),
        )
        for service in ("dynamodb", "s3")
    }
    tables = client["dynamodb"].list_tables()["TableNames"]
    named = {
        f"{name.upper()}_TABLE": next(table for table in tables if f"{name}Table" in table)
        for name in ("Catalog", "Items", "Audit")
    }
    (bucket,) = [each["Name"] for each in client["s3"].list_buckets()["Buckets"]]
    done = subprocess.run(
        [sys.executable, "-c", CARRY_OUT, source, erasure],
        env={**settings, **named, "CONTENT_BUCKET": bucket, "PYTHONPATH": LAYERS},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout.strip()) == (0, "completed"), done.stderr


def vacuum(data: Path) -> None:
    """Give free pages of databases back, as each start of a stack does once there are many."""
    databases = [path for path in data.rglob("*") if path.is_file() and path.read_bytes()[:15] == b"SQLite format 3"]
    assert databases
    for path in databases:
        with sqlite3.connect(path) as database:
            database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        database.execute("VACUUM")
        database.close()


def places(data: Path) -> Iterator[tuple[str, list[str]]]:
    """Which files hold one of the words: plain, in any stream of gzip, or in base64 that holds either."""
    for path in sorted(each for each in data.rglob("*") if each.is_file()):
        try:
            raw_file = path.read_bytes()
        except FileNotFoundError:
            # A stack that runs writes a file beside the old one and renames it.
            continue
        plain = [text for raw in opened(raw_file) for text in inflated(raw)]
        found = [word for word in WORDS if any(word.encode() in text.lower() for text in plain)]
        if found:
            yield str(path.relative_to(data)), found


def opened(raw: bytes) -> Iterator[bytes]:
    """Some bytes, and whatever in them reads as base64."""
    yield raw
    for match in _BASE64.finditer(raw):
        text = match[0].rstrip(b"=")
        yield base64.b64decode(text + b"=" * (-len(text) % 4)) if len(text) % 4 != 1 else b""
