"""Another language's client and verification as one process: a line of JSON for each call, and one for each answer."""

from __future__ import annotations

import base64
import json
import subprocess
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Any

from local.template import ROOT
from tests.e2e.client_checks import Failure, Outcome
from tests.e2e.example_checks import KEY, ScriptedApi


class Driver:
    """A process that performs calls: `{operation, arguments, baseUrl, key}` -> `{result or error, waits}`."""

    def __init__(self, *command: str | Path, environment: Mapping[str, str]) -> None:
        """Start the process; `with` ends it."""
        self._process = subprocess.Popen(
            [str(part) for part in command],
            cwd=ROOT,
            env=dict(environment),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            encoding="utf-8",
        )

    def __enter__(self) -> Driver:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        assert self._process.stdin and self._process.stdout
        self._process.stdin.close()
        assert self._process.wait(5) == 0
        self._process.stdout.close()

    def ask(self, **call: Any) -> dict[str, Any]:
        """Perform one call and return what the process answered."""
        assert self._process.stdin and self._process.stdout
        self._process.stdin.write(json.dumps(call) + "\n")
        self._process.stdin.flush()
        answer: dict[str, Any] = json.loads(self._process.stdout.readline())
        return answer

    def call(self, server: ScriptedApi, operation: str, *arguments: Any) -> Outcome:
        """Perform an operation of the client against a scripted API, as the checks of all clients want it."""
        answer = self.ask(operation=operation, arguments=arguments, baseUrl=server.base_url, key=KEY)
        if "error" not in answer:
            return Outcome(answer["result"], None, answer["waits"])
        error = answer["error"]
        failure = Failure(
            error["name"].replace("Exception", "Error"),
            error.get("code") or "",
            error.get("status"),
            error.get("details") or [],
            error.get("requestId"),
        )
        return Outcome(None, failure, answer["waits"])

    def verify(self, body: bytes, headers: Mapping[str, str], *secrets: str) -> dict[str, Any]:
        """Verify a webhook; returns `{result}` with the event, or `{error: {name, status}}`."""
        encoded = base64.b64encode(body).decode()
        return self.ask(operation="verify", body=encoded, headers=dict(headers), secrets=secrets)
