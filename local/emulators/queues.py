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


def install_queues() -> None:
    """Put the lock around moto's operations on messages."""
    changing = threading.RLock()
    patched: Any = SQSBackend
    for name in _CHANGES:
        setattr(patched, name, _locked(getattr(patched, name), changing))
    look = patched.receive_message

    def receive_message(
        backend: Any, queue_name: str, count: int, wait_seconds_timeout: int, *rest: Any, **more: Any
    ) -> Any:
        deadline = time.monotonic() + (wait_seconds_timeout or 0)
        while True:
            with changing:
                messages = look(backend, queue_name, count, 0, *rest, **more)
            if messages or time.monotonic() >= deadline:
                return messages
            time.sleep(_LOOK_SECONDS)

    patched.receive_message = receive_message


def _locked(method: Any, lock: threading.RLock) -> Any:
    @functools.wraps(method)
    def run(*arguments: Any, **named: Any) -> Any:
        with lock:
            return method(*arguments, **named)

    return run
