"""The API itself behind the command: its handlers in this process, on moto, and whatever comes in between."""

from __future__ import annotations

import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx

from tests.clients.command.driver import Kb
from tests.clients.folder.trees import write_tree

LABEL = "docs-1@x/y"
KB_TOML = f'[source]\nname = "Docs"\npath = "docs"\nlabel = "{LABEL}"\nmoved_to = "anywhere"\n'
PAGES = {f"page-{number}.md": f"# Page {number}\n\nText of {number}.\n" for number in range(6)}
READING = ("sources:read", "items:read", "runs:read")
Meddling = Callable[[httpx.Request], httpx.Response | None]


class Product:
    """Answers for `kb`; `meddling` sees each request first, and may answer in the API's place."""

    def __init__(self, edge: Any, kb: Kb) -> None:
        self.edge = edge
        self.kb = kb
        self.docs = kb.folder / "docs"
        self.meddling: Meddling = lambda _: None
        self.date: str | None = None
        kb.answering = self
        (kb.folder / "kb.toml").write_text(KB_TOML)

    def __call__(self, request: httpx.Request) -> httpx.Response:
        meddled = self.meddling(request)
        return meddled if meddled is not None else self.answer(request)

    def answer(self, request: httpx.Request) -> httpx.Response:
        path, _, query = request.url.raw_path.decode().partition("?")
        headers = {name.title(): value for name, value in request.headers.items()}
        kept = {
            name: headers[name]
            for name in ("Authorization", "Idempotency-Key", "Content-Type", "Content-Encoding")
            if name in headers
        }
        reply = self.edge.request(
            request.method, path.removeprefix("/api"), body=request.content or None, key=None, headers=kept, query=query
        )
        sent = {
            name: value for name, value in reply.headers.items() if name not in {"content-encoding", "content-length"}
        }
        return httpx.Response(
            reply.status, text=reply.text, headers={**sent, **({"Date": self.date} if self.date else {})}
        )

    def write(self, files: dict[str, str | bytes]) -> Path:
        return write_tree(self.docs, files)

    def publish(self, files: dict[str, str | bytes] = PAGES) -> None:  # type: ignore[assignment]
        """Publish a folder of these files."""
        self.write(files)
        ended = self.kb("apply")
        assert ended.code == 0, ended.err
        self.kb.requests.clear()

    @property
    def source(self) -> Any:
        sources = self.edge.request("GET", "/v1/sources", query=f"label={LABEL}").body["sources"]
        assert len(sources) <= 1
        return sources[0] if sources else None

    @property
    def served(self) -> dict[str, str]:
        """The contents that are served, by ids."""
        source = self.source
        if source is None or source["generationId"] is None:
            return {}
        path = f"/v1/sources/{source['id']}/generations/current/items"
        return {
            each["externalItemId"]: each["content"]
            for each in self.edge.request("GET", path, query="include=content").body["items"]
            if each["removedAt"] is None
        }


class Unreliable:
    """A way to the API on which some requests are refused, or lost, or their answers are."""

    def __init__(self, product: Product, seed: int, share: float) -> None:
        self._product = product
        self._dice = random.Random(seed)
        self._share = share

    def __call__(self, request: httpx.Request) -> httpx.Response | None:
        if self._dice.random() >= self._share:
            return None
        match self._dice.randrange(4):
            case 0:
                return httpx.Response(503, json={"error": "busy", "code": "unavailable"})
            case 1:
                return httpx.Response(502, text="<h1>Bad gateway</h1>")
            case 2:
                raise httpx.ConnectError("refused", request=request)
            case _:
                self._product.answer(request)
                raise httpx.ReadError("the answer is lost", request=request)
