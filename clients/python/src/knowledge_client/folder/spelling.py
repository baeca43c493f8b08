"""Names that a person, or a file system, takes for the same. Pure."""

from __future__ import annotations

import unicodedata


def key_of(path: str) -> str:
    """Return a path in the one form that its spellings in Unicode share (NFC)."""
    return unicodedata.normalize("NFC", path)


def folded(path: str) -> str:
    """Return the form that a path shares with those in other letters, too."""
    return key_of(key_of(path).casefold())
