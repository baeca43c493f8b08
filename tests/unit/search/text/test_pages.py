"""Pages are read as a reader sees them, however broken, and no page takes longer than its reader allows."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from search.text.budget import Budget, OutOfTimeError
from search.text.model import Block
from search.text.pages import page_blocks


def read(page: str) -> list[str]:
    return [block.text for block in page_blocks(page, lambda: None)]


@pytest.mark.parametrize(
    ("page", "blocks"),
    [
        ("<p>One <b>bold</b>\n word.</p><p>Two</p>", ["One bold word.", "Two"]),
        ("a<br>b", ["a", "b"]),
        ("<ul><li>x<li>y</ul>", ["x", "y"]),
        ("<table><tr><td>1</td><td>2</td></tr><tr><th>3<th>4</table>", ["1 2", "3 4"]),
        ("caf&eacute; &amp; &#8364;5 &nosuch; &", ["café & €5 &nosuch; &"]),
        ("un<i>believ</i>able", ["unbelievable"]),
        (
            "<head><title>T</title><style>p{}</style></head><body>seen<script>var x = '<p>no</p>'</script></body>",
            ["seen"],
        ),
        ("<p>a<!-- <p>no --> b</p><!doctype html><?php no ?>c", ["a b", "c"]),
        ("<div hidden>no<div>no</div>no</div>yes", ["yes"]),
        ("<p hidden>seen, for nobody knows where it ends", ["seen, for nobody knows where it ends"]),
        ("<script/>x</script>seen", ["xseen"]),
        ("<svg><text>no</text></svg><noscript>no</noscript><template><p>no</p></template>yes", ["yes"]),
        ("plain", ["plain"]),
        ("a < b and c > d", ["a < b and c > d"]),
        ("", []),
    ],
)
def test_page_is_what_a_reader_sees(page: str, blocks: list[str]) -> None:
    assert read(page) == blocks


def test_headings_have_levels() -> None:
    page = "<h1>A <em>b</em></h1><p>c</p><h3>d<br>e</h3>f"
    assert page_blocks(page, lambda: None) == [Block("A b", 1), Block("c"), Block("d", 3), Block("e", 3), Block("f")]


@given(st.text(alphabet="<>/!-&;=\"' abhp1\0\n") | st.text())
def test_no_page_is_too_broken(page: str) -> None:
    for block in page_blocks(page, lambda: None):
        assert block.text == " ".join(block.text.split())


@pytest.mark.parametrize(
    "page",
    [
        "<div>" * 20_000 + "x" + "</p>" * 20_000,
        "".join(f"<b id={number}>" for number in range(10_000)) + "<p>x" * 10_000,
        "<table>" * 20_000 + "x",
        "&" * 200_000,
        "<b><i><a>" * 10_000,
    ],
    ids=["deep", "formatting", "tables", "ampersands", "misnested"],
)
def test_time_follows_the_length_of_a_page(page: str) -> None:
    tokens = 0

    def count() -> None:
        nonlocal tokens
        tokens += 1

    page_blocks(page, count)
    assert tokens <= len(page)


@pytest.mark.parametrize("page", ["<a " * 4_000, "<a x='" * 4_000, "<!--" * 4_000], ids=["tags", "quotes", "comments"])
def test_page_that_takes_too_long_is_given_up(page: str) -> None:
    """These take the parser the square of their length; the clock goes on at each look."""
    seconds = iter(range(1_000))
    with pytest.raises(OutOfTimeError):
        page_blocks(page, Budget(3, lambda: next(seconds)).tick)
