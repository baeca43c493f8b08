"""The local stack as another process, the way a user starts it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Any

import boto3
import httpx
import pytest
from botocore.config import Config

from local.emulators.dynoxide import find_dynoxide
from local.running import ask
from local.template import ROOT
from testing.resources import continuous_integration

# Far more than anything takes on a busy machine, and less than pytest gives a test: what did not come is told then.
PATIENCE_SECONDS = 120


def require_whole_stack() -> None:
    """Skip a test that needs Dynoxide where it is missing; fail it in continuous integration."""
    if find_dynoxide() is None:
        reason = "Dynoxide is not installed: run `npm ci`"
        if continuous_integration():
            pytest.fail(reason)
        pytest.skip(reason)


class StackProcess:
    """`python -m local up` on a free port, its console in a file of `folder`."""

    def __init__(
        self,
        folder: Path,
        *options: str,
        environment: dict[str, str] | None = None,
        until_said: str | None = None,
    ) -> None:
        """Remember how to start; `with` or `start` does it, and waits until it is ready or says what it waits for."""
        self._until_said = until_said
        self.credentials_path = folder / "credentials.json"
        self.console_path = folder / "console.log"
        self._options = options
        # Even a stack that is killed leaves nothing outside the test's own folder.
        scratch = folder / "scratch"
        scratch.mkdir()
        self._environment = {**os.environ, "TMPDIR": str(scratch), **(environment or {})}
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> StackProcess:
        self.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.stop()

    def start(self) -> None:
        """Start the stack and wait until it is ready, says what it is to be heard saying, or ends.

        However long that takes: only pytest's own time-out ends a test whose stack does none of it.
        """
        command = [sys.executable, "-m", "local", "up", "--port", "0", "--credentials", str(self.credentials_path)]
        with self.console_path.open("ab") as console:
            self._process = subprocess.Popen(
                [*command, *self._options], cwd=ROOT, env=self._environment, stdout=console, stderr=console
            )
        try:
            self._wait(self._process)
        except BaseException:
            self.kill()
            print(self.console())  # noqa: T201 - pytest shows it with the failure
            raise

    def _wait(self, process: subprocess.Popen[bytes]) -> None:
        while not self.credentials_path.exists():
            if self._until_said and self._until_said in self.console():
                return
            if process.poll() is not None:
                pytest.fail(f"the local stack did not start: exit code {process.returncode}")
            time.sleep(0.05)

    def stop(self) -> int:
        """End the stack as Ctrl-C or an init system would, and return its exit code."""
        assert self._process
        if self._process.poll() is None:
            self._process.send_signal(signal.SIGTERM)
        return self._process.wait(PATIENCE_SECONDS)

    def kill(self) -> None:
        """End the stack without giving it a chance to tidy up."""
        assert self._process
        self._process.kill()
        self._process.wait(PATIENCE_SECONDS)
        self.credentials_path.unlink(missing_ok=True)

    @property
    def pid(self) -> int:
        """The process id of the stack itself."""
        assert self._process
        return self._process.pid

    @property
    def credentials(self) -> dict[str, str]:
        """What the stack wrote for its user."""
        credentials: dict[str, str] = json.loads(self.credentials_path.read_text("utf-8"))
        return credentials

    def ask(self, method: str, name: str) -> dict[str, Any]:
        """Ask something of the stack's own, as `python -m local` does."""
        return ask(self.credentials_path, method, name)

    @property
    def environment(self) -> dict[str, str]:
        """The settings that lead AWS clients to the stack."""
        return self.ask("GET", "environment")

    @property
    def access(self) -> dict[str, str]:
        """The header that opens what is the stack's own: the Lambda Invoke API, above all."""
        return {"Authorization": f"Bearer {self.credentials['accessKeyId']}"}

    def console(self) -> str:
        """Return what the stack has printed so far."""
        return self.console_path.read_text("utf-8", errors="replace")

    def client(self, key: str | None = None) -> httpx.Client:
        """Make an HTTP client with a key, by default the one with the default scopes."""
        credentials = self.credentials
        headers = {"Authorization": f"Bearer {key or credentials['apiKey']}"}
        # The trailing slash keeps `/api` when a path such as `v1/whoami` is joined to it.
        return httpx.Client(
            base_url=credentials["baseUrl"] + "/", headers=headers, timeout=PATIENCE_SECONDS, trust_env=False
        )

    def worker_pids(self, function: str) -> list[int]:
        """Return the process ids of a function's workers, as the process table shows them."""
        return [
            pid for pid in children_of(self.pid) if _environment_of(pid).get("AWS_LAMBDA_FUNCTION_NAME") == function
        ]


def children_of(pid: int) -> list[int]:
    """Return the process ids of a process's living children (Linux)."""
    found = []
    for entry in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = entry.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if int(fields[1]) == pid and fields[0] != "Z":
            found.append(int(entry.parent.name))
    return found


def alive(pid: int) -> bool:
    """Tell whether a process is there and is no zombie (Linux); its first thread can be one before the others end."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
        return state != "Z" or len(list(Path(f"/proc/{pid}/task").iterdir())) > 1
    except OSError:
        return False


def eventually(
    condition: Callable[[], Any], seconds: float = PATIENCE_SECONDS, longest_pause_seconds: float = 1.0
) -> Any:
    """Return the first true value of a condition; fail the test when there is none for very long.

    It is asked at once, then less and less often: a condition that sends a request stays below the 120 a minute of a
    key, however long a busy machine takes.
    """
    deadline = time.monotonic() + seconds
    pause = 0.02
    while time.monotonic() < deadline:
        if value := condition():
            return value
        time.sleep(pause)
        pause = min(pause * 1.5, longest_pause_seconds)
    pytest.fail(f"the condition did not come true within {seconds:.0f} s")


def _environment_of(pid: int) -> dict[str, str]:
    try:
        raw = Path(f"/proc/{pid}/environ").read_bytes()
    except OSError:
        return {}
    return dict(entry.split("=", 1) for entry in raw.decode(errors="replace").split("\0") if "=" in entry)


def aws(stack: StackProcess, service: str, endpoint: str | None = None) -> Any:
    """A client of one of a stack's own services; Lambda's is at the origin of the API."""
    found = stack.environment
    return boto3.client(
        service,
        region_name=found["AWS_REGION"],
        endpoint_url=endpoint or found["AWS_ENDPOINT_URL"],
        aws_access_key_id=found["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=found["AWS_SECRET_ACCESS_KEY"],
        config=Config(proxies={}),
    )
