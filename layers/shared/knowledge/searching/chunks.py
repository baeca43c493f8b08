"""Chunks of objects in the memory of a process: what lies near what a hit needs is read along, and asked for no more.

    (tenant, source, key, number) -> 64 KB of the object

A call for 64 KB costs what one for 1 KB does, and soon most of what a source's hits need is in memory.

What would break it, and what stands against it:

- A byte flips, on the way or in memory: whoever reads checks it, contents and leaves by their hashes; then all chunks
  of the source are let go of.
- One tenant is given another's: tenant and source are first in each key.
- Something is erased: all chunks of its source go when the epoch has moved, and while it is being taken out of the
  bucket none are kept.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from knowledge.searching.recent import Recent
from knowledge.storage.clients import Fanout
from knowledge.storage.format import ObjectGoneError
from knowledge.storage.objects import ObjectStore
from knowledge.storage.spans import Piece, Tail, join_pieces, read_spans

CHUNK_BYTES = 64 * 1024


class ChunkKey(NamedTuple):
    """Whose chunk it is, of which object, and which of it."""

    tenant_id: str
    source_id: str
    key: str
    number: int


class KeptChunks:
    """Chunks up to so many bytes together; the longest unused goes first."""

    def __init__(self, objects: ObjectStore, fanout: Fanout, most_bytes: int) -> None:
        self._objects = objects
        self._fanout = fanout
        self._recent: Recent[ChunkKey, bytes] = Recent(most_bytes)

    @property
    def size(self) -> int:
        """What all have together, in bytes."""
        return self._recent.weight

    def read(self, tenant_id: str, source_id: str, pieces: Sequence[Piece], tail: Tail | None) -> list[bytes]:
        """Read pieces of objects of a source, in the order they are named; those in the tail are cut out of it.

        Raises ObjectGoneError when an object is missing or too short.
        """
        found: dict[Piece, bytes] = {}
        missing: list[Piece] = []
        for chunk in dict.fromkeys(each for piece in pieces if not _is_in(piece, tail) for each in _chunks(piece)):
            kept = self._recent.get(_key(tenant_id, source_id, chunk))
            if kept is None:
                missing.append(chunk)
            else:
                found[chunk] = kept
        spans = list(join_pieces(missing))
        for span, data in zip(spans, read_spans(self._objects, self._fanout, spans), strict=True):
            # What was read along between two chunks is one, too.
            for chunk in _chunks(Piece(span.key, span.start, span.end - span.start)):
                found[chunk] = own = _slice(data, chunk.offset - span.start, CHUNK_BYTES)
                self._recent.put(_key(tenant_id, source_id, chunk), own, len(own))
        return [_cut_out(piece, found, tail) for piece in pieces]

    def forget(self, tenant_id: str, source_id: str) -> None:
        """Let go of all chunks of a source."""
        for key in self._recent:
            if key[:2] == (tenant_id, source_id):
                self._recent.remove(key)


@dataclass(frozen=True, slots=True)
class ChunkReader:
    """Reads the objects of one source by chunks that are kept."""

    chunks: KeptChunks
    tenant_id: str
    source_id: str

    def read(self, pieces: Sequence[Piece], tail: Tail | None = None) -> list[bytes]:
        """Read pieces. Raises ObjectGoneError when an object is missing or too short."""
        return self.chunks.read(self.tenant_id, self.source_id, pieces, tail)


def _chunks(piece: Piece) -> list[Piece]:
    """The chunks that a piece lies in; the last of an object is shorter than it says here."""
    first, last = piece.offset // CHUNK_BYTES, max(piece.offset, piece.offset + piece.length - 1) // CHUNK_BYTES
    return [Piece(piece.key, number * CHUNK_BYTES, CHUNK_BYTES) for number in range(first, last + 1)]


def _key(tenant_id: str, source_id: str, chunk: Piece) -> ChunkKey:
    return ChunkKey(tenant_id, source_id, chunk.key, chunk.offset // CHUNK_BYTES)


def _is_in(piece: Piece, tail: Tail | None) -> bool:
    return tail is not None and piece.key == tail.key and piece.offset >= tail.start


def _cut_out(piece: Piece, found: Mapping[Piece, bytes], tail: Tail | None) -> bytes:
    if tail is not None and _is_in(piece, tail):
        cut = _slice(tail.data, piece.offset - tail.start, piece.length)
    else:
        chunks = _chunks(piece)
        cut = _slice(b"".join([found[each] for each in chunks]), piece.offset - chunks[0].offset, piece.length)
    if len(cut) != piece.length:
        raise ObjectGoneError(piece.key)
    return cut


def _slice(data: bytes, start: int, length: int) -> bytes:
    return data[start : start + length]
