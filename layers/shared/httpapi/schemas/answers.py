"""What a question takes."""

from __future__ import annotations

from typing import Annotated

from knowledge.items.field_rules import plain_text
from knowledge.items.fields import Language
from knowledge.limits import ANSWER_QUESTION_CHARACTERS, SEARCH_SOURCES
from pydantic import Field

from httpapi.schemas.fields import BodyModel, SourceId
from httpapi.schemas.search import SearchFilter


class AnswerRequest(BodyModel):
    """A question, put to all sources that serve unless some are named."""

    question: Annotated[str, plain_text(1, ANSWER_QUESTION_CHARACTERS)]
    source_ids: Annotated[list[SourceId], Field(min_length=1, max_length=SEARCH_SOURCES)] | None = None
    filter: SearchFilter | None = None
    language: Language | None = None
