"""Hits as results: each is checked against the generation, and shown by a piece of its text."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from search.hits.serving import Hit
from search.hits.snippets import Highlight, QueryWords, snippet, title_highlights
from search.languages.choice import analysis_of
from search.text.model import Text

from knowledge.searching.contents import PageTexts, read_contents
from knowledge.searching.model import Opened, Place, Result
from knowledge.sources.model import Source, Synonyms


def show_hits(
    hits: Sequence[Hit],
    opened: Mapping[str, Opened],
    query: str,
    synonyms: Mapping[str, Synonyms],
    *,
    prefix: bool,
) -> list[Result]:
    """Make results of hits, in their order. Raises IndexDamagedError, ObjectGoneError, EngineFailedError."""
    documents = read_contents(hits, opened)
    words = {
        source_id: QueryWords(query, prefix=prefix, synonyms=_asked_for(query, synonyms.get(source_id, ())))
        for source_id in opened
    }
    texts = PageTexts()
    return [
        _shown(hit, opened[hit.source_id].source, item, texts.read(item), words[hit.source_id])
        for hit, item in zip(hits, documents, strict=True)
    ]


def _shown(hit: Hit, source: Source, item: Mapping[str, Any], text: Text, words: QueryWords) -> Result:
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
