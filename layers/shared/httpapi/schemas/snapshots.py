"""What the operations on snapshots take."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from knowledge.items.model import ItemDraft
from knowledge.items.validation import read_items

from httpapi.schemas.fields import BodyModel


@dataclass(frozen=True, slots=True)
class SnapshotRequest:
    """A whole staging set; an empty one has to be meant."""

    items: list[ItemDraft]
    allow_empty: bool


class CompleteSnapshotRequest(BodyModel):
    """The end of a snapshot in parts."""

    allow_empty: bool = False


def read_snapshot(body: Mapping[str, Any]) -> SnapshotRequest:
    """Read `{items, allowEmpty?}`. Raises InvalidItemsError."""
    return SnapshotRequest(read_items(body, flags=("allowEmpty",)), body.get("allowEmpty", False))
