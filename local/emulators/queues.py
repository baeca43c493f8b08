"""Makes moto's queues safe to use from several threads at once.

moto looks for a visible message and then marks it: two receivers at once could both get it, or lose one on its way to
the dead-letter queue. One lock for all that changes queues prevents that; waiting for messages happens outside it.
"""

from __future__ import annotations

import functools
import threading
import time
from typing import Any

from moto.sqs.models import SQSBackend

from local.emulators.lean_memory import RecentHandles
from local.emulators.queue_files import QueueFiles

_LOOK_SECONDS = 0.05
_CHANGES = (
    "send_message",
    "send_message_batch",
    "delete_message",
    "delete_message_batch",
    "change_message_visibility",
    "change_message_visibility_batch",
    "purge_queue",
)


def install_queues(files: QueueFiles | None = None) -> None:
    """Put the lock around moto's operations on messages, and have what they change on disk before they are answered."""
    changing = threading.RLock()
    patched: Any = SQSBackend
    for name in _CHANGES:
        setattr(patched, name, _changing(getattr(patched, name), changing, files))
    look = _changing(patched.receive_message, changing, files)
    create_queue = patched.create_queue

    def receive_message(
        backend: Any, queue_name: str, count: int, wait_seconds_timeout: int, *rest: Any, **more: Any
    ) -> Any:
        deadline = time.monotonic() + (wait_seconds_timeout or 0)
        while True:
            messages = look(backend, queue_name, count, 0, *rest, **more)
            if messages or time.monotonic() >= deadline:
                return messages
            time.sleep(_LOOK_SECONDS)

    def create_and_load(backend: Any, name: str, *rest: Any, **more: Any) -> Any:
        with changing:
            known = name in backend.queues
            queue = create_queue(backend, name, *rest, **more)
            if not known:
                queue.deleted_messages = RecentHandles()
            if files and not known:
                files.load(queue)
            return queue

    patched.receive_message = receive_message
    patched.create_queue = create_and_load


def _changing(method: Any, lock: threading.RLock, files: QueueFiles | None) -> Any:
    @functools.wraps(method)
    def run(backend: Any, *arguments: Any, **named: Any) -> Any:
        with lock:
            answer = method(backend, *arguments, **named)
            if files:
                files.store(backend.queues)
            return answer

    return run
