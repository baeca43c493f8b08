"""A client whose answers are written down, and what it sent: no socket is opened."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable
from typing import Any

import httpx
from knowledge_client import KnowledgeClient, Retries

KEY = "sk_test_a.key-that_nobody=knows"
Answer = httpx.Response | Exception | Callable[[httpx.Request], httpx.Response]


def answer(status: int = 200, body: Any = None, **headers: str) -> httpx.Response:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return httpx.Response(status, json={} if body is None else body, headers=named)


def refusal(status: int, code: str, details: Any = None, **headers: str) -> httpx.Response:
    body = {"error": f"about {code}", "code": code, **({"details": details} if details else {})}
    return answer(status, body, X_Request_Id=f"request-of-{code}", **headers)


class Script:
    """Answers in turn; `client` sends to it, and its waits are only noted."""

    def __init__(self, *answers: Answer, base_url: str = "https://host.example/api", **options: Any) -> None:
        self.requests: list[httpx.Request] = []
        self.waits: list[float] = []
        self.now = 0.0
        self._answers = list(answers)
        self.client = KnowledgeClient(
            base_url,
            KEY,
            http_client=httpx.Client(transport=httpx.MockTransport(self._answer), follow_redirects=True),
            sleep=self._sleep,
            clock=lambda: self.now,
            **{"retries": Retries(dice=lambda: 0.5), **options},
        )

    def _sleep(self, seconds: float) -> None:
        self.waits.append(seconds)
        self.now += seconds

    def _answer(self, request: httpx.Request) -> httpx.Response:
        request.read()
        self.requests.append(request)
        given = self._answers.pop(0)
        if isinstance(given, Exception):
            raise given
        return given if isinstance(given, httpx.Response) else given(request)

    @property
    def asked(self) -> list[tuple[str, str]]:
        """The method and the path of each request, as they went out."""
        return [(request.method, request.url.raw_path.decode()) for request in self.requests]


def body_of(request: httpx.Request) -> Any:
    raw = gzip.decompress(request.content) if "content-encoding" in request.headers else request.content
    return json.loads(raw) if raw else None


def item(number: int, **more: Any) -> Any:
    return {"externalItemId": f"item-{number}", "title": "T", "content": "c", **more}
