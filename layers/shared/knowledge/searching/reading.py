"""One item as a source serves it now, in the words that people read.

What would break it, and what stands against it:

- The item is of another generation than the one that is served: it is looked up in the manifest of the source's row.
- Its content is not the one that was published: each is held against the hash that the generation has of it.
- A content whose text takes long to be read: past its time it is taken without its markup.
"""

from __future__ import annotations

from collections.abc import Sequence

from search.text.extraction import extract

from knowledge.errors import ItemNotFoundError
from knowledge.index.packs import read_documents
from knowledge.items.fields import details_in
from knowledge.searching.model import Asked, ItemName, Opened, ReadItem


def read_item(asked: Sequence[Asked], opened: Sequence[Opened], external_item_id: str) -> ReadItem:
    """Read an item of the one source that is asked, if it serves. Raises ItemNotFoundError, ObjectGoneError."""
    if not opened:
        raise ItemNotFoundError
    source, index = opened[0].source, opened[0].index
    entry = index.trie.find([external_item_id]).get(external_item_id)
    if entry is None:
        raise ItemNotFoundError
    (item,) = read_documents(index, [entry])
    details = details_in(item)
    text = extract(item["title"], item["content"], details.content_type)
    return ReadItem(
        ItemName(source.source_id, external_item_id), asked[0].generation_id, item["title"], text.text, details
    )
