"""Keeps the door of an emulator that lets everybody in: a port in front of it, and the emulator where no page finds it.

Who knows the access key is let through; what he says on that connection from then on is passed on as it is. A browser
can't say it, so no connection of its own is ever one of these.
"""

from __future__ import annotations

import contextlib
import secrets
import socket
import sys
from email.parser import BytesParser

from local.door import KEY_NEEDED, Door, only_value
from local.emulators.splicing import Listener, splice

_HEAD_BYTES = 64 * 1024
_HEAD_SECONDS = 60.0


def hidden_address() -> str:
    """Return an address of this machine that is hard to guess: one of the 16 million that Linux has of its own.

    Other systems answer at 127.0.0.1 alone, where the port is all that has to be guessed.
    """
    if sys.platform != "linux":
        return "127.0.0.1"
    return ".".join(["127", *(str(1 + secrets.randbelow(254)) for _ in range(3))])


class Doorkeeper:
    """Listens on a free port of 127.0.0.1, and passes on to `target` who may come in."""

    def __init__(self, door: Door, target: tuple[str, int]) -> None:
        self._door = door
        self._target = target
        self._listener = Listener(("127.0.0.1", 0), self._admit)
        self.port = self._listener.port

    def close(self) -> None:
        """Listen no more; connections end with their ends."""
        self._listener.close()

    def _admit(self, near: socket.socket) -> None:
        with near, contextlib.suppress(OSError):
            near.settimeout(_HEAD_SECONDS)
            came = _first_head(near)
            if refusal := self._refusal(came):
                near.sendall(_forbidden(refusal))
                # What it still sends is read, or it would see a broken connection in place of the answer.
                near.shutdown(socket.SHUT_WR)
                _drain(near)
                return
            near.settimeout(None)
            with socket.create_connection(self._target) as far:
                far.sendall(came)
                splice(near, far)

    def _refusal(self, came: bytes) -> str | None:
        head, ended, _ = came.partition(b"\r\n\r\n")
        if not ended:
            return "The request could not be read."
        headers = BytesParser().parsebytes(head.partition(b"\r\n")[2] + b"\r\n\r\n", headersonly=True)
        host, origin, authorization = (only_value(headers, name) for name in ("Host", "Origin", "Authorization"))
        if refusal := self._door.refusal(self.port, host=host, origin=origin):
            return refusal
        return None if self._door.knows_key(authorization) else KEY_NEEDED


def _first_head(near: socket.socket) -> bytes:
    came = bytearray()
    while b"\r\n\r\n" not in came and len(came) < _HEAD_BYTES:
        piece = near.recv(_HEAD_BYTES)
        if not piece:
            break
        came += piece
    return bytes(came)


def _drain(near: socket.socket) -> None:
    left = 256 * _HEAD_BYTES
    while left > 0 and (piece := near.recv(_HEAD_BYTES)):
        left -= len(piece)


def _forbidden(reason: str) -> bytes:
    lines = [
        "HTTP/1.1 403 Forbidden",
        "Content-Type: text/plain",
        f"Content-Length: {len(reason)}",
        "Connection: close",
    ]
    return ("\r\n".join(lines) + "\r\n\r\n" + reason).encode()
