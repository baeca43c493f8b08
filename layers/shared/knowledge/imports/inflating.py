"""Inflating a gzip file in bounded memory, into pieces of a fixed size. The function that reads is passed in.

Pieces are cut by position alone, so inflating again gives the same pieces, and a repeat can pass over those that are
written. A stream of several members, as `cat a.gz b.gz` makes it, is one text.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator

from knowledge.errors import ImportFailedError, ImportTooLargeError
from knowledge.imports.lines import ReadBytes
from knowledge.limits import INFLATED_BYTES, INFLATION_FACTOR, INFLATION_FREE_BYTES
from knowledge.words import size_words

MAGIC = b"\x1f\x8b"
PIECE_BYTES = 16 * 1_048_576
_READ_BYTES = 1_048_576
_STEP_BYTES = 1_048_576
_GZIP_WINDOW = 31


def pieces(read: ReadBytes, size: int) -> Iterator[bytes]:
    """Inflate a file of `size` bytes into pieces of 16 MiB; the last one is what is left, if anything is.

    Raises ImportFailedError when the stream is damaged or ends early, ImportTooLargeError when it inflates to over
    10 GiB, or to over 64 MiB and a hundred times its size.
    """
    piece = bytearray()
    total = 0
    most = max(INFLATION_FREE_BYTES, INFLATION_FACTOR * size)
    for plain in _inflated(read, size):
        total += len(plain)
        if total > INFLATED_BYTES:
            message = f"The file inflates to more than {size_words(INFLATED_BYTES)}. Split it into several imports."
            raise ImportTooLargeError(message)
        if total > most:
            message = (
                f"The file inflates to more than {INFLATION_FACTOR} times its size, and to more than "
                f"{size_words(INFLATION_FREE_BYTES)}. Send it plain, or split it into several imports."
            )
            raise ImportTooLargeError(message)
        piece += plain
        while len(piece) >= PIECE_BYTES:
            yield bytes(piece[:PIECE_BYTES])
            del piece[:PIECE_BYTES]
    if piece:
        yield bytes(piece)


def _inflated(read: ReadBytes, size: int) -> Iterator[bytes]:
    """The plain bytes, at most 1 MiB at a time, however little of the file they come from."""
    member = zlib.decompressobj(_GZIP_WINDOW)
    offset, pending = 0, b""
    while offset < size or pending:
        if not pending:
            pending = read(offset, min(_READ_BYTES, size - offset))
            offset += len(pending)
        if member.eof:
            # What pads a file after its last member is zeros.
            pending = pending.lstrip(b"\0")
            if not pending:
                continue
            member = zlib.decompressobj(_GZIP_WINDOW)
        try:
            plain = member.decompress(pending, _STEP_BYTES)
        except zlib.error as error:
            message = f"The gzip file is damaged, before byte {offset}. Nothing was staged; upload it in a new import."
            raise ImportFailedError(message) from error
        pending = member.unused_data if member.eof else member.unconsumed_tail
        if plain:
            yield plain
    if not member.eof:
        raise ImportFailedError("The gzip file ends early. Nothing was staged; upload it whole in a new import.")
