"""Proxies and certificates of the environment, over real connections."""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, HTTPServer, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
import trustme
from knowledge_client import KnowledgeClient, NoAnswerError

KEY = "sk_test_of_the_network"
VARIABLES = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY", "SSL_CERT_FILE", "SSL_CERT_DIR")


class Handler(BaseHTTPRequestHandler):
    seen: list[tuple[str, str | None]]

    def do_GET(self) -> None:
        self.seen.append((self.path, self.headers["Authorization"]))
        body = b'{"tenantId": "ten_1", "key": {}}'
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


class Tunnel(Handler):
    """A proxy that leads every tunnel to one port, whatever name was asked for."""

    asked: list[str]
    port: int

    def do_CONNECT(self) -> None:
        self.asked.append(self.path)
        self.send_response(200)
        self.end_headers()
        with socket.create_connection(("127.0.0.1", self.port)) as behind:
            back = threading.Thread(target=_copy, args=(behind, self.connection))
            back.start()
            _copy(self.connection, behind)
            back.join()
        self.close_connection = True


def _copy(source: socket.socket, target: socket.socket) -> None:
    with suppress(OSError):
        while some := source.recv(65_536):
            target.sendall(some)
        target.shutdown(socket.SHUT_WR)


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[HTTPServer]:
    for name in VARIABLES:
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)
    Handler.seen = []
    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        yield server
        server.shutdown()


def speak_tls(server: HTTPServer, *names: str) -> trustme.CA:
    """Have a server speak TLS under some names; returns who vouches for it."""
    authority = trustme.CA()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(*names).configure_cert(context)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    return authority


def test_proxy_of_the_environment_is_used(server: HTTPServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", f"http://127.0.0.1:{server.server_port}")
    with KnowledgeClient("http://host.example", KEY) as client:
        assert client.who_am_i()["tenantId"] == "ten_1"
    assert Handler.seen == [("http://host.example/api/v1/whoami", f"Bearer {KEY}")]


def test_https_goes_through_a_tunnel_of_the_proxy_unless_the_host_is_excepted(
    server: HTTPServer, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    authority = speak_tls(server, "host.example", "localhost")
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "ca.pem"))
    Tunnel.asked, Tunnel.port = [], server.server_port
    with ThreadingHTTPServer(("127.0.0.1", 0), Tunnel) as proxy:
        threading.Thread(target=proxy.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        monkeypatch.setenv("HTTPS_PROXY", f"http://127.0.0.1:{proxy.server_port}")
        monkeypatch.setenv("NO_PROXY", "localhost")
        for address in ("https://host.example", f"https://localhost:{server.server_port}"):
            with KnowledgeClient(address, KEY) as client:
                assert client.who_am_i()["tenantId"] == "ten_1"
        proxy.shutdown()
    # The proxy is told the host, and no more of what is asked.
    assert Tunnel.asked == ["host.example:443"]
    assert Handler.seen == [("/api/v1/whoami", f"Bearer {KEY}")] * 2


def test_certificate_of_the_environment_is_trusted(
    server: HTTPServer, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    authority = speak_tls(server, "localhost")
    address = f"https://localhost:{server.server_port}"
    client = KnowledgeClient(address, KEY, sleep=pytest.fail)
    with client, pytest.raises(NoAnswerError, match="SSL_CERT_FILE") as refused:
        client.who_am_i()
    assert refused.value.code == "untrusted_certificate"
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "ca.pem"))
    with KnowledgeClient(address, KEY) as client:
        assert client.who_am_i()["tenantId"] == "ten_1"
