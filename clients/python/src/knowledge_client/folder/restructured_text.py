"""The title of a page of reStructuredText: the first line that is underlined. Pure.

See https://docutils.sourceforge.io/docs/ref/rst/restructuredtext.html#sections. Directives and roles of Sphinx, which a
parser of plain reStructuredText does not know, stand in no title's way.
"""

from __future__ import annotations

import re
import unicodedata

from knowledge_client.folder.titles import clean_title

_UNDERLINE = re.compile(r"([!-/:-@[-`{-~])\1*[ \t]*")
_ROLE = re.compile(r"(?::[\w.+:-]+:)?`([^`<]*?)(?:\s*<[^`>]*>)?`_{0,2}")
_STRONG = re.compile(r"(\*{1,2})(\S(?:.*?\S)?)\1")
_ESCAPE = re.compile(r"\\(.)")


def first_section(text: str) -> str:
    """Return the first title as plain text, empty if there is none. Titles stand at the start of their line."""
    lines = [line.expandtabs(8).rstrip() for line in re.split(r"\r\n|\n|\r", text)]
    for number, line in enumerate(lines[1:], start=1):
        title = lines[number - 1]
        if not _UNDERLINE.fullmatch(line) or not title.strip() or _UNDERLINE.fullmatch(title):
            continue
        over = lines[number - 2] if number > 1 else ""
        overlined = bool(_UNDERLINE.fullmatch(over)) and over == line
        # Indented text is a quote or code, unless it stands between two lines.
        if not overlined and (title[0].isspace() or over.strip()):
            continue
        # docutils takes a line that is too short from four on, with a warning.
        long_enough = len(line) >= min(_columns(title.strip()), 4)
        if long_enough and (plain := clean_title(_plain(title))):
            return plain
    return ""


def _columns(text: str) -> int:
    wide = sum(unicodedata.east_asian_width(character) in "WF" for character in text)
    return len(text) + wide - sum(unicodedata.combining(character) > 0 for character in text)


def _plain(title: str) -> str:
    code = title.replace("``", "\0")
    parts = code.split("\0")
    # Every other part stands between double backquotes, where marks mean nothing.
    for even in range(0, len(parts), 2):
        parts[even] = _ESCAPE.sub(r"\1", _STRONG.sub(r"\2", _ROLE.sub(r"\1", parts[even])))
    return "".join(parts)
