"""Segments in an erasure: whether one has a document of some items, and its copy without those. Pure.

What loads this loads the engine of search. Nothing of an item is left in a copy: it is built anew of the documents that
stay, so that no list of words has a word that was the item's alone. What is left out goes on killing older documents.
"""

from __future__ import annotations

from collections.abc import Collection

from search.segments.building import Built, build_segment
from search.segments.layout import decode_head, ref_in
from search.segments.merging import read_part
from search.segments.prefixes import prefix_of

from knowledge.index.segment_rows import NamedSegment
from knowledge.segments.rows import ref_of


def has_documents(data: bytes, ids: Collection[str]) -> bool:
    """Tell whether a segment has a document of some items. Raises SearchError when it can't be read."""
    return any(document.item_id in ids for document in read_part(ref_in(data), data).documents)


def copy_of_segment(row: NamedSegment, data: bytes, ids: Collection[str]) -> Built | None:
    """Build a segment anew without some items; None when it has none of them. Raises SearchError.

    It has its tier, and is built with the default language that it was built with.
    """
    ref = ref_of(row)
    part, header = read_part(ref, data), decode_head(ref, data[: ref.head]).header
    kept = [document for document in part.documents if document.item_id not in ids]
    if len(kept) == len(part.documents):
        return None
    killed = {*part.killed, *part.added} - {prefix_of(document.item_id) for document in kept}
    return build_segment(kept, killed, header.settings, tier=header.tier)
