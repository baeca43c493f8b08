"""Another language's client and verification as one process: a line of JSON for each call, and one for each answer."""

from __future__ import annotations

import base64
import json
import subprocess
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Any

import pytest

from local.template import ROOT
from tests.e2e.client_checks import Failure, Outcome
from tests.e2e.example_checks import KEY, ScriptedApi
from tests.support.stack import PATIENCE_SECONDS


class Driver:
    """A process that performs calls: `{operation, arguments, baseUrl, key}` -> `{result or error, waits}`.

    One whose answer did not come, or is none, is ended, and the next call has a new one: what it still had to say would
    be taken for the answer to that.
    """

    def __init__(self, *command: str | Path, environment: Mapping[str, str]) -> None:
        """Remember how to start the process, which the first call does; `with` ends it."""
        self._command = [str(part) for part in command]
        self._environment = dict(environment)
        self._running: subprocess.Popen[str] | None = None

    def __enter__(self) -> Driver:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        if self._running is None:
            return
        assert self._running.stdin and self._running.stdout
        self._running.stdin.close()
        assert self._running.wait(PATIENCE_SECONDS) == 0
        self._running.stdout.close()

    def ask(self, **call: Any) -> dict[str, Any]:
        """Perform one call and return what the process answered."""
        process = self._process()
        try:
            return _ask(process, call)
        except BaseException:
            process.kill()
            process.communicate()
            self._running = None
            raise

    def _process(self) -> subprocess.Popen[str]:
        if self._running is None:
            self._running = subprocess.Popen(
                self._command,
                cwd=ROOT,
                env=self._environment,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
                encoding="utf-8",
            )
        return self._running

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


def _ask(process: subprocess.Popen[str], call: dict[str, Any]) -> dict[str, Any]:
    assert process.stdin and process.stdout
    process.stdin.write(json.dumps(call) + "\n")
    process.stdin.flush()
    line = process.stdout.readline()
    if not line:
        pytest.fail(f"the driver ended instead of answering: exit code {process.wait()}")
    answer: dict[str, Any] = json.loads(line)
    return answer
