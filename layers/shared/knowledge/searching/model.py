"""What is asked of a search, and what it comes to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from knowledge.environments import Environment
from knowledge.index.store import PublishedIndex
from knowledge.items.fields import ItemDetails
from knowledge.model import ObjectRef
from knowledge.sources.model import Source


@dataclass(frozen=True, slots=True)
class Question:
    """What is looked for, and by whom.

    `source_ids` None stands for all that serve, `allowed` for the sources that the key may see, None for all. With a
    `run_id` there is one source.
    """

    tenant_id: str
    environment: Environment
    text: str
    source_ids: tuple[str, ...] | None = None
    allowed: frozenset[str] | None = None
    tags: Sequence[str] = ()
    language: str | None = None
    metadata: Mapping[str, Any] = field(default_factory=dict)
    prefix: bool = False
    limit: int = 10
    run_id: str | None = None


@dataclass(frozen=True, slots=True)
class Preview:
    """What a run would publish: what it was planned against, None for nothing, and the version of its plan."""

    base_generation_id: str | None
    plan_version: int


class Asked(NamedTuple):
    """A source as it is asked: its row, and the manifest that is searched, None for nothing."""

    source: Source
    manifest: ObjectRef | None
    generation_id: str | None
    preview: Preview | None = None


@dataclass(frozen=True, slots=True)
class Opened:
    """A source whose manifest was read."""

    source: Source
    index: PublishedIndex


class ItemName(NamedTuple):
    """Which item of which source somebody asks for."""

    source_id: str
    external_item_id: str


class Place(NamedTuple):
    """Characters of a text; `end` is the first behind it."""

    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Result:
    """An item that was found. The places are those of the words that were asked for, in the title and the snippet."""

    source_id: str
    external_item_id: str
    title: str
    url: str | None
    snippet: str
    in_title: tuple[Place, ...]
    in_snippet: tuple[Place, ...]
    score: float

    @property
    def name(self) -> ItemName:
        """Which item it is."""
        return ItemName(self.source_id, self.external_item_id)


@dataclass(frozen=True, slots=True)
class SearchAnswer:
    """A page of results, and the generations that they are of; one of a preview is of none.

    `kept_for` are the sources that were asked and keep what they are asked.
    """

    results: list[Result]
    generations: dict[str, str]
    next_position: Any
    preview: Preview | None = None
    kept_for: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class ReadItem:
    """An item as a source serves it, with its text as people read it, and the generation that it was read of."""

    name: ItemName
    generation_id: str | None
    title: str
    text: str
    details: ItemDetails
