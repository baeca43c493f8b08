"""The words of a text, as the index has them: in lower case, without endings, in one Unicode form."""

from __future__ import annotations

from functools import cache

import tantivy

from search.engine.guard import guarded
from search.languages.bigrams import Span, bigram_spans, bigram_text
from search.languages.choice import CJK, STEMMERS
from search.languages.forms import normal_text, normalize
from search.limits import WORD_BYTES

VERSION = 1
"""Of the rules in here, in `search.languages` and in `search.text`. A segment of another version is built anew."""
# Their letters are written with marks, at which the engine's own way would cut them.
_MARKED = r"[\p{L}\p{N}\p{M}]+"
_WRITTEN_WITH_MARKS = {"ar", "ta", "plain"}


def prepared(analysis: str, text: str) -> str:
    """Bring a text into the form that is handed to the analyzer of the engine."""
    text = normal_text(text)
    return bigram_text(text) if analysis == CJK else text


@cache
def analyzer(analysis: str) -> tantivy.TextAnalyzer:
    """Return the engine's analyzer for texts that were prepared."""
    tokenizer = tantivy.Tokenizer.simple()
    if analysis == CJK:
        tokenizer = tantivy.Tokenizer.whitespace()
    elif analysis in _WRITTEN_WITH_MARKS:
        tokenizer = tantivy.Tokenizer.regex(_MARKED)
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
            tokens = analyzer(analysis).pre_tokenize(form.text).tokens
            found = [Span(each.text, each.char_offset_from, each.char_offset_to) for each in tokens]
    return found if form.starts is None else [Span(word, *form.place(start, end)) for word, start, end in found]


def words(analysis: str, text: str) -> list[str]:
    """Return the words that are asked for in a text. Raises EngineFailedError."""
    return [span.word for span in spans(analysis, text, asked=True)]
