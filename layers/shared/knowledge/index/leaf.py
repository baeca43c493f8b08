"""Leaves: the entries of up to `LEAF_ENTRIES` items, in columns, sorted by id. Pure.

A change of an item is written into the columns without decoding the other entries. The texts (ids and titles) are
compressed together, and kept as they are while no id and no title changes.
"""

from __future__ import annotations

import hashlib
import json
import struct
import zlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from knowledge.index.blocks import DamagedBlockError, seal, unseal
from knowledge.index.entries import Entry
from knowledge.storage.format import encode_plain

LEAF_ENTRIES = 32
_HASH_BYTES = 32
_HAS_REMOVALS = 1
# Unsigned, of 1, 2 and 4 bytes.
_INTEGERS = "BHI"
# Texts are read again with every change of their leaf.
_LEVEL = 1
# The bytes of a record of fingerprints by its first byte, which has a bit for each field that is there.
_RECORD_BYTES = tuple(1 + 4 * bin(presence).count("1") for presence in range(256))
# What `Entry._make` comes to, in a third of its time.
_make = tuple.__new__

# An item's id, and the entry it gets; None where it is dropped.
Putting = tuple[str, Entry | None]


@dataclass(slots=True)
class Columns:
    """The entries of a leaf, column by column; `text` is the compressed one, or None after it changed."""

    ids: Sequence[str]
    hashes: bytearray
    titles: list[str]
    packs: list[int]
    offsets: list[int]
    lengths: list[int]
    sizes: list[int]
    removed: list[int | None]
    fields: list[bytes]
    text: bytes | None = None

    def entry(self, place: int) -> Entry:
        """The entry at a place."""
        start = _HASH_BYTES * place
        return _make(
            Entry,
            (
                self.ids[place],
                self.hashes[start : start + _HASH_BYTES].hex(),
                self.titles[place],
                self.packs[place],
                self.offsets[place],
                self.lengths[place],
                self.sizes[place],
                self.removed[place],
                self.fields[place],
            ),
        )

    def entries(self) -> list[Entry]:
        """Every entry, in the order of ids."""
        return [self.entry(place) for place in range(len(self.ids))]

    @property
    def content_bytes(self) -> int:
        """The size of all contents together."""
        return sum(self.sizes)

    @property
    def oldest(self) -> int:
        """The time (s) of the oldest removal, 0 for none."""
        return min([at // 1000 for at in self.removed if at is not None], default=0)

    def merkle(self) -> bytes:
        """The hash of the set: of (externalItemId, contentHash) alone. No id holds a line feed."""
        ids = "\n".join(self.ids).encode()
        return hashlib.sha256(b"".join((b"leaf\0", len(ids).to_bytes(4, "big"), ids, self.hashes))).digest()

    def put(self, changes: Sequence[Putting]) -> Columns | None:
        """Put and drop entries; None when no entry is left. The columns that were are no longer to be used."""
        places = {name: place for place, name in enumerate(self.ids)}
        for at, (name, entry) in enumerate(changes):
            if entry is None or name not in places:
                return self._rebuilt(changes[at:])
            place = places[name]
            _, content_hash, title, pack, offset, length, size, removed_at, fields = entry
            start = _HASH_BYTES * place
            self.hashes[start : start + _HASH_BYTES] = bytes.fromhex(content_hash)
            if self.titles[place] != title:
                self.titles[place], self.text = title, None
            self.packs[place], self.offsets[place], self.lengths[place] = pack, offset, length
            self.sizes[place], self.removed[place], self.fields[place] = size, removed_at, fields
        return self

    def _rebuilt(self, changes: Iterable[Putting]) -> Columns | None:
        entries = {entry[0]: entry for entry in self.entries()}
        for name, entry in changes:
            if entry is None:
                entries.pop(name, None)
            else:
                entries[name] = entry
        return columns_of(entries.values()) if entries else None


def columns_of(entries: Iterable[Entry]) -> Columns:
    """Make the columns of some entries, at least one."""
    ids, hashes, titles, packs, offsets, lengths, sizes, removed, fields = zip(*sorted(entries), strict=True)
    return Columns(
        ids,
        bytearray.fromhex("".join(hashes)),
        list(titles),
        list(packs),
        list(offsets),
        list(lengths),
        list(sizes),
        list(removed),
        list(fields),
    )


def encode_leaf(columns: Columns) -> bytes:
    """Write a leaf."""
    count = len(columns.ids)
    if columns.text is None:
        columns.text = zlib.compress(encode_plain([columns.ids, columns.titles]).encode(), _LEVEL)
    widths = [_width(column) for column in (columns.packs, columns.offsets, columns.lengths, columns.sizes)]
    numbers = struct.pack(_numbers(count, widths), *columns.packs, *columns.offsets, *columns.lengths, *columns.sizes)
    removals = b""
    if columns.removed.count(None) < count:
        removals = struct.pack(f"<{count}Q", *[at or 0 for at in columns.removed])
    packed = widths[0] | widths[1] << 2 | widths[2] << 4 | widths[3] << 6
    head = bytes((count, _HAS_REMOVALS if removals else 0, packed))
    return seal(b"".join((head, columns.hashes, numbers, removals, *columns.fields, columns.text)))


def decode_leaf(block: bytes) -> Columns:
    """Read a leaf. Raises DamagedBlockError."""
    body = unseal(block)
    try:
        return _decoded(body)
    except (ValueError, struct.error, zlib.error, IndexError) as error:
        raise DamagedBlockError from error


def fixed_bytes(leaf: memoryview) -> int:
    """How many bytes of what begins with a leaf stand before its texts. Raises IndexError, struct.error."""
    count, flags, packed = leaf[0], leaf[1], leaf[2]
    if not 0 < count <= LEAF_ENTRIES or flags not in {0, _HAS_REMOVALS}:
        raise IndexError
    at = 3 + _HASH_BYTES * count
    at += struct.calcsize(_numbers(count, [packed >> shift & 3 for shift in (0, 2, 4, 6)]))
    at += 8 * count if flags else 0
    for _ in range(count):
        at += _RECORD_BYTES[leaf[at]]
    return at


def _decoded(body: bytes) -> Columns:
    count, flags, packed = body[0], body[1], body[2]
    at = 3 + _HASH_BYTES * count
    hashes = bytearray(body[3:at])
    layout = _numbers(count, [packed >> shift & 3 for shift in (0, 2, 4, 6)])
    numbers = struct.unpack_from(layout, body, at)
    at += struct.calcsize(layout)
    removed: list[int | None] = [None] * count
    if flags & _HAS_REMOVALS:
        removed = [moment or None for moment in struct.unpack_from(f"<{count}Q", body, at)]
        at += 8 * count
    fields = []
    for _ in range(count):
        end = at + _RECORD_BYTES[body[at]]
        fields.append(body[at:end])
        at = end
    text = body[at:]
    ids, titles = json.loads(zlib.decompress(text))
    if len(ids) != count:
        raise DamagedBlockError
    return Columns(
        ids,
        hashes,
        titles,
        list(numbers[:count]),
        list(numbers[count : 2 * count]),
        list(numbers[2 * count : 3 * count]),
        list(numbers[3 * count :]),
        removed,
        fields,
        text,
    )


def _width(column: Sequence[int]) -> int:
    """Which of the integers in `_INTEGERS` the numbers of a column fit into."""
    most = max(column)
    return 0 if most < 1 << 8 else 1 if most < 1 << 16 else 2


def _numbers(count: int, widths: Sequence[int]) -> str:
    """How four columns of numbers are laid out."""
    return "<" + "".join([f"{count}{_INTEGERS[width]}" for width in widths])
