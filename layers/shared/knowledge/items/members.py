"""Members one after another, as they lie in a pack: finding each, and blanking one at its length. Pure."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from typing import NamedTuple

_GZIP = 31
_STEP_BYTES = 4096
# RFC 1952: a header with an extra field of `<H` bytes, an empty block of deflate, and the check and size of nothing.
_HEAD = struct.Struct("<2sBBIBBH")
_EMPTY = b"\x03\x00" + bytes(8)
_LEAST_BYTES = _HEAD.size + len(_EMPTY)
_EXTRA_BYTES = 0xFFFF
_HAS_EXTRA = 4
_UNKNOWN_SYSTEM = 255


class NotMembersError(ValueError):
    """Raised when bytes are not members from the first to the last."""


class PackedMember(NamedTuple):
    """Where a member lies in its pack (bytes), and what it inflates to."""

    offset: int
    length: int
    plain: bytes


def members_in(pack: bytes) -> Iterator[PackedMember]:
    """Walk over the members of a pack, the blank ones as well. Raises NotMembersError."""
    view, at = memoryview(pack), 0
    while at < len(pack):
        stream, fed, step, plain = zlib.decompressobj(_GZIP), at, _STEP_BYTES, []
        while not stream.eof:
            if fed == len(pack):
                raise NotMembersError
            try:
                plain.append(stream.decompress(view[fed : fed + step]))
            except zlib.error as error:
                raise NotMembersError from error
            fed, step = min(fed + step, len(pack)), step * 2
        end = fed - len(stream.unused_data)
        yield PackedMember(at, end - at, b"".join(plain))
        at = end


def blank_member(length: int) -> bytes:
    """Members that inflate to nothing, of so many bytes together: what stands in a pack where a member was."""
    blank = b""
    while length:
        size = min(length, _LEAST_BYTES + _EXTRA_BYTES)
        # What is left over must be a member again.
        if 0 < length - size < _LEAST_BYTES:
            size = length - _LEAST_BYTES
        extra = size - _LEAST_BYTES
        if extra < 0:
            raise NotMembersError
        blank += _HEAD.pack(b"\x1f\x8b", 8, _HAS_EXTRA, 0, 0, _UNKNOWN_SYSTEM, extra) + bytes(extra) + _EMPTY
        length -= size
    return blank
