from __future__ import annotations

import random

import pytest
from knowledge.searching.chunks import CHUNK_BYTES, ChunkReader, KeptChunks
from knowledge.storage.clients import Fanout
from knowledge.storage.format import ObjectGoneError
from knowledge.storage.objects import ObjectStore
from knowledge.storage.spans import Piece, Tail


class Bucket(ObjectStore):
    """Objects in memory; `reads` are the ranges that were asked for."""

    def __init__(self, **objects: bytes) -> None:
        object.__setattr__(self, "held", dict(objects))
        object.__setattr__(self, "reads", [])

    held: dict[str, bytes]
    reads: list[tuple[str, int, int]]

    def read_range(self, key: str, offset: int, length: int) -> bytes:
        if key not in self.held:
            raise ObjectGoneError(key)
        self.reads.append((key, offset, length))
        return self.held[key][offset : offset + length]


def noise(length: int, seed: int = 1) -> bytes:
    return random.Random(seed).randbytes(length)


def reader(bucket: Bucket, most: int = 10**9, source: str = "src_1", tenant: str = "ten_1") -> ChunkReader:
    return ChunkReader(KeptChunks(bucket, Fanout(1), most), tenant, source)


def test_pieces_are_those_of_the_bucket_whatever_is_kept() -> None:
    chance = random.Random(5)
    bucket = Bucket(a=noise(5 * CHUNK_BYTES + 77), b=noise(100, 2), c=noise(2 * CHUNK_BYTES, 3))
    tail = Tail("a", 4 * CHUNK_BYTES + 5, bucket.held["a"][4 * CHUNK_BYTES + 5 :])
    some = reader(bucket, 3 * CHUNK_BYTES)
    for _ in range(300):
        pieces = []
        for key in chance.choices("abc", k=chance.randrange(1, 6)):
            size = len(bucket.held[key])
            start = chance.randrange(size)
            pieces.append(Piece(key, start, chance.randrange(min(size - start, chance.choice([3, 200_000])) + 1)))
        wanted = [bucket.held[key][offset : offset + length] for key, offset, length in pieces]
        assert some.read(pieces, chance.choice([None, tail])) == wanted
        assert some.chunks.size <= 3 * CHUNK_BYTES


def test_what_lies_near_a_piece_is_asked_for_no_more() -> None:
    bucket = Bucket(a=noise(10 * CHUNK_BYTES))
    some = reader(bucket)
    some.read([Piece("a", 5, 10), Piece("a", 2 * CHUNK_BYTES, 10), Piece("a", 9 * CHUNK_BYTES, 10)])
    # Two chunks with one between them are one call, and that one is kept as well.
    assert bucket.reads == [("a", 0, 3 * CHUNK_BYTES), ("a", 9 * CHUNK_BYTES, CHUNK_BYTES)]
    bucket.reads.clear()
    some.read([Piece("a", CHUNK_BYTES - 4, CHUNK_BYTES), Piece("a", 10 * CHUNK_BYTES - 5, 5)])
    assert bucket.reads == []


def test_chunks_of_tenants_and_sources_are_kept_apart() -> None:
    chunks = KeptChunks(Bucket(same=b"one"), Fanout(1), 10**6)
    piece = [Piece("same", 0, 3)]
    assert chunks.read("ten_1", "src_1", piece, None) == [b"one"]
    chunks._objects = Bucket(same=b"two")
    assert chunks.read("ten_2", "src_1", piece, None) == [b"two"]
    assert chunks.read("ten_1", "src_2", piece, None) == [b"two"]
    assert chunks.read("ten_1", "src_1", piece, None) == [b"one"]
    chunks.forget("ten_1", "src_1")
    assert chunks.read("ten_1", "src_1", piece, None) == [b"two"]
    assert chunks.size == 9


def test_an_object_that_is_missing_or_too_short_is_gone() -> None:
    some = reader(Bucket(a=noise(10)))
    with pytest.raises(ObjectGoneError):
        some.read([Piece("b", 0, 3)])
    with pytest.raises(ObjectGoneError):
        some.read([Piece("a", 0, 11)])
    with pytest.raises(ObjectGoneError):
        some.read([Piece("a", 8, 4)], Tail("a", 5, b"12345"))
    assert some.read([Piece("a", 0, 0), Piece("a", 9, 1)]) == [b"", noise(10)[9:]]
