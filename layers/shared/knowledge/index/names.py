"""The table of the objects that a generation names: packs and index objects, by number. Pure.

Rows are only ever appended, until a compaction begins a new table; so a number means the same object in every later
generation. Rows stand in blocks of `ROWS_A_BLOCK`: the last, open ones in the manifest itself, full ones in blocks of
the index object that filled them. A directory, which is written anew with each full block, says where those lie: it
names their objects in full, so that no row is needed to find another. `docs/storage-format.md` has every byte.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from enum import IntEnum
from typing import NamedTuple

from knowledge.ids import decode_ulid, encode_ulid
from knowledge.index.blocks import CHECK_BYTES, DamagedBlockError, seal, unseal

ROWS_A_BLOCK = 32
_NAME = struct.Struct("<B16s16sH")
_ROW_REST = struct.Struct("<I32s")
_OFFSET = struct.Struct("<I")
NAME_BYTES = _NAME.size
ROW_BYTES = NAME_BYTES + _ROW_REST.size
BLOCK_BYTES = ROWS_A_BLOCK * ROW_BYTES + CHECK_BYTES
_ENTRY_BYTES = NAME_BYTES + _OFFSET.size


class ObjectKind(IntEnum):
    """What an object holds, and whose it is: a run's, an erasure's, or a compaction's, called after its generation."""

    RUN_PACK = 0
    RUN_INDEX = 1
    COMPACTED_PACK = 2
    COMPACTED_INDEX = 3
    ERASED_PACK = 4
    ERASED_INDEX = 5
    RUN_SEGMENT = 6
    COMPACTED_SEGMENT = 7
    ERASED_SEGMENT = 8
    GONE = 255
    """What a compaction left: nothing of the state lies in it any more."""


_FOLDERS = {
    ObjectKind.RUN_PACK: ("runs", "run", "pack"),
    ObjectKind.RUN_INDEX: ("runs", "run", "index"),
    ObjectKind.COMPACTED_PACK: ("index", "gen", "pack"),
    ObjectKind.COMPACTED_INDEX: ("index", "gen", "index"),
    ObjectKind.ERASED_PACK: ("index", "era", "pack"),
    ObjectKind.ERASED_INDEX: ("index", "era", "index"),
    ObjectKind.RUN_SEGMENT: ("runs", "run", "segment"),
    ObjectKind.COMPACTED_SEGMENT: ("index", "gen", "segment"),
    ObjectKind.ERASED_SEGMENT: ("index", "era", "segment"),
}


class ObjectName(NamedTuple):
    """An object of one source, without whose source it is: the ids of who wrote it, without their prefixes."""

    kind: ObjectKind
    owner: str
    attempt: str
    number: int

    def key(self, tenant_id: str, source_id: str) -> str:
        """Where it lies in the bucket. Raises DamagedBlockError for what is gone: nothing may lie there."""
        if self.kind is ObjectKind.GONE:
            raise DamagedBlockError
        folder, prefix, what = _FOLDERS[self.kind]
        place = f"{folder}/{tenant_id}/{source_id}/{prefix}_{self.owner}/att_{self.attempt}"
        return f"{place}/{what}-{self.number:04d}"

    @property
    def is_index(self) -> bool:
        """True for an index object."""
        return self.kind in {ObjectKind.RUN_INDEX, ObjectKind.COMPACTED_INDEX, ObjectKind.ERASED_INDEX}


def name_of(kind: ObjectKind, owner_id: str, attempt_id: str, number: int) -> ObjectName:
    """The name of an object, from whole ids."""
    return ObjectName(kind, owner_id.rpartition("_")[2], attempt_id.rpartition("_")[2], number)


class NamedObject(NamedTuple):
    """A row of the table: an object, its size in bytes, and the SHA-256 (hex) that it is checked by."""

    name: ObjectName
    bytes: int
    digest: str


_NOBODY = encode_ulid(0)
GONE = NamedObject(ObjectName(ObjectKind.GONE, _NOBODY, _NOBODY, 0), 0, bytes(32).hex())


