"""What answers are chosen from."""

from __future__ import annotations

from search.answers.model import Piece


def test_a_piece_is_as_good_as_any_until_it_is_said() -> None:
    piece = Piece("en", "title", "", "text")
    assert (piece.promise, piece.is_preferred) == (1.0, True)
