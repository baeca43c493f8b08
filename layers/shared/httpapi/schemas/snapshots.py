"""What the operations on snapshots take."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any

from knowledge.items.model import ItemDraft
from knowledge.items.validation import ItemInput, read_items
from knowledge.limits import BATCH_ENTRIES, SNAPSHOT_PARTS
from pydantic import Field

from httpapi.schemas.fields import BodyModel


@dataclass(frozen=True, slots=True)
class SnapshotRequest:
    """A whole staging set; an empty one has to be meant."""

    items: list[ItemDraft]
    allow_empty: bool


class ItemsInput(BodyModel, defer_build=True):
    """What `knowledge.items.validation.read_items` reads, in steps, so that this model is never built to read with."""

    items: Annotated[list[ItemInput], Field(max_length=BATCH_ENTRIES)] | None


class SnapshotInput(ItemsInput, defer_build=True):
    """What `read_snapshot` reads."""

    allow_empty: bool = False


class CompleteSnapshotRequest(BodyModel):
    """The end of a snapshot in parts."""

    allow_empty: bool = False
    allow_gaps: bool = False
    parts: Annotated[int, Field(ge=0, le=SNAPSHOT_PARTS)] | None = None
    items: Annotated[int, Field(ge=0, le=SNAPSHOT_PARTS * BATCH_ENTRIES)] | None = None


def read_snapshot(body: Mapping[str, Any]) -> SnapshotRequest:
    """Read `{items, allowEmpty?}`. Raises InvalidItemsError."""
    return SnapshotRequest(read_items(body, flags=("allowEmpty",)), body.get("allowEmpty", False))
