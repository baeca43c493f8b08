"""A copy of a segment has nothing of what is erased: neither document, nor word; what it killed it goes on killing."""

from __future__ import annotations

from typing import Any

import pytest
from knowledge.erasures.segments import copy_of_segment, has_documents
from knowledge.index.names import ObjectKind, name_of
from knowledge.index.segment_rows import NamedSegment
from knowledge.segments.rows import named, ref_of
from search.errors import SearchError
from search.segments.building import Built, build_segment
from search.segments.merging import head_of, read_part
from search.segments.model import Settings
from search.segments.prefixes import prefix_of

from tests.support.segment_words import unexplained_in
from tests.support.segments import document

NAME = name_of(ObjectKind.RUN_SEGMENT, f"run_{'0' * 26}", f"att_{'0' * 26}", 0)
DOCUMENTS = [
    document("a", "The quorvexil is shared.", "Help"),
    document("x", "The zamburlon of a quorvexil, 密码.", "Trivandex", metadata={"note": "hastrovin"}),
]


@pytest.fixture(scope="module")
def segment() -> Built:
    return build_segment(DOCUMENTS, [prefix_of("gone")], Settings("src_1", "de"), tier=3)


def row_of(built: Built) -> NamedSegment:
    return named(NAME, built.ref)


def copied(built: Built, *ids: str) -> Built:
    copy = copy_of_segment(row_of(built), built.data, set(ids))
    assert copy is not None
    return copy


def test_copy_is_as_if_the_item_had_never_been_in_it(segment: Built) -> None:
    copy = copied(segment, "x", "never there")
    part = read_part(copy.ref, copy.data)
    assert part.documents == DOCUMENTS[:1]
    assert set(part.killed) == {prefix_of("gone"), prefix_of("x")}
    assert (copy.ref.tier, head_of(copy).header.settings) == (3, Settings("src_1", "de"))
    assert unexplained_in(copy.data) == []
    alone = build_segment(DOCUMENTS[:1], [], Settings("src_1", "de"))
    assert head_of(copy).files[".term"] == head_of(alone).files[".term"]


def test_copy_may_have_no_documents_at_all(segment: Built) -> None:
    copy = copied(segment, "x", "a")
    assert (copy.ref.documents, head_of(copy).files) == (0, {})
    assert set(read_part(copy.ref, copy.data).killed) == {prefix_of(name) for name in ("a", "x", "gone")}


def test_segment_without_the_items_is_not_copied(segment: Built) -> None:
    assert copy_of_segment(row_of(segment), segment.data, {"gone", "b"}) is None


def test_segment_tells_whose_documents_it_has(segment: Built) -> None:
    assert has_documents(segment.data, {"x", "b"})
    assert not has_documents(segment.data, {"gone", "b"})
    assert not has_documents(copied(segment, "x").data, {"x"})


@pytest.mark.parametrize("broken", [b"", b"KBS2", b"nothing at all", "cut", "flipped"])
def test_segment_that_cannot_be_read_is_refused(segment: Built, broken: Any) -> None:
    data = {"cut": segment.data[:-1], "flipped": segment.data[:-9] + bytes(9)}.get(broken, broken)
    for ask in (lambda: has_documents(data, {"x"}), lambda: copy_of_segment(row_of(segment), data, {"x"})):
        with pytest.raises(SearchError):
            ask()


def test_row_tells_what_the_segment_is(segment: Built) -> None:
    assert ref_of(row_of(segment)) == segment.ref
