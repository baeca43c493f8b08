"""Whether an object holds text of some items, and its copy without that. Pure.

What can't be read counts as holding text: nobody can say that it doesn't.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection

from search.errors import SearchError

from knowledge.index.blocks import DamagedBlockError
from knowledge.index.names import ObjectName
from knowledge.index.scanning import ErasedIndex, blocks_in, copy_without, leaves_with
from knowledge.items.members import NotMembersError, PackedMember, blank_member, members_in
from knowledge.runs.change_file import ERASED
from knowledge.storage.format import UnknownFormatError

_UNREADABLE = (
    DamagedBlockError,
    NotMembersError,
    SearchError,
    UnknownFormatError,
    ValueError,
    KeyError,
    TypeError,
    IndexError,
)


def holds_text(key: str, data: bytes, ids: Collection[str]) -> bool:
    """Tell whether an object of a run, or of an index, holds text of some items, by what its key says that it is."""
    what = key.rpartition("/")[2]
    try:
        if what.startswith("pack-"):
            return any(_is_of(member, ids) for member in members_in(data))
        if what.startswith("index-"):
            return bool(leaves_with(blocks_in(data), ids))
        if what.startswith("changes-"):
            return any(_tells_of(member, ids) for member in members_in(data))
        if what.startswith("segment-"):
            return _has_documents(data, ids)
    except _UNREADABLE:
        return True
    # Checkpoints, pieces of work and lists hold ids.
    return False


def copy_of_pack(data: bytes, ids: Collection[str]) -> bytes | None:
    """Copy a pack with the members of some items blanked; None when it has none of them. Raises NotMembersError."""
    doomed = [member for member in members_in(data) if _is_of(member, ids)]
    if not doomed:
        return None
    copy = bytearray(data)
    for offset, length, _ in doomed:
        copy[offset : offset + length] = blank_member(length)
    return bytes(copy)


def copy_of_object(data: bytes, ids: Collection[str], own: ObjectName) -> ErasedIndex | None:
    """Copy a pack or an index object without some items; None when it holds nothing of them.

    Raises NotMembersError, DamagedBlockError or UnknownFormatError when it can't be read.
    """
    if own.is_index:
        return copy_without(data, ids, own)
    copy = copy_of_pack(data, ids)
    return None if copy is None else ErasedIndex(copy, hashlib.sha256(copy).hexdigest())


def _has_documents(data: bytes, ids: Collection[str]) -> bool:
    # The engine of search is loaded where a segment is met.
    from knowledge.erasures.segments import has_documents

    return has_documents(data, ids)


def _is_of(member: PackedMember, ids: Collection[str]) -> bool:
    # A blank one inflates to nothing.
    return bool(member.plain) and json.loads(member.plain)["externalItemId"] in ids


def _tells_of(member: PackedMember, ids: Collection[str]) -> bool:
    value = json.loads(member.plain)
    # The others are lists of journal entries, and the directory.
    return isinstance(value, list) and any(
        isinstance(line, list) and line[0] in ids and line[1] != ERASED for line in value
    )
