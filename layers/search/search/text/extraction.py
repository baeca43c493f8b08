"""The text of an item, with as much effort as it takes."""

from __future__ import annotations

import re

import pyromark

from search.limits import EXTRACTION_SECONDS, TEXT_CHARACTERS
from search.text.budget import Budget, OutOfTimeError
from search.text.model import Block, Effort, Text, joined, tidied
from search.text.pages import page_blocks

# Ends at the next `<`, so that no text is looked at twice.
_TAG = re.compile(r"<[^<>]*>")
_MARKDOWN = (
    pyromark.Options.ENABLE_TABLES
    | pyromark.Options.ENABLE_STRIKETHROUGH
    | pyromark.Options.ENABLE_TASKLISTS
    | pyromark.Options.ENABLE_FOOTNOTES
    | pyromark.Options.ENABLE_YAML_STYLE_METADATA_BLOCKS
)


def extract(
    title: str,
    content: str,
    content_type: str,
    effort: Effort = Effort.PARSED,
    *,
    seconds: float = EXTRACTION_SECONDS,
) -> Text:
    """Read the text of an item, beginning with `effort`: the first attempt of a task parses, further ones try less.

    A content that takes more than so many seconds of the processor, or on which a parser fails, is taken unparsed; so
    it never raises, but for what ends the whole process.
    """
    if effort is Effort.NOTHING:
        return Text("", "", effort=effort)
    if effort is Effort.TITLE:
        return Text(tidied(title), "", effort=effort)
    if effort is Effort.PARSED:
        try:
            text, headings = joined(_parsed(content, content_type, seconds), TEXT_CHARACTERS)
            return Text(tidied(title), text, headings)
        except (OutOfTimeError, ValueError, LookupError, AssertionError, RecursionError):
            # The parser of the standard library ends in a bare AssertionError where it does not know on.
            pass
    text, _ = joined(_lines(content if content_type == "text/plain" else _TAG.sub(" ", content)), TEXT_CHARACTERS)
    return Text(tidied(title), text, effort=Effort.UNPARSED)


def _parsed(content: str, content_type: str, seconds: float) -> list[Block]:
    if content_type == "text/html":
        return page_blocks(content, Budget(seconds).tick)
    if content_type == "text/markdown":
        # Markdown may hold HTML, so its way to text leads over it.
        tick = Budget(seconds).tick
        return page_blocks(pyromark.html(content, options=_MARKDOWN), tick)
    return _lines(content)


def _lines(content: str) -> list[Block]:
    return [Block(tidied(line)) for line in content.splitlines() if line and not line.isspace()]
