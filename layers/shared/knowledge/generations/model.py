"""Generations and their items as values. Times are ms since 1970 (UTC), sizes bytes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any, NamedTuple

from knowledge.actors import Author
from knowledge.items.fields import ItemDetails
from knowledge.model import Change, Counts, ObjectRef

if TYPE_CHECKING:
    from knowledge.runs.plan_comparison import Standing


class GenerationOrigin(StrEnum):
    """What made a generation: a run, the restore of an older one, the compaction of its packs, or an erasure."""

    RUN = "run"
    RESTORE = "restore"
    COMPACTION = "compaction"
    ERASURE = "erasure"


@dataclass(frozen=True, slots=True)
class Generation:
    """An immutable published state of a source.

    `restored_from` names the generation that a restore published anew. Once `retired_at` is set, its objects may go.
    `message` is what was said with the apply or the restore. `erasures` is the source's erasure epoch when it was
    published. `served_root_hash` is set when its manifest was written anew by an erasure since; `erased` counts the
    items that it serves no more for that. What it was published with stays in `root_hash`, `counts`, `content_bytes`.
    `replaces_segments` is true when it has not all segments of the one before.
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
    erasures: int = 0
    served_root_hash: str | None = None
    erased: int = 0
    replaces_segments: bool = False

    @property
    def serves(self) -> str:
        """The root hash of what is served: the published one, unless something of it was erased."""
        return self.served_root_hash or self.root_hash

    @property
    def served_total(self) -> int:
        """How many items are served."""
        return self.counts.total - self.erased


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


class Edition(NamedTuple):
    """One side of a change: the fields in which the sides differ, by their names in JSON, as answers show them.

    `content_bytes` comes with the content, and `content_url` stands in for one that is too large for an answer.
    """

    fields: Mapping[str, Any]
    content_bytes: int | None = None
    content_url: str | None = None


class ChangedItem(NamedTuple):
    """A change, and where contents were asked for, what the item was and is in the fields that differ.

    `item` is all of it as it is served since, where a list shows that instead. `standing` says what became of the
    change since an earlier plan, where a list compares with one.
    """

    change: Change
    item: GenerationItem | None = None
    before: Edition | None = None
    after: Edition | None = None
    standing: Standing | None = None
