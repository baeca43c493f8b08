"""What the tests of all example languages share: a scripted API, a key of one's own, and what a walk-through leaves."""

from __future__ import annotations

import gzip
import json
import os
import re
import shutil
import subprocess
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, NoReturn

import pytest

from local.template import ROOT
from testing.resources import continuous_integration
from tests.support.stack import PATIENCE_SECONDS, StackProcess

EXAMPLES = ROOT / "examples"
# The package of Python, as one who installed it has it.
PACKAGE = {"PYTHONPATH": str(ROOT / "clients" / "python" / "src")}
KEY = "sk_test_of_the_example"
GZIP_OVER_BYTES = 256 * 1024
# An id that is wrong in a URL unless every part of it is encoded.
AWKWARD_ID = "faq/Rückgabe & refunds? 100% #1"
GUIDES = 300


@dataclass(frozen=True)
class Answer:
    """One scripted answer; `body` goes out as JSON, or as it is when it is a string. Status 0 breaks the connection."""

    status: int = 200
    body: Any = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)


def refusal(status: int, code: str, **more: Any) -> Answer:
    """Make the answer that the API gives for an error; a `retry_after` becomes the header."""
    headers = {"X-Request-Id": f"request-of-{code}"}
    if "retry_after" in more:
        headers["Retry-After"] = str(more.pop("retry_after"))
    return Answer(status, {"error": f"about {code}", "code": code, **more}, headers)


@dataclass(frozen=True)
class Received:
    """One request as it came over the wire; `body` is the parsed JSON, or None."""

    method: str
    target: str
    headers: Mapping[str, str]
    raw: bytes

    @property
    def body(self) -> Any:
        """The JSON of the body, inflated if the request says that it is gzipped."""
        plain = gzip.decompress(self.raw) if self.headers.get("content-encoding") == "gzip" else self.raw
        return json.loads(plain) if plain else None


class ScriptedApi:
    """An HTTP server on 127.0.0.1 that gives prepared answers in turn; an unforeseen request is answered 418."""

    def __init__(self, *answers: Answer) -> None:
        """Prepare the answers; `with` serves them."""
        self.requests: list[Received] = []
        self._answers = list(answers)
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())

    def __enter__(self) -> ScriptedApi:
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    @property
    def base_url(self) -> str:
        """What an example gets as CHATBOT_API."""
        return f"http://127.0.0.1:{self._server.server_port}/api"

    @property
    def environment(self) -> dict[str, str]:
        """The environment that an example program needs to talk to this server."""
        return {"PATH": os.environ["PATH"], "CHATBOT_API": self.base_url, "CHATBOT_KEY": KEY}

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        script = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def answer(self) -> None:
                raw = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                headers = {name.lower(): value for name, value in self.headers.items()}
                script.requests.append(Received(self.command, self.path, headers, raw))
                answer = script._answers.pop(0) if script._answers else refusal(418, "unforeseen")
                if answer.status == 0:
                    self.close_connection = True
                    return
                body = answer.body if isinstance(answer.body, str) else json.dumps(answer.body)
                self.send_response(answer.status)
                headers = {"Content-Type": "application/json", "Content-Length": str(len(body.encode()))}
                for name, value in {**headers, **answer.headers}.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(body.encode())

            do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = answer  # noqa: N815

            def log_message(self, *_: Any) -> None:
                """Keep the console of the tests clean."""

        return Handler


def assert_one_call(requests: list[Received], tries: int) -> None:
    """Check that all requests are tries of one call: the same but for the connection, with one Idempotency-Key."""
    assert len(requests) == tries
    assert len({(request.method, request.target, request.raw) for request in requests}) == 1
    assert all(request.headers["authorization"] == f"Bearer {KEY}" for request in requests)
    keys = {request.headers.get("idempotency-key") for request in requests}
    assert len(keys) == 1
    if requests[0].method != "GET":
        assert re.fullmatch(r"[ -~]{16,255}", keys.pop() or "")


def environment_of(stack: StackProcess) -> dict[str, str]:
    """Return what a user exports, with a key of the example's own: its rate limit is nobody else's."""
    credentials = stack.credentials
    with stack.client(credentials["adminKey"]) as admin:
        body = {"name": "example", "rateLimitPerMinute": 1_000}
        made = admin.post("v1/admin/keys", json=body).raise_for_status().json()
    return {
        "PATH": os.environ["PATH"],
        "HOME": os.environ.get("HOME", "/"),
        "CHATBOT_API": credentials["baseUrl"],
        "CHATBOT_KEY": made["secret"],
    }


def run_example(
    *command: str | Path, environment: Mapping[str, str], cwd: Path = ROOT, code: int = 0
) -> subprocess.CompletedProcess[str]:
    """Run an example as a user does, and check its exit code."""
    done = subprocess.run(
        [str(part) for part in command],
        cwd=cwd,
        env=dict(environment),
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
    )
    assert done.returncode == code, f"exit code {done.returncode}\n{done.stdout}\n{done.stderr}"
    return done


