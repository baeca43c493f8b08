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
        (b"\n\na\n", [b"", b"a"]),
        (b" \r\n\t\n\na\n \n", [b"", b"a", b""]),
        (b"\xef\xbb\xbf \n\na", [b"", b"", b"a"]),
        (b"\xef\xbb\xbfa\nb", [b"a", b"b"]),
        (b"a\n\xef\xbb\xbfb", [b"a", b"\xef\xbb\xbfb"]),
        (b"\xef\xbb\xbf", [b""]),
    ],
)
def test_lines_are_cut_at_line_feeds(text: bytes, expected: list[bytes]) -> None:
    assert texts(text) == expected


PARTS = st.sampled_from([b"", b"a", b"bc\r", b"\r", b"x" * 30, b"\xef\xbb\xbf", b" " * 30, b" " * 60 + b"a", b"  a "])


def told(text: bytes) -> list[Line]:
    """The lines that are not blank, and how far the last one reaches: how blank ones are grouped is left open."""
    lines = lines_of(text)
    return [line for line in lines if line.text != b""] + [line._replace(text=None) for line in lines[-1:]]


@given(st.lists(PARTS), st.integers(1, 12), st.booleans())
def test_blocks_make_no_difference(parts: list[bytes], block: int, ended: bool) -> None:
    text = b"\n".join(parts) + (b"\n" if ended else b"")
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(import_lines, "LINE_BYTES", 40)
        whole = told(text)
        patched.setattr(import_lines, "BLOCK_BYTES", block)
        assert told(text) == whole


@given(st.lists(PARTS), st.binary(max_size=50))
def test_every_line_has_its_number_and_is_a_place_to_go_on_from(parts: list[bytes], rest: bytes) -> None:
    text = b"\n".join(parts) + rest
    whole = lines_of(text)
    for done, line in enumerate(whole, start=1):
        assert line.number == text[: line.end].removesuffix(b"\n").count(b"\n") + 1
        assert lines_of(text, line.end, line.number) == whole[done:]
    assert (whole[-1].end if whole else 0) == len(text)


def test_ten_million_blank_lines_are_a_few() -> None:
    assert lines_of(b"\n" * 10_000_000)[-1] == Line(10_000_000, 10_000_000, b"")
    assert len(lines_of(b" \n" * 5_000_000)) == 3


@pytest.mark.parametrize("block", [7, 64, 4096])
def test_white_space_alone_is_blank_however_long(monkeypatch: pytest.MonkeyPatch, block: int) -> None:
    monkeypatch.setattr(import_lines, "LINE_BYTES", 20)
    monkeypatch.setattr(import_lines, "BLOCK_BYTES", block)
    assert told(b" " * 500) == [Line(1, 500, None)]
    text = b" " * 500 + b"\na\n" + b" " * 500 + b"b\n"
    assert [line.text for line in lines_of(text) if line.text != b""] == [b"a", None]


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
