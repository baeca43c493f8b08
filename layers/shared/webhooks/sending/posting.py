"""The one place that resolves the names of tenants and connects to what they name.

A name is resolved once, every address it has is judged, and one of those is connected to, so that a name that answers
differently the second time gains nothing.
"""

from __future__ import annotations

import logging
import socket
import ssl
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from functools import cached_property
from http.client import HTTPException
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING

from knowledge.limits import RECEIVER_SECONDS
from urllib3.exceptions import HTTPError

from webhooks.errors import TargetRefusedError
from webhooks.sending.bounded_connection import BoundedHttpPool, BoundedHttpsPool, Bounds
from webhooks.sending.replies import AnswerTooLongError, Reply, failure_of, retry_after_seconds, snippet_of
from webhooks.sending.targets import Target, read_target

if TYPE_CHECKING:
    from urllib3 import BaseHTTPResponse, HTTPConnectionPool

HEAD_BYTES = 65_536
BODY_BYTES = 65_536
_READ_BYTES = 1024
_ADDRESSES_TRIED = 3

Resolve = Callable[[str, int], list[str]]
"""Gives every address of a name, IPv4 and IPv6; raises OSError when there is none."""

Connect = Callable[[str, int, float], socket.socket]
"""Opens a TCP connection to an address and port within so many seconds."""


def _quotes_no_url(record: logging.LogRecord) -> bool:
    return not str(record.msg).startswith("Failed to parse headers")


# urllib3 warns of headers that it can't read and quotes the URL, in which tenants may keep secrets.
for _name in ("urllib3.connection", "urllib3.connectionpool"):
    logging.getLogger(_name).addFilter(_quotes_no_url)


def resolve_name(host: str, port: int) -> list[str]:
    """Ask the system for every address of a name."""
    # With its dot the name is absolute: no search domain of this machine is tried on it.
    name = f"{host}." if "." in host else host
    found = socket.getaddrinfo(name, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


def open_connection(address: str, port: int, timeout_seconds: float) -> socket.socket:
    """Connect to an address as it is, without any resolving. Raises OSError."""
    sock = socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET, socket.SOCK_STREAM)
    try:
        sock.settimeout(timeout_seconds)
        sock.connect((address, port))
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    except BaseException:
        sock.close()
        raise
    return sock


def verifying_context() -> ssl.SSLContext:
    """Make a context that trusts the system's authorities.

    It leaves the host to urllib3, which compares it with the certificate (`assert_hostname`): on its own the context
    would compare the address that the connection is to.
    """
    context = ssl.create_default_context()
    context.check_hostname = False
    context.hostname_checks_common_name = False
    return context


