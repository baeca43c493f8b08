"""The manifest: the root of a published state, at the end of the index object that was written with it. Pure.

    head | root's row | directory of names | segments | open rows of names | SHA-256 of the object up to the head |
    length, "KBI2"

It is at most 3 KB and 92 bytes for each segment, whatever it is the root of. Its own SHA-256 names it, and with it the
whole object. It knows no generation: a run builds it before there is one.
"""

from __future__ import annotations

import hashlib
import struct
from dataclasses import dataclass

from knowledge.index.blocks import ROW_BYTES as REF_BYTES
from knowledge.index.blocks import Ref, decode_refs, encode_ref
from knowledge.index.names import (
    NAME_BYTES,
    BlockPlace,
    Directory,
    Names,
    ObjectName,
    decode_name,
    decode_rows,
    encode_name,
    encode_rows,
)
from knowledge.index.segment_rows import NO_SEGMENTS, Segments, decode_segments, encode_segments
from knowledge.model import ObjectRef
from knowledge.storage.format import UnknownFormatError

MAGIC = b"KBI2"
_HEAD = struct.Struct("<B32sQQB")
_DIRECTORY = struct.Struct("<II")
_END = struct.Struct("<H4s")
_HASH_BYTES = 32
_NO_DIGEST = bytes(_HASH_BYTES)


@dataclass(frozen=True, slots=True)
class Manifest:
    """The root of a published state.

    `own` is the index object that it stands in, which the names don't have yet. `base_digest` (hex) is the manifest
    that was published when it was built, None for the first. `member_bytes` is the size of all members that are served,
    packed; `index_bytes` that of all blocks that are part of the trie.
    """

    own: ObjectName
    base_digest: str | None
    root: Ref | None
    names: Names
    member_bytes: int
    index_bytes: int
    segments: Segments = NO_SEGMENTS

    @property
    def entries(self) -> int:
        """How many items are served."""
        return 0 if self.root is None else self.root.entries

    @property
    def content_bytes(self) -> int:
        """The size of all contents together."""
        return 0 if self.root is None else self.root.content_bytes


@dataclass(frozen=True, slots=True)
class BuiltIndex:
    """A state that can be published: its manifest, and what that sums up to. Sizes are bytes."""

    manifest: ObjectRef
    root_hash: str
    entries: int
    content_bytes: int


def encode_manifest(manifest: Manifest, body_digest: bytes) -> bytes:
    """Write a manifest; `body_digest` is the SHA-256 of what stands before it in its object."""
    names = manifest.names
    base = _NO_DIGEST if manifest.base_digest is None else bytes.fromhex(manifest.base_digest)
    head = _HEAD.pack(
        manifest.base_digest is not None,
        base,
        manifest.member_bytes,
        manifest.index_bytes,
        manifest.root is not None,
    )
    root = b"" if manifest.root is None else encode_ref(manifest.root)
    if names.directory is None:
        directory = _DIRECTORY.pack(0, 0)
    else:
        place = names.directory.place
        directory = _DIRECTORY.pack(names.directory.blocks, place.offset) + encode_name(place.name)
    segments, rows = encode_segments(manifest.segments), encode_rows(names.open_rows)
    data = b"".join((head, encode_name(manifest.own), root, directory, segments, rows, body_digest))
    return data + _END.pack(len(data) + _END.size, MAGIC)


def manifest_bytes(tail: bytes) -> bytes:
    """Cut the manifest out of the last bytes of an index object. Raises UnknownFormatError when it is none."""
    if len(tail) < _END.size:
        message = "the object is no index"
        raise UnknownFormatError(message)
    length, magic = _END.unpack(tail[-_END.size :])
    if magic != MAGIC:
        message = f"format {magic!r} is not {MAGIC!r}"
        raise UnknownFormatError(message)
    return tail[-length:]


def decode_manifest(data: bytes) -> Manifest:
    """Read a manifest that was checked against its digest."""
    has_base, base, member_bytes, index_bytes, has_root = _HEAD.unpack_from(data)
    at = _HEAD.size
    own = decode_name(data[at : at + NAME_BYTES])
    at += NAME_BYTES
    root = None
    if has_root:
        (root,) = decode_refs(data[at : at + REF_BYTES])
        at += REF_BYTES
    blocks, offset = _DIRECTORY.unpack_from(data, at)
    at += _DIRECTORY.size
    directory = None
    if blocks:
        directory = Directory(BlockPlace(decode_name(data[at : at + NAME_BYTES]), offset), blocks)
        at += NAME_BYTES
    segments, at = decode_segments(data, at)
    return Manifest(
        own=own,
        base_digest=base.hex() if has_base else None,
        root=root,
        names=Names(decode_rows(data[at : -_END.size - _HASH_BYTES]), directory),
        member_bytes=member_bytes,
        index_bytes=index_bytes,
        segments=segments,
    )


def digest_of(data: bytes) -> str:
    """The SHA-256 (hex) by which a manifest is named."""
    return hashlib.sha256(data).hexdigest()
