"""The lean client of DynamoDB when its emulator answers late, by halves or not at all: the next call is none the worse.

It was: after one slow call each later one was told the answer of the one before it, and half the tier failed.
"""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import threading
from collections.abc import Callable, Iterator

import pytest
from botocore.exceptions import ClientError

from testing.kept_connection import BrokenAnswerError
from testing.wire import WireDynamoDB
from tests.support.receivers import Receiver, Script

Misbehave = Callable[[socket.socket, bytes], None]
"""What is done with the first request's connection and answer; every later request is answered as it should be."""


def answer_to(request: bytes) -> bytes:
    """Answer with the request's own body, as if it were the row it asks for."""
    body = request.partition(b"\r\n\r\n")[2].strip()
    status = b"400 Bad Request" if b"__type" in body else b"200 OK"
    return b"HTTP/1.1 %s\r\nContent-Length: %d\r\n\r\n%s" % (status, len(body), body)


def emulator(misbehave: Misbehave | None = None, *, requests_a_connection: int = 1_000) -> Script:
    """Serve one connection after another."""

    def script(connection: socket.socket, receiver: Receiver) -> None:
        for _ in range(requests_a_connection):
            before = len(receiver.requests)
            receiver.read_request(connection)
            if len(receiver.requests) == before:
                return
            answer = answer_to(receiver.requests[-1])
            if misbehave and before == 0:
                misbehave(connection, answer)
            else:
                connection.sendall(answer)

    return script


def calling(receiver: Receiver, answer_seconds: float = 10) -> WireDynamoDB:
    return WireDynamoDB(f"http://127.0.0.1:{receiver.port}", answer_seconds=answer_seconds)


def check_calls(client: WireDynamoDB) -> None:
    """Each of the next calls gets the answer to its own request."""
    for number in range(2, 5):
        assert client.get_item(Number=number) == {"Number": number}


@pytest.fixture
def given_up() -> Iterator[threading.Event]:
    """Set once the caller has given up; the emulator waits for it, and never longer than the test."""
    event = threading.Event()
    yield event
    event.set()


@pytest.mark.parametrize("share", [0, 0.3, 0.9], ids=["whole", "from the head on", "from the body on"])
def test_answer_that_comes_late_is_nobodys(given_up: threading.Event, share: float) -> None:
    def late(connection: socket.socket, answer: bytes) -> None:
        cut = int(len(answer) * share)
        connection.sendall(answer[:cut])
        given_up.wait()
        connection.sendall(answer[cut:])

    with Receiver(emulator(late)) as receiver:
        client = calling(receiver, answer_seconds=0.2)
        with pytest.raises(TimeoutError):
            client.get_item(Number=1)
        given_up.set()
        check_calls(client)
        client.close()
    assert receiver.connections == 2


@pytest.mark.parametrize("share", [0, 0.3, 0.9], ids=["nothing", "half a head", "half a body"])
def test_answer_that_ends_early_is_told_and_not_waited_for(share: float) -> None:
    def half(connection: socket.socket, answer: bytes) -> None:
        connection.sendall(answer[: int(len(answer) * share)])
        connection.shutdown(socket.SHUT_RDWR)

    with Receiver(emulator(half)) as receiver:
        client = calling(receiver)
        with pytest.raises(BrokenAnswerError, match="closed before the answer was whole"):
            client.get_item(Number=1)
        check_calls(client)
        client.close()


@pytest.mark.parametrize(
    "answer", [b"HTTP/1.1 200 OK\r\n\r\n{}", b"\r\n\r\n", b"HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n"]
)
def test_answer_that_cannot_be_read_is_told(answer: bytes) -> None:
    with Receiver(emulator(lambda connection, _: connection.sendall(answer))) as receiver:
        client = calling(receiver)
        with pytest.raises(BrokenAnswerError, match="can't be read"):
            client.get_item(Number=1)
        check_calls(client)
        client.close()


def test_answer_that_nobody_asked_for_is_not_taken_for_the_next() -> None:
    received, sent = threading.Event(), threading.Event()

    def twice(connection: socket.socket, answer: bytes) -> None:
        connection.sendall(answer)
        # A second answer right behind the first would be told at once; this one is found by the next call.
        received.wait()
        connection.sendall(answer)
        sent.set()

    with Receiver(emulator(twice)) as receiver:
        client = calling(receiver)
        assert client.get_item(Number=1) == {"Number": 1}
        received.set()
        sent.wait()
        check_calls(client)
        client.close()


def test_answer_with_more_behind_it_is_told() -> None:
    with Receiver(emulator(lambda connection, answer: connection.sendall(answer + b"more"))) as receiver:
        client = calling(receiver)
        with pytest.raises(BrokenAnswerError, match=re.escape("4 bytes came behind an answer")):
            client.get_item(Number=1)
        check_calls(client)
        client.close()


class EndedError(BaseException):
    """Raised in the middle of a call, as pytest-timeout or Ctrl-C do."""


def test_call_that_is_interrupted_leaves_no_answer_behind(given_up: threading.Event) -> None:
    def interrupt(connection: socket.socket, answer: bytes) -> None:
        os.kill(os.getpid(), signal.SIGUSR1)
        given_up.wait()
        connection.sendall(answer)

    def end(*_: object) -> None:
        raise EndedError

    before = signal.signal(signal.SIGUSR1, end)
    try:
        with Receiver(emulator(interrupt)) as receiver:
            client = calling(receiver)
            with pytest.raises(EndedError):
                client.get_item(Number=1)
            given_up.set()
            check_calls(client)
            client.close()
    finally:
        signal.signal(signal.SIGUSR1, before)


def test_connection_is_kept_while_all_goes_well_refusals_included() -> None:
    with Receiver(emulator()) as receiver:
        client = calling(receiver)
        with pytest.raises(ClientError, match="ThrottlingException"):
            client.get_item(**{"__type": "com.amazonaws#ThrottlingException", "message": "slow down"})
        check_calls(client)
        client.close()
    assert receiver.connections == 1


def test_connection_that_the_emulator_let_go_of_is_opened_anew() -> None:
    with Receiver(emulator(requests_a_connection=1)) as receiver:
        client = calling(receiver)
        for number in range(3):
            assert client.get_item(Number=number) == {"Number": number}
            wait_until_closed(client)
        client.close()
    assert receiver.connections == 3


def wait_until_closed(client: WireDynamoDB) -> None:
    connection = client._connection._open
    assert connection is not None
    assert connection.recv(1, socket.MSG_PEEK) == b""


def test_large_answer_is_read_whole() -> None:
    with Receiver(emulator()) as receiver:
        client = calling(receiver)
        row = {"Text": "x" * 3_000_000, "Raw": {"B": b"\x00\xff" * 1_000}}
        assert client.get_item(**row) == row
        assert json.dumps(client.get_item(Number=1)) == '{"Number": 1}'
        client.close()
