"""Pages of changes: all of them come, in order, by one or two ranges each."""

from __future__ import annotations

from unittest import mock

import pytest
from hypothesis import given
from hypothesis import strategies as st
from knowledge.items.fingerprints import FIELDS
from knowledge.model import ChangeKind
from knowledge.runs import change_file, change_reader
from knowledge.runs.change_file import DROP, ChangeLine, encode_part
from knowledge.runs.change_reader import ChangeReader, change_of
from knowledge.runs.model import PlanPart
from knowledge.storage.format import ObjectGoneError

from tests.support.index_states import IndexStates

A, B = "a" * 64, "b" * 64
KINDS = [*ChangeKind, DROP]


def line(number: int, kind: str = ChangeKind.ADDED) -> ChangeLine:
    return ChangeLine(f"item-{number:06d}", kind, number, f"Title {number}", f"{number * 7919:064x}", None, None, 0)


def put(states: IndexStates, lines: list[ChangeLine], covered: tuple[str, ...] = (), number: int = 0) -> PlanPart:
    part = encode_part(number, covered, lines)
    ref = states.objects.put_once(f"changes-{number:04d}", part.data, digest=part.digest)
    return PlanPart(number, len(lines), ref, part.directory_bytes)


def reader_of(states: IndexStates) -> ChangeReader:
    return ChangeReader(states.objects, states.fanout)


@given(
    parts=st.lists(st.lists(st.sampled_from(KINDS), max_size=12), max_size=4),
    kind=st.none() | st.sampled_from(ChangeKind),
    limit=st.integers(1, 7),
)
def test_pages_make_up_all_changes_of_a_kind_in_their_order(
    parts: list[list[str]], kind: ChangeKind | None, limit: int
) -> None:
    """With no page short but the last; what is only dropped is no change of a generation."""
    states, written, number = IndexStates(), [], 0
    expected = []
    with mock.patch.object(change_file, "CHANGES_A_MEMBER", 3), mock.patch.object(change_reader, "_TAIL_BYTES", 1):
        for kinds in parts:
            lines = [line(number + at, each) for at, each in enumerate(kinds)]
            written.append(put(states, lines, number=len(written)))
            number += len(lines)
            expected += [each for each in lines if each.kind != DROP and kind in (None, each.kind)]
        found: list[ChangeLine] = []
        start: tuple[int, int] | None = (0, 0)
        while start is not None:
            page = reader_of(states).read_page(written, start, kind=kind, limit=limit)
            assert len(page.lines) == limit or page.next is None
            found += page.lines
            start = page.next
    assert found == expected


@pytest.mark.parametrize("first", [0, 1, 900, 950, 12_345, 24_750])
def test_page_of_a_large_part_is_one_read_beside_the_directory(first: int) -> None:
    states = IndexStates()
    part = put(states, [line(number) for number in range(25_000)])
    page = reader_of(states).read_page([part], (0, first), kind=None, limit=200)
    assert [each.rev for each in page.lines] == list(range(first, first + 200))
    assert page.next == (0, first + 200)
    assert 1 <= len(states.bucket.reads) <= 2
    size = len(states.bucket.objects[part.object.key][0])
    spans = [span.removeprefix("bytes=").split("-") for _, span in states.bucket.reads]
    read = sum(int(end) if not start else int(end) - int(start) + 1 for start, end in spans)
    assert read < size / 4


def test_page_of_a_rare_kind_reads_only_members_that_hold_it() -> None:
    states = IndexStates()
    rare = {40, 12_000, 24_999}
    lines = [line(number, ChangeKind.TOMBSTONED if number in rare else ChangeKind.ADDED) for number in range(25_000)]
    page = reader_of(states).read_page([put(states, lines)], (0, 0), kind=ChangeKind.TOMBSTONED, limit=200)
    assert ([each.rev for each in page.lines], page.next) == (sorted(rare), None)
    # The directory, which has the last member beside it, and a range for each of the others.
    assert len(states.bucket.reads) <= 3


def test_small_part_is_one_read() -> None:
    states = IndexStates()
    part = put(states, [line(number) for number in range(150)], ("jrn_1",))
    page = reader_of(states).read_page([part], (0, 0), kind=None, limit=200)
    assert (len(page.lines), page.next) == (150, None)
    assert len(states.bucket.reads) == 1


def test_page_that_ends_a_part_goes_on_in_the_next_that_has_changes() -> None:
    states = IndexStates()
    parts = [
        put(states, lines, number=number) for number, lines in enumerate([[line(0)], [], [line(1, DROP)], [line(2)]])
    ]
    page = reader_of(states).read_page(parts, (0, 0), kind=None, limit=1)
    assert page.next == (3, 0)