def require_tool(name: str) -> str:
    """Return the path of a program; without it skip, or fail in continuous integration."""
    return shutil.which(name) or _missing(f"{name} is not installed")


def _missing(reason: str) -> NoReturn:
    if continuous_integration():
        pytest.fail(reason)
    pytest.skip(reason)


def published_items(stack: StackProcess, source_id: str) -> dict[str, dict[str, Any]]:
    """Read what a source serves, contents included, by externalItemId."""
    found: dict[str, dict[str, Any]] = {}
    with stack.client(stack.credentials["adminKey"]) as api:
        cursor = ""
        while True:
            path = f"v1/sources/{source_id}/generations/current/items?include=content&limit=200{cursor}"
            page = api.get(path).raise_for_status().json()
            found |= {item["externalItemId"]: item for item in page["items"]}
            if not page["nextCursor"]:
                return found
            cursor = f"&cursor={page['nextCursor']}"


def check_walk_through(stack: StackProcess, printed: str) -> None:
    """Check what a walk-through program published; every language's leaves the same.

    It creates a source; pushes AWKWARD_ID as its first item; sends a batch of `guide-001` and `guide-002` twice under
    one Idempotency-Key; replaces all by a snapshot of AWKWARD_ID and `guide-001` to `guide-300`, over 256 KB in all;
    publishes that; removes `guide-300`; publishes again; and prints the source's id and the generation's.
    """
    source_ids = set(re.findall(r"src_[0-9A-Z]{26}", printed))
    assert len(source_ids) == 1, printed
    (source_id,) = source_ids
    items = published_items(stack, source_id)
    assert set(items) == {AWKWARD_ID, *(f"guide-{number:03}" for number in range(1, GUIDES + 1))}
    assert items[AWKWARD_ID]["content"] == "Refunds take 14 days."
    assert sum(item["contentBytes"] for item in items.values()) > GZIP_OVER_BYTES
    assert [name for name, item in items.items() if item["removedAt"]] == [f"guide-{GUIDES:03}"]
    with stack.client(stack.credentials["adminKey"]) as api:
        generations = api.get(f"v1/sources/{source_id}/generations").raise_for_status().json()["generations"]
        runs = api.get(f"v1/sources/{source_id}/runs").raise_for_status().json()["runs"]
    assert [generation["sequence"] for generation in generations] == [2, 1]
    assert generations[0]["id"] in printed
    assert [run["state"] for run in runs] == ["published", "published"]


def check_complaints(*command: str | Path, environment: Mapping[str, str], path: str) -> None:
    """Check that a walk-through which can't go on says why in one line, at once; `path` is how its errors name it."""
    api_of_nobody = {"CHATBOT_API": "http://127.0.0.1:9/api"}
    for missing in ({}, api_of_nobody, *(api_of_nobody | {"CHATBOT_KEY": key} for key in ("sk_live_a\nb", "sk_лайв"))):
        done = run_example(*command, environment={**environment, **missing}, code=1)
        assert re.fullmatch("error: set CHATBOT_API .+ and CHATBOT_KEY .+\n", done.stderr)
    faults = [{"path": "name", "message": "is missing"}, {"path": "", "message": "is odd"}]
    for refused, told in (
        (refusal(401, "invalid_key"), "about invalid_key (invalid_key)"),
        (
            refusal(400, "validation_error", details=faults),
            "about validation_error name is missing; is odd (validation_error)",
        ),
    ):
        with ScriptedApi(refused) as api:
            done = run_example(*command, environment={**environment, **api.environment}, code=1)
        assert done.stderr == f"error: POST {path}: {told}\n"


@contextmanager
def receiver(*command: str | Path, environment: Mapping[str, str]) -> Iterator[Receiver]:
    """Run a webhook receiver on a free port of 127.0.0.1, as `COMMAND --port 0`."""
    process = subprocess.Popen(
        [str(part) for part in command] + ["--port", "0"],
        cwd=ROOT,
        env=dict(environment),
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout
    try:
        yield Receiver(int(process.stdout.readline()), process)
    finally:
        process.terminate()
        process.wait(PATIENCE_SECONDS)
        process.stdout.close()


@dataclass(frozen=True)
class Receiver:
    """A running webhook receiver."""

    port: int
    process: subprocess.Popen[str]

    @property
    def url(self) -> str:
        """Where events are posted to."""
        return f"http://127.0.0.1:{self.port}/"

    def next_event(self) -> dict[str, Any]:
        """Return the next line that it printed: `{"webhookId": ..., "event": ...}`."""
        assert self.process.stdout
        event: dict[str, Any] = json.loads(self.process.stdout.readline())
        return event
