from __future__ import annotations

from knowledge.staging.item_count import Listed, count_rows, sum_covered, sum_items

JOURNAL: tuple[Listed, ...] = (("a", 1, 2), ("b", 2, -1), ("c", 3, None))


def test_a_sum_is_known_as_long_as_all_of_it_is() -> None:
    assert sum_items(5, [2, -3]) == 4
    assert sum_items(5, []) == 5
    assert sum_items(None, [1]) is sum_items(5, [1, None]) is None


def test_what_is_covered_alone_is_summed_up() -> None:
    assert sum_covered(5, None, JOURNAL, ["a", "b"]) == 6
    assert sum_covered(5, None, JOURNAL, ["c"]) is None


def test_a_full_count_stands_only_where_it_covers_all_that_it_saw() -> None:
    assert sum_covered(None, 9, JOURNAL, ["a", "b", "c"]) == 9
    assert sum_covered(5, 9, JOURNAL, ["a"]) == 7


def test_nothing_counted_stays_unknown_whatever_the_rows_are() -> None:
    assert count_rows(None, [], 0) is None
    assert count_rows(3, [], 0) == 3
