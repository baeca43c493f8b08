"""Many files: one batch of contents at a time, and what was sent is not sent again."""

from __future__ import annotations

import os
import tracemalloc
from collections.abc import Iterable
from itertools import islice
from typing import Any

import httpx
from knowledge_client import content_hash

from tests.clients.client.scripted import body_of
from tests.clients.command.driver import Kb
from tests.clients.command.product import KB_TOML

# `make soak` takes 100 000.
MANY = int(os.environ.get("FOLDER_MANY", "400"))
PAGE = 1_000
SOURCE = {
    "id": "src_1",
    "name": "Docs",
    "status": "active",
    "generationId": None,
    "sequence": 0,
    "graceDays": 0,
    "pendingChanges": 1,
}
RUN = {
    "id": "run_1",
    "sourceId": "src_1",
    "state": "ready",
    "planVersion": 1,
    "baseGenerationId": None,
    "applyEligible": True,
}


class Counting:
    """An API that keeps hashes alone, and breaks once when so many items were sent."""

    def __init__(self, breaks_after: int) -> None:
        self.staged: dict[str, str] = {}
        self.sent = 0
        self._breaks_after = breaks_after

    def __call__(self, request: httpx.Request) -> httpx.Response:
        match request.method, request.url.path.removeprefix("/api/v1/sources"):
            case "GET", "":
                return httpx.Response(200, json={"sources": [SOURCE], "nextCursor": None})
            case "GET", "/src_1":
                return httpx.Response(200, json={"source": SOURCE})
            case "GET", "/src_1/items":
                return self._page(request, "items", {"state": "active"})
            case "POST", "/src_1/items/batch":
                return self._batch(body_of(request)["items"])
            case "POST", "/src_1/runs":
                return httpx.Response(201, json={"run": RUN})
            case "GET", "/src_1/runs/run_1/changes":
                return self._page(request, "changes", {"change": "added", "title": "T", "fields": []})
            case "POST", "/src_1/runs/run_1/apply":
                return httpx.Response(
                    200, json={"status": "published", "generationId": "gen_1", "counts": {"added": MANY, "total": MANY}}
                )
        return httpx.Response(404, json={"error": "x", "code": "not_found"})

    def _batch(self, items: Iterable[Any]) -> httpx.Response:
        if self.sent >= self._breaks_after:
            self._breaks_after = 10**9
            raise KeyboardInterrupt
        for item in items:
            self.staged[item["externalItemId"]] = content_hash(item)
            self.sent += 1
        return httpx.Response(200, json={"counts": {"created": self.sent, "removed": 0}, "results": []})

    def _page(self, request: httpx.Request, name: str, more: Any) -> httpx.Response:
        begin = int(request.url.params.get("cursor", 0))
        entries = [
            {"externalItemId": each, "contentHash": hashed, **more}
            for each, hashed in islice(self.staged.items(), begin, begin + PAGE)
        ]
        following = str(begin + PAGE) if begin + PAGE < len(self.staged) else None
        return httpx.Response(200, json={name: entries, "nextCursor": following})


def test_interrupted_push_goes_on_where_it_was_with_little_memory(kb: Kb, monkeypatch: Any) -> None:
    monkeypatch.setattr("knowledge_client.bodies.PART_ITEMS", min(PAGE, MANY // 4))
    (kb.folder / "kb.toml").write_text(KB_TOML)
    for number in range(MANY):
        folder = kb.folder / "docs" / f"{number // 100:04}"
        folder.mkdir(parents=True, exist_ok=True)
        (folder / f"page-{number % 100}.txt").write_text(f"Text of {number}. " + "Some words. " * 160)
    api = Counting(breaks_after=MANY // 2)
    kb.answering = api
    kb.keeps_requests = False
    assert kb("push").code == 130
    assert MANY // 2 <= api.sent < MANY
    tracemalloc.start()
    ended = kb("apply")
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert (ended.code, api.sent) == (0, MANY), ended.err
    assert f"Published gen_1: {MANY} added" in ended.out
    # Names, hashes and changes of all; contents, of 2 KB each, of one batch.
    assert most < 40_000_000 + 3_000 * MANY
