"""Cases from public bug reports of tools like this one, each with its right value."""

from __future__ import annotations

import os
import unicodedata
from pathlib import Path

import pytest
from knowledge_client.folder import make_plan

from tests.clients.folder.trees import item_in, problems_of, read, reader_of, served_of, title_in, write_tree


def pages(*names: str) -> dict[str, str]:
    return {f"{name}.md": f"# Page {name}\n\nThe text of {name}.\n" for name in names}


def test_file_that_cannot_be_read_keeps_its_item(tmp_path: Path) -> None:
    write_tree(tmp_path, pages("1", "2", "3", "4"))
    served = served_of(read(tmp_path))
    write_tree(tmp_path, {"1.md": "# Gebühren".encode("latin-1"), "2.md": "x" * 1_048_577, "3.md": b""})
    plan = make_plan(read(tmp_path), served)
    assert plan.is_empty
    assert [each.served.external_item_id for each in plan.keep] == ["1.md", "2.md", "3.md"]
    reasons = {each.path: each.reason for each in plan.problems}
    assert reasons["1.md"].startswith("is not UTF-8 and does not say what it is")
    assert (reasons["2.md"], reasons["3.md"]) == ("is larger than 1 MiB", "is empty")


@pytest.mark.parametrize(
    ("text", "title"),
    [
        ("Refund guide\n============\n\nText\n\n### A small detail\n\nMore\n", "Refund guide"),
        ("### A small detail\n\nMore\n\n# Refund guide\n", "Refund guide"),
        ("## Second\n\n### Third\n\n## Later\n", "Second"),
        ("### Third\n\nSecond\n------\n", "Second"),
        ("#Not a heading\n\n# A heading #\n", "A heading"),
        ("```sh\n# a comment\n```\n\n# After the code\n", "After the code"),
        ("~~~\n```\n# a comment\n~~~\n\n# After the code\n", "After the code"),
        ("    # indented\n\n# Real\n", "Real"),
        ("<!--\n# Not this\n-->\n\n# This\n", "This"),
        ("> # Quoted\n\n## Own\n", "Own"),
        ("# \n\n# Named\n", "Named"),
        ("# ![](logo.png)\n\n# Named\n", "Named"),
        ("# ![The *logo*](logo.png)\n", "The logo"),
        ("# Use `<title>` and *this* [link](https://example.com) &amp; **more**\n", "Use <title> and this link & more"),
        ("# A [ref][r] and \\*stars\\*\n\n[r]: https://example.com\n", "A ref and *stars*"),
        ("# A <b>bold</b><br>name<!-- not this -->\n", "A bold name"),
        ('<h1 align="center">\n  <img src="x.png" alt="Logo">\n  The <i>tool</i>\n</h1>\n\n## Install\n', "The tool"),
        ("# Title {#custom-id}\n", "Title"),
        ("# Title {: .class #id }\n", "Title"),
        ("# Sets {a, b}\n", "Sets {a, b}"),
        ("Long\ntitle\n=====\n", "Long title"),
    ],
)
def test_title_is_the_highest_heading(tmp_path: Path, text: str, title: str) -> None:
    assert title_in(tmp_path, "page.md", text) == title


@pytest.mark.parametrize(
    ("page", "title"),
    [
        (
            "<html><head><title>Refund policy</title></head><body><svg><title>Truck</title></svg></body></html>",
            "Refund policy",
        ),
        ("<svg><title>Truck</title></svg><title>Refund policy</title>", "Refund policy"),
        ("<head><template><title>T</title></template></head><math><title>m</title></math><h1>Refunds</h1>", "Refunds"),
        ("<title> </title><h1>Refunds<script>x()</script><br>here</h1>", "Refunds here"),
        ("<title>First</title><title>Second</title>", "First"),
        ("<title>A &amp; B <b>c</b></title>", "A & B <b>c</b>"),
        ("<!-- <title>No</title> --><title>Yes</title>", "Yes"),
        ("<h1><svg><title>Icon</title></svg> Words</h1>", "Icon Words"),
        ("<title>{{ page.title }} | Site</title><h1>{% block title %}</h1>", "Page"),
        ("<p>No title</p>", "Page"),
    ],
)
def test_title_of_html_is_the_pages_own(tmp_path: Path, page: str, title: str) -> None:
    assert title_in(tmp_path, "page.html", page) == title


