"""What the operations on portal sessions take."""

from __future__ import annotations

from typing import Annotated

from knowledge.limits import MAX_SESSION_SECONDS, MIN_SESSION_SECONDS
from pydantic import Field

from httpapi.errors import invalid_field
from httpapi.keys.model import Key
from httpapi.keys.roles import Role
from httpapi.keys.sessions import SessionWish, check_may_begin, part_of
from httpapi.schemas.fields import BodyModel, distinct
from httpapi.schemas.keys import Name, Scopes, SourceIds


class CreateSessionRequest(BodyModel):
    """A session that is to begin; what is absent or null is as the key has it, and the time as long as may be."""

    name: Name | None = None
    role: Annotated[Role, Field(strict=False)] | None = None
    scopes: Scopes | None = None
    source_ids: SourceIds | None = None
    expires_in_seconds: Annotated[int, Field(ge=MIN_SESSION_SECONDS, le=MAX_SESSION_SECONDS)] = MAX_SESSION_SECONDS

    def wish(self) -> SessionWish:
        """Return it as the service takes it. Raises ValidationFailedError for a role beside scopes."""
        if self.role is not None and self.scopes is not None:
            raise invalid_field("scopes", "a session has a role or scopes, not both")
        return SessionWish(
            self.name, self.role, distinct(self.scopes), distinct(self.source_ids), self.expires_in_seconds * 1000
        )


def check_session(by: Key, body: CreateSessionRequest) -> None:
    """A session has nothing that its key has not. Raises InsufficientScopeError."""
    check_may_begin(by)
    part_of(by, body.wish())


class CreateSignInLinkRequest(CreateSessionRequest):
    """A session that somebody is to begin with a link."""


def check_link(by: Key, body: CreateSignInLinkRequest) -> None:
    """A link begins nothing that whoever makes it has not. Raises InsufficientScopeError."""
    part_of(by, body.wish())
