"""What the operations on keys take."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated, Any

from knowledge.environments import Environment
from knowledge.items.field_rules import line_text, name_text
from knowledge.limits import (
    DEFAULT_ADDRESS_LIMIT_PER_MINUTE,
    DEFAULT_BROWSER_ANSWERS_PER_DAY,
    DEFAULT_BROWSER_RATE_LIMIT_PER_MINUTE,
    DEFAULT_BROWSER_REQUESTS_PER_DAY,
    DEFAULT_OVERLAP_SECONDS,
    DEFAULT_RATE_LIMIT_PER_MINUTE,
    KEY_DESCRIPTION_CHARACTERS,
    KEY_NAME_CHARACTERS,
    KEY_ORIGINS,
    KEY_SCOPES,
    KEY_SOURCES,
    MAX_ANSWERS_PER_DAY,
    MAX_OVERLAP_SECONDS,
    MAX_RATE_LIMIT_PER_MINUTE,
    MAX_REQUESTS_PER_DAY,
    ORIGIN_CHARACTERS,
)
from pydantic import Field

from httpapi.errors import InsufficientScopeError, invalid_field
from httpapi.keys.browser import BROWSER_SCOPES, ORIGIN_MESSAGE, ORIGIN_PATTERN
from httpapi.keys.model import Key, KeyKind, KeySpec, KeyStatus
from httpapi.keys.scopes import DEFAULT_SCOPES, Scope
from httpapi.schemas.fields import (
    BodyModel,
    ListQuery,
    SourceId,
    Timestamp,
    distinct,
    matching,
    refuse_nulls,
    tell_no_null,
)

Name = Annotated[str, name_text(KEY_NAME_CHARACTERS)]
Description = Annotated[str, line_text(KEY_DESCRIPTION_CHARACTERS)]
Scopes = Annotated[list[Annotated[Scope, Field(strict=False)]], Field(min_length=1, max_length=KEY_SCOPES)]
SourceIds = Annotated[list[SourceId], Field(min_length=1, max_length=KEY_SOURCES)]
RateLimit = Annotated[int, Field(ge=1, le=MAX_RATE_LIMIT_PER_MINUTE)]
AnswersPerDay = Annotated[int, Field(ge=1, le=MAX_ANSWERS_PER_DAY)]
RequestsPerDay = Annotated[int, Field(ge=1, le=MAX_REQUESTS_PER_DAY)]
Origin = Annotated[str, Field(max_length=ORIGIN_CHARACTERS), matching(ORIGIN_PATTERN, ORIGIN_MESSAGE)]
Origins = Annotated[list[Origin], Field(min_length=1, max_length=KEY_ORIGINS)]
_NO_NULL = Field(json_schema_extra=tell_no_null)


_NEVER_NULL = ("name", "scopes", "allowed_origins", "rate_limit_per_minute", "address_limit_per_minute", "enabled")
_LISTS = ("scopes", "source_ids", "allowed_origins")


class CreateKeyRequest(BodyModel):
    """A key to be made; `sourceIds` absent or null means every source, a budget of a day that there is none.

    A key for web pages (`kind` is `browser`) has neither, and other defaults.
    """

    name: Name
    description: Description | None = None
    kind: Annotated[KeyKind, Field(strict=False)] = KeyKind.SECRET
    scopes: Scopes | None = None
    source_ids: SourceIds | None = None
    allowed_origins: Origins | None = None
    rate_limit_per_minute: RateLimit = DEFAULT_RATE_LIMIT_PER_MINUTE
    address_limit_per_minute: RateLimit | None = None
    requests_per_day: RequestsPerDay | None = None
    answers_per_day: AnswersPerDay | None = None
    expires_at: Timestamp | None = None
    environment: Annotated[Environment, Field(strict=False)] = Environment.LIVE

    def spec(self, now: int) -> KeySpec:
        """Return the key as the service takes it; what is named twice counts once.

        Raises ValidationFailedError when it would be expired already, or expire past what a time can say.
        """
        _check_expiry(self.expires_at, now)
        asked = KeySpec(
            name=self.name,
            scopes=distinct(self.scopes) or DEFAULT_SCOPES,
            source_ids=distinct(self.source_ids),
            rate_limit_per_minute=self.rate_limit_per_minute,
            expires_at=self.expires_at,
            environment=self.environment,
            description=self.description,
            kind=self.kind,
            allowed_origins=distinct(self.allowed_origins),
            address_limit_per_minute=self.address_limit_per_minute,
            requests_per_day=self.requests_per_day,
            answers_per_day=self.answers_per_day,
        )
        return asked if self.kind is KeyKind.SECRET else self._for_pages(asked)

    def _for_pages(self, asked: KeySpec) -> KeySpec:
        """Fill in what was not said of a key for web pages."""
        limit_said = "rate_limit_per_minute" in self.model_fields_set
        return replace(
            asked,
            scopes=asked.scopes if self.scopes else BROWSER_SCOPES,
            rate_limit_per_minute=asked.rate_limit_per_minute if limit_said else DEFAULT_BROWSER_RATE_LIMIT_PER_MINUTE,
            address_limit_per_minute=asked.address_limit_per_minute or DEFAULT_ADDRESS_LIMIT_PER_MINUTE,
            requests_per_day=asked.requests_per_day or DEFAULT_BROWSER_REQUESTS_PER_DAY,
            answers_per_day=asked.answers_per_day or DEFAULT_BROWSER_ANSWERS_PER_DAY,
        )


class UpdateKeyRequest(BodyModel):
    """What is to change; what is absent stays. Null means every source, no expiry, no description, no budget."""

    name: Annotated[Name | None, _NO_NULL] = None
    description: Description | None = None
    scopes: Annotated[Scopes | None, _NO_NULL] = None
    source_ids: SourceIds | None = None
    allowed_origins: Annotated[Origins | None, _NO_NULL] = None
    rate_limit_per_minute: Annotated[RateLimit | None, _NO_NULL] = None
    address_limit_per_minute: Annotated[RateLimit | None, _NO_NULL] = None
    requests_per_day: RequestsPerDay | None = None
    answers_per_day: AnswersPerDay | None = None
    expires_at: Timestamp | None = None
    enabled: Annotated[bool | None, _NO_NULL] = None

    def changes(self, now: int) -> dict[str, Any]:
        """Return what was sent of the key's settings, as the service takes it.

        Raises ValidationFailedError for a null that means nothing, and for an expiry that cannot be.
        """
        refuse_nulls(self, *_NEVER_NULL)
        _check_expiry(self.expires_at, now)
        taken = {name: getattr(self, name) for name in self.model_fields_set - {"enabled"}}
        return taken | {name: distinct(taken[name]) for name in _LISTS if name in taken}


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
        "requests_per_day": _is_more(body.requests_per_day, mine.requests_per_day),
        "answers_per_day": _is_more(body.answers_per_day, mine.answers_per_day),
        "expires_at": lasts and mine.expires_at is not None,
    }
    if any(more[name] for name in more.keys() & sent):
        raise InsufficientScopeError("An API key that is limited to sources can't give a key more than it has itself.")


def _is_more(budget: int | None, mine: int | None) -> bool:
    return mine is not None and (budget is None or budget > mine)


def _check_expiry(expires_at: int | None, now: int) -> None:
    if expires_at is not None and expires_at <= now:
        raise invalid_field("expiresAt", "must be in the future")
