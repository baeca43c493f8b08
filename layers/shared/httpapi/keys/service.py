"""What an administrator does with keys, and how a tenant gets its first one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from knowledge.actors import Actor
from knowledge.audit import AuditEntry, AuditKind
from knowledge.errors import ServiceUnavailableError
from knowledge.events import KEY_CREATED, KEY_REVOKED, KEY_ROTATED, Event
from knowledge.ids import new_id
from knowledge.limits import RETRY_KNOWN_MS
from knowledge.pages import Page
from knowledge.times import timestamp

from httpapi.errors import (
    KeyInactiveError,
    KeyNotFoundError,
    KeyRotatedError,
)
from httpapi.keys import tokens
from httpapi.keys.issuing import Creation, IssuedKey, Rotation, issue_key
from httpapi.keys.ledger import IdTakenError, KeyChangedError, KeyLedger, KeyWrite, Told
from httpapi.keys.model import ALL_SCOPES, Key, KeySpec, KeyStatus
from httpapi.keys.notices import all_notices, expiry_notices
from httpapi.keys.rows import settings_told
from httpapi.keys.shares import end_share, hand_share_on
from httpapi.keys.store import KeyStore
from httpapi.keys.writing import KeyWriter

FIRST_KEY_NAME = "admin"
# How often a change is decided anew because its key was changed meanwhile. A key only ever goes on to its end, so it
# runs out of changes before this.
_TRIES = 5


class KeyService:
    """Makes, lists, reads, rotates and revokes the keys of a tenant."""

    def __init__(self, store: KeyStore, ledger: KeyLedger, clock: Callable[[], int]) -> None:
        self._store = store
        self._ledger = ledger
        self._clock = clock
        self._writer = KeyWriter(store, ledger, clock)

    def create_key(
        self, tenant_id: str, spec: KeySpec, creation: Creation | None = None, *, by: Actor | None = None
    ) -> IssuedKey:
        """Make a key.

        A retry whose first attempt crashed after the key was stored finds that key under the id derived from its
        Idempotency-Key. Nobody ever saw its secret, so it gets a new one instead of a second key being made.

        Raises TenantNotFoundError, ValidationFailedError (the tenant's limits would add up to too much).
        """
        now = self._clock()
        attempt = creation
        while True:
            key_id, token = (attempt.key_id, attempt.token) if attempt else (tokens.new_key_id(), None)
            issued = issue_key(tenant_id, spec, key_id, now, by=by)
            event = _event(KEY_CREATED, issued.key, now, {"keyId": key_id})
            recorded = _recorded(AuditKind.KEY_CREATED, issued.key, now, by, after=settings_told(spec))
            told = Told(event, recorded, given=expiry_notices(issued.key, now))
            try:
                self._writer.write(KeyWrite(made=issued.key, creation_token=token, told=told))
            except IdTakenError:
                found = self._reissue(issued, attempt, now) if attempt else None
                if found:
                    return found
                attempt = None  # The id belongs to an older request, so this one makes a key of its own.
            else:
                return issued

    def rotate_key(
        self,
        tenant_id: str,
        old_id: str,
        overlap_ms: int,
        creation: Creation | None = None,
        *,
        by: Actor | None = None,
    ) -> Rotation:
        """Replace a key by a new one with another secret; the old one works for so much longer, if it would have.

        The new key is like the old one, and lives as long as that was made for. It takes the old one's place in the
        tenant's sum, so it needs no room. A retry that comes after a crash finds what its first attempt made, as
        `create` does.

        Raises KeyNotFoundError, KeyInactiveError, KeyRotatedError, KeySuspendedError.
        """
        attempt = creation
        for _ in range(_TRIES):
            now = self._clock()
            old = self.get_key(tenant_id, old_id)
            key_id, token = (attempt.key_id, attempt.token) if attempt else (tokens.new_key_id(), None)
            spec = replace(old.spec, expires_at=old.successor_expiry(now))
            issued = issue_key(tenant_id, spec, key_id, now, replaces=old, by=by)
            if attempt and old.rotated_to == attempt.key_id:
                found = self._reissue(issued, attempt, now)
                if found:
                    return Rotation(found, old)
            _check_rotatable(old, now)
            ends = min(now + overlap_ms, old.spec.expires_at or now + overlap_ms)
            replaced = replace(old, rotated_to=key_id, spec=replace(old.spec, expires_at=ends))
            previous, new = hand_share_on(replaced, issued.key)
            event = _event(KEY_ROTATED, old, now, {"keyId": key_id, "previousKeyId": old.key_id})
            after = {"newKeyId": key_id, "expiresAt": timestamp(ends)}
            recorded = _recorded(AuditKind.KEY_ROTATED, old, now, by, after=after)
            told = Told(event, recorded, expiry_notices(new, now), all_notices(old))
            try:
                self._ledger.write(KeyWrite(((old, previous),), new, token, told))
            except KeyChangedError:
                continue
            except IdTakenError:
                attempt = None  # The id belongs to an older request.
            else:
                return Rotation(IssuedKey(new, issued.token), self.get_key(tenant_id, old.key_id))
        raise ServiceUnavailableError

    def get_key(self, tenant_id: str, key_id: str) -> Key:
        """Read one key. Raises KeyNotFoundError, also for another tenant's key."""
        key = self._store.find_key(key_id) if tokens.is_key_id(key_id) else None
        if key is None or key.tenant_id != tenant_id:
            raise KeyNotFoundError
        return key

    def list_keys(self, tenant_id: str, *, limit: int, position: Any) -> Page[Key]:
        """Read a page of the tenant's keys, oldest first, revoked and expired ones included."""
        return self._store.list_keys(tenant_id, limit=limit, position=position)

    def revoke_key(self, tenant_id: str, key_id: str, *, by: Actor | None = None) -> Key:
        """Revoke a key; the next request with it is refused. Revoking twice changes nothing.

        Raises KeyNotFoundError, LastAdminKeyError.
        """
        for _ in range(_TRIES):
            key = self.get_key(tenant_id, key_id)
            if key.revoked_at is not None:
                return key
            now = self._clock()
            revoked = replace(key, revoked_at=now)
            changes = end_share(revoked, self._heir(key, now), now)
            event = _event(KEY_REVOKED, key, now, {"keyId": key.key_id})
            told = Told(event, _recorded(AuditKind.KEY_REVOKED, key, now, by), taken_back=all_notices(key))
            try:
                self._ledger.write(KeyWrite(((key, changes[0][1]), *changes[1:]), told=told))
            except KeyChangedError:
                continue
        raise ServiceUnavailableError

    def bootstrap_tenant(self, *, tenant_id: str | None, name: str) -> IssuedKey:
        """Set up a tenant, unless it is there, and make it an admin key with every scope.

        An existing tenant keeps everything and gets one more admin key, even over its sum: it is how an operator lets
        a tenant back in, which cannot make room itself.
        """
        tenant = tenant_id or new_id("ten")
        now = self._clock()
        self._ledger.put_tenant(tenant, name, now)
        issued = issue_key(tenant, KeySpec(name=FIRST_KEY_NAME, scopes=ALL_SCOPES), tokens.new_key_id(), now)
        self._ledger.write(KeyWrite(made=issued.key, bounded=False))
        return issued

    def _heir(self, key: Key, now: int) -> Key | None:
        """Find the nearest key before one in its line that may still be used: there can be one while they overlap."""
        before: Key | None = key
        while before is not None and before.rotated_from is not None and (before.overlap_until or 0) > now:
            before = self._store.find_key(before.rotated_from)
            if before is not None and before.status(now) in {KeyStatus.ACTIVE, KeyStatus.DISABLED}:
                return before
        return None

    def _reissue(self, issued: IssuedKey, attempt: Creation, now: int) -> IssuedKey | None:
        """Give the key that an earlier attempt of this request made a secret that is known; None if it made none."""
        if not self._store.replace_secret(issued.key, attempt.token, now - RETRY_KNOWN_MS):
            return None
        return IssuedKey(self.get_key(issued.key.tenant_id, attempt.key_id), issued.token)


def _check_rotatable(key: Key, now: int) -> None:
    status = key.status(now)
    if status is not KeyStatus.ACTIVE:
        raise KeyInactiveError(status)
    if key.rotated_to is not None:
        raise KeyRotatedError(key.rotated_to)


def _event(event_type: str, key: Key, now: int, data: dict[str, str]) -> Event:
    return Event(new_id("evt"), event_type, key.tenant_id, None, now, data)


def _recorded(kind: AuditKind, key: Key, now: int, by: Actor | None, **settings: Any) -> AuditEntry | None:
    """Write a change of a key down, with what is told of its settings."""
    return None if by is None else AuditEntry(key.tenant_id, now, kind, by, {"keyId": key.key_id}, **settings)
