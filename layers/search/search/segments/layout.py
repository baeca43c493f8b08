"""The bytes of a segment. Pure.

    "KBS2" | length of the JSON | header as JSON | the engine's files, packed | ids added | ids killed | text part

The header names the lengths and SHA-256s of what follows it, and is named by its own, so that each byte is checked by
whoever reads it. A search reads what stands before the text part: the head.
"""

from __future__ import annotations

import hashlib
import json
import struct
import zlib
from collections.abc import Mapping
from dataclasses import asdict, dataclass

from search.errors import DamagedSegmentError, OtherFormatError
from search.segments.model import MAGIC, Header, SegmentRef, Settings
from search.segments.prefixes import PREFIX_BYTES, Prefixes

_START = struct.Struct("<4sI")
# Runs and Huffman's codes alone: the engine's numbers repeat nothing else. It takes 3 us an item, a third of level 1's.
_PACKING = (1, zlib.DEFLATED, zlib.MAX_WBITS, zlib.DEF_MEM_LEVEL, zlib.Z_RLE)


@dataclass(frozen=True, slots=True)
class Head:
    """What a search reads of a segment, checked and unpacked. `files` are the engine's, by the ends of their names."""

    ref: SegmentRef
    header: Header
    files: Mapping[str, bytes]
    added: Prefixes
    killed: Prefixes

    @property
    def index_bytes(self) -> int:
        """What the engine's files take on a disk."""
        return sum(map(len, self.files.values()))


def pack_files(files: Mapping[str, bytes]) -> bytes:
    """Pack the engine's files; the same files give the same bytes."""
    packer = zlib.compressobj(*_PACKING)
    return b"".join([*map(packer.compress, files.values()), packer.flush()])


def encode_segment(header: Header, packed: bytes, ids: bytes, texts: bytes) -> tuple[SegmentRef, bytes]:
    """Write a segment, whose header has all lengths and digests; returns its name, too."""
    told = json.dumps(asdict(header), separators=(",", ":")).encode("utf-8")
    start = _START.pack(MAGIC, len(told)) + told
    head = b"".join((start, packed, ids))
    return _ref(hashlib.sha256(start).hexdigest(), header, len(head)), head + texts


def decode_head(ref: SegmentRef, data: bytes) -> Head:
    """Read the head of a segment: its first `ref.head` bytes, no more and no less.

    Raises DamagedSegmentError, and OtherFormatError when it is whole but of a format that is unknown here.
    """
    if len(data) != ref.head or len(data) < _START.size:
        raise DamagedSegmentError
    magic, length = _START.unpack_from(data)
    at = _START.size + length
    if hashlib.sha256(data[:at]).hexdigest() != ref.digest:
        raise DamagedSegmentError
    if magic != MAGIC:
        raise OtherFormatError
    header = _header(data[_START.size : at])
    packed = data[at : at + header.index_length]
    ids = data[at + header.index_length :]
    ids_length = (header.added + header.killed) * PREFIX_BYTES
    if len(packed) != header.index_length or len(ids) != ids_length or _differs(packed, header.index_digest):
        raise DamagedSegmentError
    if _differs(ids, header.ids_digest) or ref != _ref(ref.digest, header, len(data)):
        raise DamagedSegmentError
    cut = header.added * PREFIX_BYTES
    return Head(ref, header, _unpacked(packed, header.files), Prefixes(ids[:cut]), Prefixes(ids[cut:]))


def ref_in(data: bytes) -> SegmentRef:
    """Tell how a list would name a whole segment, by its own header; whoever reads it by that checks every byte.

    Raises DamagedSegmentError, OtherFormatError.
    """
    if len(data) < _START.size:
        raise DamagedSegmentError
    magic, length = _START.unpack_from(data)
    if magic != MAGIC:
        raise OtherFormatError
    at = _START.size + length
    header = _header(data[_START.size : at])
    ids_length = (header.added + header.killed) * PREFIX_BYTES
    return _ref(hashlib.sha256(data[:at]).hexdigest(), header, at + header.index_length + ids_length)


def texts_of(head: Head, data: bytes) -> bytes:
    """Check the text part of a segment, which is all behind its head. Raises DamagedSegmentError."""
    if len(data) != head.header.text_length or _differs(data, head.header.text_digest):
        raise DamagedSegmentError
    return data


def _unpacked(packed: bytes, lengths: Mapping[str, int]) -> dict[str, bytes]:
    size = sum(lengths.values())
    unpacker = zlib.decompressobj()
    try:
        index = unpacker.decompress(packed, size + 1)
    except zlib.error as error:
        raise DamagedSegmentError from error
    if len(index) != size:
        raise DamagedSegmentError
    files, begin = {}, 0
    for suffix, length in lengths.items():
        files[suffix] = index[begin : begin + length]
        begin += length
    return files


def _header(data: bytes) -> Header:
    try:
        told = json.loads(data)
        return Header(**{**told, "settings": Settings(*told["settings"])})
    except (ValueError, TypeError, KeyError) as error:
        # It is what its writer wrote, so its writer knew another format.
        raise OtherFormatError from error


def _ref(digest: str, header: Header, head: int) -> SegmentRef:
    size = head + header.text_length
    return SegmentRef(digest, size, head, header.documents, header.tier, header.format, header.settings.language)


def _differs(data: bytes, digest: str) -> bool:
    return hashlib.sha256(data).hexdigest() != digest
