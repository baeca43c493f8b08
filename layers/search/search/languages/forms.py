"""Texts in one form of Unicode, NFKC: what looks the same is found the same. Pure."""

from __future__ import annotations

import unicodedata
from itertools import pairwise
from typing import NamedTuple

# Combine with what stands before them, though their class does not say so: vowels and finals of Korean, and the marks
# of narrow kana.
_FOLLOWING = ("\u1160", "\u11ff"), ("\uff9e", "\uff9f")


class Normal(NamedTuple):
    """A text in its form; `starts` and `ends` are, for each of its characters, the places that it came from.

    They are None where the text was in that form.
    """

    text: str
    starts: list[int] | None = None
    ends: list[int] | None = None

    def place(self, start: int, end: int) -> tuple[int, int]:
        """Return where a piece of this text, which is not empty, stands in the one that it was made of."""
        if self.starts is None or self.ends is None:
            return start, end
        return self.starts[start], self.ends[end - 1]


def normal_text(text: str) -> str:
    """Bring a text into the form; lone surrogates, which are no UTF-8, become question marks."""
    return text if text.isascii() else unicodedata.normalize("NFKC", _encodable(text))


def normalize(text: str) -> Normal:
    """Bring a text into the form, and keep where each character came from."""
    if text.isascii():
        return Normal(text)
    text = _encodable(text)
    if unicodedata.is_normalized("NFKC", text):
        return Normal(text)
    bounds = [at for at, character in enumerate(text) if not at or not _follows(character)]
    pieces, starts, ends = [], list[int](), list[int]()
    for start, end in pairwise([*bounds, len(text)]):
        piece = unicodedata.normalize("NFKC", text[start:end])
        pieces.append(piece)
        starts += [start] * len(piece)
        ends += [end] * len(piece)
    return Normal("".join(pieces), starts, ends)


def _follows(character: str) -> bool:
    return bool(unicodedata.combining(character)) or any(low <= character <= high for low, high in _FOLLOWING)


def _encodable(text: str) -> str:
    return text.encode("utf-8", "replace").decode("utf-8")
