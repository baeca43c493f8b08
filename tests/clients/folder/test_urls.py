"""Addresses: what a page says, what a site makes of its path, and the API's own rule of a url."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from knowledge.items import field_rules
from knowledge_client.folder import FolderError, Settings
from knowledge_client.folder.fields import check_language
from knowledge_client.folder.urls import check_url

from tests.clients.folder.trees import item_in, reader_of, write_tree

BASE = "https://docs.example.com/en"


@pytest.mark.parametrize(
    ("slugs", "path", "block", "url"),
    [
        ("plain", "guides/02-start.md", "", "/guides/02-start"),
        ("plain", "guides/start.html", "", "/guides/start.html"),
        ("plain", "guides/index.html", "", "/guides/"),
        ("plain", "README.md", "", "/"),
        ("plain", "a b/ü#?.md", "", "/a%20b/%C3%BC%23%3F"),
        ("plain", "guides/start.md", "slug: begin", "/guides/begin"),
        ("plain", "guides/start.md", "permalink: /go/", "/go/"),
        ("plain", "guides/start.md", "url: /go/there?x=1#y", "/go/there?x=1#y"),
        ("plain", "guides/start.md", "aliases: [/old/, /older/]", "/guides/start"),
        ("docusaurus", "01-guides/02-start.mdx", "", "/guides/start"),
        ("docusaurus", "01-guides/index.md", "", "/guides/"),
        ("docusaurus", "guides/guides.md", "", "/guides/"),
        ("docusaurus", "guides/README.md", "", "/guides/"),
        ("docusaurus", "7.0-notes.md", "", "/7.0-notes"),
        ("docusaurus", "2021-11-notes.md", "", "/2021-11-notes"),
        ("docusaurus", "3 - start.md", "", "/start"),
        ("docusaurus", "01-guides/start.md", "slug: /go", "/go"),
        ("docusaurus", "01-guides/start.md", "slug: go", "/guides/go"),
        ("docusaurus", "01-guides/start.md", "slug: ../go", "/go"),
        ("docusaurus", "01-guides/start.md", "slug: /", "/"),
        ("docusaurus", "guides/start.md", "id: first", "/guides/first"),
        ("hugo", "Guides/Getting Started.md", "", "/guides/getting-started/"),
        ("hugo", "guides/_index.md", "", "/guides/"),
        ("hugo", "guides/start/index.md", "", "/guides/start/"),
        ("hugo", "guides/02-start.md", "", "/guides/02-start/"),
        ("hugo", "guides/start.md", "slug: begin", "/guides/begin/"),
        ("hugo", "guides/start/index.md", "slug: begin", "/guides/begin/"),
        ("hugo", "guides/start.md", "url: /go/", "/go/"),
        ("mkdocs", "guides/Start.md", "", "/guides/Start/"),
        ("mkdocs", "guides/index.md", "", "/guides/"),
        ("mkdocs", "index.md", "", "/"),
        ("mkdocs", "guides/README.md", "", "/guides/"),
        ("mkdocs", "guides/start.md", "slug: begin", "/guides/start/"),
    ],
)
def test_address_of_a_path(tmp_path: Path, slugs: str, path: str, block: str, url: str) -> None:
    text = f"---\n{block}\n---\nBody\n" if block else "Body\n"
    for base in (BASE, f"{BASE}/"):
        assert item_in(tmp_path, path, text, base_url=base, slugs=slugs)["url"] == BASE + url


def test_address_that_a_page_says_stands_before_all_others(tmp_path: Path) -> None:
    said = item_in(tmp_path, "a.md", "---\nurl: https://example.org/ä\n---\nB\n", base_url=BASE)
    assert said["url"] == "https://example.org/ä"
    page = '<link rel="alternate canonical" href="https://example.org/x"><link rel=canonical href="https://no.example/"><p>x'
    assert item_in(tmp_path, "a.html", page, base_url=BASE)["url"] == "https://example.org/x"
    for href, url in {
        "/x/y": "https://docs.example.com/x/y",
        "../z.html": f"{BASE}/z.html",
        "?p=1": f"{BASE}/d/b.html?p=1",
    }.items():
        page = f'<link rel=canonical href="{href}"><p>x'
        assert item_in(tmp_path, "d/b.html", page, base_url=BASE)["url"] == url
        assert "url" not in item_in(tmp_path, "d/b.html", page)


def test_paths_that_a_page_names_are_no_addresses_without_a_base(tmp_path: Path) -> None:
    document = reader_of(write_tree(tmp_path, {"a.md": "---\npermalink: /go/\n---\nB\n"})).read().documents[0]
    assert (document.url, document.notices) == (None, ())


@pytest.mark.parametrize(
    "block", ["permalink: /:year/:title/", "url: ftp://example.org/", "url: //example.org/", "slug: '{{x}}'"]
)
def test_no_address_is_made_up_beside_a_wrong_one(tmp_path: Path, block: str) -> None:
    assert "url" not in item_in(tmp_path, "a.md", f"---\n{block}\n---\nB\n", base_url=BASE)


@pytest.mark.parametrize(
    "base", ["docs.example.com", "https://", "https://example.com/?x", "https://a b/", "ftp://example.com"]
)
def test_wrong_base_url_is_refused_at_once(base: str) -> None:
    with pytest.raises(FolderError, match="base_url"):
        Settings(base_url=base)


def told(check: object, value: str) -> bool:
    try:
        check(value)
    except ValueError:
        return False
    return True


PIECES = st.sampled_from(
    [
        "http",
        "https",
        "HTTP",
        "ftp",
        ":",
        "//",
        "/",
        "example.com",
        "user:pw@",
        ":80",
        ":0",
        ":99999",
        ":x",
        "[::1]",
        "[",
        "]",
        "?",
        "#",
        "ä",
        " ",
        "\u00a0",
        "<",
        ">",
        '"',
        "\\",
        "^",
        "`",
        "{",
        "}",
        "|",
        "\t",
        "\n",
        "\x85",
        "\ud83d",
        "%20",
        "a" * 2_040,
    ]
)


@given(st.lists(PIECES, max_size=8).map("".join) | st.text(max_size=40).map("https://".__add__))
@example("https://example.com:0/")
@example("https://[::1/")
@example("https:// example.com")
@example("https://" + "ä" * 1_020)
@example("https://" + "ä" * 1_021)
@example("https://a" + "ä" * 1_020)
def test_url_rule_is_the_apis(value: str) -> None:
    assert told(check_url, value) == told(field_rules.check_url, value)


@given(
    st.text("abcXYZ019-_", max_size=40)
    | st.sampled_from(["de", "pt-BR", "zh-Hant-TW", "x-klingon", "i-x", "en-a-bbb-x-a"])
)
def test_language_rule_is_the_apis(value: str) -> None:
    assert told(check_language, value) == told(field_rules.check_language, value)
