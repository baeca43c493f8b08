"""Takes connections, and passes bytes between two of them, both ways."""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Callable
from threading import Thread

_PIECE = 1 << 16


class Listener:
    """Takes connections at an address, each in a thread of its own; port 0 takes a free one."""

    def __init__(self, address: tuple[str, int], serve: Callable[[socket.socket], None]) -> None:
        """Listen from now on; OSError when nobody can listen there."""
        self._socket = socket.create_server(address, backlog=128)
        self._serve = serve
        self.port = int(self._socket.getsockname()[1])
        Thread(target=self._take, daemon=True).start()

    def close(self) -> None:
        """Listen no more; connections end with their ends."""
        with contextlib.suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()

    def _take(self) -> None:
        # Closing the socket ends the loop.
        with contextlib.suppress(OSError):
            while True:
                near, _ = self._socket.accept()
                Thread(target=self._serve, args=(near,), daemon=True).start()


def splice(near: socket.socket, far: socket.socket) -> None:
    """Pass on what either side says until both have ended; each end is passed on too."""
    for end in (near, far):
        end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    answers = Thread(target=_pass_on, args=(far, near), daemon=True)
    answers.start()
    _pass_on(near, far)
    answers.join()


def _pass_on(source: socket.socket, target: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while piece := source.recv(_PIECE):
            target.sendall(piece)
    with contextlib.suppress(OSError):
        target.shutdown(socket.SHUT_WR)
