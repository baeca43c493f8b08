"""A query as a tree, which the engine evaluates."""

from __future__ import annotations

from typing import NamedTuple


class Word(NamedTuple):
    """Documents with a word in a field, scored by BM25."""

    field: str
    word: str


class Phrase(NamedTuple):
    """Documents with words one after another in a field, scored by BM25."""

    field: str
    words: tuple[str, ...]


class Typo(NamedTuple):
    """Documents with a word in a field that is so many edits away; each scores 1."""

    field: str
    word: str
    edits: int


class Sum(NamedTuple):
    """Documents that any part finds; their scores are added."""

    parts: tuple[Query, ...]


class Best(NamedTuple):
    """Documents that any part finds; the best of their scores counts."""

    parts: tuple[Query, ...]


class Weighed(NamedTuple):
    """What a part finds, with its scores multiplied."""

    part: Query
    factor: float


class Filtered(NamedTuple):
    """What a part finds that has all of some words of filters, and one of others if there are any.

    The scores are those of the part.
    """

    part: Query
    all_of: tuple[str, ...]
    one_of: tuple[str, ...] = ()


Query = Word | Phrase | Typo | Sum | Best | Weighed | Filtered