def test_page_looks_into_a_bounded_number_of_parts_and_the_next_goes_on_behind_them() -> None:
    states = IndexStates()
    kinds = [*[ChangeKind.ADDED] * 20, ChangeKind.TOMBSTONED]
    parts = [put(states, [line(number, kind)], number=number) for number, kind in enumerate(kinds)]
    reader = reader_of(states)
    page = reader.read_page(parts, (0, 0), kind=ChangeKind.TOMBSTONED, limit=5)
    assert (page.lines, page.next) == ([], (16, 0))
    assert len(states.bucket.reads) == 16
    rest = reader.read_page(parts, page.next, kind=ChangeKind.TOMBSTONED, limit=5)
    assert ([each.rev for each in rest.lines], rest.next) == ([20], None)


@given(parts=st.lists(st.integers(0, 9), max_size=5), limit=st.integers(1, 4), bound=st.integers(1, 12))
def test_pages_of_a_prefix_make_up_all_its_changes(parts: list[int], limit: int, bound: int) -> None:
    states, written, lines = IndexStates(), [], []
    for number, count in enumerate(parts):
        few = [line(len(lines) + at) for at in range(count)]
        few = [
            each._replace(external_item_id=f"{'äb'[each.rev % 2]}-{each.rev}") for each in few if each.rev is not None
        ]
        written.append(put(states, few, number=number))
        lines += few
    found: list[ChangeLine] = []
    start: tuple[int, int] | None = (0, 0)
    with (
        mock.patch.object(change_file, "CHANGES_A_MEMBER", 3),
        mock.patch.object(change_reader, "_LINES_A_PAGE", bound),
    ):
        while start is not None:
            page = reader_of(states).read_page(written, start, kind=None, limit=limit, prefix="ä-")
            assert len(page.lines) <= limit
            found += page.lines
            start = page.next
    assert found == [each for each in lines if each.external_item_id.startswith("ä-")]


def test_page_of_a_prefix_that_nothing_has_ends_behind_so_many_lines() -> None:
    states = IndexStates()
    parts = [put(states, [line(number) for number in range(13_000)], number=at) for at in range(4)]
    page = reader_of(states).read_page(parts, (0, 0), kind=None, limit=200, prefix="other")
    assert (page.lines, page.next) == ([], (2, 0))
    # Of each part the directory, and a range for 6 000 lines.
    assert len(states.bucket.reads) <= 8


def test_walk_ends_at_a_bounded_number_of_parts_or_at_the_end() -> None:
    states = IndexStates()
    parts = [put(states, [line(number, DROP)], number=number) for number in range(20)]
    *lines, end = reader_of(states).walk(parts, (0, 0))
    assert (lines, end.line, end.place, end.goes_on) == ([], None, (16, 0), True)
    *lines, end = reader_of(states).walk(parts, (16, 0))
    assert (lines, end.line, end.goes_on) == ([], None, False)


@pytest.mark.parametrize("tail_bytes", [1, 32 * 1024])
def test_part_is_read_for_the_kinds_that_are_asked_for(tail_bytes: int) -> None:
    states = IndexStates()
    with (
        mock.patch.object(change_file, "CHANGES_A_MEMBER", 2),
        mock.patch.object(change_reader, "_TAIL_BYTES", tail_bytes),
    ):
        kinds = [ChangeKind.ADDED, ChangeKind.ADDED, DROP, ChangeKind.TOMBSTONED, ChangeKind.TOMBSTONED]
        lines = [line(number, kind) for number, kind in enumerate(kinds)]
        part = put(states, lines, ("jrn_1", "jrn_2"))
        read = reader_of(states).read_part(part, {DROP, ChangeKind.TOMBSTONED})
    assert read.changes == lines[2:]
    assert read.covered == ["jrn_1", "jrn_2"]
    assert reader_of(states).read_part(part, set()) == ([], ["jrn_1", "jrn_2"])


@pytest.mark.parametrize("tail_bytes", [1, 32 * 1024])
def test_part_of_which_a_byte_is_another_is_refused(tail_bytes: int) -> None:
    states = IndexStates()
    part = put(states, [line(number) for number in range(5)])
    states.bucket.damage(part.object.key, 20)
    with mock.patch.object(change_reader, "_TAIL_BYTES", tail_bytes), pytest.raises(ObjectGoneError):
        reader_of(states).read_page([part], (0, 0), kind=None, limit=10)


def test_missing_part_is_refused() -> None:
    states = IndexStates()
    part = put(states, [line(0)])
    states.bucket.objects.clear()
    with pytest.raises(ObjectGoneError):
        reader_of(states).read_page([part], (0, 0), kind=None, limit=10)


def test_change_is_shown_with_the_content_that_is_or_was_served_and_the_names_of_fields() -> None:
    updated = change_of(ChangeLine("a", ChangeKind.UPDATED, 1, "T", A, B, None, 3))
    assert (updated.content_hash, updated.previous_content_hash) == (A, B)
    assert updated.fields == tuple(sorted(FIELDS[:2]))
    gone = change_of(ChangeLine("a", ChangeKind.TOMBSTONED, None, "T", None, B, None, 0))
    assert (gone.kind, gone.content_hash, gone.fields) == (ChangeKind.TOMBSTONED, B, ())
    removed = change_of(ChangeLine("a", ChangeKind.REMOVED, 1, "T", B, B, 7, 0))
    assert (removed.removed_at, removed.title) == (7, "T")
