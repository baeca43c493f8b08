"""Generations and their items as values. Times are ms since 1970 (UTC), sizes bytes."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from knowledge.actors import Author
from knowledge.items.fields import ItemDetails
from knowledge.model import Counts, ObjectRef


class GenerationOrigin(StrEnum):
    """What made a generation: a run, the restore of an older generation, or the compaction of its packs."""

    RUN = "run"
    RESTORE = "restore"
    COMPACTION = "compaction"


@dataclass(frozen=True, slots=True)
class Generation:
    """An immutable published state of a source.

    `restored_from` names the generation that a restore published anew. Once `retired_at` is set, its objects may go.
    `message` is what was said with the apply or the restore.
    """

    tenant_id: str
    source_id: str
    generation_id: str
    sequence: int
    base_generation_id: str | None
    origin: GenerationOrigin
    run_id: str | None
    root_hash: str
    manifest: ObjectRef
    counts: Counts
    content_bytes: int
    published_at: int
    restored_from: str | None = None
    retired_at: int | None = None
    created_by: Author | None = None
    message: str | None = None


@dataclass(frozen=True, slots=True)
class GenerationItem:
    """An item as a generation serves it; `content` and `details` are None unless they were asked for.

    `content_url` stands in for a content that is too large for an answer.
    """

    external_item_id: str
    title: str
    content_hash: str
    content_bytes: int
    removed_at: int | None
    content: str | None = None
    details: ItemDetails | None = None
    content_url: str | None = None
