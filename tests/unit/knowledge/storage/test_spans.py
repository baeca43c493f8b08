"""Pieces of objects are read in few calls, and handed out in the order they were asked for."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st
from knowledge.storage.format import ObjectGoneError
from knowledge.storage.spans import GAP_BYTES, SPAN_BYTES, Piece, Span, join_pieces, read_pieces

from tests.support.index_states import IndexStates


def spans(*pieces: tuple[int, int]) -> list[tuple[int, int]]:
    return [(span.start, span.end) for span in join_pieces([Piece("a", *piece) for piece in pieces])]


def test_gap_of_64_kb_is_read_along_and_a_longer_one_is_not() -> None:
    assert GAP_BYTES == 64 * 1024
    assert spans((0, 10), (10 + GAP_BYTES, 5)) == [(0, 15 + GAP_BYTES)]
    assert spans((0, 10), (11 + GAP_BYTES, 5)) == [(0, 10), (11 + GAP_BYTES, 16 + GAP_BYTES)]


def test_span_ends_at_8_mb() -> None:
    assert SPAN_BYTES == 8 * 1024 * 1024
    half = SPAN_BYTES // 2
    assert spans((0, half), (half, half)) == [(0, SPAN_BYTES)]
    assert spans((0, half), (half, half + 1)) == [(0, half), (half, SPAN_BYTES + 1)]
    assert spans((0, 3 * SPAN_BYTES)) == [(0, 3 * SPAN_BYTES)]


def test_pieces_of_two_objects_are_never_joined() -> None:
    found = list(join_pieces([Piece("b", 0, 10), Piece("a", 10, 10), Piece("b", 10, 5)]))
    assert found == [Span("a", 10, 20, [1]), Span("b", 0, 15, [0, 2])]


def test_pieces_that_overlap_and_lie_in_one_another_are_one_span() -> None:
    assert spans((0, 100), (10, 5), (50, 100)) == [(0, 150)]
    assert spans((5, 5), (5, 5)) == [(5, 10)]
    assert spans() == []


pieces = st.lists(
    st.builds(Piece, st.sampled_from("ab"), st.integers(0, 5 * GAP_BYTES), st.integers(1, 3 * GAP_BYTES)), max_size=20
)


@given(pieces)
def test_every_piece_lies_in_its_span_and_no_two_spans_could_be_one(asked: list[Piece]) -> None:
    found = list(join_pieces(asked))
    assert sorted(at for span in found for at in span.pieces) == list(range(len(asked)))
    for span in found:
        assert all(span.key == asked[at].key for at in span.pieces)
        assert span.start == min(asked[at].offset for at in span.pieces)
        assert span.end == max(asked[at].offset + asked[at].length for at in span.pieces)
    for one, other in itertools.pairwise(found):
        assert one.key != other.key or other.start > one.end + GAP_BYTES


BODY = {key: bytes((at * 7 + ord(key)) % 251 for at in range(1_000)) for key in "ab"}
# A gap is larger than the objects here, so an object is read at most once.
small = st.lists(st.builds(Piece, st.sampled_from("ab"), st.integers(0, 900), st.integers(1, 100)), max_size=12)


def stored() -> IndexStates:
    states = IndexStates()
    for key, body in BODY.items():
        states.objects.put_once(key, body)
    return states


@given(small)
def test_pieces_come_in_the_order_they_were_named_with_a_call_for_each_object(asked: list[Piece]) -> None:
    states = stored()
    found = read_pieces(states.objects, states.fanout, asked)
    assert found == [BODY[key][offset : offset + length] for key, offset, length in asked]
    assert len(states.bucket.reads) == len({piece.key for piece in asked})


@pytest.mark.parametrize("piece", [Piece("a", 900, 101), Piece("a", 1_000, 1), Piece("a", 5_000, 10), Piece("c", 0, 1)])
def test_object_that_is_missing_or_too_short_is_refused(piece: Piece) -> None:
    states = stored()
    with pytest.raises(ObjectGoneError):
        read_pieces(states.objects, states.fanout, [Piece("a", 0, 10), piece, Piece("b", 0, 10)])


def test_one_piece_too_short_in_a_span_is_refused_though_others_are_whole() -> None:
    states = stored()
    with pytest.raises(ObjectGoneError):
        read_pieces(states.objects, states.fanout, [Piece("a", 990, 11), Piece("a", 980, 10)])
