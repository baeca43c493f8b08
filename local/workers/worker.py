"""One process that runs one function, and how it is spoken to."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import threading
import time
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import IO

from local.workers.channel import receive, send
from local.workers.functions import FunctionSpec, Outcome, failure

# A handler is imported when its process says so, or has ended; on a busy machine that may take a while.
_INIT_SECONDS = 120
# The worker is gone, or out of step: what it sends is no frame, or not the one that was waited for.
_NO_ANSWER = (EOFError, OSError, ValueError, LookupError, TypeError)
_RUNTIME = Path(__file__).with_name("runtime.py")

LineSink = Callable[[str, str], None]


class Worker:
    """One process that runs one function; `start` it from a thread that outlives it (see `guard`)."""

    def __init__(self, spec: FunctionSpec, sink: LineSink) -> None:
        self.idle_since = time.monotonic()
        ours, theirs = socket.socketpair()
        self._channel = ours
        with theirs:
            self._process = subprocess.Popen(
                [sys.executable, "-P", str(_RUNTIME), str(theirs.fileno()), str(os.getpid())],
                env=spec.environment,
                cwd=spec.folder,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                pass_fds=(theirs.fileno(),),
                # Ctrl-C is for the stack, which then ends its children in order.
                process_group=0,
            )
        assert self._process.stdout is not None
        threading.Thread(target=_pump, args=(self._process.stdout, spec.logical_id, sink), daemon=True).start()

    @property
    def pid(self) -> int:
        """The process id."""
        return self._process.pid

    def alive(self) -> bool:
        """Tell whether the process still runs."""
        return self._process.poll() is None

    def wait_until_ready(self) -> Outcome | None:
        """Wait for the import of the handler; the failure when that fails, None when it is ready."""
        self._channel.settimeout(_INIT_SECONDS)
        try:
            header, payload = receive(self._channel)
            return None if header["ready"] else Outcome(payload, failed=True)
        except TimeoutError:
            return failure("Sandbox.Timedout", f"The handler was not imported within {_INIT_SECONDS} s.")
        except _NO_ANSWER:
            return failure("Runtime.ExitError", "The runtime exited while it was starting.")

    def send(self, spec: FunctionSpec, event: bytes, request_id: str) -> None:
        """Hand over an event; OSError when the worker is gone, and then it can't have begun with it."""
        header = {
            "requestId": request_id,
            "arn": spec.arn,
            "deadlineMs": int((time.time() + spec.timeout_seconds) * 1000),
            "traceId": f"Root=1-{int(time.time()):08x}-{uuid.uuid4().hex[:24]};Sampled=0",
        }
        self._channel.settimeout(spec.timeout_seconds)
        send(self._channel, header, event)

    def receive(self) -> Outcome:
        """Wait for the answer; TimeoutError or EOFError when none came. Whatever is raised, the worker is done with."""
        try:
            answer, payload = receive(self._channel)
            return Outcome(payload, failed=not answer["succeeded"])
        except TimeoutError:
            raise
        except _NO_ANSWER as error:
            raise EOFError from error

    def kill(self) -> None:
        """End the process now."""
        self._process.kill()
        self._process.wait()
        self._channel.close()


def _pump(stream: IO[bytes], name: str, sink: LineSink) -> None:
    with stream:
        for line in stream:
            sink(name, line.decode(errors="replace").rstrip("\n"))
