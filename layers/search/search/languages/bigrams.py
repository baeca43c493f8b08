"""The words of a text that puts no spaces between them: each two neighbouring characters. Pure.

Of ABC these are AB, BC and C: the last makes every character the beginning of a word, so that one character alone is
found by its words' beginnings.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

_OWN = (
    "\u0e00-\u0eff\u1000-\u109f\u1100-\u11ff\u1780-\u17ff\u3005-\u3007\u3040-\u30ff\u3100-\u312f\u31f0-\u31ff"
    "\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af\uf900-\ufaff\U00020000-\U0003ffff"
)
_RUN = re.compile(f"([{_OWN}]+)|(?:(?![{_OWN}])[^\\W_])+")


class Span(NamedTuple):
    """A word as it is looked up, and its place in the text in characters."""

    word: str
    start: int
    end: int


def bigram_spans(text: str, *, asked: bool = False) -> Iterator[Span]:
    """Yield the words of a text; one that is `asked` for is no beginning of what follows in it."""
    for run in _RUN.finditer(text):
        word, start, end = run[0], run.start(), run.end()
        if run[1] is None or len(word) == 1:
            yield Span(word.lower(), start, end)
            continue
        for at in range(len(word) - 1):
            yield Span(word[at : at + 2], start + at, start + at + 2)
        if not asked:
            yield Span(word[-1], end - 1, end)


def bigram_text(text: str) -> str:
    """Write the words of a text with spaces between them."""
    return " ".join([span.word for span in bigram_spans(text)])
