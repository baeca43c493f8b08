"""Posting over TLS: made with the name, at the address that was judged, with a certificate that is good for it."""

from __future__ import annotations

import socket
import ssl
from typing import Any

import pytest
import trustme
from webhooks.sending.posting import Poster, open_connection, verifying_context

from tests.support.receivers import Receiver, Script, answering, dripping, never_read, seconds_of

DEADLINE_SECONDS = 0.5
MANY = 40 * DEADLINE_SECONDS  # what these receivers would go on for, at least
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
HEAD = b"HTTP/1.1 200 OK\r\n"
HOST = "hooks.example.com"
PUBLIC = "8.8.8.8"


class Authority:
    """A certificate authority of the test's own, and what trusts it."""

    def __init__(self) -> None:
        self.ca = trustme.CA()

    def serving(self, *names: str) -> ssl.SSLContext:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.ca.issue_cert(*names).configure_cert(context)
        return context

    def trusting(self) -> ssl.SSLContext:
        context = verifying_context()
        self.ca.configure_trust(context)
        return context


@pytest.fixture(scope="module")
def authority() -> Authority:
    return Authority()


def _public_poster(receiver: Receiver, dialled: list[tuple[str, int]], **options: Any) -> Poster:
    """A poster as in production, but for a wire that ends at the receiver whatever is dialled."""

    def connect(address: str, port: int, timeout_seconds: float) -> socket.socket:
        dialled.append((address, port))
        return open_connection("127.0.0.1", receiver.port, timeout_seconds)

    return Poster(resolve=lambda _host, _port: [PUBLIC], connect=connect, deadline_seconds=10.0, **options)


def test_tls_is_made_with_the_name_at_the_address_that_was_judged(authority: Authority) -> None:
    dialled: list[tuple[str, int]] = []
    with Receiver(answering(OK), authority.serving(HOST)) as receiver:
        sender = _public_poster(receiver, dialled, ssl_context=authority.trusting())
        replies = [sender.post(f"https://{HOST}:8443/in", {}, b"{}") for _ in range(2)]
    assert [(reply.status, reply.snippet, reply.failure) for reply in replies] == [(200, "ok", None)] * 2
    assert dialled == [(PUBLIC, 8443)] * 2
    # Each post has a connection of its own.
    assert receiver.connections == 2
    assert receiver.server_names == [HOST] * 2
    assert all(b"\r\nHost: hooks.example.com:8443\r\n" in request for request in receiver.requests)


def test_certificate_of_an_address_is_good_for_it(authority: Authority) -> None:
    dialled: list[tuple[str, int]] = []
    with Receiver(answering(OK), authority.serving(PUBLIC)) as receiver:
        sender = _public_poster(receiver, dialled, ssl_context=authority.trusting())
        assert sender.post(f"https://{PUBLIC}/", {}, b"{}").status == 200
    assert b"\r\nHost: 8.8.8.8\r\n" in receiver.requests[0]


@pytest.mark.parametrize(
    ("host", "names"),
    [
        (HOST, ("other.example.com",)),
        (HOST, ("example.com", "*.other.example.com")),
        (HOST, (PUBLIC,)),
        ("1.1.1.1", (PUBLIC,)),
        ("1.1.1.1", (HOST,)),
    ],
)
def test_certificate_for_another_host_is_refused(authority: Authority, host: str, names: tuple[str, ...]) -> None:
    with Receiver(answering(OK), authority.serving(*names)) as receiver:
        reply = _public_poster(receiver, [], ssl_context=authority.trusting()).post(f"https://{host}/", {}, b"{}")
    assert (reply.status, reply.failure) == (None, "the certificate is not valid for this host")
    assert receiver.requests == []


def test_certificate_of_an_unknown_authority_is_refused(authority: Authority) -> None:
    with Receiver(answering(OK), authority.serving(HOST)) as receiver:
        reply = _public_poster(receiver, []).post(f"https://{HOST}/", {}, b"{}")
    assert reply.status is None
    assert (reply.failure or "").startswith("the certificate is not trusted: ")
    assert receiver.requests == []


def test_receiver_without_tls_is_refused() -> None:
    def speak_first(connection: socket.socket, receiver: Receiver) -> None:
        receiver.send(connection, OK)
        receiver.read_request(connection)

    with Receiver(speak_first) as receiver:
        reply = _public_poster(receiver, []).post(f"https://{HOST}/", {}, b"{}")
    assert (reply.status, reply.failure) == (None, "no TLS connection could be made")


def test_late_answer_over_tls_is_left_at_the_deadline(authority: Authority) -> None:
    replies = []
    with Receiver(dripping(HEAD, b"X-Name: value\r\n"), authority.serving("127.0.0.1")) as receiver:
        sender = Poster(loopback=True, deadline_seconds=2 * DEADLINE_SECONDS, ssl_context=authority.trusting())
        url = f"https://127.0.0.1:{receiver.port}/"
        seconds = seconds_of(lambda: replies.append(sender.post(url, {}, b"{}")))
    assert replies[0].failure == "timed out after 1 s"
    assert seconds < MANY / 4


def _drip_handshake(connection: socket.socket, receiver: Receiver) -> None:
    receiver.drip(connection, b"\x16\x03\x03\x40\x00\x02\x00\x3f\xfc" + bytes(2000))


@pytest.mark.parametrize("script", [never_read, _drip_handshake])
def test_late_tls_handshake_is_left_at_the_deadline(script: Script) -> None:
    replies = []
    sender = Poster(loopback=True, deadline_seconds=DEADLINE_SECONDS)
    with Receiver(script) as receiver:
        url = f"https://127.0.0.1:{receiver.port}/"
        seconds = seconds_of(lambda: replies.append(sender.post(url, {}, b"{}")))
    assert replies[0].failure == "timed out after 0.5 s"
    assert seconds < MANY / 4
