"""Erasures as values. Times are ms since 1970 (UTC)."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from knowledge.actors import Author
from knowledge.limits import DELETED_OBJECTS_KEPT_DAYS
from knowledge.model import ObjectRef
from knowledge.times import MS_PER_DAY


class ErasureState(StrEnum):
    """The life of an erasure; see `docs/decisions/0027-an-erasure-takes-content-back-everywhere.md`."""

    OPENING = "opening"
    REWRITING = "rewriting"
    WAITING = "waiting"
    SWEEPING = "sweeping"
    COMPLETED = "completed"


@dataclass(frozen=True, slots=True)
class ErasureCounts:
    """What an erasure came to.

    Rows made stubs, objects copied, manifests swapped, runs that lost changes, versions of objects deleted.
    """

    stubbed: int = 0
    copied: int = 0
    swapped: int = 0
    runs: int = 0
    deleted: int = 0


@dataclass(frozen=True, slots=True)
class Erasure:
    """Items that are taken back from everything that is kept of a source.

    `ids` names the object that lists them, of which there are `items`. `epoch` is the source's erasure epoch since it
    was opened: what was made under it is no business of this erasure. `generation_id` is the generation without the
    items, None when they were not served. `cursor` is where the present step has come to. `rev` grows with every note;
    `due_at` is when somebody is to go on, for the `tries`th time without a note since.
    """

    tenant_id: str
    source_id: str
    erasure_id: str
    state: ErasureState
    ids: ObjectRef
    items: int
    epoch: int
    opened_at: int
    updated_at: int
    due_at: int
    created_by: Author | None = None
    message: str | None = None
    rev: int = 0
    tries: int = 0
    cursor: Any = None
    generation_id: str | None = None
    cleared_at: int | None = None
    swapped_at: int | None = None
    waits_until: int | None = None
    completed_at: int | None = None
    counts: ErasureCounts = field(default_factory=ErasureCounts)

    @property
    def backups_end_at(self) -> int | None:
        """When no backup of the tables holds anything of the items any more; None before it is completed."""
        return None if self.completed_at is None else self.completed_at + DELETED_OBJECTS_KEPT_DAYS * MS_PER_DAY