@pytest.mark.parametrize(
    ("block", "title"),
    [
        ("title: >-\n  Getting started with\n  the widget\n", "Getting started with the widget"),
        ("title: |\n  Two\n  lines\n", "Two lines"),
        ('title: "Quoted: \\u00e4"\n', "Quoted: ä"),
        ("title: 'It''s'\n", "It's"),
        ("title: plain # comment\n", "plain"),
        ("title: &a Anchored\nother: *a\n", "Anchored"),
        ("title: 1.10\n", "1.10"),
        ("title: 2024-06-01\n", "2024-06-01"),
        ("title: 007\n", "007"),
        ("title: No\n", "No"),
        ("Title: Capital\n", "Capital"),
        ("{title: flow, tags: [a]}\n", "flow"),
        ("title: multi\n  line plain\n", "multi line plain"),
    ],
)
def test_front_matter_is_yaml(tmp_path: Path, block: str, title: str) -> None:
    item = item_in(tmp_path, "page.md", f"---\n{block}---\nBody\n")
    assert (item["title"], item["content"]) == (title, "Body\n")


@pytest.mark.parametrize(
    ("block", "reason"),
    [
        ("title: Price rise in May\ndraft: true\n", "draft: true"),
        ("draft: yes\n", "draft: yes"),
        ("Draft: True\n", "draft: true"),
        ("published: false\n", "published: false"),
        ("published: no\n", "published: no"),
        ("unlisted: true\n", "unlisted: true"),
        ("date: 2026-11-29\n", "date: 2026-11-29 is in the future"),
        ("date: 2026-11-28T13:00:00+01:30\n", None),
        ("date: 2026-11-28T11:30:00-02:00\n", "date: 2026-11-28T11:30:00-02:00 is in the future"),
        ("date: 2026-11-28 13:00:00 +0030\n", "date: 2026-11-28 13:00:00 +0030 is in the future"),
        ("publishDate: 2027-01-01T00:00:00Z\n", "publishdate: 2027-01-01T00:00:00Z is in the future"),
        ("published: 2027-01-01\n", "published: 2027-01-01 is in the future"),
        ("published: 2020-01-01\n", None),
        ("expiryDate: 2026-01-01\n", "expirydate: 2026-01-01 is in the past"),
        ("draft: false\npublished: true\ndate: 2020-01-01\n", None),
        ("draft:\n", None),
        ("date: Spring 2040\n", None),
    ],
)
def test_what_its_author_holds_back_is_left_out_and_named(tmp_path: Path, block: str, reason: str | None) -> None:
    folder = read(write_tree(tmp_path, {"page.md": f"---\n{block}---\nNot announced yet\n", "good.md": "# Good\n"}))
    assert [(each.path, each.reason) for each in folder.left_out] == ([("page.md", reason)] if reason else [])
    assert not folder.problems
    assert len(folder.documents) == (1 if reason else 2)


def test_date_without_a_zone_is_in_that_of_the_settings(tmp_path: Path) -> None:
    write_tree(tmp_path, {"page.md": "---\ndate: 2026-11-28 12:30:00\n---\nText\n", "good.md": "# Good\n"})
    assert len(read(tmp_path).left_out) == 1
    assert len(read(tmp_path, zone="Europe/Berlin").left_out) == 0


def test_post_is_held_back_until_the_day_in_its_name(tmp_path: Path) -> None:
    write_tree(
        tmp_path,
        dict.fromkeys(["_posts/2026-11-28-now.md", "_posts/2026-11-29-later.md", "2027-01-01-page.md"], "Text\n"),
    )
    assert [each.path for each in read(tmp_path).left_out] == ["_posts/2026-11-29-later.md"]


def test_toml_front_matter(tmp_path: Path) -> None:
    item = item_in(
        tmp_path, "page.md", '+++\ntitle = "Tom"\ntags = ["a", "b"]\ndate = 2020-01-01T00:00:00Z\n+++\nBody\n'
    )
    assert (item["title"], item["tags"], item["content"]) == ("Tom", ["a", "b"], "Body\n")
    held = read(write_tree(tmp_path, {"page.md": "+++\ndate = 2027-01-01T00:00:00Z\n+++\nBody\n"}))
    assert [each.path for each in held.left_out] == ["page.md"]


@pytest.mark.parametrize(
    "url", ["https://{{site.host}}/x", "https://<your-host>/x", "https://a|b.example/", "//x/y", "/../../x"]
)
def test_wrong_url_is_left_out_with_a_word(tmp_path: Path, url: str) -> None:
    write_tree(tmp_path, {"good.md": "# Good\n", "page.md": f"---\ntitle: T\nurl: {url!r}\n---\nB\n"})
    folder = read(tmp_path)
    assert [each.external_item_id for each in folder.documents] == ["good.md", "page.md"]
    assert folder.documents[1].url is None
    assert folder.documents[1].notices[0].startswith("its url is left out: ")
    assert make_plan(folder, []).notices[0][0] == "page.md"


def test_wrong_canonical_link_is_left_out_with_a_word(tmp_path: Path) -> None:
    page = '<link rel="canonical" href="https://${HOST}/x"><title>T</title>'
    folder = read(write_tree(tmp_path, {"page.html": page}))
    assert (folder.documents[0].url, len(folder.documents[0].notices)) == (None, 1)
    right = item_in(tmp_path, "page.html", page.replace("${HOST}", "example.com"))
    assert right["url"] == "https://example.com/x"


