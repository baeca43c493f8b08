"""The items that a planning is to look at, in the order of the index, and the parts that they are cut into. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from knowledge.index.entries import path_of
from knowledge.storage.format import FORMAT, pack_json, unpack_json

CHANGES_PER_PART = 25_000
# 4 096 prefixes: a leaf lies under one, but for those of small sources.
_PREFIX_DIGITS = 3

# An item to look at, and the highest rev the journal names (0: it is looked at for another reason).
WorkItem = tuple[str, int]


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


def cut_into_parts(work: Sequence[WorkItem]) -> Iterator[Sequence[WorkItem]]:
    """Cut work into parts."""
    while work:
        end = end_of_part(work)
        yield work[:end]
        work = work[end:]


def end_of_part(work: Sequence[WorkItem]) -> int:
    """Where the next part of some work ends: where another prefix begins, so that no two parts write one leaf.

    If more than half of a part has one prefix, it ends where it is full.
    """
    if len(work) <= CHANGES_PER_PART:
        return len(work)
    prefix, end = path_of(work[CHANGES_PER_PART][0])[:_PREFIX_DIGITS], CHANGES_PER_PART
    while end > CHANGES_PER_PART // 2:
        if path_of(work[end - 1][0])[:_PREFIX_DIGITS] != prefix:
            return end
        end -= 1
    return CHANGES_PER_PART
