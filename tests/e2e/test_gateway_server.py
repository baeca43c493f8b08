"""The HTTP server of the stack on its own: what comes over a connection that breaks off, or goes on to be used."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from typing import Any

import pytest

from local.door import Door, new_access_key
from local.gateway.events import Request, Response
from local.gateway.server import Server


class Front:
    """Answers each request with its own body, and keeps what it was asked."""

    stage = "api"

    def __init__(self) -> None:
        self.requests: list[Request] = []

    def answer(self, request: Request) -> Response:
        self.requests.append(request)
        return Response(200, [], request.body)

    def refuse(self, response_type: str, request_id: str) -> Response:
        return Response(413, [], response_type.encode())


class Served:
    """A running server, and a client that says every byte itself."""

    def __init__(self) -> None:
        self.front = Front()
        self.server = Server(0)
        unused: Any = None
        door = Door(new_access_key(), self.server.port)
        self.server.serve(door, self.front, unused, unused)  # type: ignore[arg-type]
        self.client = socket.create_connection(("127.0.0.1", self.server.port))
        self.answers = self.client.makefile("rb")

    def close(self) -> None:
        self.answers.close()
        self.client.close()
        self.server.close()

    def say(self, headers: str, body: bytes = b"") -> None:
        self.client.sendall(
            f"POST /api/x HTTP/1.1\r\nHost: 127.0.0.1:{self.server.port}\r\n{headers}\r\n\r\n".encode() + body
        )

    def hear(self) -> tuple[int, bytes]:
        """The status and the body of the next answer."""
        status = int(self.answers.readline().split()[1])
        length = 0
        while line := self.answers.readline().strip():
            name, _, value = line.partition(b":")
            length = int(value) if name.lower() == b"content-length" else length
        return status, self.answers.read(length)

    def ended(self) -> bool:
        """Wait for the server's next byte; tell whether it closed the connection instead."""
        return self.answers.read(1) == b""


@pytest.fixture
def served() -> Iterator[Served]:
    served = Served()
    yield served
    served.close()


@pytest.mark.parametrize(
    ("headers", "body"),
    [
        ("Content-Length: 100", b"half"),
        ("Content-Length: 200000", b"x" * 150_000),
        ("Transfer-Encoding: chunked", b"4\r\nhalf"),
        ("Transfer-Encoding: chunked", b"4\r\nhalf\r\n"),
        ("Transfer-Encoding: chunked", b"8\r\nhalf"),
        ("Transfer-Encoding: chunked", b"4\r\nhalf\r\n0\r\n"),
        ("Transfer-Encoding: chunked", b"4\r\nhalf\r\n0"),
    ],
    ids=["length", "pieces", "within chunks", "between chunks", "chunk", "end", "size"],
)
def test_half_a_body_is_for_no_function(served: Served, headers: str, body: bytes) -> None:
    served.say(headers, body)
    served.client.shutdown(socket.SHUT_WR)
    assert served.ended()
    assert served.front.requests == []


@pytest.mark.parametrize("trailers", [b"", b"Checksum: abc\r\n", b"Checksum: abc\r\nSigned: yes\r\n"])
def test_connection_goes_on_behind_a_body_in_chunks(served: Served, trailers: bytes) -> None:
    for number in (b"1", b"2"):
        served.say(
            "Transfer-Encoding: chunked", b"4;quoted=no\r\nbody\r\n1\r\n" + number + b"\r\n0\r\n" + trailers + b"\r\n"
        )
        assert served.hear() == (200, b"body" + number)
    served.say("Content-Length: 3", b"end")
    assert served.hear() == (200, b"end")


def test_connection_ends_behind_a_body_that_is_too_large(served: Served) -> None:
    served.say(f"Content-Length: {11 * 1024 * 1024}", b"x" * (11 * 1024 * 1024))
    assert served.hear() == (413, b"REQUEST_TOO_LARGE")
    assert served.ended()
    assert served.front.requests == []


def test_what_is_no_request_ends_the_connection(served: Served) -> None:
    served.say("Content-Length: many", b"body")
    assert served.ended()
    assert served.front.requests == []