@pytest.mark.parametrize(
    "title",
    [
        "\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645",
        "\u0915\u094d\u200d\u0937",
        "co\u00adop",
        "\U0001f469\u200d\U0001f4bb",
    ],
)
def test_joiners_in_titles_stay(tmp_path: Path, title: str) -> None:
    assert title_in(tmp_path, "page.md", f"# {title}\n") == title
    assert title_in(tmp_path, "page.html", f"<title>{title}</title>") == title
    assert title_in(tmp_path, "page2.md", f"---\ntitle: '{title}'\n---\nBody\n") == title


def test_controls_and_turning_marks_in_titles_go(tmp_path: Path) -> None:
    assert title_in(tmp_path, "page.md", "# a\u202egnp.exe\u2066b\x07\x9fc\u061cd\ne\n") == "agnp.exebcd"


def test_folders_whose_names_begin_alike_are_two(tmp_path: Path) -> None:
    one, two = (tmp_path / ("a" * 100) / ("b" * 100 + end) for end in ("-one", "-two"))
    write_tree(one, pages("1"))
    write_tree(two, pages("2"))
    assert read(one).root == str(one.resolve()) != read(two).root


def test_folder_whose_name_is_not_utf8_is_read(tmp_path: Path) -> None:
    root = tmp_path / os.fsdecode(b"caf\xe9")
    write_tree(root, pages("1"))
    assert [each.external_item_id for each in read(root).documents] == ["1.md"]


def test_links_are_not_followed_and_named(tmp_path: Path) -> None:
    write_tree(tmp_path, {"out/secret.md": "# Secret\n", "docs/page.md": "# Page\n", "docs/sub/in.md": "# In\n"})
    docs = tmp_path / "docs"
    (docs / "note.md").symlink_to("../out/secret.md")
    (docs / "linked").symlink_to("../out")
    (docs / "dangling.md").symlink_to("gone.md")
    (docs / "loop").symlink_to(".")
    (docs / "self.md").symlink_to("self.md")
    (docs / "inner.md").symlink_to("sub/in.md")
    folder = read(docs)
    assert [each.external_item_id for each in folder.documents] == ["page.md", "sub/in.md"]
    assert problems_of(folder) == {
        "dangling.md": "is a link that leads nowhere",
        "inner.md": "is a link within the folder, which is not followed",
        "linked": "is a link out of the folder, which is not followed",
        "loop": "is a link within the folder, which is not followed",
        "note.md": "is a link out of the folder, which is not followed",
        "self.md": "is a link that leads nowhere",
    }


def test_items_behind_links_stay(tmp_path: Path) -> None:
    write_tree(
        tmp_path, {"out/a.md": "# A\n", "docs/linked/a.md": "# A\n", "docs/note.md": "# Note\n", "docs/p.md": "# P\n"}
    )
    docs = tmp_path / "docs"
    served = served_of(read(docs))
    (docs / "linked" / "a.md").unlink()
    (docs / "linked").rmdir()
    (docs / "linked").symlink_to("../out")
    (docs / "note.md").unlink()
    (docs / "note.md").symlink_to("gone.md")
    plan = make_plan(read(docs), served)
    assert plan.is_empty
    assert [each.served.external_item_id for each in plan.keep] == ["linked/a.md", "note.md"]


@pytest.mark.parametrize(
    "content", ["", "  \n", "\ufeff", "\u200b", "\u200b\ufeff\n\u2060", "---\ntitle: T\n---\n", "\u3164"]
)
def test_file_that_shows_nothing_is_empty(tmp_path: Path, content: str) -> None:
    folder = read(write_tree(tmp_path, {"page.md": content, "good.md": "# Good\n"}))
    assert problems_of(folder) == {"page.md": "is empty"}


@pytest.mark.parametrize("title", ["'   '", "'\u200b'", "'\u200e\u200f'", "'\u3164'", "''", ""])
def test_blank_title_is_none(tmp_path: Path, title: str) -> None:
    assert title_in(tmp_path, "page.md", f"---\ntitle: {title}\n---\n# Heading\n") == "Heading"
    assert title_in(tmp_path, "other-page.txt", f"---\ntitle: {title}\n---\nText\n") == "Other page"


def test_rename_is_one_step(tmp_path: Path) -> None:
    write_tree(tmp_path, pages("1", "2", "3"))
    served = served_of(read(tmp_path))
    (tmp_path / "sub").mkdir()
    (tmp_path / "1.md").rename(tmp_path / "sub" / "one.md")
    reader = reader_of(tmp_path)
    plan = make_plan(reader.read(), served, hash_at=reader.hash_at)
    assert [(each.served.external_item_id, each.document.external_item_id) for each in plan.rename] == [
        ("1.md", "sub/one.md")
    ]
    assert not (plan.add or plan.remove or plan.change or plan.approval)


