"""What the operations on keys take."""

from __future__ import annotations

from typing import Annotated, Any

from knowledge.environments import Environment
from knowledge.items.field_rules import name_text
from knowledge.limits import (
    DEFAULT_OVERLAP_SECONDS,
    DEFAULT_RATE_LIMIT_PER_MINUTE,
    KEY_DESCRIPTION_CHARACTERS,
    KEY_NAME_CHARACTERS,
    KEY_SCOPES,
    KEY_SOURCES,
    MAX_OVERLAP_SECONDS,
    MAX_RATE_LIMIT_PER_MINUTE,
)
from pydantic import Field

from httpapi.errors import InsufficientScopeError, invalid_field
from httpapi.keys.model import DEFAULT_SCOPES, LAST_MOMENT_MS, Key, KeySpec, KeyStatus, Scope
from httpapi.schemas.fields import (
    BodyModel,
    ListQuery,
    SourceId,
    Timestamp,
    distinct,
    refuse_nulls,
    tell_no_null,
)

Name = Annotated[str, name_text(1, KEY_NAME_CHARACTERS)]
Description = Annotated[str, name_text(0, KEY_DESCRIPTION_CHARACTERS)]
Scopes = Annotated[list[Annotated[Scope, Field(strict=False)]], Field(min_length=1, max_length=KEY_SCOPES)]
SourceIds = Annotated[list[SourceId], Field(min_length=1, max_length=KEY_SOURCES)]
RateLimit = Annotated[int, Field(ge=1, le=MAX_RATE_LIMIT_PER_MINUTE)]
_NO_NULL = Field(json_schema_extra=tell_no_null)


class CreateKeyRequest(BodyModel):
    """A key to be made; `sourceIds` absent or null means every source."""

    name: Name
    description: Description | None = None
    scopes: Scopes | None = None
    source_ids: SourceIds | None = None
    rate_limit_per_minute: RateLimit = DEFAULT_RATE_LIMIT_PER_MINUTE
    expires_at: Timestamp | None = None
    environment: Annotated[Environment, Field(strict=False)] = Environment.LIVE

    def spec(self, now: int) -> KeySpec:
        """Return the key as the service takes it; what is named twice counts once.

        Raises ValidationFailedError when it would be expired already, or expire past what a time can say.
        """
        _check_expiry(self.expires_at, now)
        return KeySpec(
            name=self.name,
            scopes=distinct(self.scopes) or DEFAULT_SCOPES,
            source_ids=distinct(self.source_ids),
            rate_limit_per_minute=self.rate_limit_per_minute,
            expires_at=self.expires_at,
            environment=self.environment,
            description=self.description,
        )


class UpdateKeyRequest(BodyModel):
    """What is to change; what is absent stays. Null means every source, no expiry, no description."""

    name: Annotated[Name | None, _NO_NULL] = None
    description: Description | None = None
    scopes: Annotated[Scopes | None, _NO_NULL] = None
    source_ids: SourceIds | None = None
    rate_limit_per_minute: Annotated[RateLimit | None, _NO_NULL] = None
    expires_at: Timestamp | None = None
    enabled: Annotated[bool | None, _NO_NULL] = None

    def changes(self, now: int) -> dict[str, Any]:
        """Return what was sent of the key's settings, as the service takes it.

        Raises ValidationFailedError for a null that means nothing, and for an expiry that cannot be.
        """
        refuse_nulls(self, "name", "scopes", "rate_limit_per_minute", "enabled")
        _check_expiry(self.expires_at, now)
        taken = {name: getattr(self, name) for name in self.model_fields_set - {"enabled"}}
        return taken | {name: distinct(taken[name]) for name in ("scopes", "source_ids") if name in taken}


class RotateKeyRequest(BodyModel):
    """For how long the old key goes on working beside the new one."""

    overlap_seconds: Annotated[int, Field(ge=0, le=MAX_OVERLAP_SECONDS)] = DEFAULT_OVERLAP_SECONDS


class IdentifyKeyRequest(BodyModel):
    """A text that was found somewhere."""

    secret: Annotated[str, Field(min_length=1)]


class KeyListQuery(ListQuery):
    """Which keys to list."""

    status: KeyStatus | None = None
    source_id: SourceId | None = None
    scope: Scope | None = None

    def shows(self, key: Key, now: int) -> bool:
        """Say whether a key is one of those; with a source, those that reach it."""
        return (
            self.status in (None, key.status(now))
            and (self.source_id is None or key.may_see(self.source_id))
            and (self.scope is None or self.scope in key.spec.scopes)
        )


def check_grant(by: Key, body: UpdateKeyRequest) -> None:
    """A key that is limited to sources gives no key more than it has itself. Raises InsufficientScopeError."""
    mine, sent = by.spec, body.model_fields_set
    if mine.source_ids is None:
        return
    lasts = body.expires_at is None or (mine.expires_at is not None and body.expires_at > mine.expires_at)
    more = {
        "scopes": not set(body.scopes or ()) <= set(mine.scopes),
        "source_ids": body.source_ids is None or not set(body.source_ids) <= set(mine.source_ids),
        "rate_limit_per_minute": (body.rate_limit_per_minute or 0) > mine.rate_limit_per_minute,
        "expires_at": lasts and mine.expires_at is not None,
    }
    if any(more[name] for name in more.keys() & sent):
        raise InsufficientScopeError("An API key that is limited to sources can't give a key more than it has itself.")


def _check_expiry(expires_at: int | None, now: int) -> None:
    if expires_at is not None and expires_at <= now:
        raise invalid_field("expiresAt", "must be in the future")
    if expires_at is not None and expires_at > LAST_MOMENT_MS:
        raise invalid_field("expiresAt", "must be before the year 10000 in UTC; leave it out for a key that lasts")
