"""Blocks: the pieces of an index object. Each ends in the first 8 bytes of its own SHA-256. Pure.

A **node block** holds what lies under one node of the trie within `STRIDE` bits: a row for each leaf, and for each
node that has a block of its own. `docs/storage-format.md` has every byte.
"""

from __future__ import annotations

import hashlib
import struct
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from knowledge.storage.format import ObjectGoneError

CHECK_BYTES = 8
STRIDE = 4
_ROW = struct.Struct("<BIIIIQI32s")
ROW_BYTES = _ROW.size
_IS_BLOCK = 0x80


class DamagedBlockError(ObjectGoneError):
    """Raised when bytes are not the block that was written at their place."""


class Place(NamedTuple):
    """Where bytes lie: the number of an object in the table of names, an offset and a length in bytes."""

    number: int
    offset: int
    length: int


class Ref(NamedTuple):
    """A leaf, or a node that has a block of its own, as the block above or the manifest names it.

    `bits` and `slot` say which of the nodes below the upper block's node it is: `slot` is the last `bits` bits of its
    path. `oldest` is the time (s) of the oldest removal under it, 0 for none. `content_bytes` are those of all items.
    """

    is_block: bool
    bits: int
    slot: int
    place: Place
    entries: int
    content_bytes: int
    oldest: int
    merkle: bytes


def seal(body: bytes) -> bytes:
    """Close a block."""
    return body + hashlib.sha256(body).digest()[:CHECK_BYTES]


def unseal(block: bytes) -> bytes:
    """Open a block. Raises DamagedBlockError when its bytes are not those that were closed."""
    body = block[:-CHECK_BYTES]
    if hashlib.sha256(body).digest()[:CHECK_BYTES] != block[-CHECK_BYTES:]:
        raise DamagedBlockError
    return body


def encode_ref(ref: Ref) -> bytes:
    """Write the row of a leaf or of a block."""
    kind = 1 << ref.bits | ref.slot | (_IS_BLOCK if ref.is_block else 0)
    return _ROW.pack(kind, *ref.place, ref.entries, ref.content_bytes, ref.oldest, ref.merkle)


def decode_refs(rows: bytes) -> Iterator[Ref]:
    """Read rows."""
    for kind, number, offset, length, entries, content_bytes, oldest, merkle in _ROW.iter_unpack(rows):
        place, node = Place(number, offset, length), kind & ~_IS_BLOCK
        bits = node.bit_length() - 1
        yield Ref(kind >= _IS_BLOCK, bits, node - (1 << bits), place, entries, content_bytes, oldest, merkle)


def encode_node(refs: Iterable[Ref]) -> bytes:
    """Write a node block."""
    return seal(b"".join([encode_ref(ref) for ref in refs]))


def decode_node(block: bytes) -> list[Ref]:
    """Read a node block. Raises DamagedBlockError."""
    return list(decode_refs(unseal(block)))
