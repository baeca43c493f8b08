"""Who may come in at the stack's ports: its own clients, and no page of a browser. Pure.

A page of any origin can have its browser send requests to every port of this machine, and its maker can have a name of
his own lead here, so that the browser takes what answers for the page's own. Such a request names that host, or tells
that origin; and no page knows the access key, which is another at each start.
"""

from __future__ import annotations

import hmac
import re
import secrets
from collections.abc import Iterable
from dataclasses import dataclass, field
from email.message import Message

_LOOPBACK = ("127.0.0.1", "localhost", "[::1]")
# `Bearer KEY`, or `AWS4-HMAC-SHA256 Credential=KEY/20260101/...` as SDKs sign.
_WORDS = re.compile(r"[^\s=,/]+")
_SIGNED = "AWS4-HMAC-SHA256 "
FOREIGN_HOST = "The local stack answers under 127.0.0.1 and localhost only."
FOREIGN_ORIGIN = "The local stack answers no pages of other origins."
KEY_NEEDED = "The request needs the access key of the running stack: python -m local env"


@dataclass(frozen=True)
class AccessKey:
    """The credentials of the emulators: what AWS calls an access key, and its secret."""

    key_id: str
    secret: str = field(repr=False)


def only_value(headers: Message, name: str) -> str | None:
    """Return a header's values as one text, as nobody would write one if there are several."""
    values = headers.get_all(name)
    return None if values is None else "\n".join(map(str, values))


def new_access_key() -> AccessKey:
    """Make the access key of one start."""
    return AccessKey(f"LOCAL{secrets.token_hex(12).upper()}", secrets.token_urlsafe(30))


@dataclass(frozen=True)
class Door:
    """What a request to a port of the stack must show.

    `hosts` are further names of this machine, `front` is the port whose pages are the stack's own.
    """

    key: AccessKey
    front: int
    hosts: tuple[str, ...] = ()

    def knows_host(self, host: str | None, port: int) -> bool:
        """Tell whether a Host header names this machine, and the port that was asked."""
        return host is not None and host.lower() in {f"{name}:{port}" for name in (*_LOOPBACK, *self.hosts)}

    def knows_origin(self, origin: str | None) -> bool:
        """Tell whether a request comes from no page, or from one of the stack's own."""
        return origin is None or origin in {f"http://{name}:{self.front}" for name in _LOOPBACK}

    def knows_key(self, authorization: str | None) -> bool:
        """Tell whether an Authorization header names the access key.

        Beside `sam local` the signature of an SDK is enough: it hands its containers credentials of its own. No page
        sends such a header before the browser has asked, and its asking tells its origin.
        """
        said = authorization or ""
        if self.hosts and said.startswith(_SIGNED):
            return True
        words: Iterable[str] = _WORDS.findall(said)
        return any(hmac.compare_digest(word.encode(), self.key.key_id.encode()) for word in words)

    def refusal(self, port: int, *, host: str | None, origin: str | None) -> str | None:
        """Say why a request may not even be looked at, None if it may."""
        if not self.knows_host(host, port):
            return FOREIGN_HOST
        if not self.knows_origin(origin):
            return FOREIGN_ORIGIN
        return None
