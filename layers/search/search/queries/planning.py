"""The tree of a query: what of it is looked for in the fields of each language, and how it weighs. Pure.

Each word scores by BM25 in the title and in the text. On top of that the whole query as a phrase scores a little, so
that of equals the exact one comes first. A word that is rare in the index may be a slip: what is an edit or two away
counts too, but less than any exact word. A document stands in the fields of one language, so languages are added.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple, Protocol

from search.languages.bigrams import Span
from search.languages.choice import CJK
from search.limits import PREFIX_TERMS, QUERY_WORDS, TYPO_WORDS
from search.queries.synonyms import Synonyms
from search.queries.tree import Best, Phrase, Query, Sum, Typo, Weighed, Word

_PHRASE_WEIGHT = 0.1
_SYNONYM_WEIGHT = 0.7
# A word far off scores 1 in the engine; a rare exact one 5 to 10.
_TYPO_WEIGHT = 2.0
_TYPO_LETTERS = (5, 9)
# A word that is in fewer documents than one in so many may be a slip.
_RARE = 2_000
# Endings that an unfinished word may have already, and the word of the index has not.
_ENDING_LETTERS = 4
_STEM_LETTERS = 3


class Lexicon(Protocol):
    """What an index has."""

    @property
    def documents(self) -> int:
        """How many documents there are."""

    def frequency(self, field: str, word: str) -> int:
        """Count the documents with a word in a field."""

    def beginning_with(self, field: str, prefix: str, most: int) -> list[str]:
        """Return words of a field that begin so."""


class Language(NamedTuple):
    """An analysis, and the two fields that it has in an index."""

    analysis: str
    title: str
    text: str


class Asked(NamedTuple):
    """The words of a query by one analysis, with what was written for each."""

    language: Language
    words: list[str]
    written: list[str]

    @classmethod
    def of(cls, language: Language, query: str, spans: Sequence[Span]) -> Asked:
        """Take the words of a query, as far as they are looked up."""
        some = spans[:QUERY_WORDS]
        return cls(language, [span.word for span in some], [query[span.start : span.end] for span in some])


def plan(
    asked: Sequence[Asked],
    lexicon: Lexicon,
    title_weight: float,
    *,
    prefix: bool = False,
    synonyms: Synonyms | None = None,
) -> Query | None:
    """Make the tree of a query; None when there is no word in it."""
    languages = [_Planner(each, lexicon, title_weight, synonyms).planned(prefix=prefix) for each in asked if each.words]
    return Sum(tuple(languages)) if languages else None


class _Planner:
    """Plans a query for the fields of one language."""

    def __init__(self, asked: Asked, lexicon: Lexicon, title_weight: float, synonyms: Synonyms | None) -> None:
        self._language, self._words, self._written = asked
        self._lexicon = lexicon
        self._title_weight = title_weight
        self._synonyms = synonyms
        self._slips = 0

    def planned(self, *, prefix: bool) -> Query:
        """Make the tree."""
        last = len(self._words) - 1
        places: list[Query] = [
            self._unfinished(at) if prefix and at == last else self._whole(at) for at in range(len(self._words))
        ]
        parts = list(self._widened(places))
        if last:
            parts.append(Weighed(self._phrase(tuple(self._words)), _PHRASE_WEIGHT))
        return Sum(tuple(parts))

    def _widened(self, places: list[Query]) -> Iterator[Query]:
        """Yield each place of a query once, with what may stand there instead."""
        at = 0
        for start, length, others in (
            self._synonyms.widenings(self._language.analysis, self._words) if self._synonyms else ()
        ):
            yield from places[at:start]
            own = Sum(tuple(places[start : start + length]))
            same = [Weighed(self._sequence(other), _SYNONYM_WEIGHT) for other in others]
            yield Best((own, *same))
            at = start + length
        yield from places[at:]

    def _whole(self, at: int) -> Query:
        word, exact = self._words[at], self._word(self._words[at])
        if self._language.analysis == CJK and len(word) == 1:
            # The beginning of a word, as all single characters are.
            return self._beginnings(word, exact)
        edits = sum(len(self._written[at]) >= letters for letters in _TYPO_LETTERS)
        if not edits or self._language.analysis == CJK or self._slips == TYPO_WORDS or not self._is_rare(word):
            return exact
        self._slips += 1
        return Best((exact, Weighed(self._in_fields(lambda field: Typo(field, word, edits)), _TYPO_WEIGHT)))

    def _unfinished(self, at: int) -> Query:
        written = self._written[at].lower()
        return self._beginnings(self._words[at] if self._language.analysis == CJK else written, self._whole(at))

    def _beginnings(self, beginning: str, exact: Query) -> Query:
        """A word that may go on: what begins so, else the longest stem that is a beginning of it."""
        found = [
            Weighed(Word(field, word), weight)
            for field, weight in self._fields()
            for word in self._lexicon.beginning_with(field, beginning, PREFIX_TERMS)
        ]
        if not found:
            for letters in range(len(beginning) - 1, max(_STEM_LETTERS, len(beginning) - _ENDING_LETTERS) - 1, -1):
                stem = beginning[:letters]
                if any(self._lexicon.frequency(field, stem) for field, _ in self._fields()):
                    return Best((exact, self._word(stem)))
        return Best((exact, *found)) if found else exact

    def _is_rare(self, word: str) -> bool:
        most = self._lexicon.documents // _RARE
        return sum(self._lexicon.frequency(field, word) for field, _ in self._fields()) <= most

    def _sequence(self, words: tuple[str, ...]) -> Query:
        return self._word(words[0]) if len(words) == 1 else self._phrase(words)

    def _word(self, word: str) -> Query:
        return self._in_fields(lambda field: Word(field, word))

    def _phrase(self, words: tuple[str, ...]) -> Query:
        return self._in_fields(lambda field: Phrase(field, words))

    def _in_fields(self, make: Callable[[str], Query]) -> Query:
        return Sum(tuple(Weighed(make(field), weight) for field, weight in self._fields()))

    def _fields(self) -> tuple[tuple[str, float], tuple[str, float]]:
        return (self._language.title, self._title_weight), (self._language.text, 1.0)
