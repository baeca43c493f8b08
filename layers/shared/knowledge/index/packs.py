"""Packs: contents as gzip members, one after another, that index entries point into."""

from __future__ import annotations

from typing import Any

from knowledge.index.trie import Entry
from knowledge.items.content import decode_verified
from knowledge.runs.change_file import Was
from knowledge.storage.objects import ObjectGoneError, ObjectStore


def read_member(objects: ObjectStore, pack: str, offset: int, length: int, content_hash: str) -> dict[str, Any]:
    """Read one content out of a pack; ObjectGoneError when it is not the one of that hash."""
    try:
        return decode_verified(objects.read_range(pack, offset, length), content_hash)
    except ValueError as error:
        raise ObjectGoneError(pack) from error


def differing_fields(objects: ObjectStore, before: Entry | Was, after: Entry) -> tuple[str, ...]:
    """Name the fields in which two contents differ; ObjectGoneError when one of them can't be read."""
    old, new = (
        read_member(objects, each.pack, each.offset, each.length, each.content_hash) for each in (before, after)
    )
    return tuple(sorted(name for name in new.keys() | old.keys() if new.get(name) != old.get(name)))
