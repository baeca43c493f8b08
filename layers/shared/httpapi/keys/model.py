"""An API key as a value. Times are milliseconds since 1970 (UTC). Pure."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from knowledge.actors import Author
from knowledge.limits import DEFAULT_RATE_LIMIT_PER_MINUTE

# The last millisecond that a time of ISO 8601 can name with four digits for the year.
LAST_MOMENT_MS = 253_402_300_799_999


class Scope(StrEnum):
    """What a key may be used for."""

    KEYS_MANAGE = "keys:manage"
    SOURCES_READ = "sources:read"
    SOURCES_WRITE = "sources:write"
    ITEMS_READ = "items:read"
    ITEMS_WRITE = "items:write"
    RUNS_READ = "runs:read"
    RUNS_WRITE = "runs:write"
    RUNS_APPLY = "runs:apply"
    WEBHOOKS_MANAGE = "webhooks:manage"
    AUDIT_READ = "audit:read"


ALL_SCOPES = tuple(Scope)
# What nobody gets without asking: making keys, and reading who did what from where.
DEFAULT_SCOPES = tuple(scope for scope in Scope if scope not in (Scope.KEYS_MANAGE, Scope.AUDIT_READ))


class Environment(StrEnum):
    """A label on a key; both kinds reach the same data."""

    LIVE = "live"
    TEST = "test"


class KeyStatus(StrEnum):
    """Whether a key can be used."""

    ACTIVE = "active"
    EXPIRED = "expired"
    REVOKED = "revoked"


@dataclass(frozen=True, slots=True)
class KeySpec:
    """What a new key is to be; `source_ids` None means every source."""

    name: str
    scopes: tuple[Scope, ...] = DEFAULT_SCOPES
    source_ids: tuple[str, ...] | None = None
    rate_limit_per_minute: int = DEFAULT_RATE_LIMIT_PER_MINUTE
    expires_at: int | None = None
    environment: Environment = Environment.LIVE


@dataclass(frozen=True, slots=True)
class Key:
    """An API key without its secret; `secret_hash` is the SHA-256 (hex) of the whole key text.

    `line` is the id of the first key of its rotation line, None for a key that is the first itself; `line_id` tells.
    `suspended` is True while an operator has suspended its tenant. `rotated_to` is the id of the key that replaced it.
    `counted` is False once its limit is no part of the tenant's sum any more, which may be some time after it has
    expired.
    """

    key_id: str
    tenant_id: str
    spec: KeySpec
    secret_hash: str
    created_at: int
    revoked_at: int | None = None
    last_used_at: int | None = None
    rotated_to: str | None = None
    counted: bool = True
    suspended: bool = False
    line: str | None = None
    created_by: Author | None = None

    @property
    def line_id(self) -> str:
        """The id of the first key of the rotation line: it stays when a key is replaced."""
        return self.line or self.key_id

    def status(self, now: int) -> KeyStatus:
        """Say whether the key can be used at a time."""
        if self.revoked_at is not None:
            return KeyStatus.REVOKED
        if self.spec.expires_at is not None and self.spec.expires_at <= now:
            return KeyStatus.EXPIRED
        return KeyStatus.ACTIVE

    def may_see(self, source_id: str) -> bool:
        """Say whether the key reaches a source."""
        return self.spec.source_ids is None or source_id in self.spec.source_ids

    @property
    def lasting_admin(self) -> bool:
        """True for a key that can always make other keys: it manages keys, never expires and is not limited."""
        return Scope.KEYS_MANAGE in self.spec.scopes and self.spec.expires_at is None and self.spec.source_ids is None

    def successor_expiry(self, now: int) -> int | None:
        """Say when a key that replaces this one expires: it lives as long as this one was made for, or for ever."""
        expires_at = self.spec.expires_at
        return None if expires_at is None else min(now + expires_at - self.created_at, LAST_MOMENT_MS)
