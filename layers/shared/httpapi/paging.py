"""Cursors: a list's position, made opaque, and signed for the list that gave it out. Pure.

A cursor is base64url of 16 bytes of HMAC-SHA256 and the position as canonical JSON. The HMAC covers the tenant, the
list, its path and its filters too, so nobody but this API can write one, and one of another list is refused. Nothing
of a cursor is read before its signature holds: what stands in it is then what this API wrote.
"""

from __future__ import annotations

import base64
import hmac
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

from knowledge.limits import CURSOR_CHARACTERS
from knowledge.pages import Page

from httpapi import strict_json
from httpapi.errors import invalid_field

T = TypeVar("T")

# The alphabet of base64url, without padding.
CURSOR_PATTERN = "^[A-Za-z0-9_-]+$"
_CURSOR = re.compile(rf"[A-Za-z0-9_-]{{1,{CURSOR_CHARACTERS}}}")
_SIGNATURE_BYTES = 16


class SigningKeys(Protocol):
    """The keys of cursors: what is written is signed with the first, what comes back may be signed with any."""

    def current(self) -> bytes:
        """Return the key that cursors are signed with."""
        ...

    def previous(self) -> bytes | None:
        """Return the key that they were signed with before; None if there was none."""
        ...


@dataclass(frozen=True, slots=True)
class Listing:
    """Which list a request pages through: everything but the position that decides what it holds."""

    tenant_id: str
    operation: str
    path_ids: Mapping[str, str]
    filters: Mapping[str, Any]
    keys: SigningKeys

    def cursor(self, position: Any) -> str | None:
        """Write a position as a cursor; None when the list has ended."""
        if position is None:
            return None
        written = strict_json.canonical(position)
        return _encoded(self._sign(self.keys.current(), written) + written)

    def position(self, cursor: str | None) -> Any:
        """Read a cursor back; None stands for the start. Raises ValidationFailedError."""
        if cursor is None:
            return None
        written = self._signed(cursor)
        if written is None:
            raise invalid_field("cursor", "is not a cursor that this list returned")
        return json.loads(written)

    def _signed(self, cursor: str) -> bytes | None:
        """Return what a cursor holds, None unless it is as this list wrote it, to the last bit."""
        if not _CURSOR.fullmatch(cursor):
            return None
        decoded = _decoded(cursor)
        # Spare bits at the end of base64 can differ and decode alike; only the text that was written is ours.
        if decoded is None or len(decoded) <= _SIGNATURE_BYTES or _encoded(decoded) != cursor:
            return None
        signature, written = decoded[:_SIGNATURE_BYTES], decoded[_SIGNATURE_BYTES:]
        for key in (self.keys.current, self.keys.previous):
            secret = key()
            if secret is not None and hmac.compare_digest(self._sign(secret, written), signature):
                return written
        return None

    def render(self, name: str, page: Page[T], render: Callable[[T], dict[str, Any]]) -> dict[str, Any]:
        """Write a page as `{"<name>": [...], "nextCursor": ...}`."""
        return {name: [render(value) for value in page.items], "nextCursor": self.cursor(page.next_position)}

    def _sign(self, key: bytes, written: bytes) -> bytes:
        covered = [self.tenant_id, self.operation, dict(self.path_ids), dict(self.filters)]
        # Canonical JSON has no line feeds, so it is clear where it ends.
        return hmac.digest(key, strict_json.canonical(covered) + b"\n" + written, "sha256")[:_SIGNATURE_BYTES]


def _encoded(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def _decoded(text: str) -> bytes | None:
    # A rest of one character is none that any bytes encode to.
    return None if len(text) % 4 == 1 else base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
