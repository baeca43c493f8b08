"""A connection that is kept from one request to the next for as long as it is certain whose answer comes next.

An answer carries no mark of its request: what ties the two together is that nothing else is under way. So a connection
on which anything went wrong, a time-out included, is dropped, and so is one on which something came that nobody asked
for. `http.client` would do, but takes longer for a call than the emulator behind it.
"""

from __future__ import annotations

import select
import socket
from dataclasses import dataclass

# Far more than any answer takes on a busy machine, and less than pytest gives a test: the call is then told, and where.
ANSWER_SECONDS = 120.0
_PIECE = 1 << 16
_END_OF_HEAD = b"\r\n\r\n"


class BrokenAnswerError(ConnectionError):
    """Raised when an answer ends early or can't be read; the connection is gone, and the request may have been met."""


@dataclass(frozen=True)
class HttpAnswer:
    """A status and the bytes of a body."""

    status: int
    body: bytes


class KeptConnection:
    """Sends requests to one address, one at a time, and opens the connection anew whenever it must."""

    def __init__(self, host: str, port: int, *, answer_seconds: float = ANSWER_SECONDS) -> None:
        """Remember the address; `answer_seconds` bounds each wait for the other side. Nothing is opened yet."""
        self._address = (host, port)
        self._answer_seconds = answer_seconds
        self._open: socket.socket | None = None

    def ask(self, request: bytes) -> HttpAnswer:
        """Send a whole request and return its answer; TimeoutError, BrokenAnswerError or another OSError without one.

        Nothing is sent twice: whether a request without an answer was met is not known.
        """
        connection = self._connection()
        try:
            connection.sendall(request)
            answer = _read_answer(connection)
        # A test that is ended while it waits leaves its answer behind, too.
        except BaseException:
            self.close()
            raise
        return answer

    def close(self) -> None:
        """Let go of the connection; the next request opens another one."""
        if self._open is not None:
            self._open.close()
            self._open = None

    def _connection(self) -> socket.socket:
        # Nothing is under way: what can be read now is the end of the connection, or the answer to nothing.
        if self._open is not None and select.select([self._open], [], [], 0)[0]:
            self.close()
        if self._open is None:
            self._open = socket.create_connection(self._address, timeout=self._answer_seconds)
            self._open.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return self._open


def _read_answer(connection: socket.socket) -> HttpAnswer:
    received = b""
    while (end := received.find(_END_OF_HEAD)) < 0:
        received += _receive(connection)
    status, length = _status_and_length(received[:end])
    pieces = [received[end + len(_END_OF_HEAD) :]]
    missing = length - len(pieces[0])
    while missing > 0:
        pieces.append(_receive(connection))
        missing -= len(pieces[-1])
    if missing < 0:
        raise BrokenAnswerError(f"{-missing} bytes came behind an answer of {length}")
    return HttpAnswer(status, b"".join(pieces))


def _receive(connection: socket.socket) -> bytes:
    piece = connection.recv(_PIECE)
    if not piece:
        raise BrokenAnswerError("the connection was closed before the answer was whole")
    return piece


def _status_and_length(head: bytes) -> tuple[int, int]:
    first, *lines = head.split(b"\r\n")
    headers = {name.lower(): value for name, _, value in (line.partition(b":") for line in lines)}
    try:
        return int(first.split()[1]), int(headers[b"content-length"])
    except (IndexError, KeyError, ValueError) as error:
        raise BrokenAnswerError(f"the answer can't be read: {head[:200]!r}") from error
