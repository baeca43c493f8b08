"""Reading many pieces of objects in few calls: pieces of one object with small gaps between them are read as one."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple, Protocol

from knowledge.storage.clients import Fanout
from knowledge.storage.format import ObjectGoneError
from knowledge.storage.objects import ObjectStore

# A call takes as long as so many bytes that nobody asked for.
GAP_BYTES = 64 * 1024
# Longer ones are read side by side.
SPAN_BYTES = 8 * 1024 * 1024


class Piece(NamedTuple):
    """A piece of an object: offset and length in bytes."""

    key: str
    offset: int
    length: int


class Tail(NamedTuple):
    """The end of an object that was read already, from the byte `start` on."""

    key: str
    start: int
    data: bytes


class PieceReader(Protocol):
    """Who reads pieces, in the order they are named; those that lie in the tail are cut out of it."""

    def read(self, pieces: Sequence[Piece], tail: Tail | None = None) -> list[bytes]:
        """Raises ObjectGoneError when an object is missing or too short."""


@dataclass(slots=True)
class Span:
    """What is read by one call, and which pieces lie in it, by their places in the list that was asked for."""

    key: str
    start: int
    end: int
    pieces: list[int] = field(default_factory=list)


def join_pieces(pieces: Sequence[Piece], but: Collection[int] = (), gap_bytes: int = GAP_BYTES) -> Iterator[Span]:
    """Join pieces, `but` for some, into spans; gaps of up to so much are read along, and a span ends at 8 MB."""
    span: Span | None = None
    for at in sorted(set(range(len(pieces))).difference(but), key=pieces.__getitem__):
        key, offset, length = pieces[at]
        end = offset + length
        if span is not None and span.key == key and offset <= span.end + gap_bytes and end <= span.start + SPAN_BYTES:
            span.end = max(span.end, end)
            span.pieces.append(at)
            continue
        if span is not None:
            yield span
        span = Span(key, offset, end, [at])
    if span is not None:
        yield span


def read_spans(objects: ObjectStore, fanout: Fanout, spans: Sequence[Span]) -> list[bytes]:
    """Read spans side by side, each by one call. Raises ObjectGoneError when an object is missing."""
    return fanout.map(lambda span: objects.read_range(span.key, span.start, span.end - span.start), spans)


def read_pieces(
    objects: ObjectStore,
    fanout: Fanout,
    pieces: Sequence[Piece],
    tail: Tail | None = None,
    gap_bytes: int = GAP_BYTES,
) -> list[bytes]:
    """Read pieces, in the order they are named; those that lie in the tail are cut out of it.

    Raises ObjectGoneError when an object is missing or too short.
    """
    at_hand: list[int] = []
    if tail is not None:
        at_hand = [at for at, (key, offset, _) in enumerate(pieces) if key == tail.key and offset >= tail.start]
    spans = list(join_pieces(pieces, at_hand, gap_bytes))
    datas = read_spans(objects, fanout, spans)
    if tail is not None:
        spans.append(Span(tail.key, tail.start, tail.start + len(tail.data), at_hand))
        datas.append(tail.data)
    found = [b""] * len(pieces)
    for span, data in zip(spans, datas, strict=True):
        for at in span.pieces:
            _, offset, length = pieces[at]
            found[at] = data[offset - span.start : offset - span.start + length]
            if len(found[at]) != length:
                raise ObjectGoneError(span.key)
    return found


@dataclass(frozen=True, slots=True)
class BucketReader:
    """Reads pieces from the bucket, each time anew, and what lies in gaps of up to so many bytes along."""

    objects: ObjectStore
    fanout: Fanout
    gap_bytes: int = GAP_BYTES

    def read(self, pieces: Sequence[Piece], tail: Tail | None = None) -> list[bytes]:
        """Read pieces. Raises ObjectGoneError when an object is missing or too short."""
        return read_pieces(self.objects, self.fanout, pieces, tail, self.gap_bytes)
