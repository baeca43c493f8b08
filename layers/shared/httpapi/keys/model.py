"""An API key as a value. Times are milliseconds since 1970 (UTC). Pure."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from knowledge.actors import Author
from knowledge.environments import Environment
from knowledge.limits import DEFAULT_RATE_LIMIT_PER_MINUTE, ENDED_KEY_KEPT_MS

from httpapi.keys.roles import Role
from httpapi.keys.scopes import DEFAULT_SCOPES, Scope

# The last millisecond that a time of ISO 8601 can name with four digits for the year.
LAST_MOMENT_MS = 253_402_300_799_999


class KeyKind(StrEnum):
    """Who holds a key: a server, as a secret, or every browser that opens a page."""

    SECRET = "secret"  # noqa: S105
    BROWSER = "browser"


class KeyStatus(StrEnum):
    """Whether a key can be used."""

    ACTIVE = "active"
    DISABLED = "disabled"
    EXPIRED = "expired"
    REVOKED = "revoked"


@dataclass(frozen=True, slots=True)
class KeySpec:
    """What a new key is to be; `source_ids` None means every source, a budget of a day None that there is none.

    `allowed_origins` and `address_limit_per_minute` are of keys for web pages (`httpapi.keys.browser`), None else.
    """

    name: str
    scopes: tuple[Scope, ...] = DEFAULT_SCOPES
    source_ids: tuple[str, ...] | None = None
    rate_limit_per_minute: int = DEFAULT_RATE_LIMIT_PER_MINUTE
    expires_at: int | None = None
    environment: Environment = Environment.LIVE
    description: str | None = None
    kind: KeyKind = KeyKind.SECRET
    allowed_origins: tuple[str, ...] | None = None
    address_limit_per_minute: int | None = None
    requests_per_day: int | None = None
    answers_per_day: int | None = None


@dataclass(frozen=True, slots=True)
class Session:
    """Somebody who is signed in with a key: its id, what it is called, and the role that was asked for, if any.

    A sign-in link is one that nobody has begun yet; whoever begins it with the link's text can use it for `lasts_ms`.
    """

    session_id: str
    name: str
    role: Role | None
    created_at: int
    lasts_ms: int | None = None


@dataclass(frozen=True, slots=True)
class Key:
    """An API key without its secret; `secret_hash` is the SHA-256 (hex) of the whole key text.

    `line` is the id of the first key of its rotation line, None for a key that is the first itself; `line_id` tells.
    `rotated_from` and `rotated_to` are the ids of the keys before and behind it in the line. `disabled_at` is None
    while it is enabled, and `suspended` is True while an operator has suspended its tenant.

    `sessions` are those that were begun with it and may still be used, with the time at which each ends. A key that has
    a `session` is what that session has of the key: its scopes, sources and expiry, its secret and time of last use.

    `share` is what it takes of the tenant's sum of limits, a minute; something of it may leave at `share_leaves_at`
    (`httpapi.keys.shares`). A key before it in the line works until `overlap_until` at most. `revision` moves with
    every change but the time of last use.
    """

    key_id: str
    tenant_id: str
    spec: KeySpec
    secret_hash: str
    created_at: int
    revoked_at: int | None = None
    last_used_at: int | None = None
    disabled_at: int | None = None
    rotated_from: str | None = None
    rotated_to: str | None = None
    suspended: bool = False
    line: str | None = None
    share: int = 0
    share_leaves_at: int | None = None
    overlap_until: int | None = None
    revision: int = 0
    created_by: Author | None = None
    sessions: Mapping[str, int] = field(default_factory=dict)
    session: Session | None = None

    @property
    def is_link(self) -> bool:
        """True for what a sign-in link has of a key, which is good for nothing but beginning a session."""
        return self.session is not None and self.session.lasts_ms is not None

    @property
    def author(self) -> Author:
        """Whose work it is that is done with it."""
        if self.session is None:
            return Author(self.key_id, self.spec.name)
        return Author(self.key_id, self.session.name, self.session.session_id)

    @property
    def retries_id(self) -> str:
        """Within what an Idempotency-Key means one request: the rotation line, or the session."""
        return self.line_id if self.session is None else self.session.session_id

    @property
    def holder_id(self) -> str:
        """The id of the row that has its secret: the session's where there is one."""
        return self.key_id if self.session is None else self.session.session_id

    @property
    def line_id(self) -> str:
        """The id of the first key of the rotation line: it stays when a key is replaced."""
        return self.line or self.key_id

    @property
    def reach(self) -> frozenset[str] | None:
        """The sources that the key is limited to, None for every source of its environment."""
        return None if self.spec.source_ids is None else frozenset(self.spec.source_ids)

    def status(self, now: int) -> KeyStatus:
        """Say whether the key can be used at a time."""
        if self.revoked_at is not None:
            return KeyStatus.REVOKED
        if self.spec.expires_at is not None and self.spec.expires_at <= now:
            return KeyStatus.EXPIRED
        return KeyStatus.ACTIVE if self.disabled_at is None else KeyStatus.DISABLED

    def is_within(self, source_ids: Collection[str] | None) -> bool:
        """Say whether the key reaches nothing but these sources; None stands for every source."""
        mine = self.spec.source_ids
        return source_ids is None or (mine is not None and set(mine) <= set(source_ids))

    def may_see(self, source_id: str) -> bool:
        """Say whether the key reaches a source."""
        return self.spec.source_ids is None or source_id in self.spec.source_ids

    @property
    def lasting_admin(self) -> bool:
        """True for a key that can always make other keys: it manages keys, is not limited, and nothing ends it."""
        ends = (self.spec.expires_at, self.revoked_at, self.disabled_at)
        return Scope.KEYS_MANAGE in self.spec.scopes and self.spec.source_ids is None and ends == (None, None, None)

    @property
    def forgotten_at(self) -> int | None:
        """When its row goes, ms: a long while after its end. One that holds a share has to give it back first."""
        ended_at = self.spec.expires_at if self.revoked_at is None else self.revoked_at
        return None if self.share or ended_at is None else ended_at + ENDED_KEY_KEPT_MS

    def successor_expiry(self, now: int) -> int | None:
        """Say when a key that replaces this one expires: it lives as long as this one was made for, or for ever."""
        expires_at = self.spec.expires_at
        return None if expires_at is None else min(now + expires_at - self.created_at, LAST_MOMENT_MS)
