"""What the operations on items take in their queries."""

from __future__ import annotations

from typing import Annotated, Literal

from knowledge.items.validation import SOURCE_VERSION_LIMIT
from knowledge.staging.model import ItemState
from pydantic import Field

from httpapi.schemas.fields import Digits, ListQuery, QueryModel, plain_text


class ContentListQuery(ListQuery):
    """A list of items that can come with their contents."""

    include: Literal["content"] | None = None


class ItemListQuery(ContentListQuery):
    """A list of staged items: of one state, or whose ids begin with a prefix."""

    state: ItemState | None = None
    prefix: Annotated[str, plain_text(1, 512)] | None = None


class RemoveItemQuery(QueryModel):
    """The version a removal is made at."""

    source_version: Annotated[Digits, Field(le=SOURCE_VERSION_LIMIT)] | None = None
