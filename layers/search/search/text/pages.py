"""The blocks of an HTML page, as a reader sees them. Pure.

The parser of the standard library tells of tags one after another and builds no tree: a tree of misnested tags grows
with the square of the page, and the libraries that build one can't be stopped. This one asks `tick` at every token.
"""

from __future__ import annotations

from collections.abc import Callable
from html.parser import HTMLParser

from search.text.model import Block, tidied

_UNSEEN = frozenset({"script", "style", "template", "title", "noscript", "iframe", "svg", "object", "canvas", "audio"})
_LEVELS = {f"h{level}": level for level in range(1, 7)}
_BLOCKS = frozenset(
    [
        *("address", "article", "aside", "blockquote", "body", "br", "caption", "dd", "details", "dialog", "div"),
        *("dl", "dt", "fieldset", "figcaption", "figure", "footer", "form", "h1", "h2", "h3", "h4", "h5", "h6"),
        *("head", "header", "hgroup", "hr", "html", "legend", "li", "main", "menu", "nav", "ol", "optgroup", "option"),
        *("p", "pre", "section", "summary", "table", "tbody", "tfoot", "thead", "tr", "ul"),
    ]
)
_CELLS = frozenset({"td", "th", "img", "input", "button"})
# May be left open, or have no end: nobody knows where a hidden one ends.
_WITHOUT_END = frozenset(
    [
        *("area", "base", "br", "col", "colgroup", "dd", "dt", "embed", "hr", "img", "input", "li", "link", "meta"),
        *("optgroup", "option", "p", "source", "tbody", "td", "tfoot", "th", "thead", "tr", "track", "wbr"),
    ]
)


def page_blocks(page: str, tick: Callable[[], None]) -> list[Block]:
    """Read a page or a piece of one; whatever `tick` raises, ends it."""
    reader = _Reader(tick)
    reader.feed(page)
    reader.close()
    reader.end_block()
    return reader.blocks


class _Reader(HTMLParser):
    def __init__(self, tick: Callable[[], None]) -> None:
        super().__init__(convert_charrefs=True)
        self.blocks: list[Block] = []
        self._tick = tick
        self._pieces: list[str] = []
        self._level = 0
        # The tag of what is hidden, and how many of it are open.
        self._unseen = ""
        self._unseen_open = 0

    def updatepos(self, i: int, j: int) -> int:
        # Called at every token, to count lines, which nobody asks for.
        self._tick()
        return j

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if self._unseen:
            self._unseen_open += tag == self._unseen
            return
        if tag in _UNSEEN or (attrs and tag not in _WITHOUT_END and any(name == "hidden" for name, _ in attrs)):
            self._unseen, self._unseen_open = tag, 1
        elif tag in _BLOCKS:
            self.end_block()
            self._level = _LEVELS.get(tag, self._level)
        elif tag in _CELLS:
            self._pieces.append(" ")

    def handle_endtag(self, tag: str) -> None:
        if self._unseen:
            self._unseen_open -= tag == self._unseen
            if not self._unseen_open:
                self._unseen = ""
        elif tag in _BLOCKS:
            self.end_block()
            if tag in _LEVELS:
                self._level = 0
        elif tag in _CELLS:
            self._pieces.append(" ")

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        # `<div/>` opens in HTML; `<script/>` does, too, but in XHTML it is whole.
        if tag not in _UNSEEN:
            self.handle_starttag(tag, [])

    def handle_data(self, data: str) -> None:
        if not self._unseen:
            self._pieces.append(data)

    def end_block(self) -> None:
        """Put what was read since the last end into a block of its own."""
        if self._pieces:
            text = tidied("".join(self._pieces))
            self._pieces = []
            if text:
                self.blocks.append(Block(text, self._level))
