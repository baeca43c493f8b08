"""What may still be done with a key."""

from __future__ import annotations

from collections.abc import Collection

from httpapi.errors import (
    KeyDisabledError,
    KeyExpiredError,
    KeyInactiveError,
    KeyRevokedError,
    KeyRotatedError,
    KeySuspendedError,
    LinkUsedError,
    SessionEndedError,
)
from httpapi.keys.model import Key, KeyStatus

# What a rotation has settled of the key that it replaced.
_SETTLED_BY_ROTATION = frozenset({"rate_limit_per_minute", "expires_at"})


def check_usable(key: Key, now: int) -> None:
    """Only an active key of a tenant that is not suspended is used.

    Raises KeyExpiredError, KeyRevokedError, KeyDisabledError, KeySuspendedError, SessionEndedError, LinkUsedError.
    """
    status = key.status(now)
    if key.session is not None and status is not KeyStatus.ACTIVE:
        raise LinkUsedError if key.is_link else SessionEndedError
    if status is KeyStatus.REVOKED:
        raise KeyRevokedError
    if status is KeyStatus.EXPIRED:
        raise KeyExpiredError
    if status is KeyStatus.DISABLED:
        raise KeyDisabledError
    if key.suspended:
        raise KeySuspendedError


def check_rotatable(key: Key, now: int) -> None:
    """Only an active key is rotated, and once. Raises KeyInactiveError, KeyRotatedError."""
    # First, since a rotation without overlap ends the key, too, and the successor is what helps.
    if key.rotated_to is not None:
        raise KeyRotatedError(key.rotated_to)
    status = key.status(now)
    if status is not KeyStatus.ACTIVE:
        raise KeyInactiveError(status, "rotated")


def check_changeable(key: Key, changes: Collection[str], now: int) -> None:
    """None that ended is changed, and what a rotation has settled stays. Raises KeyInactiveError, KeyRotatedError."""
    status = key.status(now)
    if status not in {KeyStatus.ACTIVE, KeyStatus.DISABLED}:
        raise KeyInactiveError(status, "changed")
    if key.rotated_to is not None and not _SETTLED_BY_ROTATION.isdisjoint(changes):
        raise KeyRotatedError(key.rotated_to, "Change")
