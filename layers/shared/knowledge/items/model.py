"""An item as it is sent, as a value."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class ItemDraft:
    """A validated item as a client sent it; the defaults are already filled in."""

    external_item_id: str
    title: str
    content: str
    content_type: str = "text/plain"
    url: str | None = None
    language: str | None = None
    tags: tuple[str, ...] = ()
    metadata: dict[str, Any] | None = None
    source_version: int | None = None


@dataclass(frozen=True, slots=True)
class Removal:
    """A wish to remove one item, with the version it is made at."""

    external_item_id: str
    source_version: int | None = None
