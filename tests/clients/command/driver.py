"""The command in this process: what it printed, how it ended, and what it asked of an API whose answers are written."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
from knowledge_client import Retries
from knowledge_client.command import main

from tests.clients.client.scripted import KEY

Answering = Callable[[httpx.Request], httpx.Response]
NO_WAITS = Retries(tries=3, dice=lambda: 0.0)


@dataclass
class Ended:
    """How a command ended."""

    code: int
    out: str
    err: str

    @property
    def document(self) -> Any:
        return json.loads(self.out)


class Kb:
    """Runs `kb`; `answering` is the API, `requests` what it was asked."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], folder: Path) -> None:
        self.answering: Answering = lambda _: httpx.Response(500)
        self.requests: list[httpx.Request] = []
        self.made: list[httpx.Client] = []
        self.keeps_requests = True
        self.folder = folder
        self._capsys = capsys
        monkeypatch.chdir(folder)
        monkeypatch.setenv("CHATBOT_API", "https://host.example/api")
        monkeypatch.setenv("CHATBOT_KEY", KEY)
        monkeypatch.setattr("knowledge_client.command.session.make_http_client", self._client)
        monkeypatch.setattr("knowledge_client.command.session.RETRIES", NO_WAITS)
        self.waits: list[float] = []
        monkeypatch.setattr("knowledge_client.command.session.sleep", self.waits.append)

    def __call__(self, *arguments: str) -> Ended:
        self._capsys.readouterr()
        code = main(arguments)
        printed = self._capsys.readouterr()
        assert all(client.is_closed for client in self.made), "connections were left open"
        return Ended(code, printed.out, printed.err)

    def _client(self) -> httpx.Client:
        client = httpx.Client(transport=httpx.MockTransport(self._answer))
        self.made.append(client)
        return client

    def _answer(self, request: httpx.Request) -> httpx.Response:
        request.read()
        if self.keeps_requests:
            self.requests.append(request)
        return self.answering(request)

    @property
    def written(self) -> list[tuple[str, str]]:
        """The requests that were no questions."""
        return [(each.method, each.url.path) for each in self.requests if each.method not in {"GET", "HEAD"}]


@pytest.fixture
def kb(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> Iterator[Kb]:
    folder = tmp_path / "here"
    folder.mkdir()
    yield Kb(monkeypatch, capsys, folder)


def pages(name: str, entries: list[Any], **more: Any) -> httpx.Response:
    return httpx.Response(200, json={name: entries, "nextCursor": None, **more})


def said(status: int, code: str) -> httpx.Response:
    return httpx.Response(status, json={"error": f"about {code}", "code": code}, headers={"X-Request-Id": f"of-{code}"})
