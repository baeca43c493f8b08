"""What an administrator does with keys, and how a tenant gets its first one."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import replace
from typing import Any

from knowledge.actors import Actor
from knowledge.environments import Environment
from knowledge.errors import ServiceUnavailableError
from knowledge.ids import new_id
from knowledge.limits import RETRY_KNOWN_MS
from knowledge.pages import Page
from knowledge.storage.clients import Fanout

from httpapi.errors import InvalidKeyError, KeyNotFoundError, ValidationFailedError
from httpapi.keys import tokens
from httpapi.keys.browser import check_kind
from httpapi.keys.issuing import Creation, IssuedKey, Rotation, issue_key
from httpapi.keys.ledger import IdTakenError, KeyChangedError, KeyLedger, KeyWrite
from httpapi.keys.model import Key, KeySpec, KeyStatus
from httpapi.keys.rules import check_changeable, check_rotatable
from httpapi.keys.scopes import ALL_SCOPES
from httpapi.keys.sessions import with_its_sessions
from httpapi.keys.shares import change_share, end_share, hand_share_on
from httpapi.keys.store import KeyStore
from httpapi.keys.telling import tell_change, tell_creation, tell_revocation, tell_rotation
from httpapi.keys.writing import KeyWriter

FIRST_KEY_NAME = "admin"
# How often a change is decided anew because its key was changed meanwhile.
_TRIES = 5

EnvironmentOf = Callable[[str, str], Environment | None]


class KeyService:
    """Makes, lists, reads, changes, rotates and revokes the keys of a tenant.

    Whoever is limited to sources names them as `within`, and finds no key that reaches further.
    """

    def __init__(
        self, store: KeyStore, ledger: KeyLedger, clock: Callable[[], int], environment_of: EnvironmentOf
    ) -> None:
        """Bind it; `environment_of` tells of a tenant's source in which environment it is, None if there is none."""
        self._store = store
        self._environment_of = environment_of
        self._ledger = ledger
        self._clock = clock
        self._writer = KeyWriter(store, ledger, clock)

    def create_key(
        self, tenant_id: str, spec: KeySpec, creation: Creation | None = None, *, by: Actor | None = None
    ) -> IssuedKey:
        """Make a key.

        A retry whose first attempt crashed after the key was stored finds that key under the id derived from its
        Idempotency-Key. Nobody ever saw its secret, so it gets a new one instead of a second key being made.

        Raises TenantNotFoundError, ValidationFailedError (what no key of its kind may be; the tenant's limits would add
        up to too much).
        """
        check_kind(spec)
        now = self._clock()
        attempt = creation
        while True:
            key_id, token = (attempt.key_id, attempt.token) if attempt else (tokens.new_key_id(), None)
            issued = issue_key(tenant_id, spec, key_id, now, by=by)
            told = tell_creation(issued.key, now, by)
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
            check_rotatable(old, now)
            ends = min(now + overlap_ms, old.spec.expires_at or now + overlap_ms)
            replaced = replace(old, rotated_to=key_id, spec=replace(old.spec, expires_at=ends))
            replaced = with_its_sessions(old, replaced, now)
            previous, new = hand_share_on(replaced, issued.key)
            told = tell_rotation(previous, new, old, now, by)
            try:
                self._ledger.write(KeyWrite(((old, previous),), new, creation_token=token, told=told))
            except KeyChangedError:
                continue
            except IdTakenError:
                attempt = None  # The id belongs to an older request.
            else:
                return Rotation(IssuedKey(new, issued.token), self.get_key(tenant_id, old.key_id))
        raise ServiceUnavailableError

    def update_key(
        self,
        tenant_id: str,
        key_id: str,
        changes: Mapping[str, Any],
        *,
        enabled: bool | None = None,
        within: Collection[str] | None = None,
        by: Actor | None = None,
    ) -> Key:
        """Change what `changes` names of a key's `KeySpec`, and whether it is enabled; the next request obeys it.

        Raises KeyNotFoundError, KeyInactiveError, KeyRotatedError, LastAdminKeyError, ValidationFailedError (a source
        that is not there; what no key of its kind may be; the tenant's limits would add up to too much).
        """
        for _ in range(_TRIES):
            now = self._clock()
            before = self.get_key(tenant_id, key_id, within=within)
            check_changeable(before, changes.keys(), now)
            disabled_at = before.disabled_at if enabled is None else None if enabled else before.disabled_at or now
            after = replace(before, spec=replace(before.spec, **changes), disabled_at=disabled_at)
            if after == before:
                return before
            check_kind(after.spec)
            if "source_ids" in changes:
                self.check_sources(tenant_id, after.spec)
            after = with_its_sessions(before, change_share(before, after, now), now)
            try:
                self._writer.write(KeyWrite(((before, after),), told=tell_change(before, after, now, by)))
            except KeyChangedError:
                continue
            return after
        raise ServiceUnavailableError

    def check_sources(self, tenant_id: str, spec: KeySpec) -> None:
        """Raises ValidationFailedError that names each source of a key that is not there, or not where it is."""
        named = spec.source_ids or ()
        found = Fanout().map(lambda source_id: self._environment_of(tenant_id, source_id), named)
        unknown = [source_id for source_id, where in zip(named, found, strict=True) if where is not spec.environment]
        if unknown:
            message = f"no source of yours that a {spec.environment} key reaches is"
            raise ValidationFailedError([{"path": "sourceIds", "message": f"{message} {each}"} for each in unknown])

    def get_key(self, tenant_id: str, key_id: str, *, within: Collection[str] | None = None) -> Key:
        """Read one key. Raises KeyNotFoundError, also for another tenant's key."""
        key = self._store.find_key(key_id) if tokens.is_key_id(key_id) else None
        if key is None or key.tenant_id != tenant_id or not key.is_within(within):
            raise KeyNotFoundError
        return key

    def identify_key(self, tenant_id: str, secret: str, *, within: Collection[str] | None = None) -> Key:
        """Find the key of the tenant whose whole text this is, whatever became of it. Raises KeyNotFoundError."""
        try:
            token = tokens.parse(secret.strip())
        except InvalidKeyError as error:
            raise KeyNotFoundError from error
        key = self.get_key(tenant_id, token.key_id, within=within)
        if not token.matches(key.secret_hash):
            raise KeyNotFoundError
        return key

    def list_keys(self, tenant_id: str, *, limit: int, position: Any, keep: Callable[[Key], bool]) -> Page[Key]:
        """Read a page of those of a tenant's keys that `keep` lets through, oldest first, also those that ended."""
        return self._store.list_keys(tenant_id, limit=limit, position=position, keep=keep)

    def revoke_key(
        self, tenant_id: str, key_id: str, *, within: Collection[str] | None = None, by: Actor | None = None
    ) -> Key:
        """Revoke a key; the next request with it is refused. Revoking twice changes nothing.

        Raises KeyNotFoundError, LastAdminKeyError.
        """
        for _ in range(_TRIES):
            key = self.get_key(tenant_id, key_id, within=within)
            if key.revoked_at is not None:
                return key
            now = self._clock()
            revoked = with_its_sessions(key, replace(key, revoked_at=now), now)
            changes = end_share(revoked, self._heir(key, now), now)
            try:
                self._ledger.write(
                    KeyWrite(((key, changes[0][1]), *changes[1:]), told=tell_revocation(key, revoked, now, by))
                )
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
