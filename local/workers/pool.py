"""The workers of one function: started when they are needed, reused while they live, replaced when they die."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import threading
import time
import uuid
from collections.abc import Callable
from concurrent.futures import CancelledError, Executor
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Protocol

from local.workers.channel import receive, send

MAX_PAYLOAD_BYTES = 6 * 1024 * 1024
# What a function may answer is a little more than what it may be sent.
MAX_ANSWER_BYTES = 6_291_556
# A handler is imported when its process says so, or has ended; on a busy machine that may take a while.
_INIT_SECONDS = 120
# The worker is gone, or out of step: what it sends is no frame, or not the one that was waited for.
_NO_ANSWER = (EOFError, OSError, ValueError, LookupError, TypeError)
_RUNTIME = Path(__file__).with_name("runtime.py")

LineSink = Callable[[str, str], None]


@dataclass(frozen=True)
class FunctionSpec:
    """A function of the template as its workers need it."""

    logical_id: str
    name: str
    arn: str
    timeout_seconds: int
    environment: dict[str, str]
    folder: Path


@dataclass(frozen=True)
class Outcome:
    """What an invocation came to: a JSON payload, which describes an error when `failed` is set."""

    payload: bytes
    failed: bool = False


def failure(error_type: str, message: str) -> Outcome:
    """Build the outcome of an invocation that the runtime itself failed."""
    return Outcome(json.dumps({"errorType": error_type, "errorMessage": message}).encode(), failed=True)


class Function(Protocol):
    """What the stack invokes: a pool of workers, or a function that runs elsewhere."""

    spec: FunctionSpec
    size: int

    def invoke(self, event: bytes, request_id: str | None = None) -> Outcome:
        """Run the function with a JSON document."""
        ...

    def close(self) -> None:
        """End what runs it."""
        ...


class Worker:
    """One process that runs one function; `start` it from a thread that outlives it (see `guard`)."""

    def __init__(self, spec: FunctionSpec, sink: LineSink) -> None:
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


class FunctionPool:
    """At most `size` workers of one function; an invocation beyond that waits for one to be free."""

    def __init__(self, spec: FunctionSpec, size: int, spawner: Executor, sink: LineSink) -> None:
        self.spec = spec
        self.size = size
        self._spawner = spawner
        self._sink = sink
        self._idle: list[Worker] = []
        self._all: set[Worker] = set()
        self._starting = 0
        self._closed = False
        self._changed = threading.Condition()

    def invoke(self, event: bytes, request_id: str | None = None) -> Outcome:
        """Run the function on a free worker; a worker that dies or takes too long is replaced by the next call."""
        request_id = request_id or str(uuid.uuid4())
        worker = self._send_to_any(event, request_id)
        if isinstance(worker, Outcome):
            return worker
        try:
            outcome = worker.receive()
            self._release(worker)
        except TimeoutError:
            self._discard(worker)
            seconds = self.spec.timeout_seconds
            return failure("Sandbox.Timedout", f"RequestId: {request_id} Task timed out after {seconds}.00 seconds")
        except EOFError:
            self._discard(worker)
            return failure("Runtime.ExitError", f"RequestId: {request_id} The runtime exited before it answered.")
        except BaseException:
            # Its answer is still to come, and is nobody's.
            self._discard(worker)
            raise
        if len(outcome.payload) > MAX_ANSWER_BYTES:
            message = f"Response payload size exceeded maximum allowed payload size ({MAX_ANSWER_BYTES} bytes)."
            return failure("Function.ResponseSizeTooLarge", message)
        return outcome

    def worker_pids(self) -> list[int]:
        """Return the process ids of the living workers."""
        with self._changed:
            return [worker.pid for worker in self._all if worker.alive()]

    def close(self) -> None:
        """End every worker, busy or not, and start no more."""
        with self._changed:
            self._closed = True
            doomed = list(self._all)
            self._changed.notify_all()
        for worker in doomed:
            worker.kill()

    def _send_to_any(self, event: bytes, request_id: str) -> Worker | Outcome:
        while True:
            worker = self._acquire()
            if isinstance(worker, Outcome):
                return worker
            try:
                worker.send(self.spec, event, request_id)
            except OSError:
                self._discard(worker)
            except BaseException:
                self._discard(worker)
                raise
            else:
                return worker

    def _acquire(self) -> Worker | Outcome:
        with self._changed:
            while not self._closed:
                while self._idle:
                    worker = self._idle.pop()
                    if worker.alive():
                        return worker
                    self._all.discard(worker)
                if len(self._all) + self._starting < self.size:
                    self._starting += 1
                    break
                self._changed.wait()
            else:
                return failure("ServiceException", "The local stack is stopping.")
        return self._start()

    def _start(self) -> Worker | Outcome:
        try:
            worker = self._spawner.submit(Worker, self.spec, self._sink).result()
            broken = worker.wait_until_ready()
        except (RuntimeError, CancelledError):
            return failure("ServiceException", "The local stack is stopping.")
        finally:
            with self._changed:
                self._starting -= 1
                self._changed.notify()
        if broken:
            worker.kill()
            return broken
        with self._changed:
            self._all.add(worker)
            closed = self._closed
        if closed:
            worker.kill()
            return failure("ServiceException", "The local stack is stopping.")
        return worker

    def _release(self, worker: Worker) -> None:
        with self._changed:
            self._idle.append(worker)
            self._changed.notify()

    def _discard(self, worker: Worker) -> None:
        worker.kill()
        with self._changed:
            self._all.discard(worker)
            self._changed.notify()


def _pump(stream: IO[bytes], name: str, sink: LineSink) -> None:
    with stream:
        for line in stream:
            sink(name, line.decode(errors="replace").rstrip("\n"))
