"""An item, and a removal, as they are sent."""

from __future__ import annotations

from dataclasses import dataclass, field

from knowledge.items.fields import ItemDetails
from knowledge.revisions import Expected


@dataclass(frozen=True, slots=True)
class ItemDraft(ItemDetails):
    """A validated item as a client sent it; the defaults are already filled in."""

    external_item_id: str
    title: str
    content: str
    source_version: int | None = field(default=None, kw_only=True)


@dataclass(frozen=True, slots=True)
class Removal:
    """A command to remove one item, with the version it is made at, and what it wants to find."""

    external_item_id: str
    source_version: int | None = None
    expected: Expected | None = None
