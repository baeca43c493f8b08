"""Posting to receivers on this machine that behave well, badly, and not at all. Nothing can leave the machine."""

from __future__ import annotations

import gzip
import logging
import socket
import struct
from dataclasses import replace
from typing import Any

import pytest
from webhooks.deliveries.model import DeliveryState
from webhooks.sending.posting import Poster, open_connection

from testing.webhook_world import WebhookWorld
from tests.support.hostile_targets import HOSTILE_URLS, NOT_PUBLIC_ADDRESSES
from tests.support.receivers import Receiver, Script, answering, dripping, never_read, seconds_of

DEADLINE_SECONDS = 0.5
MANY = 40 * DEADLINE_SECONDS  # what these receivers would go on for, at least
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
CUT_OFF = "the connection was closed before the answer was complete"
TIMED_OUT = "timed out after 0.5 s"
HOST = "hooks.example.com"
PUBLIC = "8.8.8.8"


def poster(**options: Any) -> Poster:
    return Poster(**{"loopback": True, "deadline_seconds": 10.0, **options})


def url_of(receiver: Receiver) -> str:
    return f"http://127.0.0.1:{receiver.port}/in"


@pytest.mark.parametrize("loopback", [False, True])
def test_no_hostile_target_is_contacted(left_behind: list[Any], loopback: bool) -> None:
    sender = poster(loopback=loopback, deadline_seconds=DEADLINE_SECONDS)
    local = 0
    for url, _ in HOSTILE_URLS:
        reply = sender.post(url, {}, b"{}")
        assert reply.status is None
        local += not reply.refused
    resolving = Poster(resolve=lambda _host, _port: [PUBLIC, NOT_PUBLIC_ADDRESSES[0]])
    assert resolving.post("https://hooks.example.com/", {}, b"{}").refused
    # A local stack may call this machine, where nobody listens, and the guard stops what it does not know.
    assert (local > 0) == loopback
    assert set(left_behind) == ({"localhost", ("127.8.9.10", 443)} if loopback else set())


def test_answer_is_told() -> None:
    answer = b"HTTP/1.1 503 Busy\r\nRetry-After: 120\r\nContent-Length: 2000\r\n\r\n" + b"later\n" + b"x" * 1994
    with Receiver(answering(answer)) as receiver:
        reply = poster().post(url_of(receiver), {"webhook-id": "evt_1"}, b'{"a":1}')
    assert (reply.status, reply.retry_after_seconds, reply.failure, reply.refused) == (503, 120, None, False)
    assert reply.snippet == "later\n" + "x" * 1018
    assert reply.latency_ms >= 0
    (request,) = receiver.requests
    assert request.startswith(b"POST /in HTTP/1.1\r\n")
    assert request.endswith(b'\r\n{"a":1}')
    assert f"Host: 127.0.0.1:{receiver.port}\r\n".encode() in request


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 204 No Content\r\n\r\n",
        b"HTTP/1.0 200 OK\r\n\r\nuntil the end",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n",
        b"HTTP/1.1 100 Continue\r\n\r\n" + OK,
        b"HTTP/1.1 200 OK\r\nno header at all\r\nContent-Length: 2\r\n\r\nok",
        b"HTTP/1.1 200 OK\r\nContent-Length: soon\r\n\r\nok",
        b"HTTP/1.1 200 OK\r\nContent-Encoding: nonsense\r\nContent-Length: 2\r\n\r\nok",
    ],
)
def test_answer_of_any_shape_is_success(answer: bytes, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.WARNING)
    with Receiver(answering(answer)) as receiver:
        reply = poster().post(url_of(receiver), {}, b"{}")
    assert (reply.status, reply.failure) == (204 if b"204" in answer else 200, None)
    # urllib3 would quote the URL, which may hold a secret of the tenant's.
    assert caplog.records == []


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_redirect_is_not_followed(status: int) -> None:
    with Receiver(answering(OK)) as other:
        answer = f"HTTP/1.1 {status} Moved\r\nLocation: {url_of(other)}\r\nContent-Length: 0\r\n\r\n"
        with Receiver(answering(answer.encode())) as receiver:
            reply = poster().post(url_of(receiver), {}, b"{}")
        assert (reply.status, reply.failure) == (status, None)
        assert (receiver.connections, other.connections) == (1, 0)


