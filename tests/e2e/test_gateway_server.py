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
        self.status = 200

    def answer(self, request: Request) -> Response:
        self.requests.append(request)
        return Response(self.status, [], b"" if self.status == 304 else request.body)

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

    def say(self, headers: str, body: bytes = b"", *, method: str = "POST") -> None:
        self.client.sendall(
            f"{method} /api/x HTTP/1.1\r\nHost: 127.0.0.1:{self.server.port}\r\n{headers}\r\n\r\n".encode() + body
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


def test_head_tells_the_length_of_a_body_that_is_left_out(served: Served) -> None:
    served.say("Content-Length: 4", b"body", method="HEAD")
    served.say("Content-Length: 3", b"end")
    assert served.answers.readline().split()[1] == b"200"
    told = dict(line.strip().split(b": ", 1) for line in iter(served.answers.readline, b"\r\n"))
    assert told[b"Content-Length"] == b"4"
    # What comes next is the next answer.
    assert served.hear() == (200, b"end")


def test_answer_without_a_body_tells_no_length(served: Served) -> None:
    served.front.status = 304
    served.say("Content-Length: 0")
    assert served.answers.readline().split()[1] == b"304"
    assert b"Content-Length" not in b"".join(iter(served.answers.readline, b"\r\n"))
    served.front.status = 200
    served.say("Content-Length: 3", b"end")
    assert served.hear() == (200, b"end")
