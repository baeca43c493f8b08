"""Ids of a large slot, cut into regions of the index."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from knowledge.index.entries import path_of
from knowledge.runs.listing import REGIONS, Piece, decode_region, encode_ids


@given(st.lists(st.text(min_size=1), unique=True))
def test_each_id_is_in_its_region_and_in_no_other(ids: list[str]) -> None:
    data, offsets = encode_ids(ids)
    piece = Piece("key", offsets)
    found: list[str] = []
    for region, digits in enumerate(REGIONS):
        start, length = piece.span(region)
        there = decode_region(data[start : start + length]) if length else []
        assert all(path_of(each)[1:3] == digits for each in there)
        found += there
    assert sorted(found) == sorted(ids)
    assert offsets[-1] == len(data)


def test_regions_stand_in_the_order_of_the_index() -> None:
    assert sorted(REGIONS) == list(REGIONS)
    assert (len(REGIONS), REGIONS[0], REGIONS[-1]) == (256, "00", "ff")
