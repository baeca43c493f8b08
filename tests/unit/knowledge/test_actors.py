"""Who asks, as rows keep it."""

from __future__ import annotations

from knowledge.actors import Author


def test_an_author_is_read_back_as_it_was_written() -> None:
    author = Author("4fGh2LmN8pQrS0tV", "nightly sync")
    assert Author.from_value(author.to_value()) == author


def test_what_the_system_made_has_no_author() -> None:
    assert Author.from_value(None) is None
