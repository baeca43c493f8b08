"""Sets of items as sorted prefixes of the hashes of their ids. Pure.

Ids may be chosen by strangers, who could make two with the same 8 bytes, but not with the same 16.
"""

from __future__ import annotations

import hashlib
from bisect import bisect_left
from collections.abc import Iterable, Iterator

PREFIX_BYTES = 16


def prefix_of(item_id: str) -> bytes:
    """Return the prefix that an item is known by."""
    return hashlib.sha256(item_id.encode("utf-8")).digest()[:PREFIX_BYTES]


class Prefixes:
    """A sorted set of prefixes, in the bytes that a segment has; those are not copied."""

    def __init__(self, data: bytes | memoryview) -> None:
        """Take a set that is in order; whoever read it has checked its bytes."""
        self.data = data

    @classmethod
    def of(cls, prefixes: Iterable[bytes]) -> Prefixes:
        """Make a set."""
        return cls(b"".join(sorted(set(prefixes))))

    def __len__(self) -> int:
        return len(self.data) // PREFIX_BYTES

    def __getitem__(self, at: int) -> bytes:
        if not 0 <= at < len(self):
            raise IndexError(at)
        return bytes(self.data[at * PREFIX_BYTES : (at + 1) * PREFIX_BYTES])

    def __iter__(self) -> Iterator[bytes]:
        return (self[at] for at in range(len(self)))

    def __contains__(self, prefix: bytes) -> bool:
        at = bisect_left(self, prefix)
        return at < len(self) and self[at] == prefix
