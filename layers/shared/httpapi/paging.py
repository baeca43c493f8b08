"""Cursors: a list's position, made opaque and bound to the list that gave it out. Pure.

A cursor is base64url of canonical JSON `[position, check]`. The check covers the tenant, the list, its path and its
filters, so a cursor that was altered, or comes from another list, is refused instead of being half understood. It is
no secret: a position only ever says where in the caller's own list to go on.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from knowledge.limits import CURSOR_CHARACTERS
from knowledge.pages import Page

from httpapi import strict_json
from httpapi.errors import InvalidJsonError, invalid_field

T = TypeVar("T")

# The alphabet of base64url, without padding.
CURSOR_PATTERN = "^[A-Za-z0-9_-]+$"
_CHECK_CHARACTERS = 16


@dataclass(frozen=True, slots=True)
class Listing:
    """Which list a request pages through: everything but the position that decides what it holds."""

    tenant_id: str
    operation: str
    path_ids: Mapping[str, str]
    filters: Mapping[str, Any]

    def cursor(self, position: Any) -> str | None:
        """Write a position as a cursor; None when the list has ended."""
        if position is None:
            return None
        # One pass through JSON makes the checked form the one that is read back: tuples become lists.
        plain = json.loads(strict_json.canonical(position))
        text = strict_json.canonical([plain, self._check(plain)])
        return base64.urlsafe_b64encode(text).decode().rstrip("=")

    def position(self, cursor: str | None) -> Any:
        """Read a cursor back; None stands for the start. Raises ValidationFailedError."""
        if cursor is None:
            return None
        refusal = invalid_field("cursor", "is not a cursor that this list returned")
        if not cursor or len(cursor) > CURSOR_CHARACTERS:
            raise refusal
        try:
            decoded = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True)
            value = strict_json.parse(decoded)
        except (ValueError, binascii.Error, InvalidJsonError):
            raise refusal from None
        if not isinstance(value, list) or len(value) != 2 or value[0] is None or value[1] != self._check(value[0]):
            raise refusal
        # Spare bits at the end of base64 can differ and decode alike; only the text we wrote is ours.
        if self.cursor(value[0]) != cursor:
            raise refusal
        return value[0]

    def render(self, name: str, page: Page[T], render: Callable[[T], dict[str, Any]]) -> dict[str, Any]:
        """Write a page as `{"<name>": [...], "nextCursor": ...}`."""
        return {name: [render(value) for value in page.items], "nextCursor": self.cursor(page.next_position)}

    def _check(self, position: Any) -> str:
        covered = [self.tenant_id, self.operation, dict(self.path_ids), dict(self.filters), position]
        return hashlib.sha256(strict_json.canonical(covered)).hexdigest()[:_CHECK_CHARACTERS]
