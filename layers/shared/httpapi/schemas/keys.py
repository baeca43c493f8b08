"""What the operations on keys take."""

from __future__ import annotations

from typing import Annotated

from knowledge.items.field_rules import plain_text
from knowledge.limits import (
    DEFAULT_OVERLAP_SECONDS,
    DEFAULT_RATE_LIMIT_PER_MINUTE,
    KEY_NAME_CHARACTERS,
    KEY_SCOPES,
    KEY_SOURCES,
    MAX_OVERLAP_SECONDS,
    MAX_RATE_LIMIT_PER_MINUTE,
)
from pydantic import Field

from httpapi.errors import invalid_field
from httpapi.keys.model import DEFAULT_SCOPES, LAST_MOMENT_MS, Environment, KeySpec, Scope
from httpapi.schemas.fields import BodyModel, SourceId, Timestamp, distinct


class CreateKeyRequest(BodyModel):
    """A key to be made; `sourceIds` absent or null means every source."""

    name: Annotated[str, plain_text(1, KEY_NAME_CHARACTERS)]
    scopes: (
        Annotated[list[Annotated[Scope, Field(strict=False)]], Field(min_length=1, max_length=KEY_SCOPES)] | None
    ) = None
    source_ids: Annotated[list[SourceId], Field(min_length=1, max_length=KEY_SOURCES)] | None = None
    rate_limit_per_minute: Annotated[int, Field(ge=1, le=MAX_RATE_LIMIT_PER_MINUTE)] = DEFAULT_RATE_LIMIT_PER_MINUTE
    expires_at: Timestamp | None = None
    environment: Annotated[Environment, Field(strict=False)] = Environment.LIVE

    def spec(self, now: int) -> KeySpec:
        """Return the key as the service takes it; what is named twice counts once.

        Raises ValidationFailedError when it would be expired already, or expire past what a time can say.
        """
        if self.expires_at is not None and self.expires_at <= now:
            raise invalid_field("expiresAt", "must be in the future")
        if self.expires_at is not None and self.expires_at > LAST_MOMENT_MS:
            raise invalid_field("expiresAt", "must be before the year 10000 in UTC; leave it out for a key that lasts")
        return KeySpec(
            name=self.name,
            scopes=distinct(self.scopes) or DEFAULT_SCOPES,
            source_ids=distinct(self.source_ids),
            rate_limit_per_minute=self.rate_limit_per_minute,
            expires_at=self.expires_at,
            environment=self.environment,
        )


class RotateKeyRequest(BodyModel):
    """For how long the old key goes on working beside the new one."""

    overlap_seconds: Annotated[int, Field(ge=0, le=MAX_OVERLAP_SECONDS)] = DEFAULT_OVERLAP_SECONDS
