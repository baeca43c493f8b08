"""How far a planning has come, as the object that one task invocation leaves for the next. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from knowledge.index.trie import Tree, path_of
from knowledge.model import ObjectRef
from knowledge.runs.listing import Listing, Piece
from knowledge.runs.model import PlanPart, part_from
from knowledge.storage.format import FORMAT, pack_json, unpack_json

# An item to look at, and the highest rev the journal names (0: it is looked at for another reason).
WorkItem = tuple[str, int]


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """What a planning found out at its start, and what it has done since.

    `work` is what is still to be looked at, in trie order; what a later invocation looks at lies in the objects of
    `later`, so that what each reads and writes does not grow with the whole. A full run looks at everything: its
    `work` is what the journal names in what is to come, `position` counts the slots done, and `listing` tells how far
    a large slot has come. `unread` names items whose row was read older than the journal says. `tree` is the base's
    index as far as it was opened; it is read anew by whoever carries on.
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
    manifest: ObjectRef | None
    journal: tuple[tuple[str, int], ...]
    work: tuple[WorkItem, ...]
    later: tuple[ObjectRef, ...] = ()
    position: int = 0
    listing: Listing | None = None
    finished: bool = False
    parts: tuple[PlanPart, ...] = ()
    tally: dict[str, int] = field(default_factory=dict)
    unread: frozenset[str] = frozenset()
    tree: Tree = field(default_factory=Tree)


def encode_checkpoint(state: Checkpoint) -> bytes:
    """Write a checkpoint; the tree is left out."""
    value = {name: getattr(state, name) for name in Checkpoint.__slots__ if name != "tree"}
    value |= {
        "format": FORMAT,
        "manifest": None if state.manifest is None else asdict(state.manifest),
        "later": [asdict(ref) for ref in state.later],
        "parts": [asdict(part) for part in state.parts],
        "unread": sorted(state.unread),
    }
    return pack_json(value)


def decode_checkpoint(data: bytes) -> Checkpoint:
    """Read a checkpoint, with an empty tree."""
    value = unpack_json(data)
    del value["format"]
    value |= {
        "manifest": None if value["manifest"] is None else ObjectRef(**value["manifest"]),
        "journal": tuple((entry_id, written_at) for entry_id, written_at in value["journal"]),
        "work": tuple((name, rev) for name, rev in value["work"]),
        "later": tuple(ObjectRef(**ref) for ref in value["later"]),
        "parts": tuple(part_from(part) for part in value["parts"]),
        "unread": frozenset(value["unread"]),
        "listing": None if value["listing"] is None else _listing(*value["listing"]),
    }
    return Checkpoint(**value)


def _listing(pieces: Sequence[Sequence[Any]], behind: str | None, regions_done: int) -> Listing:
    return Listing(tuple(Piece(key, tuple(offsets)) for key, offsets in pieces), behind, regions_done)


def in_trie_order(work: Mapping[str, int]) -> tuple[WorkItem, ...]:
    """Put items to look at into the order of the index."""
    return tuple((name, work[name]) for name in sorted(work, key=path_of))


def encode_work(work: Sequence[WorkItem]) -> bytes:
    """Write a piece of work."""
    # Read once and gone with the run, so it is compressed as lightly as the changes are.
    return pack_json({"format": FORMAT, "names": [name for name, _ in work], "revs": [rev for _, rev in work]}, 1)


def decode_work(data: bytes) -> tuple[WorkItem, ...]:
    """Read a piece of work."""
    value = unpack_json(data)
    return tuple(zip(value["names"], value["revs"], strict=True))
