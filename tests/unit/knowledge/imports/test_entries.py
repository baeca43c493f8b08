"""Lines into commands and problems."""

from __future__ import annotations

import gzip
import json

import pytest
from knowledge.imports.entries import ImportLine, read_import_line, report_lines, windows
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


@pytest.mark.parametrize("text", GOOD_ODD_LINES, ids=lambda text: repr(text[:30]))
def test_odd_line_is_good(text: bytes) -> None:
    entry = entry_of(text)
    assert not entry.problems
    assert (entry.command is None) == (not text.strip())


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


def sizes(texts: list[bytes]) -> list[int]:
    lines = (Line(number, number, text) for number, text in enumerate(texts, start=1))
    return [len(window) for window in windows(lines)]


def test_window_names_no_item_twice() -> None:
    assert sizes([item("a"), item("b"), item("a"), item("a"), item("c")]) == [2, 1, 2]


def test_windows_are_bounded_in_lines_bytes_and_faults() -> None:
    assert sizes([b""] * 1_000) == [490, 490, 20]
    assert sizes([item(f"i{number}", 1_000_000) for number in range(9)]) == [4, 4, 1]
    assert sizes([b"bad"] * 450) == [200, 200, 50]
