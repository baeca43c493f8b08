"""A text cut into passages: sections of about 200 words, none across a heading. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from search.answers.model import Span
from search.answers.sentences import sentence_spans
from search.limits import PASSAGE_WORDS
from search.text.model import Text

# What is left of a section is not a passage of its own when it is shorter.
_SHORT = PASSAGE_WORDS // 4
_WIDE = re.compile("[\u2e80-\u9fff\uac00-\ud7af\uf900-\ufaff\U00020000-\U0003ffff]")
# How many characters count as a word, of those that are written without spaces; and of others at most.
_WIDE_A_WORD = 2
_LETTERS_A_WORD = 8


class Cut(NamedTuple):
    """A passage: its place in the text, and the headings that lead to it."""

    start: int
    end: int
    section: str


def cut_passages(text: Text, language: str | None, most_characters: int) -> Iterator[Cut]:
    """Yield the passages of the beginning of a text; headings are in none, but lead to those behind them."""
    for section, start, end in _sections(text, min(len(text.text), most_characters)):
        spans = [(start + each.start, start + each.end) for each in sentence_spans(text.text[start:end], language)]
        yield from (Cut(first, last, section) for first, last in _joined(text.text, spans))


def _sections(text: Text, most: int) -> Iterator[tuple[str, int, int]]:
    path: list[tuple[int, str]] = []
    at = 0
    for heading in text.headings:
        if heading.start >= most:
            break
        yield _path(path), at, heading.start
        path = [each for each in path if each[0] < heading.level]
        path.append((heading.level, text.text[heading.start : heading.end]))
        at = heading.end
    if at < most:
        yield _path(path), at, most


def _path(headings: list[tuple[int, str]]) -> str:
    return " › ".join(text for _, text in headings)


def _joined(text: str, spans: list[tuple[int, int]]) -> Iterator[Span]:
    """Put sentences together until there are enough words; a short rest stays with what stands before it."""
    sizes = [_words(text[start:end]) for start, end in spans]
    left, first, size = sum(sizes), 0, 0
    for at, (_, end) in enumerate(spans):
        size += sizes[at]
        left -= sizes[at]
        if at + 1 == len(spans) or (size >= PASSAGE_WORDS and left >= _SHORT):
            yield Span(spans[first][0], end)
            first, size = at + 1, 0


def _words(text: str) -> int:
    wide = len(_WIDE.findall(text))
    return max(len(text.split()), wide // _WIDE_A_WORD, (len(text) - wide) // _LETTERS_A_WORD)
