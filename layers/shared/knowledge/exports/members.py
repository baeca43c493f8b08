"""A member of a pack as it goes into the file of an export: checked, and no smaller than an import takes it. Pure.

Packs and the file are members one after another, so most are copied as they are. An import refuses a file that inflates
to over a hundred times its size. A member that does is packed anew, by codes for single bytes alone (RFC 1951): then it
has at least an eighth of its text, whatever that is.
"""

from __future__ import annotations

import gzip
import hashlib
import zlib
from typing import NamedTuple

from knowledge.limits import INFLATION_FACTOR

_GZIP = 31
_MEMORY_LEVEL = 8


class FileMember(NamedTuple):
    """A member of the file, and how long its text is, with the line feed."""

    data: bytes
    plain_bytes: int


# What a file of no items holds: there is no gzip stream of no members.
NO_ITEMS = FileMember(gzip.compress(b"", mtime=0), 0)


def file_member(member: bytes, content_hash: str) -> FileMember:
    """Make a member of the file from that of a pack. Raises ValueError when it is not the content of that hash."""
    try:
        plain = gzip.decompress(member)
    except (OSError, EOFError, zlib.error) as error:
        message = "the member is no gzip stream"
        raise ValueError(message) from error
    if not plain.endswith(b"\n") or hashlib.sha256(plain[:-1]).hexdigest() != content_hash:
        message = "the member does not match its content hash"
        raise ValueError(message)
    if len(plain) <= INFLATION_FACTOR * len(member):
        return FileMember(member, len(plain))
    packer = zlib.compressobj(-1, zlib.DEFLATED, _GZIP, _MEMORY_LEVEL, zlib.Z_HUFFMAN_ONLY)
    return FileMember(packer.compress(plain) + packer.flush(), len(plain))
