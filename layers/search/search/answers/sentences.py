"""Where the sentences of a text begin and end. Pure.

A line is never joined with the next: it is a block of the text. Where a script writes no ends of sentences, as Thai, a
sentence is a line, or as much of it as one may have.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise

from search.answers.model import Span
from search.limits import SENTENCE_CHARACTERS

_CLOSING = "[\"'”’»›«‹)\\]}」』）】》〉*_]*"
# Those of East Asia need no space behind them; the others do, or every version, price and address would be cut.
_ENDS = re.compile(f"[。！？｡]+{_CLOSING}\\s*|[.!?…‽؟۔।॥։።‼⁉⁇]+{_CLOSING}(?:\\s+|$)")
_OPENING = " \"'“„‚‘«‹»›(¿¡[{「『"
_LAST_WORD = re.compile(r"[^\s(\[\"'“„]+$")
# With a point, and no end of a sentence behind it: in many languages, so some are left out that are words elsewhere.
_ABBREVIATIONS = frozenset(
    [
        *("mr", "mrs", "ms", "dr", "prof", "st", "sr", "jr", "vs", "etc", "approx", "fig", "vol", "pp", "inc", "ltd"),
        *("dept", "est", "ca", "bzw", "usw", "bspw", "evtl", "ggf", "inkl", "exkl", "zzgl", "vgl", "nr", "str", "tel"),
        *("abs", "hrsg", "mio", "mrd", "sog", "ff", "art", "núm", "sra", "srta", "ud", "uds", "av", "mme", "mlle"),
        *("env", "ex", "dott", "sig", "ecc", "pag", "jan", "feb", "aug", "sept", "okt", "oct", "nov", "dez", "dec"),
        *("г", "гг", "ул", "руб", "тыс", "млн", "млрд", "см", "др", "пр"),
    ]
)
# A number with a point may be the number of a day or a king.
_ORDINAL_LANGUAGES = frozenset({"de", "da", "no", "fi", "hu", "tr", "cs", "sk", "pl", "sl", "hr", "et", "lv", "is"})
_ORDINAL_DIGITS = 2
_CLAUSES = re.compile("[;,:،؛、，；：–—]\\s*|\\s+")


def sentence_spans(text: str, language: str | None = None) -> Iterator[Span]:
    """Yield the sentences of a text without the white space around them; the language may be unknown."""
    at = 0
    for line in text.split("\n"):
        for start, end in _in_line(line, language):
            yield from _bounded(text, at + start, at + end)
        at += len(line) + 1


def _in_line(line: str, language: str | None) -> Iterator[Span]:
    ends = [found.end() for found in _ENDS.finditer(line) if _is_end(line, found, language)]
    for start, end in pairwise(sorted({0, *ends, len(line)})):
        yield Span(start, end)


def _is_end(line: str, found: re.Match[str], language: str | None) -> bool:
    if found[0][0] != ".":
        return True
    following = line[found.end() :].lstrip(_OPENING)[:1]
    if following.islower():
        return False
    if found[0].startswith(".."):
        return True
    last = _LAST_WORD.search(line, max(0, found.start() - 40), found.start())
    word = last[0] if last else ""
    if word.isdigit() and len(word) <= _ORDINAL_DIGITS:
        # Or the number of a step that begins the line.
        return bool(last and last.start()) and (language or "").split("-")[0].lower() not in _ORDINAL_LANGUAGES
    is_initial = len(word) == 1 and word.isalpha() and word.isascii()
    return not (is_initial or ("." in word[:-1] and len(word) <= 6) or word.casefold() in _ABBREVIATIONS)


def _bounded(text: str, start: int, end: int) -> Iterator[Span]:
    """Cut what is too long between clauses or words, and take off white space at both ends."""
    while True:
        while start < end and text[start].isspace():
            start += 1
        while end > start and text[end - 1].isspace():
            end -= 1
        if start == end:
            return
        if end - start <= SENTENCE_CHARACTERS:
            yield Span(start, end)
            return
        most = start + SENTENCE_CHARACTERS
        cuts = [found.end() for found in _CLAUSES.finditer(text, start + SENTENCE_CHARACTERS // 2, most)]
        cut = cuts[-1] if cuts else most
        yield Span(start, len(text[:cut].rstrip()) if cuts else cut)
        start = cut
