"""Made-up items of about 900 bytes, the same each time: words as often as words are."""

from __future__ import annotations

import hashlib
import random
from itertools import accumulate

from search.segments.building import Built, build_segments
from search.segments.layout import Head
from search.segments.merging import head_of
from search.segments.model import SegmentDocument, Settings
from search.text.extraction import extract

SETTINGS = Settings("src_1", "en")
WORDS = 20_000
_TITLE_WORDS = 6
_TEXT_WORDS = 140
_NUMBERS = range(WORDS)
_WEIGHTS = list(accumulate(1 / (number + 1) for number in _NUMBERS))


def word(number: int) -> str:
    """Return a word of the vocabulary, the more frequent ones are shorter."""
    letters, rest = "", number + 30
    while rest:
        rest, at = divmod(rest, 20)
        letters += "bcdfghklmnprstvwzjqx"[at] + "aeiou"[(at + number) % 5]
    return letters


_VOCABULARY = [word(number) for number in _NUMBERS]


def texts(count: int, seed: int) -> list[tuple[str, str]]:
    """Make titles and texts."""
    chance = random.Random(seed)
    made = []
    for _ in range(count):
        words = chance.choices(_VOCABULARY, cum_weights=_WEIGHTS, k=_TITLE_WORDS + _TEXT_WORDS)
        made.append((" ".join(words[:_TITLE_WORDS]), " ".join(words[_TITLE_WORDS:])))
    return made


def documents(count: int, seed: int) -> list[SegmentDocument]:
    """Make items as a run hands them on."""
    return [
        SegmentDocument(
            f"item-{seed}-{number}",
            hashlib.sha256(f"{seed} {number}".encode()).hexdigest(),
            extract(title, text, "text/plain"),
            "en",
            ("faq",),
            {"product": f"p{number % 7}"},
        )
        for number, (title, text) in enumerate(texts(count, seed))
    ]


def segments(some: list[SegmentDocument]) -> list[Built]:
    """Build the segments of some items."""
    return list(build_segments(some, (), SETTINGS))


def heads(some: list[SegmentDocument]) -> list[Head]:
    """Build the segments of some items, as a search reads them."""
    return [head_of(each) for each in segments(some)]


def queries(count: int, seed: int, words: int = 4) -> list[str]:
    """Make queries of a few words, as often as words are in texts."""
    chance = random.Random(seed)
    return [" ".join(chance.choices(_VOCABULARY, cum_weights=_WEIGHTS, k=words)) for _ in range(count)]
