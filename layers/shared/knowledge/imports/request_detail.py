"""The detail of an event `knowledge.import.requested`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from pydantic.alias_generators import to_camel

from knowledge.items.problems import field_path, problem_message


class ImportRequestDetail(BaseModel):
    """Which file to import into which source, and how."""

    model_config = ConfigDict(extra="forbid", strict=True, alias_generator=to_camel)

    tenant_id: str = Field(min_length=1, max_length=128)
    source_id: str = Field(min_length=1, max_length=128)
    bucket: str = Field(min_length=3, max_length=63)
    key: str = Field(min_length=1, max_length=1024)
    mode: Literal["upsert", "snapshot"]
    apply: bool = False


def read_request_detail(detail: Mapping[str, Any]) -> ImportRequestDetail:
    """Read a detail. Raises ValueError with the first problem, in at most 500 characters."""
    try:
        return ImportRequestDetail.model_validate(dict(detail))
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        raise ValueError(f"detail.{field_path(first['loc'])} {problem_message(first)}"[:500]) from None
