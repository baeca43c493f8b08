"""The contents of hits, each checked against the generation, and their texts.

What would break it, and what stands against it:

- A segment names an item that the generation does not serve, or another content of it: nothing is answered.
- A content whose text takes long to be read: all of a page share a time, past which it is taken without its markup.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from typing import Any

from search.hits.serving import Hit
from search.limits import EXTRACTION_SECONDS
from search.text.extraction import extract
from search.text.model import Effort, Text

from knowledge.errors import IndexDamagedError
from knowledge.index.packs import read_documents
from knowledge.searching.model import Opened

# Of the processor, for the texts of one page.
_PAGE_SECONDS = 4.0


def read_contents(hits: Sequence[Hit], opened: Mapping[str, Opened]) -> list[dict[str, Any]]:
    """Read the contents of hits, in their order, which generations must serve as the segments have them.

    Raises IndexDamagedError, ObjectGoneError.
    """
    documents: dict[tuple[str, str], dict[str, Any]] = {}
    for source_id in dict.fromkeys(hit.source_id for hit in hits):
        of_source = [hit for hit in hits if hit.source_id == source_id]
        found = _of_source(opened[source_id], of_source)
        documents.update({(source_id, hit.item_id): each for hit, each in zip(of_source, found, strict=True)})
    return [documents[hit.source_id, hit.item_id] for hit in hits]


def _of_source(opened: Opened, hits: Sequence[Hit]) -> list[dict[str, Any]]:
    index = opened.index
    entries = index.trie.find([hit.item_id for hit in hits])
    for hit in hits:
        entry = entries.get(hit.item_id)
        if entry is None or not hit.is_of(entry.content_hash):
            raise IndexDamagedError(source_id=opened.source.source_id, key=index.ref.key)
    return read_documents(index, [entries[hit.item_id] for hit in hits])


class PageTexts:
    """Reads the texts of one page of contents, within the time that they share."""

    def __init__(self) -> None:
        """Begin."""
        self._until = time.thread_time() + _PAGE_SECONDS

    def read(self, item: Mapping[str, Any]) -> Text:
        """Read the text of a content as people see it."""
        left = self._until - time.thread_time()
        effort = Effort.PARSED if left > 0 else Effort.UNPARSED
        seconds = max(0.0, min(left, EXTRACTION_SECONDS))
        return extract(item["title"], item["content"], item["contentType"], effort, seconds=seconds)
