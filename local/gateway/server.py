"""The HTTP server in front of the stack; it reads requests and leaves the answers to `Front`."""

from __future__ import annotations

import errno
import json
import uuid
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from urllib.parse import unquote

from local.door import FOREIGN_HOST, FOREIGN_ORIGIN, KEY_NEEDED, Door, only_value
from local.failures import PortTakenError, StartupError
from local.gateway.controls import Controls
from local.gateway.events import Request, Response, http_date
from local.gateway.front import MAX_BODY_BYTES, Front, invoked_function
from local.gateway.hooks import PREFIX, Hooks

# A body that is refused is still read this far, so that its sender sees the answer and not a broken connection.
_DRAIN_BYTES = 64 * 1024 * 1024
_PIECE = 1 << 16


class BodyTooLargeError(Exception):
    """Raised when a body is larger than the gateway takes; what could be read of it was."""


class BrokenBodyError(Exception):
    """Raised when a body ends before it is whole: its sender is gone, and nobody is to act on half of it."""


class Server:
    """Listens on a port of 127.0.0.1; `port` 0 takes a free one."""

    def __init__(self, port: int) -> None:
        try:
            self._server = _HttpServer(("127.0.0.1", port), _Handler)
        except OSError as error:
            if error.errno == errno.EADDRINUSE:
                raise PortTakenError(
                    f"port {port} is taken: stop what listens there, or choose another one "
                    "(PORT=8788 behind `make local` or `make demo`, or --port)"
                ) from error
            raise StartupError(f"cannot listen on port {port}: {error.strerror}") from error
        except OverflowError as error:
            raise StartupError(f"{port} is not a port") from error
        self.port: int = self._server.server_address[1]

    def serve(self, door: Door, front: Front, hooks: Hooks, controls: Controls) -> None:
        """Answer requests from now on, on threads of its own."""
        self._server.door = door
        self._server.front = front
        self._server.hooks = hooks
        self._server.controls = controls
        Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.1}, daemon=True).start()
        self._serving = True

    def close(self) -> None:
        """Stop listening; requests under way are cut off."""
        if getattr(self, "_serving", False):
            self._server.shutdown()
        self._server.server_close()


class _HttpServer(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 128
    door: Door
    front: Front
    hooks: Hooks
    controls: Controls

    def handle_error(self, request: object, client_address: object) -> None:
        """Say nothing: a client that went away is no event."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: _HttpServer

    def log_message(self, *_: object) -> None:
        """Log nothing: functions log what matters."""

    def _handle(self) -> None:
        request_id = str(uuid.uuid4())
        try:
            body = self._read_body()
        except BodyTooLargeError:
            self.close_connection = True
            self._send(self.server.front.refuse("REQUEST_TOO_LARGE", request_id))
        except BrokenBodyError:
            self.close_connection = True
        else:
            self._send(self._answer(request_id, body))

    def _answer(self, request_id: str, body: bytes) -> Response:
        front, door = self.server.front, self.server.door
        path, _, query = self.path.partition("?")
        prefix = f"/{front.stage}"
        if not door.knows_host(only_value(self.headers, "Host"), self.server.server_port):
            return _forbidden(FOREIGN_HOST)
        if path == prefix or path.startswith(prefix + "/"):
            # Whose pages may read its answers the API says itself.
            headers, stage_path = list(self.headers.items()), path.removeprefix(prefix) or "/"
            client = self.client_address[0]
            return front.answer(Request(self.command, stage_path, query, headers, body, client, request_id))
        if not door.knows_origin(only_value(self.headers, "Origin")):
            return _forbidden(FOREIGN_ORIGIN)
        if not door.knows_key(only_value(self.headers, "Authorization")):
            own = path.startswith(PREFIX) or invoked_function(path, unquote) or path == "/"
            return _forbidden(KEY_NEEDED) if own else front.refuse("MISSING_AUTHENTICATION_TOKEN", request_id)
        if function := invoked_function(path, unquote):
            waits = self.headers.get("X-Amz-Invocation-Type") != "Event"
            return front.invoke(function, body, request_id, waits=waits)
        if path.startswith(PREFIX):
            return self.server.hooks.answer(self.command, path, self.headers.get("Content-Type", ""), body)
        answer = self.server.controls.answer(self.command, path, body)
        return answer or front.refuse("MISSING_AUTHENTICATION_TOKEN", request_id)

    def _read_body(self) -> bytes:
        if self.headers.get("Transfer-Encoding", "").lower() == "chunked":
            return self._gather(self._chunks())
        return self._gather(self._pieces(int(self.headers.get("Content-Length") or 0)))

    def _pieces(self, length: int) -> Callable[[], bytes]:
        left = length

        def read() -> bytes:
            nonlocal left
            piece = self._exactly(min(left, _PIECE))
            left -= len(piece)
            return piece

        return read

    def _chunks(self) -> Callable[[], bytes]:
        def read() -> bytes:
            size = int(self._line().partition(b";")[0], 16)
            chunk = self._exactly(size)
            # Behind the last chunk there may be trailers: what is left of them would be taken for the next request.
            while self._line().strip() and not size:
                pass
            return chunk

        return read

    def _exactly(self, size: int) -> bytes:
        piece = self.rfile.read(size)
        if len(piece) < size:
            raise BrokenBodyError
        return piece

    def _line(self) -> bytes:
        line = self.rfile.readline(_PIECE)
        if not line.endswith(b"\n"):
            raise BrokenBodyError
        return line

    def _gather(self, read: Callable[[], bytes]) -> bytes:
        body = bytearray()
        drained = 0
        while piece := read():
            if drained or len(body) + len(piece) > MAX_BODY_BYTES:
                drained += len(body) + len(piece)
                body.clear()
                if drained > _DRAIN_BYTES:
                    break
            else:
                body += piece
        if drained:
            raise BodyTooLargeError
        return bytes(body)

    def _send(self, response: Response) -> None:
        lines = [f"HTTP/1.1 {response.status} {self.responses.get(response.status, ('',))[0]}", f"Date: {http_date()}"]
        lines += [f"{name}: {value}" for name, value in response.headers]
        # Neither has a body; that of a 304 would be the length of what the client has.
        if response.status not in {204, 304}:
            lines.append(f"Content-Length: {len(response.body)}")
        if self.close_connection:
            lines.append("Connection: close")
        head = ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1", errors="replace")
        try:
            self.wfile.write(head if self.command == "HEAD" else head + response.body)
            self.wfile.flush()
        except (TimeoutError, ConnectionError):
            self.close_connection = True

    do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = do_OPTIONS = _handle  # noqa: N815 - http.server names them


def _forbidden(reason: str) -> Response:
    return Response(403, [("Content-Type", "application/json")], json.dumps({"error": reason}).encode())
