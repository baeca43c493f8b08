"""One served item as the index has it, and the path of an item through the trie. Pure."""

from __future__ import annotations

import hashlib
from functools import lru_cache
from typing import NamedTuple

PATH_BITS = 64


class Entry(NamedTuple):
    """One served item: what it is, and where its gzip member lies. Offsets, lengths and sizes are bytes.

    `pack` is the number of an object in the generation's table of names. `fields` holds a fingerprint of each field
    that the item has; see `knowledge.items.fingerprints`.
    """

    external_item_id: str
    content_hash: str
    title: str
    pack: int
    offset: int
    length: int
    content_bytes: int
    removed_at: int | None
    fields: bytes = bytes(1)


Entries = dict[str, Entry]


# A diff asks for the path of each item of a batch more than once.
@lru_cache(maxsize=2048)
def path_of(external_item_id: str) -> str:
    """The road of an item through the trie: the hex SHA-256 of its id."""
    return hashlib.sha256(external_item_id.encode()).hexdigest()


def path_number(external_item_id: str) -> int:
    """The first `PATH_BITS` bits of the path, the highest first, as a number: numbers are ordered as paths are."""
    return int(path_of(external_item_id)[:16], 16)
