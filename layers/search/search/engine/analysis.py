"""The words of a text, as the index has them: in lower case, without endings, in one Unicode form."""

from __future__ import annotations

import unicodedata
from functools import cache

import tantivy

from search.engine.guard import guarded
from search.languages.bigrams import Span, bigram_spans, bigram_text
from search.languages.choice import CJK, STEMMERS
from search.languages.forms import normal_text, normalize
from search.limits import WORD_BYTES

VERSION = 2
"""Of the rules in here, in `search.languages` and in `search.text`. A segment of another version is built anew."""
# Their letters are written with marks, at which the engine's own way would cut them.
_WRITTEN_WITH_MARKS = {"ar", "ta", "plain"}
_SPACE = ord(" ")
_KEPT = 0xFFFF


class _Separated(dict[int, int]):
    """Maps what is no letter, digit or mark to a space; a character is looked up when it is first met.

    Rare ones are not kept: there are a million.
    """

    def __missing__(self, character: int) -> int:
        mapped = character if unicodedata.category(chr(character))[0] in "LNM" else _SPACE
        if character <= _KEPT:
            self[character] = mapped
        return mapped


_SEPARATED = _Separated()


def prepared(analysis: str, text: str) -> str:
    """Bring a text into the form that is handed to the analyzer of the engine."""
    text = normal_text(text)
    return bigram_text(text) if analysis == CJK else _separated(analysis, text)


def _separated(analysis: str, text: str) -> str:
    """Put spaces between words, character for character; where the engine does that itself, leave the text as it is."""
    return text.translate(_SEPARATED) if analysis in _WRITTEN_WITH_MARKS else text


@cache
def analyzer(analysis: str) -> tantivy.TextAnalyzer:
    """Return the engine's analyzer for texts that were prepared."""
    # Its tokenizer by a pattern takes as long as all else of indexing.
    is_separated = analysis == CJK or analysis in _WRITTEN_WITH_MARKS
    tokenizer = tantivy.Tokenizer.whitespace() if is_separated else tantivy.Tokenizer.simple()
    builder = tantivy.TextAnalyzerBuilder(tokenizer)
    builder = builder.filter(tantivy.Filter.remove_long(WORD_BYTES)).filter(tantivy.Filter.lowercase())
    if analysis in STEMMERS:
        builder = builder.filter(tantivy.Filter.stemmer(STEMMERS[analysis]))
    return builder.build()


def spans(analysis: str, text: str, *, asked: bool = False) -> list[Span]:
    """Return the words of a text with their places in it. Raises EngineFailedError."""
    form = normalize(text)
    if analysis == CJK:
        found = list(bigram_spans(form.text, asked=asked))
    else:
        with guarded():
            tokens = analyzer(analysis).pre_tokenize(_separated(analysis, form.text)).tokens
            found = [Span(each.text, each.char_offset_from, each.char_offset_to) for each in tokens]
    return found if form.starts is None else [Span(word, *form.place(start, end)) for word, start, end in found]


def words(analysis: str, text: str) -> list[str]:
    """Return the words that are asked for in a text. Raises EngineFailedError."""
    return [span.word for span in spans(analysis, text, asked=True)]
