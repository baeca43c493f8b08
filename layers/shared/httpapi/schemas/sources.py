"""What the operations on sources take."""

from __future__ import annotations

from typing import Annotated

from knowledge.items.field_rules import name_text
from knowledge.limits import DEFAULT_GRACE_DAYS, MAX_GRACE_DAYS, SOURCE_NAME_CHARACTERS
from knowledge.sources.model import RemovalGuard
from pydantic import Field

from httpapi.schemas.fields import BodyModel, Message

Name = Annotated[str, name_text(1, SOURCE_NAME_CHARACTERS)]
GraceDays = Annotated[int, Field(ge=0, le=MAX_GRACE_DAYS)]


class RemovalGuardInput(BodyModel):
    """How much one run may drop; null means no bound of that kind."""

    max_percent: Annotated[float, Field(ge=0, le=100)] | None = None
    max_items: Annotated[int, Field(ge=0, le=2**53 - 1)] | None = None

    def guard(self) -> RemovalGuard | None:
        """Return the guard; one without any bound is none at all."""
        if self.max_percent is None and self.max_items is None:
            return None
        return RemovalGuard(self.max_percent, self.max_items)


class CreateSourceRequest(BodyModel):
    """A source to be made."""

    name: Name
    grace_days: GraceDays = DEFAULT_GRACE_DAYS
    removal_guard: RemovalGuardInput | None = None


class DeleteSourceRequest(BodyModel):
    """What is said of a deletion."""

    message: Message | None = None


class UpdateSourceRequest(BodyModel):
    """What is to change in a source; what is absent stays, and `removalGuard: null` takes the guard away."""

    name: Name | None = None
    grace_days: GraceDays | None = None
    removal_guard: RemovalGuardInput | None = None
