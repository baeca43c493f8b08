"""What the operations on runs take."""

from __future__ import annotations

from typing import Annotated, Literal

from knowledge.model import ChangeKind
from knowledge.runs.model import RunMode, RunState
from pydantic import Field

from httpapi.schemas.fields import BodyModel, Digits, ListQuery, Message
from httpapi.schemas.items import IdPrefix, IncludingListQuery


class CreateRunRequest(BodyModel):
    """A run to be started."""

    message: Message | None = None
    mode: Annotated[RunMode, Field(strict=False)] = RunMode.INCREMENTAL


class ApplyRunRequest(BodyModel):
    """An apply: how many removals are approved, which plan was reviewed, and what is said of it."""

    message: Message | None = None
    approve_removals: Annotated[int, Field(ge=0, le=2**53 - 1)] | None = None
    plan_version: Annotated[int, Field(ge=1, le=2**53 - 1)] | None = None


class RunListQuery(ListQuery):
    """A list of runs, of one state if wished."""

    state: RunState | None = None


class DiscardRunRequest(BodyModel):
    """What is said of a run that is not to be published."""

    message: Message | None = None


class ChangeListQuery(IncludingListQuery):
    """A list of changes, of one kind if wished, or of items whose ids begin with a prefix."""

    change: ChangeKind | None = None
    prefix: IdPrefix | None = None


class RunChangeListQuery(ChangeListQuery):
    """A list of what a run changes, or of what is new, changed or gone since a version of its plan."""

    include: Literal["content"] | None = None
    since: Annotated[int, Field(ge=1, le=2**53 - 1), Digits] | None = None
