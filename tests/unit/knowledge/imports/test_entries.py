"""Lines into commands and problems."""

from __future__ import annotations

import gzip
import json

import pytest
from knowledge.imports import entries as import_entries
from knowledge.imports.entries import ImportLine, Window, named_id, read_import_line, report_lines, windows
from knowledge.imports.lines import Line
from knowledge.items.content import encode_item
from knowledge.items.problems import InvalidItemsError
from knowledge.items.validation import read_item
from knowledge.staging.rules import Push

from tests.support.import_bad_lines import BAD_LINES, GOOD_ODD_LINES


def entry_of(text: bytes | None) -> ImportLine:
    return read_import_line(Line(7, 99, text))


def report_of(*texts: bytes) -> list[dict[str, object]]:
    report, _, _ = report_lines([entry_of(text) for text in texts], 1_000)
    return [json.loads(line) for line in gzip.decompress(report).splitlines()]


def test_item_is_read_by_the_rules_of_a_push() -> None:
    fields = {"externalItemId": "a", "title": "T", "content": "C", "tags": ["x"], "sourceVersion": 3}
    assert entry_of(json.dumps(fields).encode()) == ImportLine(7, 99, Push(encode_item(read_item(fields)), 3))


@pytest.mark.parametrize("text", list(filter(bytes.strip, GOOD_ODD_LINES)), ids=lambda text: repr(text[:30]))
def test_odd_line_is_good(text: bytes) -> None:
    entry = entry_of(text)
    assert not entry.problems
    assert entry.command is not None


@pytest.mark.parametrize("text", BAD_LINES, ids=lambda text: repr(text[:60]))
def test_bad_line_has_faults_and_no_wish(text: bytes) -> None:
    entry = entry_of(text)
    assert entry.command is None
    assert 1 <= len(entry.problems) <= 10
    for line in report_of(text):
        assert line["line"] == 7
        assert line["message"]
        assert len(json.dumps(line, ensure_ascii=False).encode()) < 2_000


def test_report_names_item_place_and_reason() -> None:
    (line,) = report_of(b'{"externalItemId":"a","title":"","content":"C"}')
    assert line == {"line": 7, "externalItemId": "a", "path": "title", "message": "must have 1 to 500 characters"}
    (line,) = report_of(b"{nonsense")
    assert (line["externalItemId"], line["path"]) == (None, "")
    assert "column 2" in str(line["message"])


def test_faults_are_those_of_a_push() -> None:
    fields = {"externalItemId": "..", "title": 5, "url": "x", "more": 1}
    with pytest.raises(InvalidItemsError) as refused:
        read_item(fields)
    told = [(line["path"], line["message"]) for line in report_of(json.dumps(fields).encode())]
    assert told == [(problem.path, problem.message) for problem in refused.value.problems]


def test_report_stops_at_its_bound_and_counts_on() -> None:
    entries = [entry_of(b"bad")] * 5
    report, shown, left_out = report_lines(entries, 3)
    assert (len(gzip.decompress(report).splitlines()), shown, left_out) == (3, 3, 2)
    assert report_lines(entries, -4)[1:] == (0, 5)


def item(name: str, size: int = 1) -> bytes:
    return json.dumps({"externalItemId": name, "title": "T", "content": "c" * size}).encode()


def windows_of(texts: list[bytes]) -> list[Window]:
    return list(windows(Line(number, number, text) for number, text in enumerate(texts, start=1)))


def sizes(texts: list[bytes]) -> list[int]:
    return [len(window.entries) for window in windows_of(texts)]


def test_item_that_is_named_again_ends_no_window() -> None:
    assert sizes([item("a"), item("b"), item("a"), item("a"), item("c")]) == [5]


def test_windows_are_bounded_in_lines_bytes_and_faults() -> None:
    assert sizes([item(f"i{number}") for number in range(1_000)]) == [490, 490, 20]
    assert sizes([item(f"i{number}", 1_000_000) for number in range(9)]) == [4, 4, 1]
    assert sizes([b"bad"] * 450) == [200, 200, 50]


def test_blank_lines_are_in_no_window_and_are_passed_over_with_it() -> None:
    first, last = item("a"), item("b")
    assert windows_of([b"", first, b"", b"", last, b""]) == [
        Window(6, 6, [read_import_line(Line(2, 2, first)), read_import_line(Line(5, 5, last))])
    ]
    assert windows_of([b""] * 1_000) == [Window(1_000, 1_000, [])]
    assert windows_of([]) == []


def test_blank_lines_are_noted_by_their_bytes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(import_entries, "_BLANK_BYTES", 100)
    lines = [Line(number, 1_000 + number * 60, b"") for number in range(1, 6)]
    assert [window[:2] for window in windows(lines, 1_000)] == [(2, 1_120), (4, 1_240), (5, 1_300)]


def test_window_goes_on_from_where_it_is_told() -> None:
    assert list(windows([Line(4, 90, b"")], 90)) == []


def test_blank_line_names_nothing() -> None:
    assert named_id(Line(1, 1, b"")) is None
    assert named_id(Line(1, 1, item("a"))) == "a"
