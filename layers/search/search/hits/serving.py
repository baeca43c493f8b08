"""The segments of several sources as one index, in which a query finds what counts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

from search.engine.analysis import spans
from search.engine.files import EngineFiles, assemble
from search.engine.reading import Found, IndexReader
from search.engine.schema import fields_of
from search.errors import DamagedSegmentError
from search.filters import source_term
from search.languages.forms import normal_text
from search.queries.model import SearchQuery
from search.queries.planning import Asked, Language, plan
from search.queries.synonyms import Synonyms
from search.queries.tree import Filtered, Query, Sum
from search.segments.building import require_current
from search.segments.layout import Head
from search.segments.liveness import is_live
from search.segments.prefixes import prefix_of

# What is looked at at first for one hit that is wanted: some will be dead. The bound ends what never fills a page.
_MORE = 1.5
_LOOKED_AT = 100_000


class Hit(NamedTuple):
    """An item that was found. It is an answer only when it `is_of` the content that its generation serves."""

    source_id: str
    item_id: str
    hash_prefix: str
    score: float

    def is_of(self, content_hash: str) -> bool:
        """Tell whether a content of this hash (hex) was indexed."""
        return bool(self.hash_prefix) and content_hash.startswith(self.hash_prefix)


class _Place(NamedTuple):
    source_id: str
    number: int


class ServedIndex:
    """Segments of sources, oldest first in each, assembled in an empty folder and open for reading.

    Scores are those of one index of all these documents, dead ones among them.
    """

    def __init__(self, sources: Mapping[str, Sequence[Head]], folder: Path) -> None:
        """Raises OtherFormatError, DamagedSegmentError, EngineFailedError."""
        self._sources = {source_id: list(heads) for source_id, heads in sources.items()}
        self._places: list[_Place] = []
        files = []
        for source_id, heads in self._sources.items():
            for number, head in enumerate(heads):
                require_current(head, source_id)
                if head.header.documents:
                    self._places.append(_Place(source_id, number))
                    files.append(EngineFiles(head.header.segment_id, head.header.documents, head.files))
        self._reader = IndexReader(assemble(files, folder))
        # What the engine reads from the folder now is not held in memory besides.
        self._sources = {
            source_id: [replace(head, files={}) for head in heads] for source_id, heads in self._sources.items()
        }
        if self._reader.documents != sum(each.documents for each in files):
            raise DamagedSegmentError

    @property
    def languages(self) -> list[Language]:
        """The analyses that there are documents of."""
        names = {name for heads in self._sources.values() for head in heads for name in head.header.analyses}
        return [Language(name, *fields_of(name)) for name in sorted(names)]

    def search(
        self, query: SearchQuery, limit: int, offset: int = 0, *, synonyms: Mapping[str, Synonyms] | None = None
    ) -> list[Hit]:
        """Return a page of hits, the best first; fewer than `limit` are the last. `synonyms` are by source id.

        Raises QueryTooLongError, InvalidFilterError, EngineFailedError, DamagedSegmentError.
        """
        query.check()
        tree = self._planned(query, synonyms or {})
        if tree is None:
            return []
        wanted = offset + limit
        most, seen, live = int(wanted * _MORE) + 1, 0, list[Hit]()
        while len(live) < wanted and seen < _LOOKED_AT:
            found = self._reader.find(tree, most, seen)
            live += self._live(found)
            seen += len(found)
            if len(found) < most:
                break
            most *= 2
        return live[offset:wanted]

    def _live(self, found: list[Found]) -> Iterator[Hit]:
        for score, segment, item_id, hash_prefix in found:
            source_id, number = self._places[segment]
            heads, prefix = self._sources[source_id], prefix_of(item_id)
            if prefix not in heads[number].added:
                raise DamagedSegmentError
            if is_live(heads, number, prefix):
                yield Hit(source_id, item_id, hash_prefix, score)

    def _planned(self, query: SearchQuery, synonyms: Mapping[str, Synonyms]) -> Query | None:
        """Plan a query for each weight of a title and synonyms that sources have, so that each ranks by its own."""
        text = normal_text(query.text)
        asked = [Asked.of(each, text, spans(each.analysis, text, asked=True)) for each in self.languages]
        sources = [each for each in self._sources if not query.source_ids or each in query.source_ids]
        alike: dict[tuple[float, Synonyms | None], list[str]] = {}
        for source_id in sources:
            weight = query.ranking.title_weights.get(source_id, query.ranking.title_weight)
            alike.setdefault((weight, synonyms.get(source_id)), []).append(source_id)
        terms = tuple(query.filter.terms())
        parts = []
        for (weight, own), of_these in alike.items():
            tree = plan(asked, self._reader, weight, prefix=query.prefix, synonyms=own)
            if tree is None:
                return None
            one_of = () if len(of_these) == len(self._sources) else tuple(map(source_term, of_these))
            parts.append(Filtered(tree, terms, one_of))
        return Sum(tuple(parts)) if parts else None
