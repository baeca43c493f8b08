"""A stand-in for the API as the widget meets it: what a test says is what it answers, however badly.

It speaks the contract of searches, answers and feedback, serves the widget's built file as `serve_site` does, and pages
under the policy that the docs give.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from local.template import ROOT

SITE = ROOT / "functions" / "serve_site" / "site"
MANIFEST = json.loads((SITE / "widget" / "widget.json").read_text("utf-8"))
SCRIPT = f"/api/site/widget/{MANIFEST['file']}"
KEY = "pk_live_0123456789ABCDEF_test"


def policy(origin: str) -> str:
    """The policy that docs/widget.md gives, and no markup from scripts on top."""
    return (
        f"default-src 'none'; script-src {origin}; connect-src {origin}; base-uri 'none'; form-action 'none'; "
        "require-trusted-types-for 'script'; trusted-types 'none'"
    )


@dataclass
class Said:
    """An answer; `gate` is waited for before it is sent, and `breaks` cuts the connection instead."""

    status: int = 200
    body: Any = None
    headers: dict[str, str] = field(default_factory=dict)
    gate: threading.Event | None = None
    breaks: bool = False


@dataclass
class Asked:
    """A request that came."""

    method: str
    path: str
    headers: dict[str, str]
    body: Any


Say = Callable[[Asked], Said]


def result(title: str = "Refunds", **fields: Any) -> dict[str, Any]:
    """A result of a search."""
    return {
        "sourceId": "src_1",
        "externalItemId": title.lower(),
        "title": title,
        "url": f"https://help.example.com/{title.lower().replace(' ', '-')[:40]}",
        "snippet": "We refund orders within 14 days of delivery.",
        "highlights": {"title": [], "snippet": [{"start": 3, "end": 9}]},
        "score": 1.5,
        **fields,
    }


def found(*results: dict[str, Any]) -> Said:
    """What a search is answered with."""
    return Said(body={"results": list(results), "generations": {}, "nextCursor": None})


def citation(number: int = 1, **fields: Any) -> dict[str, Any]:
    """A source of an answer."""
    return {
        "n": number,
        "sourceId": "src_1",
        "externalItemId": f"item-{number}",
        "title": "Refunds",
        "url": "https://help.example.com/refunds",
        "quote": "We refund orders within 14 days of delivery.",
        "start": 0,
        "end": 44,
        **fields,
    }


def answered(text: str = "We refund orders within 14 days of delivery. [1]", *citations: dict[str, Any]) -> Said:
    """What a question is answered with."""
    return Said(
        body={
            "id": "ans_01KAQ5HZY6V7B2N3M4P5Q6R7S8",
            "status": "answered",
            "provider": "extractive",
            "answer": text,
            "citations": list(citations or (citation(),)),
            "generations": {},
            "feedback": True,
        }
    )


def not_found() -> Said:
    """What a question is answered with that nothing answers."""
    body = {"id": "ans_01KAQ5HZY6V7B2N3M4P5Q6R7S9", "status": "not_found", "provider": "extractive", "answer": None}
    return Said(body=body | {"citations": [], "generations": {}})


def refused(status: int, code: str, text: str = "No.", **headers: str) -> Said:
    """A refusal in the API's shape."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Said(status, {"error": text, "code": code}, named)


class WidgetApi:
    """The stand-in; `search`, `answer` and `feedback` say what is answered, and `asked` is all that came but files."""

    def __init__(self) -> None:
        self.search: Say = lambda _: found(result())
        self.answer: Say = lambda _: answered()
        self.feedback: Say = lambda _: Said(body={"feedback": {}})
        self.asked: list[Asked] = []
        self.pages: dict[str, str] = {}
        self.files: list[str] = []
        api = self

        class Handler(_Handler):
            stand_in = api

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.origin = f"http://127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()

    def close(self) -> None:
        """Stop listening."""
        self._server.shutdown()
        self._server.server_close()

    def page(self, element: str = f'<knowledge-widget key="{KEY}"></knowledge-widget>', *, head: str = "") -> str:
        """Serve a page with a widget in it, and return its address."""
        html = head if head.startswith("<html") else f'<html lang="en"{head}>'
        name = f"/page{len(self.pages)}"
        self.pages[name] = (
            f'<!doctype html>{html}<head><meta charset="utf-8"><title>Help</title>'
            '<meta name="viewport" content="width=device-width, initial-scale=1">'
            f'<script type="module" src="{SCRIPT}" integrity="{MANIFEST["integrity"]}" crossorigin="anonymous">'
            "</script>"
            f"</head><body><main><h1>Help</h1>{element}</main></body></html>"
        )
        return self.origin + name

    def requests(self, path: str) -> list[Asked]:
        """The POSTs to a path, in the order in which they came."""
        return [each for each in self.asked if (each.method, each.path) == ("POST", path)]


class _Handler(BaseHTTPRequestHandler):
    stand_in: WidgetApi
    protocol_version = "HTTP/1.1"

    def log_message(self, *_: object) -> None:
        pass

    def do_GET(self) -> None:
        api = self.stand_in
        path = self.path.partition("?")[0]
        if path in api.pages:
            headers = {"Content-Type": "text/html", "Content-Security-Policy": policy(api.origin)}
            self._send(200, headers, api.pages[path].encode())
        elif self.path == SCRIPT:
            api.files.append(self.path)
            content = (SITE / "widget" / MANIFEST["file"]).read_bytes()
            self._send(200, {"Content-Type": "text/javascript", "Access-Control-Allow-Origin": "*"}, content)
        else:
            if self.path != "/favicon.ico":
                api.asked.append(Asked("GET", self.path, {}, None))
            self._send(404, {}, b"")

    def do_POST(self) -> None:
        api = self.stand_in
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        path = self.path.removeprefix("/api")
        asked = Asked("POST", path, {name.lower(): value for name, value in self.headers.items()}, body)
        api.asked.append(asked)
        say = api.search if path == "/v1/search" else api.answer if path == "/v1/answers" else api.feedback
        said = say(asked)
        if said.gate:
            said.gate.wait(60)
        if said.breaks:
            self.close_connection = True
            self.connection.close()
            return
        content = said.body if isinstance(said.body, bytes) else json.dumps(said.body).encode()
        self._send(said.status, {"Content-Type": "application/json", **said.headers}, content)

    def _send(self, status: int, headers: dict[str, str], content: bytes) -> None:
        try:
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)
        except ConnectionError:
            # The widget no longer waits for it.
            self.close_connection = True
