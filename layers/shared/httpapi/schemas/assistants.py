"""What assistants send: messages of the Model Context Protocol, and the arguments of its tools."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from knowledge.items.field_rules import plain_text
from knowledge.limits import (
    CONTENT_BYTES,
    DEFAULT_SEARCH_PAGE_RESULTS,
    ITEM_TOKEN_CHARACTERS,
    SEARCH_PAGE_RESULTS,
    SEARCH_QUERY_CHARACTERS,
    SEARCH_SOURCES,
)
from pydantic import BaseModel, ConfigDict, Field

from httpapi.schemas.fields import BodyModel, SourceId


class AssistantMessage(BaseModel):
    """A request or a notification of JSON-RPC 2.0. What else it holds is ignored, as that asks for."""

    model_config = ConfigDict(strict=True)

    jsonrpc: Literal["2.0"]
    id: Any = None
    method: str
    params: dict[str, Any] = Field(default_factory=dict)


class SearchArguments(BodyModel):
    """What the tool `search` takes."""

    query: Annotated[str, plain_text(1, SEARCH_QUERY_CHARACTERS)] = Field(
        description="What is looked for, in the words of whoever asks. There is no syntax."
    )
    source_ids: Annotated[list[SourceId], Field(min_length=1, max_length=SEARCH_SOURCES)] | None = Field(
        default=None, description="The ids of the sources to look into, from list_sources; all of them without it."
    )
    limit: Annotated[int, Field(ge=1, le=SEARCH_PAGE_RESULTS)] = Field(
        default=DEFAULT_SEARCH_PAGE_RESULTS, description="How many results there are at most."
    )


class FetchArguments(BodyModel):
    """What the tool `fetch` takes."""

    id: Annotated[str, plain_text(1, ITEM_TOKEN_CHARACTERS)] = Field(
        description="The id of a result of search, as it is."
    )
    offset: Annotated[int, Field(ge=0, le=CONTENT_BYTES)] = Field(
        default=0, description="The first character of the text to be returned, when a text that was cut is read on."
    )


class NoArguments(BodyModel):
    """What a tool takes that takes nothing."""