def test_proxy_of_the_environment_is_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    with Receiver(answering(OK)) as proxy, Receiver(answering(OK)) as receiver:
        for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy"):
            monkeypatch.setenv(name, f"http://127.0.0.1:{proxy.port}")
        assert poster().post(url_of(receiver), {}, b"{}").status == 200
        assert (receiver.connections, proxy.connections) == (1, 0)


def _hang(connection: socket.socket, receiver: Receiver) -> None:
    receiver.read_request(connection)
    receiver.hang()


HEAD = b"HTTP/1.1 200 OK\r\n"
LATE = {
    "drips its status": dripping(b"", HEAD),
    "drips its headers": dripping(HEAD, b"X-Name: value\r\n"),
    "drips a header": dripping(HEAD + b"X-Name: ", b"v"),
    "drips its body": dripping(HEAD + b"Content-Length: 1000\r\n\r\n", b"x"),
    "drips a body without an end": dripping(HEAD + b"\r\n", b"x"),
    "drips chunks": dripping(HEAD + b"Transfer-Encoding: chunked\r\n\r\n", b"1\r\nx\r\n"),
    "drips the size of a chunk": dripping(HEAD + b"Transfer-Encoding: chunked\r\n\r\n", b"0"),
    "drips 100 Continue": dripping(b"", b"HTTP/1.1 100 Continue\r\n\r\n"),
    "hangs before it answers": _hang,
    "never reads": never_read,
}


@pytest.mark.parametrize("script", LATE.values(), ids=LATE)
def test_late_receiver_is_left_at_the_deadline(script: Script) -> None:
    sender = poster(deadline_seconds=DEADLINE_SECONDS)
    body = b"x" * (20_000_000 if script is never_read else 2)
    replies = []
    with Receiver(script) as receiver:
        seconds = seconds_of(lambda: replies.append(sender.post(url_of(receiver), {}, body)))
    (reply,) = replies
    assert (reply.status, reply.failure, reply.refused) == (None, TIMED_OUT, False)
    assert 0.9 * DEADLINE_SECONDS < seconds < MANY / 4
    assert reply.latency_ms >= 900 * DEADLINE_SECONDS
    assert receiver.connections == 1


def _endless(head: bytes, piece: bytes) -> Script:
    def script(connection: socket.socket, receiver: Receiver) -> None:
        receiver.read_request(connection)
        receiver.send(connection, head)
        while receiver.sent_bytes < 200_000_000:
            receiver.send(connection, piece)

    return script


ENDLESS = {
    "a body": (_endless(HEAD + b"\r\n", b"x" * 65_536), 200),
    "a body with a length": (_endless(HEAD + b"Content-Length: 99999999999\r\n\r\n", b"x" * 65_536), 200),
    "chunks": (_endless(HEAD + b"Transfer-Encoding: chunked\r\n\r\n", b"8000\r\n" + b"x" * 32_768 + b"\r\n"), 200),
    "tiny chunks": (_endless(HEAD + b"Transfer-Encoding: chunked\r\n\r\n", b"1\r\nx\r\n" * 9000), 200),
    "the size of a chunk": (_endless(HEAD + b"Transfer-Encoding: chunked\r\n\r\n", b"0" * 65_536), None),
    "a header": (_endless(HEAD + b"X-Name: ", b"v" * 65_536), None),
    "headers": (_endless(HEAD, b"X-Name: value\r\n" * 4000), None),
    "long headers": (_endless(HEAD, b"X-Name: " + b"v" * 60_000 + b"\r\n"), None),
    "a status": (_endless(b"HTTP/1.1 200 ", b"OK" * 30_000), None),
    "100 Continue": (_endless(b"", b"HTTP/1.1 100 Continue\r\n\r\n" * 2000), None),
}


@pytest.mark.parametrize(("script", "status"), ENDLESS.values(), ids=ENDLESS)
def test_endless_answer_is_read_to_its_bound(script: Script, status: int | None) -> None:
    received: list[int] = []
    with Receiver(script) as receiver:
        reply = poster(connect=_counting(received)).post(url_of(receiver), {}, b"{}")
    assert reply.status == status
    assert (reply.failure is None) == (status is not None)
    assert len(reply.snippet) <= 1024
    assert 0 < sum(received) <= 2 * 65_536
    assert receiver.sent_bytes < 100_000_000


