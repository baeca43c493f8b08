"""How far a planning has come, as the object that one task invocation leaves for the next. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from knowledge.index.manifest import BuiltIndex
from knowledge.model import ObjectRef
from knowledge.runs.listing import Listing, Piece
from knowledge.runs.model import PlanPart, built_from, part_from
from knowledge.runs.parts import WorkItem
from knowledge.staging.item_count import Listed
from knowledge.storage.format import FORMAT, pack_json, unpack_json


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """What a planning found out at its start, and what it has done since.

    `work` is what is still to be looked at, in trie order; what a later invocation looks at lies in the objects of
    `later`, so that what each reads and writes does not grow with the whole. A full run looks at everything: its
    `work` is what the journal names in what is to come, `position` counts the slots done, and `listing` tells how far
    a large slot has come. `unread` names items whose row was read older than the journal says. `built` is the index
    with the parts in that are done; it is what the next is built on. `erasures` is the source's erasure epoch,
    `default_language` that of items that have none. `covered_items` is the source's, `counted` the active rows that
    a full run came upon, while they can be told (see `staging.item_count`).
    """

    tenant_id: str
    source_id: str
    run_id: str
    plan_version: int
    full: bool
    now: int
    grace_days: int
    settings_version: int
    epoch: int
    incomplete: bool
    base_generation_id: str | None
    base: ObjectRef | None
    base_entries: int
    journal: tuple[Listed, ...]
    work: tuple[WorkItem, ...]
    later: tuple[ObjectRef, ...] = ()
    position: int = 0
    listing: Listing | None = None
    finished: bool = False
    parts: tuple[PlanPart, ...] = ()
    tally: dict[str, int] = field(default_factory=dict)
    unread: frozenset[str] = frozenset()
    built: BuiltIndex | None = None
    writers: tuple[str, ...] = ()
    erasures: int = 0
    default_language: str | None = None
    covered_items: int | None = None
    counted: int | None = None


def encode_checkpoint(state: Checkpoint) -> bytes:
    """Write a checkpoint."""
    value = {name: getattr(state, name) for name in Checkpoint.__slots__}
    value |= {
        "format": FORMAT,
        "base": None if state.base is None else asdict(state.base),
        "built": None if state.built is None else asdict(state.built),
        "later": [asdict(ref) for ref in state.later],
        "parts": [asdict(part) for part in state.parts],
        "unread": sorted(state.unread),
    }
    return pack_json(value)


def decode_checkpoint(data: bytes) -> Checkpoint:
    """Read a checkpoint."""
    value = unpack_json(data)
    del value["format"]
    value |= {
        "base": None if value["base"] is None else ObjectRef(**value["base"]),
        "built": None if value["built"] is None else built_from(value["built"]),
        # One of before that tells no numbers.
        "journal": tuple((*listed, None)[:3] for listed in value["journal"]),
        "work": tuple((name, rev) for name, rev in value["work"]),
        "later": tuple(ObjectRef(**ref) for ref in value["later"]),
        "parts": tuple(map(part_from, value["parts"])),
        "unread": frozenset(value["unread"]),
        "writers": tuple(value["writers"]),
        "listing": None if value["listing"] is None else _listing(*value["listing"]),
    }
    return Checkpoint(**value)


def _listing(pieces: Sequence[Sequence[Any]], behind: str | None, regions_done: int) -> Listing:
    return Listing(tuple(Piece(key, tuple(offsets)) for key, offsets in pieces), behind, regions_done)
