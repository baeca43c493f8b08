"""The frames that the stack and a worker exchange over a socket pair.

A frame is two lengths (4 bytes each, big endian), a JSON header and a body of bytes. Either side learns of the
other's death from the end of the stream, at once, whichever way it died.
"""

from __future__ import annotations

import json
import socket
import struct
from typing import Any

_LENGTHS = struct.Struct(">II")


def send(channel: socket.socket, header: dict[str, Any], body: bytes = b"") -> None:
    """Send one frame."""
    encoded = json.dumps(header).encode()
    channel.sendall(_LENGTHS.pack(len(encoded), len(body)) + encoded + body)


def receive(channel: socket.socket) -> tuple[dict[str, Any], bytes]:
    """Receive one frame; EOFError when the other side is gone."""
    header_length, body_length = _LENGTHS.unpack(_exactly(channel, _LENGTHS.size))
    header: dict[str, Any] = json.loads(_exactly(channel, header_length))
    return header, _exactly(channel, body_length)


def _exactly(channel: socket.socket, size: int) -> bytes:
    received = bytearray()
    while len(received) < size:
        piece = channel.recv(min(size - len(received), 1 << 20))
        if not piece:
            raise EOFError
        received += piece
    return bytes(received)
