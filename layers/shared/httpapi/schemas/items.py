"""What the operations on items take in their queries, and in a batch."""

from __future__ import annotations

from typing import Annotated, Literal

from knowledge.items.field_rules import plain_text
from knowledge.items.validation import ItemInput, RemovalInput, SourceVersion
from knowledge.limits import BATCH_ENTRIES, CONTENT_PAGE_ENTRIES
from knowledge.staging.model import ItemState
from pydantic import Field

from httpapi.schemas.fields import BodyModel, Digits, ListQuery, QueryModel

# What the ids of listed items begin with.
IdPrefix = Annotated[str, plain_text(1, 512)]


class BatchInput(BodyModel, defer_build=True):
    """What `knowledge.items.validation.read_batch` reads, in steps, so that this model is never built to read with."""

    items: Annotated[list[ItemInput], Field(max_length=BATCH_ENTRIES)] | None = None
    removals: Annotated[list[RemovalInput], Field(max_length=BATCH_ENTRIES)] | None = None


class IncludingListQuery(ListQuery):
    """A list of entries that can come with more, which each such list names."""

    include: str | None = None

    @property
    def page_entries(self) -> int:
        """How many entries the page may have: fewer with contents."""
        return self.limit if self.include is None else min(self.limit, CONTENT_PAGE_ENTRIES)


class ContentListQuery(IncludingListQuery):
    """A list of items that can come with their contents."""

    include: Literal["content"] | None = None


class ItemListQuery(ContentListQuery):
    """A list of staged items: of one state, or whose ids begin with a prefix."""

    state: ItemState | None = None
    prefix: IdPrefix | None = None


class RemoveItemQuery(QueryModel):
    """The version a removal is made at."""

    source_version: Annotated[SourceVersion, Digits] | None = None