class Poster:
    """Posts to targets, and checks them beforehand.

    `loopback` also allows this machine itself, for a local stack. `deadline_seconds` is for all of a post: resolving,
    connecting, TLS, sending and reading.
    """

    def __init__(
        self,
        *,
        loopback: bool = False,
        resolve: Resolve = resolve_name,
        connect: Connect = open_connection,
        monotonic: Callable[[], float] = time.monotonic,
        now: Callable[[], float] = time.time,
        deadline_seconds: float = RECEIVER_SECONDS,
        ssl_context: ssl.SSLContext | None = None,
    ) -> None:
        self._loopback = loopback
        self._resolve = resolve
        self._connect = connect
        self._monotonic = monotonic
        self._now = now
        self._deadline_seconds = deadline_seconds
        self._given_context = ssl_context

    def check_url(self, url: str) -> None:
        """Check that a URL may be called now: nothing is sent. Raises TargetRefusedError."""
        target = read_target(url, loopback=self._loopback)
        try:
            self._judged_addresses(target, self._bounds())
        except OSError:
            raise TargetRefusedError("The host's name does not resolve.") from None

    def post(self, url: str, headers: Mapping[str, str], body: bytes) -> Reply:
        """Post once, without following redirects. Whatever the target does is told in the reply."""
        started = self._monotonic()
        bounds = self._bounds()
        status, content, wait, failure, refused = None, bytearray(), None, None, False
        try:
            target = read_target(url, loopback=self._loopback)
            address, opened = self._open(target, self._judged_addresses(target, bounds), bounds)
            response = _send(self._pool(target, address, opened, bounds), target, headers, body)
            try:
                _read(response, content, bounds)
            finally:
                response.close()
            status = response.status
            wait = retry_after_seconds(response.headers.get("Retry-After"), self._now())
        except TargetRefusedError as refusal:
            failure, refused = refusal.reason, True
        except (HTTPError, HTTPException, OSError, ValueError) as error:
            failure = failure_of(error, self._deadline_seconds)
        latency_ms = round(1000 * (self._monotonic() - started))
        return Reply(status, latency_ms, snippet_of(bytes(content)), wait, failure, refused)

    def _bounds(self) -> Bounds:
        return Bounds(self._monotonic() + self._deadline_seconds, self._monotonic)

    def _judged_addresses(self, target: Target, bounds: Bounds) -> list[str]:
        """Find the addresses of a target, all of which it may have. Raises TargetRefusedError and OSError."""
        if target.address is not None:
            return [str(target.address)]
        addresses = self._resolve_within(target, bounds.left_seconds())
        if not addresses:
            raise socket.gaierror(socket.EAI_NONAME, "no address")
        if not all(map(target.may_be_at, addresses)):
            raise TargetRefusedError("The host must have public addresses only.")
        return addresses

    def _resolve_within(self, target: Target, seconds: float) -> list[str]:
        """Resolve on a thread that is left behind when it takes too long: the system's resolver can't be stopped."""
        outcome: SimpleQueue[list[str] | Exception] = SimpleQueue()

        def resolve() -> None:
            try:
                outcome.put(self._resolve(target.host, target.port))
            except Exception as error:
                outcome.put(error)

        threading.Thread(target=resolve, name="resolve", daemon=True).start()
        try:
            found = outcome.get(timeout=seconds)
        except Empty:
            raise TimeoutError("the name took too long to resolve") from None
        if isinstance(found, Exception):
            raise found
        return found

    def _open(self, target: Target, addresses: list[str], bounds: Bounds) -> tuple[str, socket.socket]:
        """Connect to the first address that lets us; each may take its share of the time that is left."""
        tried = addresses[:_ADDRESSES_TRIED]
        for index, address in enumerate(tried[:-1]):
            with suppress(OSError):
                share = bounds.left_seconds() / (len(tried) - index)
                return address, self._connect(address, target.port, share)
        return tried[-1], self._connect(tried[-1], target.port, bounds.left_seconds())

    def _pool(self, target: Target, address: str, opened: socket.socket, bounds: Bounds) -> HTTPConnectionPool:
        bounds.allow(HEAD_BYTES)
        if target.scheme == "http":
            return BoundedHttpPool(address, target.port, opened=opened, bounds=bounds)
        return BoundedHttpsPool(
            address,
            target.port,
            opened=opened,
            bounds=bounds,
            cert_reqs="CERT_REQUIRED",
            ssl_context=self._context,
            server_hostname=target.host,
            assert_hostname=target.host,
        )

    @cached_property
    def _context(self) -> ssl.SSLContext:
        return self._given_context or verifying_context()


def _send(pool: HTTPConnectionPool, target: Target, headers: Mapping[str, str], body: bytes) -> BaseHTTPResponse:
    """Send the request and read the head of its answer; urllib3 closes the connection when that fails."""
    return pool.urlopen(
        "POST",
        target.path,
        body=body,
        headers={**headers, "Host": target.authority, "Connection": "close"},
        retries=False,
        redirect=False,
        assert_same_host=False,
        preload_content=False,
        decode_content=False,
        enforce_content_length=True,
    )


def _read(response: BaseHTTPResponse, content: bytearray, bounds: Bounds) -> None:
    """Read a body into `content` to its end or to 64 KB. Raises HTTPError when it ends before its length."""
    bounds.allow(BODY_BYTES)
    try:
        for piece in response.stream(_READ_BYTES, decode_content=False):
            content += piece
            if len(content) >= BODY_BYTES:
                return
    except HTTPError as error:
        # The pieces of a chunked body weigh more than what is in them.
        if not any(isinstance(cause, AnswerTooLongError) for cause in error.args):
            raise