def test_name_in_another_spelling_of_unicode_is_a_rename(tmp_path: Path) -> None:
    name = "Gebühren.md"
    write_tree(tmp_path, {unicodedata.normalize("NFC", name): "# Gebühren\n", **pages("1")})
    composed = read(tmp_path)
    (tmp_path / unicodedata.normalize("NFC", name)).rename(tmp_path / unicodedata.normalize("NFD", name))
    decomposed = read(tmp_path)
    assert make_plan(decomposed, served_of(composed)).is_empty
    # An older tool may have taken the name as the file system spells it.
    old = [each for each in served_of(composed) if each.external_item_id == "1.md"]
    old.append(type(old[0])(unicodedata.normalize("NFD", name), "0" * 64, "Gebühren", 11))
    plan = make_plan(decomposed, old)
    assert [(e.served.external_item_id, e.document.external_item_id) for e in plan.rename] == [
        (unicodedata.normalize("NFD", name), unicodedata.normalize("NFC", name))
    ]
    assert not (plan.add or plan.remove)


@pytest.mark.parametrize(
    ("raw", "title", "content"),
    [
        (b"\xef\xbb\xbf---\ntitle: T\n---\nBody", "T", "Body"),
        (b"---\r\ntitle: T\r\n---\r\nBody\r\n", "T", "Body\r\n"),
        (b"---\rtitle: T\r---\rBody\r", "T", "Body\r"),
        (b"---\ntitle: T\nnote: |\n  ---\n  x\n---\nBody\n", "T", "Body\n"),
        (b"---\ntitle: T\n...\nBody\n", "T", "Body\n"),
        (b"---\n---\nBody\n", "Page", "Body\n"),
        (b"----\ntext\n", "Page", "----\ntext\n"),
        (b"--- text\ntitle: T\n---\n", "--- text title: T", "--- text\ntitle: T\n---\n"),
        (b"---\nJust text.\n---\nMore\n", "Just text.", "---\nJust text.\n---\nMore\n"),
        (b"---\n\nA line first\n", "Page", "---\n\nA line first\n"),
        (b"---\nNot *closed* and no field\n", "Page", "---\nNot *closed* and no field\n"),
    ],
)
def test_front_matter_takes_nothing_of_the_content(tmp_path: Path, raw: bytes, title: str, content: str) -> None:
    item = item_in(tmp_path, "page.md", raw)
    assert (item["title"], item["content"]) == (title, content)


@pytest.mark.parametrize(
    ("block", "reason"),
    [
        ("---\ntitle: a: b\ndraft: true\n---\nBody\n", "not YAML"),
        ("---\ntitle: *x*\n---\nBody\n", "not YAML"),
        ("---\ntitle: a\ntitle: b\n---\nBody\n", "twice"),
        ("---\ntitle: Held\ndraft: true\n\nBody\n", "not closed"),
        ("---\ndraft: perhaps\n---\nBody\n", "neither true nor false"),
        ("---\npublishDate: soon\n---\nBody\n", "no date"),
        ("+++\ntitle = x\n+++\nBody\n", "not TOML"),
        ("+++\ndraft = true\nBody\n", "not closed"),
        (
            "---\na: &a [x, x, x, x, x, x, x, x, x, x]\n"
            + "".join(f"{n}: &{n} [{', '.join([f'*{p}'] * 10)}]\n" for p, n in zip("abcdefgh", "bcdefghi", strict=True))
            + "---\nBody\n",
            "values",
        ),
        ("---\na: &a [*a]\n---\nBody\n", "values"),
        ("---\na: " + "[" * 1_000 + "\n---\nBody\n", "levels"),
        ("---\na: " + "x" * 70_000 + "\n---\nBody\n", "longer than"),
        ("+++\na = " + "[" * 5_000 + "\n+++\nBody\n", "not TOML"),
    ],
)
def test_front_matter_that_cannot_be_read_is_a_problem_of_its_file_alone(
    tmp_path: Path, block: str, reason: str
) -> None:
    folder = read(write_tree(tmp_path, {"page.md": block, "good.md": "# Good\n"}))
    assert [each.external_item_id for each in folder.documents] == ["good.md"]
    assert reason in problems_of(folder)["page.md"]


@pytest.mark.parametrize("name", ["a b.md", "ü.md", "100%.md", "a#b?c.md", "'quotes\".md", "a\\b.md", "\u200cx.md"])
def test_file_names_are_ids_as_they_are(tmp_path: Path, name: str) -> None:
    assert item_in(tmp_path, name, "# T\n")["externalItemId"] == name
