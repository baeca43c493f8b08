"""What the operations on generations take."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from httpapi.schemas.fields import BodyModel, Message
from httpapi.schemas.items import ContentListQuery, IdPrefix
from httpapi.schemas.runs import ChangeListQuery


class RestoreGenerationRequest(BodyModel):
    """What is said of a restore."""

    message: Message | None = None


class GenerationItemListQuery(ContentListQuery):
    """A list of what a generation serves: all of it, or items whose ids begin with a prefix."""

    prefix: IdPrefix | None = None


class GenerationChangeListQuery(ChangeListQuery):
    """A comparison with another generation: with both sides of what differs, or with items whole."""

    include: Literal["content", "items"] | None = None
    from_: Annotated[str | None, Field(alias="from", min_length=1, max_length=64)] = None
