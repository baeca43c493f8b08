"""What a search takes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any

from knowledge.ids import id_pattern, is_id
from knowledge.items.field_rules import Rule, plain_text
from knowledge.items.fields import Language
from knowledge.limits import (
    CURSOR_CHARACTERS,
    DEFAULT_SEARCH_PAGE_RESULTS,
    SEARCH_FILTER_TERMS,
    SEARCH_PAGE_RESULTS,
    SEARCH_QUERY_CHARACTERS,
    SEARCH_SOURCES,
    TAG_CHARACTERS,
)
from knowledge.searching.model import Question
from pydantic import Field

from httpapi.errors import invalid_field
from httpapi.keys.model import Key
from httpapi.paging import CURSOR_PATTERN
from httpapi.schemas.fields import BodyModel, SourceId, distinct, told


def _run_id(value: str) -> str:
    if not is_id("run", value):
        raise ValueError("must be the id of a run")
    return value


_Tag = Annotated[str, plain_text(1, TAG_CHARACTERS)]
_RunId = Annotated[str, Rule(_run_id, {"pattern": id_pattern("run")})]
_Cursor = Annotated[str, told(minLength=1, maxLength=CURSOR_CHARACTERS, pattern=CURSOR_PATTERN)]


class SearchFilter(BodyModel):
    """What results must have: every tag, the language or one of its regions, every value of the metadata."""

    tags: Annotated[list[_Tag], Field(max_length=SEARCH_FILTER_TERMS)] = Field(default_factory=list)
    language: Language | None = None
    metadata: dict[str, Any] = Field(default_factory=dict)


def question_of(
    key: Key, text: str, source_ids: Sequence[str] | None, filter_: SearchFilter | None = None, **asked: Any
) -> Question:
    """Make what a key asks of the sources that are named, of all that serve without; `asked` is what else it says."""
    filter_ = filter_ or SearchFilter()
    return Question(
        tenant_id=key.tenant_id,
        environment=key.spec.environment,
        text=text,
        source_ids=distinct(source_ids),
        allowed=key.reach,
        tags=filter_.tags,
        language=filter_.language,
        metadata=filter_.metadata,
        **asked,
    )


class SearchRequest(BodyModel):
    """A search; of all sources that serve, unless some are named."""

    query: Annotated[str, plain_text(1, SEARCH_QUERY_CHARACTERS)]
    source_ids: Annotated[list[SourceId], Field(min_length=1, max_length=SEARCH_SOURCES)] | None = None
    filter: SearchFilter | None = None
    limit: Annotated[int, Field(ge=1, le=SEARCH_PAGE_RESULTS)] = DEFAULT_SEARCH_PAGE_RESULTS
    cursor: _Cursor | None = None
    prefix: bool = False
    run_id: _RunId | None = None

    def check_sources(self) -> None:
        """A run is searched with the one source that it is of. Raises ValidationFailedError."""
        if self.run_id is not None and len(set(self.source_ids or ())) != 1:
            raise invalid_field("sourceIds", "must name the one source whose run is searched")