class BlockPlace(NamedTuple):
    """Where a full block lies; one with nothing but what is gone lies nowhere, and bears that name."""

    name: ObjectName
    offset: int


class Directory(NamedTuple):
    """Where the directory lies, and how many full blocks it names."""

    place: BlockPlace
    blocks: int

    @property
    def length(self) -> int:
        """Its bytes."""
        return self.blocks * _ENTRY_BYTES + CHECK_BYTES


@dataclass(slots=True)
class Names:
    """The table as far as it was read: the rows of the open block, and those of full ones that were asked for."""

    open_rows: list[NamedObject] = field(default_factory=list)
    directory: Directory | None = None
    blocks: list[BlockPlace] | None = None
    full: dict[int, list[NamedObject]] = field(default_factory=dict)

    @property
    def full_blocks(self) -> int:
        """How many blocks are full."""
        return 0 if self.directory is None else self.directory.blocks

    def __len__(self) -> int:
        """How many objects are named; the next is given this number."""
        return self.full_blocks * ROWS_A_BLOCK + len(self.open_rows)

    def missing(self, numbers: Iterable[int]) -> set[int]:
        """The full blocks that must be read before these numbers can be looked up."""
        wanted = {number // ROWS_A_BLOCK for number in numbers}
        return {block for block in wanted if block < self.full_blocks and block not in self.full}

    def row(self, number: int) -> NamedObject:
        """The object of a number. Raises DamagedBlockError when there is none."""
        block, place = divmod(number, ROWS_A_BLOCK)
        rows = self.open_rows if block == self.full_blocks else self.full.get(block, [])
        if place >= len(rows):
            raise DamagedBlockError
        return rows[place]


def encode_name(name: ObjectName) -> bytes:
    """Write the name of an object."""
    return _NAME.pack(name.kind, id_bytes(name.owner), id_bytes(name.attempt), name.number)


def decode_name(data: bytes) -> ObjectName:
    """Read the name of an object. Raises DamagedBlockError."""
    kind, owner, attempt, number = _NAME.unpack(data)
    try:
        return ObjectName(ObjectKind(kind), id_text(owner), id_text(attempt), number)
    except ValueError as error:
        raise DamagedBlockError from error


def encode_rows(rows: Iterable[NamedObject]) -> bytes:
    """Write rows, one after another."""
    return b"".join([encode_name(row.name) + _ROW_REST.pack(row.bytes, bytes.fromhex(row.digest)) for row in rows])


def decode_rows(data: bytes) -> list[NamedObject]:
    """Read rows. Raises DamagedBlockError."""
    rows = []
    for at in range(0, len(data), ROW_BYTES):
        size, digest = _ROW_REST.unpack_from(data, at + NAME_BYTES)
        rows.append(NamedObject(decode_name(data[at : at + NAME_BYTES]), size, digest.hex()))
    return rows


def encode_block(rows: Sequence[NamedObject]) -> bytes:
    """Write a full block."""
    return seal(encode_rows(rows))


def decode_block(data: bytes) -> list[NamedObject]:
    """Read a full block. Raises DamagedBlockError."""
    return decode_rows(unseal(data))


def encode_directory(blocks: Iterable[BlockPlace]) -> bytes:
    """Write where the full blocks lie, in their order."""
    return seal(b"".join([encode_name(name) + _OFFSET.pack(offset) for name, offset in blocks]))


def decode_directory(data: bytes) -> list[BlockPlace]:
    """Read where the full blocks lie. Raises DamagedBlockError."""
    body = unseal(data)
    return [
        BlockPlace(decode_name(body[at : at + NAME_BYTES]), *_OFFSET.unpack_from(body, at + NAME_BYTES))
        for at in range(0, len(body), _ENTRY_BYTES)
    ]


def id_bytes(text: str) -> bytes:
    """The 16 bytes of an id without its prefix, which is a ULID. Raises ValueError for any other text."""
    return decode_ulid(text).to_bytes(16, "big")


def id_text(data: bytes) -> str:
    """The id of 16 bytes, without its prefix."""
    return encode_ulid(int.from_bytes(data, "big"))
