"""A unit test reaches nobody: whoever tries is told at once."""

from __future__ import annotations

import http.client
import socket
from collections.abc import Callable

import pytest

NOBODY = ("127.0.0.1", 9)
WAYS: dict[str, Callable[[socket.socket], object]] = {
    "connect": lambda sock: sock.connect(NOBODY),
    "connect_ex": lambda sock: sock.connect_ex(NOBODY),
    "bind": lambda sock: sock.bind(("127.0.0.1", 0)),
    "sendto": lambda sock: sock.sendto(b"", NOBODY),
    "a connection": lambda _: socket.create_connection(NOBODY),
    "a name": lambda _: socket.getaddrinfo("localhost", 9),
    "HTTP": lambda _: http.client.HTTPConnection("127.0.0.1", 9).request("GET", "/"),
}


@pytest.mark.parametrize("way", WAYS.values(), ids=WAYS)
def test_socket_is_refused(way: Callable[[socket.socket], object]) -> None:
    with socket.socket() as sock, pytest.raises(RuntimeError, match="unit tests open no sockets"):
        way(sock)
