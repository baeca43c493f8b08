"""The rows that all systems hold: the same number and edition make the same row, wherever it is asked for."""

from __future__ import annotations

import random
from collections.abc import Iterable
from functools import cache
from string import ascii_lowercase
from typing import NamedTuple

WORDS = 2000
WORDS_A_ROW = 70


class Row(NamedTuple):
    """One item: some 500 bytes of words that a compressor halves."""

    external_item_id: str
    title: str
    content: str


@cache
def _words() -> list[str]:
    dice = random.Random("words")
    return ["".join(dice.choices(ascii_lowercase, k=dice.randint(3, 10))) for _ in range(WORDS)]


def row(number: int, edition: int) -> Row:
    """Make one edition of one row."""
    dice = random.Random(edition << 32 | number)
    return Row(name(number), f"Document {number}", " ".join(dice.choices(_words(), k=WORDS_A_ROW)))


def rows(numbers: Iterable[int], edition: int) -> list[Row]:
    """Make one edition of many rows."""
    return [row(number, edition) for number in numbers]


def name(number: int) -> str:
    """The key of a row."""
    return f"doc-{number:07d}"


def chosen(count: int, changes: int) -> list[int]:
    """Which of `count` rows change when `changes` do: spread evenly, as keys of the world's changes are."""
    return random.Random(changes).sample(range(count), changes)
