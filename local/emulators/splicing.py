"""Passes bytes between two connections, both ways."""

from __future__ import annotations

import contextlib
import socket
from threading import Thread

_PIECE = 1 << 16


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
