"""What is connected to, and when nothing is: the resolver and the connecting call are recorders."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator, Sequence
from contextlib import suppress
from typing import Any

import pytest
from webhooks.sending.posting import Poster, open_connection, resolve_name
from webhooks.sending.replies import Reply
from webhooks.sending.targets import TargetRefusedError

from tests.support.hostile_targets import HOSTILE_URLS, NOT_PUBLIC_ADDRESSES
from tests.support.requirements import DELIVER_WEBHOOK, require_pinned

URL = "https://hooks.example.com/in?x=1"
PUBLIC = "8.8.8.8"
OTHER_PUBLIC = "2606:4700::1111"
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


@pytest.fixture(scope="module", autouse=True)
def _deployed_http_stack() -> None:
    require_pinned("urllib3", DELIVER_WEBHOOK)


class Network:
    """Names that answer as told, one answer a question, and connections that are refused and recorded."""

    def __init__(self, *answers: Sequence[str] | Exception) -> None:
        self.answers = list(answers)
        self.asked: list[tuple[str, int]] = []
        self.connected: list[tuple[str, int]] = []
        self.shares: list[float] = []

    def resolve(self, host: str, port: int) -> list[str]:
        self.asked.append((host, port))
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return list(answer)

    def connect(self, address: str, port: int, timeout_seconds: float) -> socket.socket:
        self.connected.append((address, port))
        self.shares.append(timeout_seconds)
        raise ConnectionRefusedError

    def poster(self, **options: Any) -> Poster:
        return Poster(resolve=self.resolve, connect=self.connect, **options)


def post(poster: Poster, url: str = URL) -> Reply:
    return poster.post(url, {"Content-Type": "application/json"}, b"{}")


@pytest.mark.parametrize(("url", "reason"), HOSTILE_URLS)
def test_hostile_url_is_neither_resolved_nor_connected_to(url: str, reason: str) -> None:
    network = Network()
    reply = post(network.poster(), url)
    assert (reply.status, reply.refused) == (None, True)
    assert reason in (reply.failure or "")
    with pytest.raises(TargetRefusedError, match=r"^[A-Z]"):
        network.poster().check_url(url)
    assert (network.asked, network.connected) == ([], [])


@pytest.mark.parametrize("address", [*NOT_PUBLIC_ADDRESSES, "fe80::1%2", "2606:4700::1111%2", "127.1", "nonsense", ""])
def test_one_address_that_is_not_public_refuses_the_name(address: str) -> None:
    for answer in ([address], [address, PUBLIC], [PUBLIC, OTHER_PUBLIC, "1.1.1.1", "1.0.0.1", address]):
        network = Network(answer, answer)
        reply = post(network.poster())
        assert (reply.status, reply.refused) == (None, True)
        assert reply.failure == "The host must have public addresses only."
        with pytest.raises(TargetRefusedError, match="public addresses only"):
            network.poster().check_url(URL)
        assert network.connected == []


def test_name_that_turns_private_is_refused_at_delivery() -> None:
    network = Network([PUBLIC], ["169.254.169.254"])
    poster = network.poster()
    poster.check_url(URL)
    assert post(poster).refused
    assert len(network.asked) == 2
    assert network.connected == []


def test_address_that_was_judged_is_the_one_connected_to() -> None:
    """A name that answers differently the second time is not asked a second time."""
    network = Network([PUBLIC], ["127.0.0.1"])
    reply = post(network.poster())
    assert (reply.status, reply.failure, reply.refused) == (None, "connection refused", False)
    assert network.asked == [("hooks.example.com", 443)]
    assert network.connected == [(PUBLIC, 443)]


def test_check_connects_to_nothing() -> None:
    network = Network([PUBLIC, OTHER_PUBLIC])
    network.poster().check_url(URL)
    assert network.connected == []


def test_literal_address_is_not_resolved() -> None:
    network = Network()
    network.poster().check_url("https://[2606:4700:0:0::1111]:8443/")
    post(network.poster(), "https://[2606:4700:0:0::1111]:8443/")
    assert (network.asked, network.connected) == ([], [("2606:4700::1111", 8443)])


def test_next_address_is_tried_when_one_refuses() -> None:
    network = Network([PUBLIC, OTHER_PUBLIC, "1.1.1.1", "1.0.0.1"])
    post(network.poster(deadline_seconds=9, monotonic=lambda: 5.0))
    assert [address for address, _ in network.connected] == [PUBLIC, OTHER_PUBLIC, "1.1.1.1"]
    assert network.shares == [3.0, 4.5, 9.0]


@pytest.mark.parametrize("answer", [[], socket.gaierror(socket.EAI_NONAME, "no"), OSError("no resolver")])
def test_name_that_does_not_resolve_is_refused_at_creation_and_may_come_back_later(answer: Any) -> None:
    network = Network(answer, answer)
    with pytest.raises(TargetRefusedError, match="does not resolve"):
        network.poster().check_url(URL)
    reply = post(network.poster())
    assert (reply.status, reply.refused) == (None, False)
    assert reply.failure in {"the name does not resolve", "the request failed"}


def test_resolver_that_hangs_is_left_behind() -> None:
    release = threading.Event()

    def hang(_host: str, _port: int) -> list[str]:
        release.wait(30)
        return [PUBLIC]

    network = Network()
    poster = Poster(resolve=hang, connect=network.connect, deadline_seconds=0.1)
    reply = post(poster)
    with pytest.raises(TargetRefusedError, match="does not resolve"):
        poster.check_url(URL)
    release.set()
    assert (reply.status, reply.failure, reply.refused) == (None, "timed out after 0.1 s", False)
    assert network.connected == []


@pytest.mark.parametrize("address", ["8.8.8.8", "10.0.0.1", "::ffff:127.0.0.1", "169.254.169.254"])
def test_localhost_elsewhere_is_refused_on_a_local_stack(address: str) -> None:
    network = Network(["127.0.0.1", address])
    assert post(network.poster(loopback=True), "http://localhost:4000/").refused
    assert network.connected == []


def test_name_at_loopback_is_refused_on_a_local_stack() -> None:
    network = Network(["127.0.0.1"])
    assert post(network.poster(loopback=True)).refused


class Line:
    """A connection whose other end has answered already."""

    def __init__(self, answer: bytes) -> None:
        self.ours, self.theirs = socket.socketpair()
        self.theirs.sendall(answer)
        self.theirs.shutdown(socket.SHUT_WR)
        self.dialled: list[tuple[str, int]] = []

    def connect(self, address: str, port: int, _timeout_seconds: float) -> socket.socket:
        self.dialled.append((address, port))
        return self.ours

    def request(self) -> bytes:
        self.theirs.settimeout(10)
        data = b""
        with suppress(OSError):
            while piece := self.theirs.recv(65536):
                data += piece
        return data


@pytest.fixture
def line() -> Iterator[Line]:
    line = Line(OK)
    yield line
    line.ours.close()
    line.theirs.close()


def test_request_goes_over_the_one_connection_with_its_own_host(line: Line) -> None:
    poster = Poster(loopback=True, resolve=lambda _host, _port: ["::1", "127.0.0.1"], connect=line.connect)
    body = b"{}" * 20_000
    reply = poster.post("http://localhost:4000/in?x=%20", {"webhook-id": "evt_1", "User-Agent": "us"}, body)
    request = line.request()
    assert (reply.status, reply.snippet, reply.failure, reply.refused) == (200, "ok", None, False)
    assert line.dialled == [("::1", 4000)]
    assert request.startswith(b"POST /in?x=%20 HTTP/1.1\r\n")
    head, _, sent = request.partition(b"\r\n\r\n")
    headers = sorted(line.decode().lower() for line in head.split(b"\r\n")[1:])
    assert headers == [
        "accept-encoding: identity",
        "connection: close",
        f"content-length: {len(body)}",
        "host: localhost:4000",
        "user-agent: us",
        "webhook-id: evt_1",
    ]
    assert sent == body
    assert line.ours.fileno() == -1


def test_name_is_asked_for_as_absolute(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []

    def answer(host: str, port: int, **_: Any) -> list[Any]:
        asked.append(host)
        v4 = (socket.AF_INET, socket.SOCK_STREAM, 6, "", (PUBLIC, port))
        v6 = (socket.AF_INET6, socket.SOCK_STREAM, 6, "", ("fe80::1%2", port, 0, 2))
        return [v4, v6, v4]

    monkeypatch.setattr(socket, "getaddrinfo", answer)
    assert resolve_name("hooks.example.com", 443) == [PUBLIC, "fe80::1%2"]
    resolve_name("localhost", 443)
    assert asked == ["hooks.example.com.", "localhost"]


@pytest.mark.parametrize("address", [PUBLIC, OTHER_PUBLIC])
def test_connection_is_made_without_resolving(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    dialled: list[Any] = []
    monkeypatch.setattr(socket.socket, "connect", lambda _sock, where: dialled.append(where))
    open_connection(address, 443, 5).close()
    assert dialled == [(address, 443)]
