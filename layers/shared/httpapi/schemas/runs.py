"""What the operations on runs take."""

from __future__ import annotations

from typing import Annotated

from knowledge.model import ChangeKind
from knowledge.runs.model import RunMode
from pydantic import Field

from httpapi.schemas.fields import BodyModel, ListQuery, Message


class CreateRunRequest(BodyModel):
    """A run to be started."""

    message: Message | None = None
    mode: Annotated[RunMode, Field(strict=False)] = RunMode.INCREMENTAL


class ApplyRunRequest(BodyModel):
    """An apply: how many removals are approved, which plan was reviewed, and what is said of it."""

    message: Message | None = None
    approve_removals: Annotated[int, Field(ge=0, le=2**53 - 1)] | None = None
    plan_version: Annotated[int, Field(ge=1, le=2**53 - 1)] | None = None


class ChangeListQuery(ListQuery):
    """A list of changes, of one kind if wished."""

    change: ChangeKind | None = None
