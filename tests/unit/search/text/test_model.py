"""Blocks become a text, in which headings have places."""

from __future__ import annotations

from search.text.model import Block, Effort, Heading, Text, joined, tidied


def test_white_space_becomes_one_space() -> None:
    assert tidied("  a \n\t b\u00a0c ") == "a b c"


def test_headings_stand_where_they_say() -> None:
    text, headings = joined([Block("Intro"), Block(""), Block("Usage", 2), Block("Press it.")], 100)
    assert text == "Intro\nUsage\nPress it."
    assert headings == (Heading(2, 6, 11),)
    assert text[6:11] == "Usage"


def test_text_is_cut_off_where_it_is_too_long() -> None:
    text, headings = joined([Block("abc"), Block("defgh", 1), Block("never")], 6)
    assert (text, headings) == ("abc\nde", (Heading(1, 4, 6),))


def test_degraded_is_what_took_less_than_a_parser() -> None:
    assert not Text("a", "b").is_degraded()
    assert Text("a", "b", effort=Effort.UNPARSED).is_degraded()
