"""Segments have one document an item, and are cut before they are too large."""

from __future__ import annotations

import pytest
from search.errors import DamagedSegmentError, InvalidDocumentError, OtherFormatError
from search.segments import building
from search.segments.building import build_segments, cut, require_current
from search.segments.merging import head_of, read_part
from search.segments.prefixes import prefix_of
from search.text.model import Effort

from tests.support.segments import SETTINGS, built, document, head


def test_two_documents_of_one_item_are_refused() -> None:
    with pytest.raises(InvalidDocumentError):
        built([document("a", "one"), document("a", "two")])


def test_what_is_added_is_not_killed_besides() -> None:
    segment = head([document("a")], ["a", "b"])
    assert (list(segment.added), list(segment.killed)) == ([prefix_of("a")], [prefix_of("b")])


def test_segment_that_only_kills_has_no_index() -> None:
    segment = head([], ["a"])
    assert (segment.files, segment.header.documents, list(segment.killed)) == ({}, 0, [prefix_of("a")])


def test_degraded_documents_are_counted() -> None:
    good, bad = document("a"), document("b")
    bad = type(bad)(bad.item_id, bad.content_hash, bad.text._replace(effort=Effort.TITLE))
    assert head([good, bad]).header.degraded == 1


def test_large_texts_are_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(building, "SEGMENT_TEXT_BYTES", 60)
    documents = [document(name, "x" * 20) for name in "abcde"]
    segments = list(build_segments(documents, [prefix_of("f")], SETTINGS))
    parts = [read_part(*each) for each in segments]
    assert [[each.item_id for each in part.documents] for part in parts] == [["a", "b"], ["c", "d"], ["e"]]
    assert [len(part.killed) for part in parts] == [1, 0, 0]


def test_nothing_makes_no_segment_and_kills_alone_make_one() -> None:
    assert list(build_segments([], [], SETTINGS)) == []
    (segment,) = build_segments([], [prefix_of("a")], SETTINGS)
    assert len(head_of(segment).killed) == 1


def test_document_larger_than_a_segment_has_one_of_its_own() -> None:
    documents = [document("a", "x" * 100), document("b")]
    assert [len(some) for some in cut(documents, 10)] == [1, 1]


def test_segments_of_another_source_are_not_read() -> None:
    segment = head([document("a")])
    require_current(segment, SETTINGS.source_id)
    with pytest.raises(DamagedSegmentError):
        require_current(segment, "src_2")


@pytest.mark.parametrize("name", ["schema.NAME", "rules.VERSION"])
def test_segments_of_another_engine_or_analysis_are_not_read(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    segment = head([document("a")])
    module, _, attribute = name.partition(".")
    monkeypatch.setattr(getattr(building, module), attribute, 99)
    with pytest.raises(OtherFormatError):
        require_current(segment, SETTINGS.source_id)
