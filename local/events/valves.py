"""A mapping's switch: its readers work while it is open, and rest once what they have in hand is done."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

_LOOK_SECONDS = 0.1


class Valve:
    """Lets readers pass, or has them wait before their next batch."""

    def __init__(self) -> None:
        self._open = True
        self._inside = 0
        self._changed = threading.Condition()

    @contextmanager
    def passing(self, stopping: threading.Event) -> Iterator[bool]:
        """Wait until it is open, and hold it so; gives False when the stack stops first."""
        with self._changed:
            while not self._open and not stopping.is_set():
                self._changed.wait(_LOOK_SECONDS)
            self._inside += 1
        try:
            yield not stopping.is_set()
        finally:
            with self._changed:
                self._inside -= 1

    def turn(self, *, opened: bool) -> None:
        """Open or close it; who is inside goes on."""
        with self._changed:
            self._open = opened
            self._changed.notify_all()

    @property
    def state(self) -> str:
        """How Lambda calls it: Enabled, Disabling or Disabled."""
        with self._changed:
            if self._open:
                return "Enabled"
            return "Disabling" if self._inside else "Disabled"
