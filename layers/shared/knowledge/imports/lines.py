"""Reading NDJSON in bounded memory: blocks of bytes in, numbered lines out. The function that reads is passed in.

A byte order mark at the start, CRLF, blank lines and a missing last line feed are fine.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import NamedTuple

from knowledge.limits import LINE_BYTES

BLOCK_BYTES = 4 * 1_048_576
_BOM = b"\xef\xbb\xbf"

ReadBytes = Callable[[int, int], bytes]


class Line(NamedTuple):
    """One line: its number from 1, where the next one begins, and its bytes without the line end.

    `text` is None for a line that is over the limit, of which nothing is kept.
    """

    number: int
    end: int
    text: bytes | None


def read_lines(read: ReadBytes, size: int, offset: int = 0, lines: int = 0) -> Iterator[Line]:
    """Read the lines from `offset`, before which there are `lines` lines, up to `size`, where the text ends.

    `read(offset, length)` returns `length` bytes; at most a block and a line are held at a time.
    """
    carried, too_long = b"", False
    position = offset
    while position < size:
        block = read(position, min(BLOCK_BYTES, size - position))
        begin = 0
        while (cut := block.find(b"\n", begin)) >= 0:
            lines += 1
            text = carried + block[begin:cut]
            yield _line(lines, position + cut + 1, text, too_long=too_long)
            carried, too_long = b"", False
            begin = cut + 1
        if not too_long:
            carried += block[begin:]
            if len(carried) > LINE_BYTES + len(_BOM) + 1:
                carried, too_long = b"", True
        position += len(block)
    if carried or too_long:
        yield _line(lines + 1, size, carried, too_long=too_long)


def _line(number: int, end: int, text: bytes, *, too_long: bool) -> Line:
    if number == 1:
        text = text.removeprefix(_BOM)
    text = text.removesuffix(b"\r")
    return Line(number, end, None if too_long or len(text) > LINE_BYTES else text)
