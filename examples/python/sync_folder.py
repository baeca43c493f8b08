"""Keeps a source in step with a folder of .md, .html and .txt files.

    export CHATBOT_API="https://your-host/api" CHATBOT_KEY="sk_live_..."
    python sync_folder.py docs/ --name "Help centre" --apply

A file's path in the folder is its externalItemId. Title, url, tags and language come from front matter (or from the
head of an HTML file); the content is the file without its front matter, byte for byte. Files that left the folder are
removed from the source. Needs Python 3.11 and httpx.
"""

from __future__ import annotations

import argparse
import gzip
import json
import os
import sys
import time
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
from folder_documents import Folder, Item, read_folder

BATCH_ITEMS = 500
# A plain body over about 4.5 MiB does not fit through the gateway, so a batch ends well before that.
BATCH_BYTES = 3_500_000
GZIP_FROM_BYTES = 256 * 1024
TRANSIENT = {"apply_conflict", "stale_plan", "stale_base", "lease_lost", "apply_in_progress", "idempotency_in_progress"}
ATTEMPTS = 8

Progress = Callable[[int, int], None]


class ApiError(Exception):
    """Raised when the API refuses a request for good."""


@dataclass
class Outcome:
    """What a synchronisation came to; `published` is the answer of the apply, `run` that of the run."""

    source_id: str
    results: dict[str, int] = field(default_factory=dict)
    run: dict[str, Any] | None = None
    published: dict[str, Any] | None = None


