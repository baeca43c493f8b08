"""The built functions in containers of `sam local`, on the local stack's emulators."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from local.emulators.dynoxide import free_port
from tests.sam.tools import Sam, bridge_address, image_options, machine_architecture
from tests.support.stack import StackProcess, eventually

_INVOKED = re.compile(r'"POST /2015-03-31/functions/(\w+)/invocations')


@dataclass(frozen=True)
class SamLocal:
    """`sam local start-api` and `sam local start-lambda`, and the stack whose functions they run."""

    sam: Sam
    stack: StackProcess
    api_url: str
    lambda_url: str
    lambda_log: Path
    options: Sequence[str]

    def invoked(self) -> set[str]:
        """The functions that `sam local start-lambda` has run so far, by their logical ids."""
        return set(_INVOKED.findall(self.lambda_log.read_text(errors="replace")))

    def invoke_once(self, function: str, event: dict[str, Any], folder: Path) -> dict[str, Any]:
        """Run a function in a container of its own: `sam local invoke`."""
        path = folder / "event.json"
        path.write_text(json.dumps(event))
        done = self.sam.run("local", "invoke", function, "--event", str(path), *self.options)
        assert done.returncode == 0, done.stderr
        answer: dict[str, Any] = json.loads(done.stdout.strip().splitlines()[-1])
        return answer

    def invoke(self, function: str, event: dict[str, Any]) -> httpx.Response:
        """Run a function in its warm container of `sam local start-lambda`."""
        url = f"{self.lambda_url}/2015-03-31/functions/{function}/invocations"
        return httpx.post(url, json=event, timeout=120, trust_env=False)

    def client(self, key: str) -> httpx.Client:
        """Make a client of `sam local start-api`, whose paths have no stage in front."""
        headers = {"Authorization": f"Bearer {key}"}
        return httpx.Client(base_url=self.api_url, headers=headers, timeout=120, trust_env=False)


@contextmanager
def sam_local(sam: Sam, template: Path, folder: Path) -> Iterator[SamLocal]:
    """Start the emulators, then the containers' two servers; the stack is ready once it has made its tenant there."""
    environment, lambda_log = folder / "env.json", folder / "lambda.log"
    lambda_port = free_port()
    lambda_url = f"http://127.0.0.1:{lambda_port}"
    options = ["--template", str(template), "--env-vars", str(environment), *image_options()]
    options += ["--parameter-overrides", f"Architecture={machine_architecture()}"]
    stack = StackProcess(folder, "--containers", bridge_address(), str(environment), "--lambda-url", lambda_url)
    warm = [*options, "--warm-containers", "LAZY"]
    # The stack ends first, and with it the thread that waits for it.
    with ThreadPoolExecutor(1) as starter, ExitStack() as ends:
        started: Future[None] = starter.submit(stack.start)
        ends.callback(stack.stop)
        eventually(lambda: environment.exists() or started.done())
        ends.enter_context(sam.serving(lambda_port, lambda_log, "local", "start-lambda", *warm))
        api_url = ends.enter_context(sam.serving(free_port(), folder / "api.log", "local", "start-api", *warm))
        started.result()
        yield SamLocal(sam, stack, api_url, lambda_url, lambda_log, options)
