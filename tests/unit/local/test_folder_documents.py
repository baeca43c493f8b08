"""The example that reads a folder of documents."""

import sys
from pathlib import Path

import pytest

from local.template.load import ROOT

sys.path.append(str(ROOT / "examples" / "python"))
from folder_documents import first_heading, html_facts, read_document, read_folder, split_front_matter
from sync_folder import changes_of


def test_front_matter_becomes_fields_and_leaves_the_content() -> None:
    raw = b"---\ntitle: Refunds\nurl: https://a.example/b\ntags: [one, 'two']\nlanguage: en-GB\n---\n\nText.\r\n"
    assert read_document("a/b.md", raw) == {
        "externalItemId": "a/b.md",
        "title": "Refunds",
        "content": "\nText.\r\n",
        "contentType": "text/markdown",
        "url": "https://a.example/b",
        "tags": ["one", "two"],
        "language": "en-GB",
    }


@pytest.mark.parametrize(
    "text",
    [
        "---\n\nA rule, not front matter.\n\n---\n",
        "---\nno end: here\n",
        "Text\n---\na: b\n---\n",
        "--- \n---\nText\n",
        "",
    ],
)
def test_what_is_no_front_matter_stays(text: str) -> None:
    assert split_front_matter(text) == ({}, text)


def test_listed_tags_and_quotes_are_read() -> None:
    facts, rest = split_front_matter('---\ntitle: "A: b"\ntags:\n  - x\n  - "y"\n# note\n---\nrest')
    assert (facts, rest) == ({"title": "A: b", "tags": ["x", "y"]}, "rest")


def test_content_without_front_matter_is_the_file_byte_for_byte() -> None:
    raw = "\ufeff# Größe\r\n\r\n\u2028 end \x0b".encode()
    item = read_document("x.txt", raw)
    assert item["content"].encode() == raw
    assert item["title"] == "x"


@pytest.mark.parametrize(
    ("name", "raw", "title"),
    [
        ("a.md", b"intro\n\n```\n# code\n```\n\n## The heading ##\n", "The heading"),
        ("dir/file-name.md", b"no heading", "file-name"),
        ("a.html", b"<title> One\n two </title><h1>Other</h1>", "One two"),
        ("a.html", b"<h1>Only <em>heading</em></h1>", "Only heading"),
        ("a.html", b"---\ntitle: Front\n---\n<title>Head</title>", "Front"),
        ("\u200b.txt", b"text", "\u200b.txt"),
    ],
)
def test_title_comes_from_the_best_place(name: str, raw: bytes, title: str) -> None:
    assert read_document(name, raw)["title"] == title


def test_html_head_gives_url_tags_and_language() -> None:
    page = '<html lang="cy"><link rel="canonical" href="https://a.example/"><meta name="keywords" content="a, b">'
    assert html_facts(page) == {"language": "cy", "url": "https://a.example/", "tags": "a, b", "title": None}


@pytest.mark.parametrize(
    ("name", "raw", "reason"),
    [
        ("a.md", b"", "is empty"),
        ("a.md", b"---\ntitle: A\n---\n \n", "is empty"),
        ("a.md", b"a\0b", "is binary"),
        ("a.md", b"\xff\xfe", "is not UTF-8"),
        ("a.md", b"x" * 1_048_577, "is larger than 1 MiB"),
        ("a\nb.md", b"x", "has a name"),
        ("x" * 510 + ".md", b"x", "has a name"),
    ],
)
def test_file_that_cannot_be_an_item_says_why(name: str, raw: bytes, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        read_document(name, raw)


def test_folder_is_read_in_order_and_hidden_files_are_not(tmp_path: Path) -> None:
    for name in ("b.md", "a/c.TXT", ".hidden/d.md", ".e.md", "f.pdf", "empty.txt"):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text("" if name == "empty.txt" else "text")
    folder = read_folder(tmp_path)
    assert [item["externalItemId"] for item in folder.items] == ["a/c.TXT", "b.md"]
    assert folder.skipped == ["empty.txt: is empty"]


def test_wrong_optional_facts_are_left_out() -> None:
    raw = b"---\nurl: javascript:x\nlanguage: not a language\ntags: ,," + b"t" * 65 + b"\n---\ntext"
    assert set(read_document("a.txt", raw)) == {"externalItemId", "title", "content", "contentType"}


def test_changes_are_said_in_words() -> None:
    assert changes_of({"added": 0, "updated": 0, "total": 5}) == "0 changes"
    assert changes_of({"added": 2, "updated": 1}) == "2 added, 1 updated"


def test_heading_with_hashes_in_it_is_kept() -> None:
    assert first_heading("# C# in depth\n") == "C# in depth"
