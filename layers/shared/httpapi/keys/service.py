"""What an administrator does with keys, and how a tenant gets its first one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
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
    LastAdminKeyError,
    invalid_field,
)
from httpapi.keys import tokens
from httpapi.keys.ledger import FiguresRefusedError, IdTakenError, KeyChangedError, KeyLedger, Told
from httpapi.keys.model import ALL_SCOPES, Key, KeySpec, KeyStatus
from httpapi.keys.notices import all_notices, expiry_notices
from httpapi.keys.rows import settings_told
from httpapi.keys.store import KeyStore

FIRST_KEY_NAME = "admin"
# How often a change is decided anew because its key was changed meanwhile. A key only ever goes on to its end, so it
# runs out of changes before this.
_TRIES = 5


@dataclass(frozen=True, slots=True)
class Creation:
    """The request a key is made by: the id that follows from its Idempotency-Key, and a hash of all of it."""

    key_id: str
    token: str


@dataclass(frozen=True, slots=True)
class IssuedKey:
    """A key with its text, which is shown once and never stored."""

    key: Key
    token: tokens.Token


@dataclass(frozen=True, slots=True)
class Rotation:
    """A new key, and the old one as it is now."""

    issued: IssuedKey
    previous: Key


class KeyService:
    """Makes, lists, reads, rotates and revokes the keys of a tenant."""

    def __init__(self, store: KeyStore, ledger: KeyLedger, clock: Callable[[], int]) -> None:
        self._store = store
        self._ledger = ledger
        self._clock = clock

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
            issued = _issue(tenant_id, spec, key_id, now, by=by)
            event = _event(KEY_CREATED, issued.key, now, {"keyId": key_id})
            recorded = _recorded(AuditKind.KEY_CREATED, issued.key, now, by)
            told = Told(event, recorded, given=expiry_notices(issued.key, now))
            try:
                self._with_room_for(issued.key, partial(self._ledger.create_key, issued.key, token, told))
            except IdTakenError:
                found = self._reissue(issued, attempt, now) if attempt else None
                if found:
                    return found
                attempt = None  # The id belongs to an older request, so this one makes a key of its own.
            except FiguresRefusedError as error:
                raise invalid_field("rateLimitPerMinute", f"{self._sum_rule}: revoke a key, or ask for less") from error
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

        The new key is like the old one, and lives as long as that was made for. A retry that comes after a crash finds
        what its first attempt made, as `create` does.

        Raises KeyNotFoundError, KeyInactiveError, KeyRotatedError, ValidationFailedError (both keys together would
        bring the tenant's limits over their sum).
        """
        attempt = creation
        for _ in range(_TRIES):
            now = self._clock()
            old = self.get_key(tenant_id, old_id)
            key_id, token = (attempt.key_id, attempt.token) if attempt else (tokens.new_key_id(), None)
            spec = replace(old.spec, expires_at=old.successor_expiry(now))
            issued = _issue(tenant_id, spec, key_id, now, line=old.line_id, by=by)
            if attempt and old.rotated_to == attempt.key_id:
                found = self._reissue(issued, attempt, now)
                if found:
                    return Rotation(found, old)
            _check_rotatable(old, now)
            ends = min(now + overlap_ms, old.spec.expires_at or now + overlap_ms)
            event = _event(KEY_ROTATED, old, now, {"keyId": issued.key.key_id, "previousKeyId": old.key_id})
            after = {"newKeyId": key_id, "expiresAt": timestamp(ends)}
            recorded = _recorded(AuditKind.KEY_ROTATED, old, now, by, after)
            told = Told(event, recorded, expiry_notices(issued.key, now), all_notices(old))
            try:
                self._with_room_for(issued.key, partial(self._ledger.rotate_key, old, issued.key, token, ends, told))
            except KeyChangedError:
                continue
            except IdTakenError:
                attempt = None  # The id belongs to an older request.
            except FiguresRefusedError as error:
                message = f"{self._sum_rule}, and both keys count while both work: take 0, or revoke a key first"
                raise invalid_field("overlapSeconds", message) from error
            else:
                return Rotation(issued, self.get_key(tenant_id, old.key_id))
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
            try:
                event = _event(KEY_REVOKED, key, now, {"keyId": key.key_id})
                recorded = _recorded(AuditKind.KEY_REVOKED, key, now, by, {})
                self._ledger.revoke_key(key, now, Told(event, recorded, taken_back=all_notices(key)))
            except FiguresRefusedError as error:
                raise LastAdminKeyError from error
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
        issued = _issue(tenant, KeySpec(name=FIRST_KEY_NAME, scopes=ALL_SCOPES), tokens.new_key_id(), now)
        self._ledger.create_key(issued.key, None, bounded=False)
        return issued

    def _reissue(self, issued: IssuedKey, attempt: Creation, now: int) -> IssuedKey | None:
        """Give the key that an earlier attempt of this request made a secret that is known; None if it made none."""
        if not self._store.replace_secret(issued.key, attempt.token, now - RETRY_KNOWN_MS):
            return None
        return IssuedKey(self.get_key(issued.key.tenant_id, attempt.key_id), issued.token)

    def _with_room_for(self, key: Key, write: Callable[[], None]) -> None:
        """Write a new key; while the tenant's sum has no room for it, take expired keys out of the sum first."""
        for _ in range(_TRIES):
            try:
                write()
            except FiguresRefusedError:
                if not self._free(key.tenant_id, key.spec.rate_limit_per_minute):
                    raise
            else:
                return
        raise ServiceUnavailableError

    def _free(self, tenant_id: str, wanted: int) -> bool:
        """Take as many expired keys out of the sum as are needed; False if there is none left."""
        freed = 0
        found = False
        for expired in self._store.expired_and_counted(tenant_id, self._clock()):
            found = True
            if self._ledger.release_key(expired):
                freed += expired.spec.rate_limit_per_minute
            if freed >= wanted:
                break
        return found

    @property
    def _sum_rule(self) -> str:
        return f"the limits of all live keys may add up to {self._ledger.tenant_limit} a minute"


def _check_rotatable(key: Key, now: int) -> None:
    status = key.status(now)
    if status is not KeyStatus.ACTIVE:
        raise KeyInactiveError(status)
    if key.rotated_to is not None:
        raise KeyRotatedError(key.rotated_to)


def _event(event_type: str, key: Key, now: int, data: dict[str, str]) -> Event:
    return Event(new_id("evt"), event_type, key.tenant_id, None, now, data)


def _recorded(
    kind: AuditKind, key: Key, now: int, by: Actor | None, after: dict[str, Any] | None = None
) -> AuditEntry | None:
    """Write a change of a key down, with all its settings unless `after` says what there is to tell."""
    if by is None:
        return None
    told = settings_told(key.spec) if after is None else after
    return AuditEntry(key.tenant_id, now, kind, by, {"keyId": key.key_id}, after=told or None)


def _issue(
    tenant_id: str, spec: KeySpec, key_id: str, now: int, *, line: str | None = None, by: Actor | None = None
) -> IssuedKey:
    token = tokens.mint(spec.environment, key_id)
    author = None if by is None else by.author
    key = Key(key_id, tenant_id, spec, token.hash(), created_at=now, line=line, created_by=author)
    return IssuedKey(key, token)
