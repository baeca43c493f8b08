"""Lists of segments in manifests read back, and say when there is none."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from knowledge.index.names import ObjectKind, name_of
from knowledge.index.segment_rows import (
    SEGMENT_BYTES,
    NamedSegment,
    Segments,
    decode_segments,
    encode_segments,
    segment_keys,
)

KINDS = st.sampled_from([ObjectKind.RUN_SEGMENT, ObjectKind.COMPACTED_SEGMENT, ObjectKind.ERASED_SEGMENT])
NAMES = st.builds(name_of, KINDS, st.just(f"run_{1:026d}"), st.just(f"att_{2:026d}"), st.integers(0, 65535))
U32 = st.integers(0, 2**32 - 1)


def hexes(count: int) -> st.SearchStrategy[str]:
    return st.binary(min_size=count, max_size=count).map(bytes.hex)


ROWS = st.builds(NamedSegment, NAMES, hexes(32), hexes(8), hexes(4), U32, U32, U32, st.integers(0, 255))
LISTS = st.builds(Segments, st.none() | st.lists(ROWS, max_size=5).map(tuple), st.booleans())


@given(LISTS, st.binary(max_size=9), st.binary(max_size=9))
def test_list_reads_back_from_where_it_stands(segments: Segments, before: bytes, behind: bytes) -> None:
    data = encode_segments(segments)
    found, end = decode_segments(before + data + behind, len(before))
    assert (found, end) == (segments, len(before) + len(data))
    assert len(data) == 3 + SEGMENT_BYTES * len(segments.rows or ())


@pytest.mark.parametrize("rows", [None, ()])
def test_none_at_all_is_not_an_empty_list(rows: tuple[()] | None) -> None:
    found, _ = decode_segments(encode_segments(Segments(rows)), 0)
    assert (found.rows, found.documents) == (rows, 0)


@given(st.lists(ROWS, max_size=4))
def test_documents_add_up_and_keys_are_those_of_the_names(rows: list[NamedSegment]) -> None:
    assert Segments(tuple(rows)).documents == sum(row.documents for row in rows)
    assert segment_keys(rows, "ten", "src") == {row.name.key("ten", "src") for row in rows}
    assert segment_keys(None, "ten", "src") == set()
