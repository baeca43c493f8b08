"""How an answer, or its absence, is told."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from webhooks.sending.replies import failure_of, retry_after_seconds, snippet_of

NOW = 1_000_000_000.0  # Sun, 09 Sep 2001 01:46:40 GMT


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("0", 0),
        ("120", 120),
        (" 7 ", 7),
        ("86400", 86_400),
        ("86401", 86_400),
        ("9" * 5000, 86_400),
        ("Sun, 09 Sep 2001 01:47:40 GMT", 60),
        ("Sun, 09 Sep 2001 03:47:40 +0200", 60),
        ("Sun, 09 Sep 2001 01:47:40", 60),
        ("Sun, 09 Sep 2001 01:46:00 GMT", 0),
        ("Fri, 31 Dec 9999 23:59:59 GMT", 86_400),
        ("Sun Sep  9 01:47:40 2001", 60),
        (None, None),
        ("", None),
        ("-1", None),
        ("1.5", None),
        ("1e3", None),
        ("\u0663", None),
        ("soon", None),
        ("Sun, 99 Sep 2001 01:47:40 GMT", None),
        ("Sun, 09 Sep 99999 01:47:40 GMT", None),
    ],
)
def test_retry_after_is_read_and_bounded(header: str | None, seconds: int | None) -> None:
    assert retry_after_seconds(header, NOW) == seconds


@given(header=st.text(max_size=60))
def test_any_retry_after_is_bounded_or_ignored(header: str) -> None:
    seconds = retry_after_seconds(header, NOW)
    assert seconds is None or 0 <= seconds <= 86_400


@given(body=st.binary(max_size=3000))
def test_any_body_has_a_short_readable_snippet(body: bytes) -> None:
    snippet = snippet_of(body)
    assert len(snippet.encode()) <= 1024
    assert all(character.isprintable() or character in "\n\t" for character in snippet)


def test_snippet_is_the_beginning_of_the_body() -> None:
    assert snippet_of(b"line\n\xc3\xa4\x00\xff") == "line\n\u00e4\ufffd\ufffd"
    assert snippet_of(b"a" * 1023 + b"\xc3\xa4") == "a" * 1023


def test_unknown_error_is_told_blandly() -> None:
    assert failure_of(ValueError("/internal/path"), 15.0) == "the request failed"
    assert failure_of(OSError("eth0"), 15.0) == "the request failed"
    assert failure_of(TimeoutError(), 15.0) == "timed out after 15 s"
