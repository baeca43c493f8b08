"""Words and phrases that a tenant holds for the same: they widen queries, not the index. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

from search.errors import InvalidSynonymsError
from search.limits import SYNONYM_CHARACTERS, SYNONYM_GROUPS, SYNONYMS_A_GROUP, SYNONYMS_USED

Analyze = Callable[[str, str], list[str]]
"""Returns the words of a text by an analysis."""


class Widening(NamedTuple):
    """A place in a query, and what may stand there instead."""

    start: int
    length: int
    others: tuple[tuple[str, ...], ...]


class Synonyms:
    """Groups of synonyms, each a list of texts; made once for many queries."""

    def __init__(self, groups: Sequence[Sequence[str]], analyze: Analyze) -> None:
        """Raises InvalidSynonymsError when there are too many, or one is too long."""
        if len(groups) > SYNONYM_GROUPS:
            message = f"There are at most {SYNONYM_GROUPS} groups of synonyms."
            raise InvalidSynonymsError(message)
        if any(len(group) > SYNONYMS_A_GROUP for group in groups):
            message = f"A group has at most {SYNONYMS_A_GROUP} synonyms."
            raise InvalidSynonymsError(message)
        if any(len(each) > SYNONYM_CHARACTERS for group in groups for each in group):
            message = f"A synonym has at most {SYNONYM_CHARACTERS} characters."
            raise InvalidSynonymsError(message)
        self._groups = groups
        self._analyze = analyze
        self._known: dict[str, dict[tuple[str, ...], dict[tuple[str, ...], None]]] = {}

    def widenings(self, analysis: str, words: Sequence[str]) -> Iterator[Widening]:
        """Yield where a query holds a synonym; the longest at each place, and none inside another."""
        known = self._of(analysis)
        longest = max(map(len, known), default=0)
        at = used = 0
        while at < len(words) and used < SYNONYMS_USED:
            for length in range(min(longest, len(words) - at), 0, -1):
                own = tuple(words[at : at + length])
                if own in known:
                    yield Widening(at, length, tuple(each for each in known[own] if each != own))
                    used += 1
                    at += length - 1
                    break
            at += 1

    def _of(self, analysis: str) -> dict[tuple[str, ...], dict[tuple[str, ...], None]]:
        if analysis not in self._known:
            known: dict[tuple[str, ...], dict[tuple[str, ...], None]] = {}
            for group in self._groups:
                told = dict.fromkeys(filter(None, (tuple(self._analyze(analysis, each)) for each in group)))
                for each in told:
                    known.setdefault(each, {}).update(told)
            self._known[analysis] = known
        return self._known[analysis]
