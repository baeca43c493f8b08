"""A connection that ends: whatever the other side does, by its deadline and after so many bytes.

The time-outs of sockets and of urllib3 are for one read or write each, and http.client reads the headers of an answer
line by line, so a receiver that sends a byte a second is never late for them. Here each read and write gets what is
left of one deadline.
"""

from __future__ import annotations

import io
import socket
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from urllib3 import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.connection import HTTPConnection, HTTPSConnection

from webhooks.sending.replies import AnswerTooLongError

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

_SENT_AT_ONCE_BYTES = 8192


class Bounds:
    """What is left of one exchange: seconds until `deadline` by the clock `monotonic`, and bytes to be received."""

    def __init__(self, deadline: float, monotonic: Callable[[], float]) -> None:
        self._deadline = deadline
        self._monotonic = monotonic
        self._bytes = 0

    def left_seconds(self) -> float:
        """The time that is left, always above 0. Raises TimeoutError when none is."""
        left = self._deadline - self._monotonic()
        if left <= 0:
            raise TimeoutError("the deadline is over")
        return left

    def allow(self, size_bytes: int) -> None:
        """Let so many bytes more be received."""
        self._bytes += size_bytes

    def left_bytes(self) -> int:
        """The bytes that may still be received, always above 0. Raises AnswerTooLongError when none may."""
        if self._bytes <= 0:
            raise AnswerTooLongError("more was sent than is read")
        return self._bytes

    def received(self, size_bytes: int) -> None:
        """Count what was received."""
        self._bytes -= size_bytes


class _BoundedReader(io.RawIOBase):
    def __init__(self, sock: socket.socket, bounds: Bounds) -> None:
        super().__init__()
        self._sock = sock
        # It keeps the connection open until it is closed itself, which http.client counts on.
        self._raw = sock.makefile("rb", buffering=0)
        self._bounds = bounds

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: WriteableBuffer) -> int:
        view = memoryview(buffer)[: self._bounds.left_bytes()]
        self._sock.settimeout(self._bounds.left_seconds())
        count = self._raw.readinto(view) or 0
        self._bounds.received(count)
        return count

    def close(self) -> None:
        self._raw.close()
        super().close()


class _BoundedSocket:
    """The part of a socket that http.client and urllib3 use once it is connected."""

    def __init__(self, sock: socket.socket, bounds: Bounds) -> None:
        self._sock = sock
        self._bounds = bounds

    def sendall(self, data: bytes) -> None:
        view = memoryview(data)
        for start in range(0, len(view), _SENT_AT_ONCE_BYTES):
            self._sock.settimeout(self._bounds.left_seconds())
            self._sock.sendall(view[start : start + _SENT_AT_ONCE_BYTES])

    def makefile(self, *_: Any, **__: Any) -> io.BufferedReader:
        return io.BufferedReader(_BoundedReader(self._sock, self._bounds))

    def settimeout(self, _: object) -> None:
        """Ignored: the bounds say how long each call may take."""

    def shutdown(self, how: int) -> None:
        self._sock.shutdown(how)

    def close(self) -> None:
        self._sock.close()


class _OnOpenSocket:
    """Makes a connection of urllib3 use a socket that is open already, and only that: it never opens one itself.

    `_new_conn` is private to urllib3, whose version is therefore ours: functions/deliver_webhook/requirements.txt.
    """

    sock: Any

    def __init__(self, *args: Any, opened: socket.socket, bounds: Bounds, **options: Any) -> None:
        super().__init__(*args, **options)
        self._opened: socket.socket | None = opened
        self._bounds = bounds

    def _new_conn(self) -> socket.socket:
        opened, self._opened = self._opened, None
        if opened is None:
            raise ConnectionError("a connection is used for one request")
        # The TLS handshake takes this as the limit for the whole of it.
        opened.settimeout(self._bounds.left_seconds())
        return opened

    def connect(self) -> None:
        super().connect()  # type: ignore[misc]
        self.sock = _BoundedSocket(self.sock, self._bounds)


class _BoundedHttpConnection(_OnOpenSocket, HTTPConnection):
    pass


class _BoundedHttpsConnection(_OnOpenSocket, HTTPSConnection):
    pass


class BoundedHttpPool(HTTPConnectionPool):
    """A pool of the one connection over the socket `opened`, within `bounds`."""

    ConnectionCls = _BoundedHttpConnection


class BoundedHttpsPool(HTTPSConnectionPool):
    """The same with TLS, which is made on the socket before anything is sent."""

    ConnectionCls = _BoundedHttpsConnection
