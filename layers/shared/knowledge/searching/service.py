"""Searching: what is published is found, exactly and at once, or the search says why it can't be."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from knowledge.limits import SEARCH_RESULTS
from knowledge.searching.finding import Finder, Found
from knowledge.searching.model import Question, ReadItem, SearchAnswer
from knowledge.searching.reading import read_item
from knowledge.searching.showing import show_hits
from knowledge.sources.model import Source


@dataclass(frozen=True, slots=True)
class Searcher:
    """Answers searches, and reads items."""

    finder: Finder

    def search(self, question: Question, position: Any) -> SearchAnswer:
        """Search; a position is `[digest of the state, offset]` of the next result.

        Raises SourceNotFoundError, InvalidSearchError, StaleCursorError, the refusals of a run, IndexTooLargeError,
        IndexUpgradingError, IndexDamagedError, ServiceUnavailableError.
        """
        return self.finder.find(question, position, lambda found: _page(question, found))

    def read_item(self, question: Question, external_item_id: str) -> ReadItem:
        """Read an item of the one source that the question names, as it is served now.

        Raises SourceNotFoundError, ItemNotFoundError, IndexDamagedError, ServiceUnavailableError.
        """
        return self.finder.open(question, lambda asked, opened: read_item(asked, opened, external_item_id))

    def list_sources(self, question: Question) -> list[Source]:
        """List the sources that a question would be put to, which may have published nothing yet."""
        return [each.source for each in self.finder.ask(question)]


def _page(question: Question, found: Found) -> SearchAnswer:
    shown = show_hits(found.hits[: question.limit], found.opened, question.text, found.synonyms, prefix=question.prefix)
    end = found.offset + question.limit
    return SearchAnswer(
        shown,
        found.generations,
        [found.state, end] if len(found.hits) > question.limit and end < SEARCH_RESULTS else None,
        found.asked[0].preview if question.run_id is not None else None,
        found.kept_for,
    )
