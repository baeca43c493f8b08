"""What a planning is to look at: in the order of the index, and cut where a prefix begins."""

from __future__ import annotations

import itertools
from unittest import mock

from hypothesis import given
from hypothesis import strategies as st
from knowledge.index.entries import path_of
from knowledge.runs import parts
from knowledge.runs.parts import WorkItem, cut_into_parts, end_of_part, in_trie_order

revs = st.dictionaries(st.integers(0, 400).map("item-{}".format), st.integers(0, 9), max_size=120)


@given(revs)
def test_items_stand_in_the_order_of_the_index(found: dict[str, int]) -> None:
    ordered = in_trie_order(found)
    assert dict(ordered) == found
    assert [path_of(name) for name, _ in ordered] == sorted(map(path_of, found))


@given(revs, st.integers(1, 40), st.integers(1, 3))
def test_parts_make_up_the_work_and_end_where_a_prefix_does(found: dict[str, int], most: int, digits: int) -> None:
    ordered = in_trie_order(found)
    with mock.patch.object(parts, "CHANGES_PER_PART", most), mock.patch.object(parts, "_PREFIX_DIGITS", digits):
        cut = [list(part) for part in cut_into_parts(ordered)]
    assert [item for part in cut for item in part] == list(ordered)
    assert all(0 < len(part) <= most for part in cut)
    for part, following in itertools.pairwise(cut):
        same = prefix(part[-1], digits) == prefix(following[0], digits)
        # Of one that is cut in two, more than half a part has that prefix, and the part is full.
        assert not same or (len(part) == most and prefix(part[most // 2], digits) == prefix(part[-1], digits))


def prefix(item: WorkItem, digits: int) -> str:
    return path_of(item[0])[:digits]


def test_work_of_one_part_is_not_cut() -> None:
    ordered = in_trie_order({f"item-{number}": 1 for number in range(100)})
    assert end_of_part(ordered) == 100
    assert list(cut_into_parts(())) == []
