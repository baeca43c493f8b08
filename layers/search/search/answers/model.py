"""What answers are chosen from, and what is chosen. Pure. Places are characters (code points)."""

from __future__ import annotations

from typing import NamedTuple


class Span(NamedTuple):
    """A piece of a text; `end` is the first behind it."""

    start: int
    end: int


class Piece(NamedTuple):
    """A piece of an item's text, whose words are told by `analysis`.

    `section` are the headings that lead to it, `promise` is how well its item fits the question as a whole, 1 for the
    best. `is_preferred` is false for one in another language than the question.
    """

    analysis: str
    title: str
    section: str
    text: str
    promise: float = 1.0
    is_preferred: bool = True


class Chosen(NamedTuple):
    """A sentence: the number of its piece, its place in the text of that, and how well it answers."""

    piece: int
    start: int
    end: int
    score: float
