"""Building the segments of a whole state anew, from the contents that it serves; and when that is owed.

A run only adds segments and puts small ones together. Here all become few again: when too much of them is dead, when
the engine, the analysis or the source's default language is another, when one is missing, or when a source that was
too large to be searched no longer is. What is built is of what is served, so it needs nothing of the old ones.

What would break it, and what stands against it:

- A content is not what its hash says: reading it raises, and nothing is published.
- Another state is published meanwhile: the publishing write demands the base.
"""

from __future__ import annotations

from itertools import islice

from search.segments.building import current_format
from search.segments.model import Settings
from search.segments.policy import is_merge_owed

from knowledge.index.packs import read_documents
from knowledge.index.store import PublishedIndex
from knowledge.limits import SEARCHED_BYTES, SEARCHED_ITEMS
from knowledge.model import ObjectRef
from knowledge.segments.writing import SegmentWriter
from knowledge.storage.clients import Fanout
from knowledge.storage.format import ObjectGoneError
from knowledge.storage.objects import ObjectStore

_CONTENTS_AT_A_TIME = 1000
# A list that is longer than any that runs keep up.
_LONG = 48
# A source that grew too large must have shrunk by so much, so that it does not come and go.
_ROOM = 0.8


def is_rebuild_owed(index: PublishedIndex, default_language: str | None) -> bool:
    """Tell whether the segments of a state are to be built anew, by what its manifest says."""
    segments, manifest = index.manifest.segments, index.manifest
    if segments.rows is None:
        return manifest.entries <= _ROOM * SEARCHED_ITEMS and manifest.content_bytes <= _ROOM * SEARCHED_BYTES
    language = Settings(index.source_id, default_language).language
    return (
        any((row.format, row.language) != (current_format(), language) for row in segments.rows)
        or segments.documents < manifest.entries
        or is_merge_owed(segments.documents, manifest.entries)
        or len(segments.rows) > _LONG
    )


def is_segment_missing(index: PublishedIndex, objects: ObjectStore, fanout: Fanout) -> bool:
    """Ask for each segment of a state whether it is there as it was written."""

    def is_there(ref: ObjectRef) -> bool:
        try:
            objects.check_object(ref)
        except ObjectGoneError:
            return False
        return True

    rows = index.manifest.segments.rows or ()
    return not all(
        fanout.map(is_there, [ObjectRef(row.name.key(index.tenant_id, index.source_id), row.digest) for row in rows])
    )


def rebuild_segments(base: PublishedIndex, writer: SegmentWriter) -> None:
    """Build the segments of all that `base` serves, in the place of those that the writer's index has.

    Raises ObjectGoneError when a content is not that of its hash.
    """
    writer.index.renew_segments()
    entries = (entry for _, entry in base.trie.entries_from(base.trie.walk()))
    count = 0
    while batch := list(islice(entries, _CONTENTS_AT_A_TIME)):
        for entry, document in zip(batch, read_documents(base, batch), strict=True):
            writer.add_item(entry.external_item_id, entry.content_hash, document)
        count += len(batch)
    writer.close(count)