class Api:
    """The requests that a synchronisation makes; each is repeated as the API asks for it."""

    def __init__(self, base_url: str, key: str, client: httpx.Client | None = None) -> None:
        self._base_url = base_url.rstrip("/")
        self._headers = {"Authorization": f"Bearer {key}"}
        self._client = client or httpx.Client(timeout=60)

    def request(self, method: str, path: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
        """Send one request, and again after 429, 5xx, a broken connection or a conflict that a retry resolves.

        The Idempotency-Key stays the same over all attempts, so that none of them does the work twice.
        """
        headers = dict(self._headers)
        content = b""
        if method != "GET":
            headers["Idempotency-Key"] = str(uuid.uuid4())
        if body is not None:
            content = json.dumps(body, ensure_ascii=False).encode()
            headers["Content-Type"] = "application/json"
            if len(content) > GZIP_FROM_BYTES:
                content = gzip.compress(content, 6)
                headers["Content-Encoding"] = "gzip"
        for attempt in range(1, ATTEMPTS + 1):
            try:
                answer = self._client.request(method, self._base_url + path, content=content, headers=headers)
            except httpx.TransportError as error:
                if attempt == ATTEMPTS:
                    raise ApiError(f"{method} {path}: {error}") from error
                time.sleep(min(2**attempt, 30) / 4)
                continue
            if answer.is_success:
                result: dict[str, Any] = answer.json()
                return result
            if attempt == ATTEMPTS or not _may_succeed_later(answer):
                break
            time.sleep(float(answer.headers.get("Retry-After") or min(2**attempt, 30) / 4))
        raise ApiError(f"{method} {path}: HTTP {answer.status_code} {answer.text[:2000]}")

    def pages(self, path: str, plural: str) -> Iterator[dict[str, Any]]:
        """Yield the entries of a list, page after page."""
        cursor = None
        joint = "&" if "?" in path else "?"
        while True:
            page = self.request("GET", path + (f"{joint}cursor={cursor}" if cursor else ""))
            yield from page[plural]
            cursor = page["nextCursor"]
            if not cursor:
                return


def _may_succeed_later(answer: httpx.Response) -> bool:
    if answer.status_code == 429 or answer.status_code >= 500:
        return True
    try:
        return answer.json().get("code") in TRANSIENT
    except ValueError:
        return False


def batches(items: list[Item]) -> Iterator[list[Item]]:
    """Cut items into batches that the API takes whole."""
    batch: list[Item] = []
    size = 0
    for item in items:
        length = len(json.dumps(item, ensure_ascii=False).encode())
        if batch and (len(batch) == BATCH_ITEMS or size + length > BATCH_BYTES):
            yield batch
            batch, size = [], 0
        batch.append(item)
        size += length
    if batch:
        yield batch


def source_named(api: Api, name: str) -> str:
    """Return the id of the source of a name, created if there is none."""
    for source in api.pages("/v1/sources", "sources"):
        if source["name"] == name and source["status"] == "active":
            return str(source["id"])
    return str(api.request("POST", "/v1/sources", {"name": name})["source"]["id"])


def sync(api: Api, folder: Folder, source_id: str, *, apply: bool, progress: Progress) -> Outcome:
    """Push what the folder holds, remove what it no longer does, start a run, and apply it if asked."""
    outcome = Outcome(source_id)
    path = f"/v1/sources/{source_id}"
    wanted = {item["externalItemId"] for item in folder.items}
    staged = [item["externalItemId"] for item in api.pages(f"{path}/items?state=active&limit=200", "items")]
    removals = [{"externalItemId": name} for name in staged if name not in wanted]
    total = len(folder.items) + len(removals)
    done = 0
    requests = [{"items": batch} for batch in batches(folder.items)]
    requests += [{"removals": removals[at : at + BATCH_ITEMS]} for at in range(0, len(removals), BATCH_ITEMS)]
    for body in requests:
        progress(done, total)
        counts = api.request("POST", f"{path}/items/batch", body)["counts"]
        for result, count in counts.items():
            outcome.results[result] = outcome.results.get(result, 0) + count
        done += sum(map(len, body.values()))
    progress(total, total)
    outcome.run = _planned_run(api, path)
    if apply:
        outcome.published = api.request("POST", f"{path}/runs/{outcome.run['id']}/apply")
    return outcome


def _planned_run(api: Api, path: str) -> dict[str, Any]:
    run: dict[str, Any] = api.request("POST", f"{path}/runs")["run"]
    while run["state"] == "planning":
        time.sleep(1)
        run = api.request("GET", f"{path}/runs/{run['id']}")["run"]
    if run["state"] == "failed":
        raise ApiError(f"the run failed: {run['lastError']}")
    return run


def show_progress(done: int, total: int) -> None:
    """Draw a bar on a terminal, and write plain lines elsewhere."""
    if not sys.stdout.isatty():
        print(f"pushed {done} of {total}", flush=True)
        return
    width = 40
    filled = width * done // total if total else width
    end = "\n" if done == total else ""
    print(f"\r[{'#' * filled}{'.' * (width - filled)}] {done}/{total}", end=end, flush=True)


def changes_of(counts: dict[str, int]) -> str:
    """Say what a run changes, in words: `1 updated, 2 added`, or `0 changes`."""
    kinds = ("added", "updated", "restored", "removed", "tombstoned")
    said = [f"{counts[kind]} {kind}" for kind in kinds if counts.get(kind)]
    return ", ".join(said) or "0 changes"


def main() -> int:
    """Synchronise one folder."""
    parser = argparse.ArgumentParser(description="Keep a source in step with a folder of documents.")
    parser.add_argument("folder", type=Path)
    which = parser.add_mutually_exclusive_group(required=True)
    which.add_argument("--source", help="id of the source")
    which.add_argument("--name", help="name of the source; it is created if there is none")
    parser.add_argument("--apply", action="store_true", help="publish the changes")
    parser.add_argument("--dry-run", action="store_true", help="only say what would be pushed")
    arguments = parser.parse_args()
    if not arguments.folder.is_dir():
        parser.error(f"{arguments.folder} is not a folder")
    folder = read_folder(arguments.folder)
    for line in folder.skipped:
        print(f"skipped {line}")
    if arguments.dry_run:
        print(f"{len(folder.items)} documents would be pushed in {len(list(batches(folder.items)))} batches")
        return 0
    base_url, key = os.environ.get("CHATBOT_API"), os.environ.get("CHATBOT_KEY")
    if not base_url or not key:
        parser.error("set CHATBOT_API and CHATBOT_KEY")
    api = Api(base_url, key)
    try:
        source_id = arguments.source or source_named(api, arguments.name)
        outcome = sync(api, folder, source_id, apply=arguments.apply, progress=show_progress)
    except ApiError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    assert outcome.run is not None
    print(f"source {outcome.source_id}, run {outcome.run['id']}: {changes_of(outcome.run['counts'])}")
    if outcome.published:
        print(f"published generation {outcome.published['generationId']}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
