"""What is read out of a content. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from enum import IntEnum
from typing import NamedTuple


class Effort(IntEnum):
    """How much is tried to get at the text of an item; each step leaves out what may have failed in the one before."""

    PARSED = 0
    """With the parser of its type."""
    UNPARSED = 1
    """The content as it stands, with nothing that looks like a tag."""
    TITLE = 2
    """The title alone."""
    NOTHING = 3
    """An empty document: each item has one, whatever it holds."""


class Heading(NamedTuple):
    """A heading of level 1 to 6, as places in the text, in characters."""

    level: int
    start: int
    end: int


class Text(NamedTuple):
    """The text of an item: its blocks, a line each, and which of them are headings. `effort` is what it took."""

    title: str
    text: str
    headings: tuple[Heading, ...] = ()
    effort: Effort = Effort.PARSED

    def is_degraded(self) -> bool:
        """Tell whether more could be read of it."""
        return self.effort is not Effort.PARSED


class Block(NamedTuple):
    """A paragraph, a cell, a line of a list, or a heading, which has a level."""

    text: str
    level: int = 0


def tidied(text: str) -> str:
    """Make one space of all white space that stands together."""
    return " ".join(text.split())


def joined(blocks: Iterable[Block], most_characters: int) -> tuple[str, tuple[Heading, ...]]:
    """Put blocks one below the other; what is more than so many characters is cut off."""
    lines: list[str] = []
    headings: list[Heading] = []
    at = 0
    for block in blocks:
        line = block.text[: most_characters - at]
        if not line:
            continue
        if block.level:
            headings.append(Heading(block.level, at, at + len(line)))
        lines.append(line)
        at += len(line) + 1
        if at >= most_characters:
            break
    return "\n".join(lines), tuple(headings)
