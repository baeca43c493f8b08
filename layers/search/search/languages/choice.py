"""The analysis of a text: by the language that is said, else by the source's, else by the script. Pure.

An analysis is called by the code of the language whose endings it takes off, by `CJK` for texts without spaces, or by
`PLAIN`. The names are those of the fields of the index.
"""

from __future__ import annotations

import re
from collections import Counter

PLAIN = "plain"
CJK = "cjk"
STEMMERS = {
    "ar": "arabic",
    "da": "danish",
    "de": "german",
    "el": "greek",
    "en": "english",
    "es": "spanish",
    "fi": "finnish",
    "fr": "french",
    "hu": "hungarian",
    "it": "italian",
    "nl": "dutch",
    "no": "norwegian",
    "pt": "portuguese",
    "ro": "romanian",
    "ru": "russian",
    "sv": "swedish",
    "ta": "tamil",
    "tr": "turkish",
}
"""Of each language with a Snowball stemmer, the name of that."""
ANALYSES = (*STEMMERS, CJK, PLAIN)
# Written without spaces between words; Korean has some, but its words carry their particles with them.
_CJK_LANGUAGES = frozenset({"zh", "ja", "ko", "yue", "wuu", "nan", "hak", "lzh", "cmn", "th", "lo", "km", "my"})
_SAME = {"nb": "no", "nn": "no", "iw": "he"}
# Of what a text without a language is taken for: what most texts in its script are.
_SCRIPTS = (
    (CJK, re.compile("[\u0e00-\u0eff\u1000-\u109f\u1100-\u11ff\u1780-\u17ff\u3005-\u30ff\u3400-\u9fff\uac00-\ud7af]")),
    ("ru", re.compile("[\u0400-\u04ff]")),
    ("el", re.compile("[\u0370-\u03ff]")),
    ("ar", re.compile("[\u0600-\u06ff]")),
    ("ta", re.compile("[\u0b80-\u0bff]")),
)
_LOOKED_AT = 2_000
_FEW = 0.2


def analysis_of(language: str | None, default_language: str | None, title: str, text: str) -> str:
    """Choose the analysis of an item; languages are BCP 47 tags, of which the first part counts."""
    for tag in (language, default_language):
        if tag:
            return _of_tag(tag)
    return _of_script(f"{title} {text[:_LOOKED_AT]}")


def _of_tag(tag: str) -> str:
    primary = tag.split("-", 1)[0].lower()
    primary = _SAME.get(primary, primary)
    if primary in STEMMERS:
        return primary
    return CJK if primary in _CJK_LANGUAGES else PLAIN


def _of_script(text: str) -> str:
    if text.isascii():
        return PLAIN
    letters = sum(map(str.isalpha, text))
    if not letters:
        return PLAIN
    counted = Counter({name: len(pattern.findall(text)) for name, pattern in _SCRIPTS})
    ((name, most),) = counted.most_common(1)
    return name if most > letters * _FEW else PLAIN
