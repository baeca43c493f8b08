"""What an administrator does with keys, and how a tenant gets its first one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from knowledge.ids import new_id
from knowledge.model import Page

from httpapi.errors import KeyNotFoundError
from httpapi.keys import tokens
from httpapi.keys.model import ALL_SCOPES, Key, KeySpec
from httpapi.keys.store import KeyStore

FIRST_KEY_NAME = "admin"
_CREATION_RETRY_MS = 86_400_000


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


class KeyService:
    """Makes, lists, reads and revokes the keys of a tenant."""

    def __init__(self, store: KeyStore, clock: Callable[[], int]) -> None:
        self._store = store
        self._clock = clock

    def create(self, tenant_id: str, spec: KeySpec, creation: Creation | None = None) -> IssuedKey:
        """Make a key.

        A retry whose first attempt crashed after the key was stored finds that key under the id derived from its
        Idempotency-Key. Nobody ever saw its secret, so it gets a new one instead of a second key being made.

        Raises TenantNotFoundError, ValidationFailedError (the tenant's limits would add up to too much).
        """
        now = self._clock()
        if creation:
            issued = _issue(tenant_id, spec, creation.key_id, now)
            if self._store.create(issued.key, creation.token):
                return issued
            if self._store.replace_secret(issued.key, creation.token, now - _CREATION_RETRY_MS):
                return IssuedKey(self.get(tenant_id, creation.key_id), issued.token)
        while True:
            issued = _issue(tenant_id, spec, tokens.new_key_id(), now)
            if self._store.create(issued.key, None):
                return issued

    def get(self, tenant_id: str, key_id: str) -> Key:
        """Read one key. Raises KeyNotFoundError, also for another tenant's key."""
        key = self._store.find(key_id) if tokens.is_key_id(key_id) else None
        if key is None or key.tenant_id != tenant_id:
            raise KeyNotFoundError
        return key

    def list(self, tenant_id: str, *, limit: int, position: Any) -> Page[Key]:
        """Read a page of the tenant's keys, oldest first, revoked and expired ones included."""
        return self._store.list(tenant_id, limit=limit, position=position)

    def revoke(self, tenant_id: str, key_id: str) -> Key:
        """Revoke a key; the next request with it is refused. Revoking twice changes nothing.

        Raises KeyNotFoundError, LastAdminKeyError.
        """
        key = self.get(tenant_id, key_id)
        if key.revoked_at is not None:
            return key
        self._store.revoke(key, self._clock())
        return self.get(tenant_id, key_id)

    def bootstrap(self, *, tenant_id: str | None, name: str) -> IssuedKey:
        """Set up a tenant, unless it is there, and make it an admin key with every scope.

        An existing tenant keeps everything and gets one more admin key: it is how an operator lets a tenant back in.
        """
        tenant = tenant_id or new_id("ten")
        self._store.put_tenant(tenant, name, self._clock())
        return self.create(tenant, KeySpec(name=FIRST_KEY_NAME, scopes=ALL_SCOPES))


def _issue(tenant_id: str, spec: KeySpec, key_id: str, now: int) -> IssuedKey:
    token = tokens.mint(spec.environment, key_id)
    return IssuedKey(Key(key_id, tenant_id, spec, token.hash(), created_at=now), token)
