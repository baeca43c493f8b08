"""Identifiers: a typed prefix and a ULID (https://github.com/ulid/spec)."""

from __future__ import annotations

import hashlib
import os
import re
import time
from typing import NamedTuple

_CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_ULID = re.compile(r"[0-7][0-9A-HJKMNP-TV-Z]{25}")


class MadeIds(NamedTuple):
    """The id of what a request creates, and the one that a try of it on the day before made; see `earlier_tries`."""

    id: str
    earlier: str | None


def new_id(prefix: str, at: int | None = None) -> str:
    """Make a fresh id such as `src_01J...`: 48 bits of time (ms since 1970, now unless it is given), 80 random bits."""
    moment = int(time.time() * 1000) if at is None else at
    return f"{prefix}_{encode_ulid(moment << 80 | int.from_bytes(os.urandom(10), 'big'))}"


def derived_id(prefix: str, owner_id: str, idempotency_key: str, day: int) -> str:
    """Make the one id that an idempotency key of this owner stands for on a day (counted from 1970, UTC).

    Of requests the owner is the rotation line of the key that asks, by its id.

    A retry after a crash between the work and its record finds the same id, or that of the day before, so nothing is
    created twice; a client that uses a key again after its 24 hours creates something new. Such an id says nothing
    about time; lists are ordered by an index of their own.
    """
    digest = hashlib.sha256("\0".join((prefix, owner_id, idempotency_key, str(day))).encode()).digest()
    return f"{prefix}_{encode_ulid(int.from_bytes(digest[:16], 'big'))}"


def is_id(prefix: str, text: str) -> bool:
    """Tell whether `text` has the shape of an id with this prefix."""
    return text.startswith(prefix + "_") and _ULID.fullmatch(text, len(prefix) + 1) is not None


def id_pattern(prefix: str) -> str:
    """Write the shape that `is_id` looks for as a pattern of JSON Schema."""
    return f"^{prefix}_{_ULID.pattern}$"


def encode_ulid(value: int) -> str:
    """The 26 characters of a number of 128 bits."""
    return "".join([_CROCKFORD[(value >> shift) & 31] for shift in range(125, -1, -5)])


def decode_ulid(text: str) -> int:
    """The number of 26 characters. Raises ValueError for any other text."""
    if _ULID.fullmatch(text) is None:
        raise ValueError(text)
    value = 0
    for character in text:
        value = value << 5 | _CROCKFORD.index(character)
    return value
