"""Where in a title and a text the words of a query stand, and the piece of the text that shows most of them."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import NamedTuple

from search.engine.analysis import spans, words
from search.languages.bigrams import Span
from search.languages.choice import CJK
from search.limits import HIGHLIGHTS, SNIPPET_CHARACTERS, SNIPPET_SEARCHED_CHARACTERS


class Highlight(NamedTuple):
    """A place in a text, in characters (code points); `end` is the first behind it."""

    start: int
    end: int


class Snippet(NamedTuple):
    """A piece of a text, and what in the text is highlighted; all are places in the whole text, in characters."""

    start: int
    end: int
    highlights: tuple[Highlight, ...]


class QueryWords:
    """The words of a query for highlights, by each analysis; the last may be unfinished."""

    def __init__(self, query: str, *, prefix: bool = False, synonyms: Sequence[str] = ()) -> None:
        """Take a query, and what else is highlighted as if it had been asked for."""
        self._texts = (query, *synonyms)
        self._unfinished = query.rsplit(maxsplit=1)[-1].lower() if prefix and query.split() else ""
        self._known: dict[str, frozenset[str]] = {}

    def highlights(self, analysis: str, text: str) -> list[Span]:
        """Return the words of a text that are asked for. Raises EngineFailedError."""
        if analysis not in self._known:
            self._known[analysis] = frozenset(word for each in self._texts for word in words(analysis, each))
        return matched(spans(analysis, text, asked=True), text, self._known[analysis], self._unfinished)


def matched(found: Sequence[Span], text: str, wanted: Collection[str], unfinished: str) -> list[Span]:
    """Return the words that are wanted, or begin as the unfinished one does."""
    return [
        span
        for span in found
        if span.word in wanted or (unfinished and text[span.start : span.end].lower().startswith(unfinished))
    ]


def title_highlights(query: QueryWords, analysis: str, title: str) -> tuple[Highlight, ...]:
    """Return what in a title is highlighted. Raises EngineFailedError."""
    return _highlights(query.highlights(analysis, title), analysis)


def snippet(query: QueryWords, analysis: str, text: str, most: int = SNIPPET_CHARACTERS) -> Snippet:
    """Choose the piece of a text with most of the different words of a query, the first of equals.

    Where none stands, it is the beginning. Raises EngineFailedError.
    """
    found = query.highlights(analysis, text[:SNIPPET_SEARCHED_CHARACTERS])
    best = _best_window(found, most)
    start, end = _around(text, best, most)
    inside = [span for span in found if start <= span.start and span.end <= end]
    return Snippet(start, end, _highlights(inside, analysis))


def _best_window(found: Sequence[Span], most: int) -> tuple[int, int]:
    """The places of the first and the last of the words that fit together and are most different ones."""
    best, value = (0, 0), (0, 0)
    counts: dict[str, int] = {}
    first = 0
    for at, span in enumerate(found):
        counts[span.word] = counts.get(span.word, 0) + 1
        while first < at and span.end - found[first].start > most:
            gone = found[first].word
            counts[gone] -= 1
            if not counts[gone]:
                del counts[gone]
            first += 1
        if (len(counts), at - first) > value:
            best, value = (found[first].start, span.end), (len(counts), at - first)
    return best


def _around(text: str, window: tuple[int, int], most: int) -> tuple[int, int]:
    """Widen a window evenly to `most` characters, and cut no word at its ends."""
    start, end = window
    room = max(0, most - (end - start))
    start = max(0, start - room // 2)
    end = min(len(text), start + most)
    start = max(0, min(start, end - most))
    if start and not text[start - 1].isspace():
        start = _next_space(text, start, min(window[0], start + most // 4))
    if end < len(text) and not text[end].isspace():
        space = text.rfind(" ", max(window[1], end - most // 4), end)
        end = space if space > start else end
    return start, end


def _next_space(text: str, start: int, end: int) -> int:
    space = text.find(" ", start, end)
    return start if space < 0 else space + 1


def _highlights(found: Sequence[Span], analysis: str) -> tuple[Highlight, ...]:
    """Make one of neighbours that overlap or touch, as those of texts without spaces do."""
    joined: list[Highlight] = []
    for span in found:
        if joined and analysis == CJK and span.start <= joined[-1].end:
            joined[-1] = Highlight(joined[-1].start, max(span.end, joined[-1].end))
        else:
            joined.append(Highlight(span.start, span.end))
    return tuple(joined[:HIGHLIGHTS])
