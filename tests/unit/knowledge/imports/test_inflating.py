"""Gzip files into pieces."""

from __future__ import annotations

import gzip
import random

import pytest
from knowledge.errors import ImportFailedError, ImportTooLargeError
from knowledge.imports import inflating as import_inflating
from knowledge.imports.inflating import pieces

TEXT = random.Random(1).randbytes(3_000_000)


def pieces_of(body: bytes) -> list[bytes]:
    return list(pieces(lambda at, length: body[at : at + length], len(body)))


@pytest.fixture(autouse=True)
def small_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(import_inflating, "PIECE_BYTES", 1_000_000)


@pytest.mark.parametrize(
    "body",
    [
        gzip.compress(TEXT),
        gzip.compress(TEXT[:10]) + gzip.compress(b"") + gzip.compress(TEXT[10:]),
        gzip.compress(TEXT) + b"\0" * 2_000_000,
    ],
    ids=["one member", "three members", "padded"],
)
def test_text_comes_in_pieces_of_one_size(body: bytes) -> None:
    assert pieces_of(body) == [TEXT[:1_000_000], TEXT[1_000_000:2_000_000], TEXT[2_000_000:]]


@pytest.mark.parametrize("read", [1, 1000])
def test_reads_make_no_difference(monkeypatch: pytest.MonkeyPatch, read: int) -> None:
    monkeypatch.setattr(import_inflating, "_READ_BYTES", read)
    body = gzip.compress(TEXT[:5_000]) + gzip.compress(TEXT[5_000:9_000])
    assert b"".join(pieces_of(body)) == TEXT[:9_000]


def test_empty_text_has_no_pieces() -> None:
    assert pieces_of(gzip.compress(b"")) == []


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (gzip.compress(TEXT)[:-1], "ends early"),
        (gzip.compress(TEXT)[:20], "ends early"),
        (gzip.compress(b"a") + gzip.compress(b"b")[:5], "ends early"),
        (gzip.compress(b"a") + b"more", "damaged"),
        (gzip.compress(b"a" * 100)[:-6] + b"zzzzzz", "damaged"),
        (b"\x1f\x8b\x07" + b"\0" * 30, "damaged"),
    ],
)
def test_damage_is_told(body: bytes, message: str) -> None:
    with pytest.raises(ImportFailedError, match=message):
        pieces_of(body)


def test_bomb_is_given_up_at_the_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(import_inflating, "INFLATED_BYTES", 5_000_000)
    body = gzip.compress(b"\0" * 50_000_000)
    inflated = 0
    with pytest.raises(ImportFailedError, match="inflates to more"):
        for piece in pieces(lambda at, length: body[at : at + length], len(body)):
            inflated += len(piece)
    assert inflated <= 5_000_000


@pytest.mark.parametrize(("size", "refused"), [(9_000_000, True), (900_000, False)])
def test_what_inflates_to_far_more_than_its_size_is_given_up(
    monkeypatch: pytest.MonkeyPatch, size: int, refused: bool
) -> None:
    monkeypatch.setattr(import_inflating, "INFLATION_FREE_BYTES", 1_000_000)
    body = gzip.compress(b" " * size)
    if not refused:
        assert sum(map(len, pieces_of(body))) == size
        return
    with pytest.raises(ImportTooLargeError, match="100 times its size"):
        pieces_of(body)


def test_what_does_not_inflate_to_far_more_may_be_of_any_size(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(import_inflating, "INFLATION_FREE_BYTES", 1_000_000)
    assert sum(map(len, pieces_of(gzip.compress(TEXT)))) == len(TEXT)
