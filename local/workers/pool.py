"""The workers of one function: started when they are needed, reused while they live, replaced when they die."""

from __future__ import annotations

import threading
import time
import uuid
from concurrent.futures import CancelledError, Executor

from local.workers.functions import FunctionSpec, Outcome, failure
from local.workers.worker import LineSink, Worker

# What a function may answer is a little more than what it may be sent.
MAX_ANSWER_BYTES = 6_291_556
# A second worker that had nothing to do for so long gives its memory back; the first is kept, so that no call waits.
_IDLE_SECONDS = 60.0


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

    def end_idle(self, seconds: float = _IDLE_SECONDS) -> None:
        """End the workers but one that have had nothing to do for so long; the one used last serves next."""
        before = time.monotonic() - seconds
        with self._changed:
            # Idle ones stand in the order in which they became so.
            doomed = [worker for worker in self._idle[:-1] if worker.idle_since <= before]
            for worker in doomed:
                self._idle.remove(worker)
                self._all.discard(worker)
        for worker in doomed:
            worker.kill()

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
        worker.idle_since = time.monotonic()
        with self._changed:
            self._idle.append(worker)
            self._changed.notify()

    def _discard(self, worker: Worker) -> None:
        worker.kill()
        with self._changed:
            self._all.discard(worker)
            self._changed.notify()
