"""What lies in an index object, whether a state still names it or not: leaves at its head, other blocks behind. Pure.

States name their leaves by places, and an older state's leaf stays in the object when no state is left that names it.
So who looks for what an object holds reads it from its first byte on: a leaf says itself where it ends.
"""

from __future__ import annotations

import hashlib
import struct
import zlib
from collections.abc import Collection, Iterator
from typing import NamedTuple

from knowledge.index.blocks import CHECK_BYTES, ROW_BYTES, STRIDE, DamagedBlockError, seal, unseal
from knowledge.index.leaf import Columns, decode_leaf, fixed_bytes
from knowledge.index.manifest import Manifest, decode_manifest, digest_of, encode_manifest, manifest_bytes
from knowledge.index.names import BLOCK_BYTES, Names, ObjectName

# Where a leaf or a block of names was: a zero, which no leaf begins with, and how many bytes it takes with its check.
_BLANK = struct.Struct("<BI")
_STEP_BYTES = 2048


class FoundBlock(NamedTuple):
    """A block of an index object: where it lies (bytes), and its columns if it is a leaf.

    `is_node` is true for a node block, which holds no text.
    """

    offset: int
    length: int
    columns: Columns | None = None
    is_node: bool = False


class ErasedIndex(NamedTuple):
    """A copy of an index object, and the digest that it is named by."""

    data: bytes
    digest: str


def blocks_in(data: bytes) -> list[FoundBlock]:
    """Find all blocks of an index object, in their order. Raises DamagedBlockError unless every byte is accounted for.

    Raises UnknownFormatError when it is no index object.
    """
    manifest = manifest_bytes(data)
    body = memoryview(data)[: len(data) - len(manifest)]
    found: list[FoundBlock] = []
    at = 0
    while at < len(body) and (block := _leaf_or_blank(body, at)) is not None:
        found.append(block)
        at += block.length
    for block in _others(body, at, decode_manifest(manifest)):
        found.append(block)
        at += block.length
    if at != len(body):
        raise DamagedBlockError
    return found


def leaves_with(blocks: Collection[FoundBlock], external_item_ids: Collection[str]) -> list[FoundBlock]:
    """The leaves among some blocks that hold one of some items."""
    ids = frozenset(external_item_ids)
    return [block for block in blocks if block.columns is not None and not ids.isdisjoint(block.columns.ids)]


def copy_without(data: bytes, external_item_ids: Collection[str], own: ObjectName) -> ErasedIndex | None:
    """Copy an index object without the leaves that hold some items; None when it has no such leaf.

    All else lies where it lay. A state whose leaves or table these were must have others; so blocks of names are left
    out as well, and the copy's manifest serves nothing. Raises DamagedBlockError.
    """
    blocks = blocks_in(data)
    doomed = {block.offset for block in leaves_with(blocks, external_item_ids)}
    if not doomed:
        return None
    body = bytearray(data[: blocks[-1].offset + blocks[-1].length])
    for block in blocks:
        if block.offset in doomed or (block.columns is None and not block.is_node):
            body[block.offset : block.offset + block.length] = _blank(block.length)
    manifest = encode_manifest(Manifest(own, None, None, Names(), 0, 0), hashlib.sha256(body).digest())
    return ErasedIndex(bytes(body) + manifest, digest_of(manifest))


def _leaf_or_blank(body: memoryview, at: int) -> FoundBlock | None:
    if body[at] == 0:
        if at + _BLANK.size > len(body):
            return None
        _, length = _BLANK.unpack_from(body, at)
        return FoundBlock(at, length) if _is_sealed(body, at, length) else None
    length = _leaf_length(body, at)
    if length is None or not _is_sealed(body, at, length):
        return None
    return FoundBlock(at, length, decode_leaf(bytes(body[at : at + length])))


def _leaf_length(body: memoryview, at: int) -> int | None:
    """How long the leaf is that begins here, as it says itself; None when none can."""
    try:
        start = at + fixed_bytes(body[at:])
    except (IndexError, struct.error):
        return None
    texts, end, step = zlib.decompressobj(), start, _STEP_BYTES
    while not texts.eof:
        if end >= len(body):
            return None
        try:
            texts.decompress(body[end : end + step])
        except zlib.error:
            return None
        end, step = min(end + step, len(body)), step * 2
    return end - len(texts.unused_data) - at + CHECK_BYTES


def _others(body: memoryview, at: int, manifest: Manifest) -> Iterator[FoundBlock]:
    """Blocks of names, their directory, and node blocks, as far as they follow one another."""
    directory = manifest.names.directory
    lengths = [BLOCK_BYTES]
    if directory is not None and directory.place.name == manifest.own:
        lengths.append(directory.length)
    nodes = [count * ROW_BYTES + CHECK_BYTES for count in range(1, (1 << STRIDE) + 1)]
    while at < len(body):
        if body[at] == 0 and (blank := _leaf_or_blank(body, at)) is not None:
            yield blank
            at += blank.length
            continue
        length = next((each for each in (*lengths, *nodes) if _is_sealed(body, at, each)), None)
        if length is None:
            return
        yield FoundBlock(at, length, is_node=length in nodes and length not in lengths)
        at += length


def _is_sealed(body: memoryview, at: int, length: int) -> bool:
    if length <= CHECK_BYTES or at + length > len(body):
        return False
    try:
        unseal(bytes(body[at : at + length]))
    except DamagedBlockError:
        return False
    return True


def _blank(length: int) -> bytes:
    head = _BLANK.pack(0, length)
    return seal(head + bytes(length - len(head) - CHECK_BYTES))
