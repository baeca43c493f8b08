"""Reading NDJSON in bounded memory: blocks of bytes in, numbered lines out. The function that reads is passed in.

A byte order mark at the start, CRLF, blank lines and a missing last line feed are fine. Lines of white space alone are
told many at a time, since a file may hold ten thousand millions of them; how long they are makes no difference.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import NamedTuple

from knowledge.limits import LINE_BYTES

BLOCK_BYTES = 4 * 1_048_576
_BOM = b"\xef\xbb\xbf"
_BLANK_LINES = re.compile(rb"\s*\n")

ReadBytes = Callable[[int, int], bytes]


class Line(NamedTuple):
    """One line: its number from 1, where the next one begins, and its bytes without the line end.

    `text` is None for a line that is over the limit, of which nothing is kept. It is empty for blank lines, the last of
    which this is: there may be many, and none of them is told by itself.
    """

    number: int
    end: int
    text: bytes | None


def read_lines(read: ReadBytes, size: int, offset: int = 0, lines: int = 0) -> Iterator[Line]:
    """Read the lines from `offset`, before which there are `lines` lines, up to `size`, where the text ends.

    `read(offset, length)` returns `length` bytes; at most a block and a line are held at a time.
    """
    begun = _BegunLine()
    position = offset
    while position < size:
        block = read(position, min(BLOCK_BYTES, size - position))
        begin = 0
        while (cut := block.find(b"\n", begin)) >= 0:
            if begun.empty and (blank := _BLANK_LINES.match(block, begin)):
                cut = blank.end() - 1
                lines += block.count(b"\n", begin, cut)
            lines += 1
            yield begun.ended(lines, position + cut + 1, block[begin:cut])
            begun = _BegunLine()
            begin = cut + 1
        begun.add(block[begin:])
        position += len(block)
    if not begun.empty:
        yield begun.ended(lines + 1, size, b"")


class _BegunLine:
    """A line of which no end was read yet; no more of it is kept than a line may have."""

    def __init__(self) -> None:
        self._kept = b""
        self._left_out = 0
        self._blank = True

    @property
    def empty(self) -> bool:
        """True before anything of the line was read."""
        return not self._kept and not self._left_out

    def add(self, more: bytes) -> None:
        """Take in what was read of it."""
        self._blank = self._blank and not more.strip()
        self._kept += more
        if len(self._kept) > LINE_BYTES + len(_BOM) + 1:
            self._left_out += len(self._kept)
            self._kept = b""

    def ended(self, number: int, end: int, more: bytes) -> Line:
        """Make it a line, whose last bytes are `more`."""
        text = self._kept + more
        if number == 1:
            text = text.removeprefix(_BOM)
        if not text.strip() and (self._blank or not self._left_out):
            return Line(number, end, b"")
        text = text.removesuffix(b"\r")
        return Line(number, end, None if self._left_out or len(text) > LINE_BYTES else text)
