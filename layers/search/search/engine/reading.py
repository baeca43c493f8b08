"""Asking an index that was assembled: hits of a query, and what words there are."""

from __future__ import annotations

from functools import cached_property
from typing import NamedTuple

import tantivy
from tantivy import Occur

from search.engine.guard import guarded
from search.engine.schema import FILTERS, KEY, read_key, schema
from search.queries.tree import Best, Filtered, Phrase, Query, Sum, Typo, Weighed, Word


class Found(NamedTuple):
    """A document that a query finds: its score, the place of its segment in the folder, and what its key says."""

    score: float
    segment: int
    item_id: str
    hash_prefix: str


class IndexReader:
    """Reads an assembled index.

    Raises EngineFailedError in every call in which the engine fails.
    """

    def __init__(self, index: tantivy.Index) -> None:
        """Take an index that was opened by `search.engine.files`."""
        self._index = index

    @cached_property
    def _searcher(self) -> tantivy.Searcher:
        return self._index.searcher()

    @cached_property
    def _schema(self) -> tantivy.Schema:
        return schema()

    @property
    def documents(self) -> int:
        """How many documents there are, dead ones among them."""
        with guarded():
            return self._searcher.num_docs

    def frequency(self, field: str, word: str) -> int:
        """Count the documents with a word in a field."""
        with guarded():
            return self._searcher.doc_freq(field, word)

    def beginning_with(self, field: str, prefix: str, most: int) -> list[str]:
        """Return the first words of a field, in their order, that begin so."""
        with guarded():
            return [word for word, _ in self._searcher.terms_with_prefix(field, prefix, limit=most)]

    def find(self, query: Query, most: int, offset: int = 0) -> list[Found]:
        """Return the best documents of a query; those with equal scores in the order in which they were indexed."""
        with guarded():
            hits = self._searcher.search(self._query(query), most, count=False, offset=offset).hits
            return [
                Found(score, place.segment_ord, *read_key(self._searcher.doc(place).get_first(KEY) or b""))
                for score, place in hits
            ]

    def _query(self, query: Query) -> tantivy.Query:
        make, fields = tantivy.Query, self._schema
        match query:
            case Word(field, word):
                return make.term_query(fields, field, word, "freq")
            case Phrase(field, words):
                return make.phrase_query(fields, field, list(words))
            case Typo(field, word, edits):
                return make.fuzzy_term_query(fields, field, word, edits)
            case Sum(parts):
                return make.boolean_query([(Occur.Should, self._query(part)) for part in parts])
            case Best(parts):
                return make.disjunction_max_query([self._query(part) for part in parts])
            case Weighed(part, factor):
                return make.boost_query(self._query(part), factor)
            case Filtered(part, all_of, one_of):
                wanted = [self._filter([term]) for term in all_of]
                wanted += [self._filter(list(one_of))] if one_of else []
                return make.boolean_query([(Occur.Must, each) for each in (self._query(part), *wanted)])

    def _filter(self, terms: list[str]) -> tantivy.Query:
        make = tantivy.Query
        return make.const_score_query(make.term_set_query(self._schema, FILTERS, terms), 0.0)