def test_answer_is_whole_after_64_kb() -> None:
    script = dripping(HEAD + b"\r\n" + b"x" * 65_536, b"x")
    replies = []
    with Receiver(script) as receiver:
        seconds = seconds_of(lambda: replies.append(poster().post(url_of(receiver), {}, b"{}")))
    assert (replies[0].status, replies[0].failure) == (200, None)
    assert seconds < 5


def _counting(received: list[int]) -> Any:
    class Counting(socket.socket):
        def recv_into(self, *args: Any) -> int:
            received.append(super().recv_into(*args))
            return received[-1]

    def connect(address: str, port: int, timeout_seconds: float) -> socket.socket:
        opened = open_connection(address, port, timeout_seconds)
        return Counting(opened.family, opened.type, opened.proto, opened.detach())

    return connect


def test_compressed_answer_is_not_inflated() -> None:
    body = gzip.compress(b"A" * 10_000_000)
    head = f"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: {len(body)}\r\n\r\n".encode()
    with Receiver(answering(head + body)) as receiver:
        reply = poster().post(url_of(receiver), {}, b"{}")
    assert reply.status == 200
    assert "A" * 100 not in reply.snippet


def _close(connection: socket.socket, receiver: Receiver) -> None:
    receiver.read_request(connection)


def _reset(connection: socket.socket, receiver: Receiver) -> None:
    receiver.read_request(connection)
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


BROKEN = {
    "closes": (_close, "the connection was closed without an answer"),
    "resets": (_reset, CUT_OFF),
    "ends in its status": (answering(b"HTT"), "the answer is not valid HTTP"),
    "ends in its body": (answering(HEAD + b"Content-Length: 10\r\n\r\nhalf"), CUT_OFF),
    "ends in a chunk": (answering(HEAD + b"Transfer-Encoding: chunked\r\n\r\n8\r\nhalf"), CUT_OFF),
    "speaks SSH": (answering(b"SSH-2.0-OpenSSH_9.6\r\n"), "the answer is not valid HTTP"),
    "sends garbage": (answering(bytes(range(256)) * 20), "the answer is not valid HTTP"),
    "sends two lengths": (
        answering(HEAD + b"Content-Length: 1\r\nContent-Length: 2\r\n\r\nok"),
        "the answer is not valid HTTP",
    ),
    "sends chunks that are none": (
        answering(HEAD + b"Transfer-Encoding: chunked\r\n\r\n" + b"0" * 70_000),
        "the answer is not valid HTTP",
    ),
    "sends an odd status": (answering(b"HTTP/1.1 9999 No\r\n\r\n"), "the answer is not valid HTTP"),
}


@pytest.mark.parametrize(("script", "failure"), BROKEN.values(), ids=BROKEN)
def test_broken_answer_is_no_answer_and_not_asked_for_again(script: Script, failure: str) -> None:
    with Receiver(script) as receiver:
        reply = poster().post(url_of(receiver), {}, b"{}")
    assert (reply.status, reply.failure, reply.refused) == (None, failure, False)
    assert receiver.connections == 1


# urllib3 1.26 took the second and the third for whole answers.
BROKEN_CHUNKS = {
    "ends in a chunk": b"8\r\nhalf",
    "a size without an end": b"0" * 70_000,
    "a size without an end after a chunk": b"2\r\nok\r\n" + b"0" * 70_000,
    "ends before its last chunk": b"2\r\nok\r\n",
    "no size": b"ok\r\n",
}


@pytest.mark.parametrize("chunks", BROKEN_CHUNKS.values(), ids=BROKEN_CHUNKS)
def test_broken_chunks_count_as_no_delivery(aws_moto: Any, chunks: bytes) -> None:
    world = WebhookWorld(aws_moto.table_name("CatalogTable"), aws_moto.client("dynamodb"))
    world.hooks.deliverer = replace(world.hooks.deliverer, poster=poster())
    with Receiver(answering(HEAD + b"Transfer-Encoding: chunked\r\n\r\n" + chunks)) as receiver:
        endpoint = world.endpoint(url_of(receiver))
        world.stream(world.happen())
        assert world.deliver_next()
    (delivery,) = world.deliveries(endpoint)
    assert (delivery.state, delivery.tries) == (DeliveryState.PENDING, 1)
    assert delivery.next_attempt_at is not None
    assert delivery.attempts[0].status is None
    assert world.read(endpoint).failures == 1


def test_port_where_nobody_listens_refuses_the_connection() -> None:
    with Receiver(_close) as receiver:
        url = url_of(receiver)
    assert poster().post(url, {}, b"{}").failure == "connection refused"
