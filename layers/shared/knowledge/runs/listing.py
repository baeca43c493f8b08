"""The ids of a slot that is too large to be read at once, in the order of the index. Pure.

A slot's rows lie in the order of their ids, and its index in the order of their hashes. So ids are listed a piece at a
time, and each piece is cut into regions: the next two digits of the hash. A piece is one object, a gzip member for each
region, so that a region is read from every piece without the others.
"""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterable
from typing import NamedTuple

from knowledge.index.entries import path_of

# Of a billion items a region holds 250 000.
REGIONS = tuple(f"{number:02x}" for number in range(256))


class Piece(NamedTuple):
    """Some ids of a slot: the object that holds them, the byte at which each region begins, and where the last ends."""

    key: str
    offsets: tuple[int, ...]

    def span(self, region: int) -> tuple[int, int]:
        """Where a region lies: its first byte and its length, 0 when the piece has none of it."""
        return self.offsets[region], self.offsets[region + 1] - self.offsets[region]


class Listing(NamedTuple):
    """How far the slot at hand has come: the pieces that are listed, then the regions that are done.

    The listing goes on behind the id `behind`; None says that it is whole.
    """

    pieces: tuple[Piece, ...] = ()
    behind: str | None = None
    regions_done: int = 0


def encode_ids(ids: Iterable[str]) -> tuple[bytes, tuple[int, ...]]:
    """Write the ids of a piece, which are of one slot; returns the bytes, and where the regions lie in them."""
    regions: dict[str, list[str]] = {digits: [] for digits in REGIONS}
    end = 1 + len(REGIONS[0])
    for each in ids:
        regions[path_of(each)[1:end]].append(each)
    members, offsets = [], [0]
    for region in regions.values():
        # Read once and gone with the run, so it is compressed as lightly as the changes are.
        members.append(gzip.compress(json.dumps(region).encode(), 1, mtime=0) if region else b"")
        offsets.append(offsets[-1] + len(members[-1]))
    return b"".join(members), tuple(offsets)


def decode_region(member: bytes) -> list[str]:
    """Read the ids of one region of a piece."""
    found: list[str] = json.loads(gzip.decompress(member))
    return found
