"""Few segments, and no document is written often."""

from __future__ import annotations

import random
from typing import NamedTuple

import pytest
from search.segments.policy import FAN_OUT, is_merge_owed, merged_tier, replaced, tier_of


class Sized(NamedTuple):
    tier: int
    documents: int


def published(sizes: list[int], base: int) -> tuple[list[Sized], int, int]:
    """Publish one after another: the segments at the end, the documents written, the longest list."""
    listed = [Sized(tier_of(base), base)]
    written = longest = 0
    for size in sizes:
        count = replaced(listed, size)
        assert count in {0, FAN_OUT - 1}
        neighbours = listed[len(listed) - count :]
        documents = size + sum(each.documents for each in neighbours)
        tier = tier_of(documents, merged_tier(neighbours, size) if count else 0)
        listed = [*listed[: len(listed) - count], Sized(tier, documents)]
        written += documents
        longest = max(longest, len(listed))
    return listed, written, longest


@pytest.mark.parametrize(("documents", "tier"), [(0, 0), (511, 0), (512, 1), (4_095, 1), (4_096, 2), (1_000_000, 4)])
def test_tiers_of_large_publications(documents: int, tier: int) -> None:
    assert tier_of(documents) == tier
    assert tier_of(documents, 3) == max(tier, 3)


def test_the_eighth_is_built_with_its_neighbours() -> None:
    listed, written, _ = published([3] * 7, 100_000)
    assert [each.documents for each in listed] == [100_000, *[3] * 7]
    assert replaced(listed, 3) == 7
    assert (published([3] * 8, 100_000)[0][1:], written) == ([Sized(1, 24)], 21)


def test_merged_ones_are_merged_by_a_run_of_the_lowest_tier() -> None:
    listed, _, _ = published([3] * (8 * 7 + 1), 100_000)
    assert listed[1:] == [Sized(2, 3 * 57)]


def test_first_publication_is_not_written_again_for_a_few_items() -> None:
    base = 2_000
    listed, _, _ = published([1] * 1_000, base)
    assert listed[0].documents == base
    assert published([300] * 500, base)[0][0].documents > base


def test_large_publication_among_small_ones_does_not_stop_merging() -> None:
    sizes = [5, 5, 5, 5_000, *[5] * 200, 600, *[5] * 200]
    listed, _, longest = published(sizes, 100_000)
    assert sum(each.documents for each in listed) == 100_000 + sum(sizes)
    assert longest <= 24


@pytest.mark.parametrize("base", [10_000, 100_000, 1_000_000])
@pytest.mark.parametrize("most", [1, 100])
def test_a_thousand_publications_leave_few_segments(base: int, most: int) -> None:
    chance = random.Random(1)
    sizes = [chance.randint(1, most) for _ in range(1_000)]
    _, written, longest = published(sizes, base)
    assert longest <= 24
    assert written <= 4 * sum(sizes)


def test_merge_is_owed_past_a_fifth_of_dead_documents() -> None:
    assert not is_merge_owed(10_000, 8_000)
    assert is_merge_owed(10_001, 8_000)
    # A few dead ones are not worth a generation.
    assert not is_merge_owed(201, 1)
    assert is_merge_owed(202, 1)
