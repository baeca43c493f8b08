"""Titles of MDX, of reStructuredText, and of names."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from knowledge_client.folder.titles import clean_title, is_blank, title_of_name

from tests.clients.folder.trees import item_in, title_in


@pytest.mark.parametrize(
    ("text", "title"),
    [
        ("import A from './a'\nexport const t = `\n# Not this\n`\n\n# Hello <A x={1} /> {name}\n", "Hello"),
        ("import {A} from './a'\n\n{/*\n# Not this\n*/}\n\n## Second\n\n# First {/* #id */}\n", "First"),
        ("<Tabs>\n  # Inside\n</Tabs>\n", "Inside"),
        ("```mdx\nimport A from 'a'\n\n# Code\n```\n\n# Real\n", "Real"),
        ("export default function X() {\n  return 1\n}\n\nText\n\n# Real\n", "Real"),
        ("export const t = `\n# Not this\n`\n\n```js\nx\n```\n\n# Real\n", "Real"),
        ("import of goods\n\n# Customs\n", "Customs"),
        ('# The <Badge text="new">best</Badge> way\n', "The best way"),
        ("# Compare 1 < 2 and `{a}`\n", "Compare 1 < 2 and {a}"),
    ],
)
def test_mdx(tmp_path: Path, text: str, title: str) -> None:
    item = item_in(tmp_path, "page.mdx", text)
    assert (item["title"], item["content"], item["contentType"]) == (title, text, "text/markdown")


@pytest.mark.parametrize(
    ("text", "title"),
    [
        ("Title\n=====\n\nText\n", "Title"),
        ("=======\n Title\n=======\n", "Title"),
        ("---\nA b\n---\n\nText\n", "A b"),
        (
            ".. _label:\n\nThe :class:`~a.B` of ``x`` and *y*\n########################################\n",
            "The ~a.B of x and y",
        ),
        (".. code-block:: text\n\n   Not this\n   ========\n\nReal\n----\n", "Real"),
        ("Paragraph that goes\nover two lines\n--------------\n\nReal\n====\n", "Real"),
        ("----\n\nReal\n====\n", "Real"),
        ("Short\n==\n\nReal title\n==========\n", "Real title"),
        ("日本語の題\n==========\n", "日本語の題"),
        ("See `the docs <https://example.com>`_\n=====================================\n", "See the docs"),
        ("No title at all.\n", "Page"),
        ("+------+\n| cell |\n+======+\n", "Page"),
    ],
)
def test_restructured_text(tmp_path: Path, text: str, title: str) -> None:
    item = item_in(tmp_path, "page.rst", text)
    assert (item["title"], item["content"], item["contentType"]) == (title, text, "text/plain")


@pytest.mark.parametrize(
    ("path", "title"),
    [
        ("02-getting-started.md", "Getting started"),
        ("a/FAQ.md", "FAQ"),
        ("guides/index.html", "Guides"),
        ("guides/_index.md", "Guides"),
        ("guides/README.md", "Guides"),
        ("README.md", "README"),
        ("index.md", "Index"),
        ("2026.md", "2026"),
        ("2026-11-28.md", "2026 11 28"),
        ("---.md", "---"),
        ("\u200b.md", "\u200b.md"),
    ],
)
def test_name_is_the_last_resort(path: str, title: str) -> None:
    assert title_of_name(path) == title


@given(st.text(max_size=700))
def test_clean_titles_are_clean_and_stay_so(text: str) -> None:
    title = clean_title(text)
    assert clean_title(title) == title
    assert len(title) <= 500
    assert title == "" or not is_blank(title)
    assert not set(title) & set(map(chr, [*range(32), *range(127, 160), 0x202E, 0x2066, 0x200F, 0x61C, 0x2028]))


def test_long_title_is_cut(tmp_path: Path) -> None:
    assert title_in(tmp_path, "page.md", "# " + "ab " * 300) == ("ab " * 300)[:500].rstrip()
