"""Titles as readers see them, and what is blank. Pure."""

from __future__ import annotations

import re
import unicodedata
from pathlib import PurePosixPath

TITLE_CHARACTERS = 500
INDEX_NAMES = frozenset({"index", "_index", "readme"})
# Unicode's Bidi_Control (https://www.unicode.org/reports/tr9/): it can make a text read as another one. Joiners and
# soft hyphens are no such thing: without them Persian and Hindi words are misspelt.
_TURNING = {ord(c): None for c in "\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"}
# What shows nothing: white space and controls, what Unicode lets a reader ignore (Default_Ignorable_Code_Point), the
# fillers of Hangul, and the empty pattern of Braille. The API refuses titles and tags of these alone.
_SEEN = re.compile(
    r"[^\s\x00-\x20\x7f-\xa0\xad\u034f\u061c\u115f\u1160\u1680\u17b4\u17b5\u180b-\u180f\u2000-\u200f\u2028-\u202f"
    r"\u205f-\u206f\u2800\u3000\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufff8\U0001bca0-\U0001bca3\U0001d173-\U0001d17a"
    r"\U000e0000-\U000e0fff]"
)
_NUMBER = re.compile(r"\d+[-_. ]+(?=[^\W\d_])")
# What programs put where a title belongs: their own name, the file's, a number, a place.
_MADE = re.compile(
    r"(?:microsoft|ms) (?:office )?(?:word|excel|powerpoint|publisher|visio)\b ?[-\u2013:].*"
    r"|(?:(?:microsoft )?(?:word|powerpoint|office)[- ])?"
    r"(?:document|dokument|documento|pr[e\xe4\xe9]sentation)(?:[-_ ]?\d+)?"
    r"|(?:un(?:titled|benannt|named|specified|known)|(?:ohne|kein) titel|sans titre|sin t\xedtulo|no title)"
    r"(?:[-_ ].{0,12})?"
    r"|(?:title|titel|titre|slide|folie|layout|print|scan|book)[-_ ]?\d*|\(?(?:anonymous|null|none)\)?"
    r"|.*\.(?:do[ct][xm]?|rtf|od[tpsg]|pdf|pp[ts][xm]?|xls[xmb]?|vsdx?|pub|indd|qx[pd]|fm|tex|dvi|e?ps|ai|cdr|pages|md|te?xt"
    r"|html?|rst|tmp|jpe?g|png|tiff?)"
    r"|(?:[a-z]:)?[\\/].*|[a-z]+://.*|[^a-z\xaa-\U0010ffff]*",
    re.IGNORECASE,
)


def is_blank(text: str) -> bool:
    """Whether a reader sees nothing of a text: spaces, controls, and marks that have no width."""
    return _SEEN.search(text) is None


def clean_title(text: str) -> str:
    """Put a title on one line without controls and turning marks; empty when nothing of it can be seen."""
    kept = "".join(c for c in text if c.isspace() or unicodedata.category(c) != "Cc").translate(_TURNING)
    line = " ".join(kept.split())
    if is_blank(line):
        return ""
    # A cut after a joiner would leave it with nothing to join.
    return line if len(line) <= TITLE_CHARACTERS else line[:TITLE_CHARACTERS].rstrip("\u200d ")


def written_title(text: str) -> str:
    """Return a title of a document's properties, empty if a program and no person wrote it."""
    title = clean_title(text)
    return "" if _MADE.fullmatch(title) else title


def title_of_name(path: str) -> str:
    """Make a title of a path: the name without its number and suffix; for an index, the folder's."""
    pure = PurePosixPath(path)
    name = pure.stem
    if name.lower() in INDEX_NAMES and pure.parent.name:
        name = pure.parent.name
    words = clean_title(re.sub(r"[-_]+", " ", _NUMBER.sub("", name, count=1) if _NUMBER.match(name) else name))
    title = words[:1].upper() + words[1:] if words == words.lower() else words
    return title[:TITLE_CHARACTERS] or clean_title(name) or clean_title(path) or "Untitled"
