"""Hits as results: each is checked against the generation, and shown by a piece of its text.

What would break it, and what stands against it:

- A segment names an item that the generation does not serve, or another content of it: nothing is answered.
- A content whose text takes long to be read: all of a page share a time, past which it is taken without its markup.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from typing import Any

from search.hits.serving import Hit
from search.hits.snippets import Highlight, QueryWords, snippet, title_highlights
from search.languages.choice import analysis_of
from search.limits import EXTRACTION_SECONDS
from search.text.extraction import extract
from search.text.model import Effort

from knowledge.errors import IndexDamagedError
from knowledge.index.packs import read_documents
from knowledge.searching.model import Opened, Place, Result
from knowledge.sources.model import Source, Synonyms

# Of the processor, for the texts of one page.
_PAGE_SECONDS = 4.0


def show_hits(
    hits: Sequence[Hit],
    opened: Mapping[str, Opened],
    query: str,
    synonyms: Mapping[str, Synonyms],
    *,
    prefix: bool,
) -> list[Result]:
    """Make results of hits, in their order. Raises IndexDamagedError, ObjectGoneError, EngineFailedError."""
    documents: dict[tuple[str, str], dict[str, Any]] = {}
    for source_id in dict.fromkeys(hit.source_id for hit in hits):
        of_source = [hit for hit in hits if hit.source_id == source_id]
        found = _documents(opened[source_id], of_source)
        documents.update({(source_id, hit.item_id): each for hit, each in zip(of_source, found, strict=True)})
    words = {
        source_id: QueryWords(query, prefix=prefix, synonyms=_asked_for(query, synonyms.get(source_id, ())))
        for source_id in opened
    }
    until = time.thread_time() + _PAGE_SECONDS
    return [
        _shown(hit, opened[hit.source_id].source, documents[hit.source_id, hit.item_id], words[hit.source_id], until)
        for hit in hits
    ]


def _documents(opened: Opened, hits: Sequence[Hit]) -> list[dict[str, Any]]:
    """Read the contents of hits, which the generation must serve as the segments have them."""
    index = opened.index
    entries = index.trie.find([hit.item_id for hit in hits])
    for hit in hits:
        entry = entries.get(hit.item_id)
        if entry is None or not hit.is_of(entry.content_hash):
            raise IndexDamagedError(source_id=opened.source.source_id, key=index.ref.key)
    return read_documents(index, [entries[hit.item_id] for hit in hits])


def _shown(hit: Hit, source: Source, item: Mapping[str, Any], words: QueryWords, until: float) -> Result:
    left = until - time.thread_time()
    effort = Effort.PARSED if left > 0 else Effort.UNPARSED
    text = extract(
        item["title"], item["content"], item["contentType"], effort, seconds=max(0.0, min(left, EXTRACTION_SECONDS))
    )
    analysis = analysis_of(item.get("language"), source.default_language, text.title, text.text)
    piece = snippet(words, analysis, text.text)
    return Result(
        source_id=hit.source_id,
        external_item_id=hit.item_id,
        title=item["title"],
        url=item.get("url"),
        snippet=text.text[piece.start : piece.end],
        in_title=_places(title_highlights(words, analysis, item["title"]), 0),
        in_snippet=_places(piece.highlights, piece.start),
        score=round(hit.score, 4),
    )


def _places(highlights: Sequence[Highlight], start: int) -> tuple[Place, ...]:
    return tuple(Place(each.start - start, each.end - start) for each in highlights)


def _asked_for(query: str, synonyms: Synonyms) -> list[str]:
    """Return what is highlighted besides: all of a group of which one stands in the query."""
    text = query.casefold()
    return [each for group in synonyms if any(one.casefold() in text for one in group) for each in group]
