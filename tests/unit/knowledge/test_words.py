"""Figures in words."""

from __future__ import annotations

import pytest
from knowledge.words import duration_words, size_words


@pytest.mark.parametrize(
    ("milliseconds", "words"),
    [
        (30 * 86_400_000, "30 days"),
        (86_400_000, "a day"),
        (36 * 3_600_000, "36 hours"),
        (3_600_000, "an hour"),
        (20 * 60_000, "20 minutes"),
        (60_000, "a minute"),
        (90_000, "90 seconds"),
        (1_500, "1.5 seconds"),
    ],
)
def test_time_is_told_in_the_largest_unit_that_it_is_whole_in(milliseconds: int, words: str) -> None:
    assert duration_words(milliseconds) == words


@pytest.mark.parametrize(
    ("size", "words"),
    [
        (512, "512 bytes"),
        (16_384, "16 KiB"),
        (1_048_576, "1 MiB"),
        (1_153_433, "1.1 MiB"),
        (4_000_000, "4 MB"),
        (5 * 1024**3, "5 GiB"),
    ],
)
def test_size_is_told_as_people_say_it(size: int, words: str) -> None:
    assert size_words(size) == words
