"""Receivers of webhooks on this machine that do as a test says, and a guard that lets nothing leave it."""

from __future__ import annotations

import itertools
import re
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from types import TracebackType
from typing import Any

import pytest

Script = Callable[[socket.socket, "Receiver"], None]
"""What is done with one connection, which is closed afterwards."""


class Receiver:
    """A TCP server on 127.0.0.1, with TLS when it is given a context."""

    def __init__(self, script: Script, context: ssl.SSLContext | None = None) -> None:
        self.requests: list[bytes] = []
        self.connections = 0
        self.sent_bytes = 0
        self.server_names: list[str | None] = []
        self._script = script
        self._context = context
        if context is not None:
            context.sni_callback = lambda _sock, name, _context: self.server_names.append(name)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._serve, daemon=True)

    def __enter__(self) -> Receiver:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._ended.set()
        # Closing alone does not wake the thread that waits for a connection.
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._thread.join(10)

    def read_request(self, connection: socket.socket) -> None:
        """Read one request whole and keep it."""
        with connection.makefile("rb") as reader:
            head = b"".join(itertools.takewhile(lambda line: line.strip(), reader))
            lengths = re.findall(rb"(?i)^content-length: *([0-9]+)", head, re.MULTILINE)
            if head:
                self.requests.append(head + b"\r\n" + reader.read(int(lengths[0])))

    def send(self, connection: socket.socket, data: bytes) -> None:
        """Send, and count it."""
        connection.sendall(data)
        self.sent_bytes += len(data)

    def drip(self, connection: socket.socket, data: bytes) -> None:
        """Send a byte at a time, for at most 20 s."""
        for index in range(1000):
            self.send(connection, data[index % len(data) :][:1])
            if self._ended.wait(0.02):
                return

    def hang(self) -> None:
        """Do nothing until the test is over, for at most 20 s."""
        self._ended.wait(20)

    def _serve(self) -> None:
        while not self._ended.is_set():
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            self.connections += 1
            with suppress(OSError), connection:
                connection.settimeout(20)
                self._talk(connection)

    def _talk(self, connection: socket.socket) -> None:
        if self._context is None:
            self._script(connection, self)
            return
        with self._context.wrap_socket(connection, server_side=True) as wrapped:
            self._script(wrapped, self)


def answering(answer: bytes) -> Script:
    """Read the request, then send this and close."""

    def script(connection: socket.socket, receiver: Receiver) -> None:
        receiver.read_request(connection)
        receiver.send(connection, answer)

    return script


def dripping(beginning: bytes, dripped: bytes) -> Script:
    """Read the request, send the beginning, then the rest a byte at a time."""

    def script(connection: socket.socket, receiver: Receiver) -> None:
        receiver.read_request(connection)
        receiver.send(connection, beginning)
        receiver.drip(connection, dripped)

    return script


def never_read(_connection: socket.socket, receiver: Receiver) -> None:
    """Take the connection and nothing that comes over it."""
    receiver.hang()


@contextmanager
def nothing_leaves(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[Any]]:
    """Let sockets connect to 127.0.0.1 and ::1 alone, and no name be resolved; yields what was tried."""
    tried: list[Any] = []

    def guarded(call: Callable[..., Any]) -> Callable[..., Any]:
        def connect(self: socket.socket, address: Any) -> Any:
            if isinstance(address, tuple) and address[0] not in {"127.0.0.1", "::1"}:
                tried.append(address)
                raise ConnectionRefusedError("the test lets nothing leave this machine")
            return call(self, address)

        return connect

    def resolve(host: Any, *_: Any, **__: Any) -> Any:
        tried.append(host)
        raise socket.gaierror(socket.EAI_NONAME, "the test resolves no names")

    with monkeypatch.context() as patch:
        patch.setattr(socket.socket, "connect", guarded(socket.socket.connect))
        patch.setattr(socket.socket, "connect_ex", guarded(socket.socket.connect_ex))
        patch.setattr(socket, "getaddrinfo", resolve)
        yield tried


def seconds_of(action: Callable[[], Any]) -> float:
    """How long an action takes."""
    started = time.monotonic()
    action()
    return time.monotonic() - started
