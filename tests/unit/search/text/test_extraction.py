"""Every item has a text, with less effort where more failed."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from search.limits import TEXT_CHARACTERS
from search.text import extraction
from search.text.extraction import extract
from search.text.model import Effort, Heading, Text

TYPES = ("text/plain", "text/markdown", "text/html")

MARKDOWN = """\
# Reset a *password*

Open **Settings**, then [Security](https://example.com/s "no").

1. Click `Reset`
2. Wait&nbsp;a moment <!-- no -->

| key | does |
|-----|------|
| F1  | help |

<details><summary>More</summary>Inside</details>

![no](picture.png)
"""


def test_markdown_is_what_a_reader_sees() -> None:
    text = extract("  The\ttitle ", MARKDOWN, "text/markdown")
    assert text == Text(
        "The title",
        "Reset a password\nOpen Settings, then Security.\nClick Reset\nWait a moment\nkey does\nF1 help\nMore\nInside",
        (Heading(1, 0, 16),),
    )


def test_plain_text_keeps_its_lines() -> None:
    assert extract("t", "a  b\n\n# c <p>\r\nd", "text/plain").text == "a b\n# c <p>\nd"


def test_each_step_of_effort_takes_less() -> None:
    page = "<h1>One</h1><p>two <b>three</b> &amp;</p>"
    assert [extract("T", page, "text/html", effort) for effort in Effort] == [
        Text("T", "One\ntwo three &", (Heading(1, 0, 3),)),
        Text("T", "One two three &amp;", effort=Effort.UNPARSED),
        Text("T", "", effort=Effort.TITLE),
        Text("", "", effort=Effort.NOTHING),
    ]


@pytest.mark.parametrize("content_type", TYPES[1:])
def test_content_that_takes_too_long_is_taken_unparsed(content_type: str) -> None:
    text = extract("T", "<p>a</p> word <p>" * 200, content_type, seconds=-1)
    assert text.effort is Effort.UNPARSED
    assert text.text.startswith("a word")


def test_content_that_breaks_its_parser_is_taken_unparsed(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object, **__: object) -> str:
        raise AssertionError("we should not get here!")

    monkeypatch.setattr(extraction, "page_blocks", broken)
    assert extract("T", "<p>a", "text/html") == Text("T", "a", effort=Effort.UNPARSED)


@pytest.mark.parametrize("content_type", TYPES)
@pytest.mark.parametrize(
    "content",
    [
        *(">" * 20_000, "[" * 20_000, "*a " * 20_000, "[a](<b" * 20_000, "<http:" * 10_000, "`" * 30_000 + "x"),
        "|a" * 500 + "\n" + "|-" * 500 + "\n" + "|x\n" * 500,
        "".join(" " * (depth % 500) + "* a\n" for depth in range(1_000)),
        "<div>" * 20_000,
        "\0\ud800\U0010ffff\u202e" * 100,
    ],
    ids=["quotes", "brackets", "stars", "links", "autolinks", "ticks", "table", "list", "divs", "odd"],
)
def test_hostile_content_has_a_text(content: str, content_type: str) -> None:
    text = extract("T", content, content_type, seconds=0.1)
    assert len(text.text) <= TEXT_CHARACTERS


def test_text_is_bounded() -> None:
    assert len(extract("T", "a" * (TEXT_CHARACTERS + 5), "text/plain").text) == TEXT_CHARACTERS


@given(st.text(), st.sampled_from(TYPES), st.sampled_from(list(Effort)))
def test_no_content_fails(content: str, content_type: str, effort: Effort) -> None:
    text = extract("T", content, content_type, effort)
    assert all(text.text[heading.start : heading.end].strip() for heading in text.headings)
