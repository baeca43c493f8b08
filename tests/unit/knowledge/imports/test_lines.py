"""Lines of NDJSON, however the blocks fall."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from knowledge.imports import lines as import_lines
from knowledge.imports.lines import Line, read_lines


def lines_of(text: bytes, offset: int = 0, lines: int = 0) -> list[Line]:
    return list(read_lines(lambda at, length: text[at : at + length], len(text), offset, lines))


def texts(text: bytes) -> list[bytes | None]:
    return [line.text for line in lines_of(text)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (b"", []),
        (b"a\nb\n", [b"a", b"b"]),
        (b"a\nb", [b"a", b"b"]),
        (b"a\r\nb\r\n", [b"a", b"b"]),
        (b"a\r\nb\r", [b"a", b"b"]),
        (b"\n\na\n", [b"", b"", b"a"]),
        (b"\xef\xbb\xbfa\nb", [b"a", b"b"]),
        (b"a\n\xef\xbb\xbfb", [b"a", b"\xef\xbb\xbfb"]),
        (b"\xef\xbb\xbf", [b""]),
    ],
)
def test_lines_are_cut_at_line_feeds(text: bytes, expected: list[bytes]) -> None:
    assert texts(text) == expected


@given(
    st.lists(st.sampled_from([b"", b"a", b"bc\r", b"\r", b"x" * 30, b"\xef\xbb\xbf"])),
    st.integers(1, 12),
    st.booleans(),
)
def test_blocks_make_no_difference(parts: list[bytes], block: int, ended: bool) -> None:
    text = b"\n".join(parts) + (b"\n" if ended else b"")
    whole = lines_of(text)
    before = import_lines.BLOCK_BYTES
    import_lines.BLOCK_BYTES = block
    try:
        assert lines_of(text) == whole
    finally:
        import_lines.BLOCK_BYTES = before


@given(st.binary(max_size=200))
def test_every_line_end_is_a_place_to_go_on_from(text: bytes) -> None:
    whole = lines_of(text)
    for done, line in enumerate(whole, start=1):
        assert line.number == done
        assert lines_of(text, line.end, done) == whole[done:]
    assert (whole[-1].end if whole else 0) == len(text)


@pytest.mark.parametrize("block", [7, 64, 4096])
def test_line_over_the_limit_is_passed_over(monkeypatch: pytest.MonkeyPatch, block: int) -> None:
    monkeypatch.setattr(import_lines, "LINE_BYTES", 20)
    monkeypatch.setattr(import_lines, "BLOCK_BYTES", block)
    text = b"a" * 20 + b"\r\n" + b"b" * 21 + b"\n" + b"c" * 500 + b"\nd\n" + b"e" * 100
    found = lines_of(text)
    assert [line.text for line in found] == [b"a" * 20, None, None, b"d", None]
    assert [line.number for line in found] == [1, 2, 3, 4, 5]
    assert found[-1].end == len(text)


def test_mark_at_the_start_does_not_count_against_the_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(import_lines, "LINE_BYTES", 5)
    monkeypatch.setattr(import_lines, "BLOCK_BYTES", 2)
    assert texts(b"\xef\xbb\xbfabcde\r\nx") == [b"abcde", b"x"]


def test_reads_no_further_than_it_must() -> None:
    reads: list[Any] = []

    def read(at: int, length: int) -> bytes:
        reads.append((at, length))
        return b"a\n" * (length // 2)

    lines = read_lines(read, 100 * import_lines.BLOCK_BYTES)
    for _ in range(10):
        next(lines)
    assert reads == [(0, import_lines.BLOCK_BYTES)]
