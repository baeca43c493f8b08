"""The heading that a Markdown or MDX page begins with, as CommonMark reads it. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import cache
from itertools import pairwise

from markdown_it import MarkdownIt
from markdown_it.token import Token

from knowledge_client.folder.html_pages import first_h1
from knowledge_client.folder.titles import clean_title

# What generators take as a heading's id and classes: `# Title {#id}`, `# Title {: .class }`, `# Title {/* #id */}`.
_ATTRIBUTES = re.compile(r"\s*\{(?:[:#.][^{}]*|/\*.*?\*/)\}\s*$")
_MDX_COMMENT = re.compile(r"\{/\*.*?\*/\}", re.DOTALL)
# Imports and exports begin a line and end at an empty one; a template in them may hold what looks like a heading.
_MDX_MODULE = re.compile(r"^(?:import|export)[ \t{*\"'].*?(?=^[ \t]*$|\Z)", re.DOTALL | re.MULTILINE)
_MDX_FENCE = re.compile(r"^[ \t]*(`{3,}|~{3,}).*?(?:^[ \t]*\1[`~]*[ \t]*$|\Z)", re.DOTALL | re.MULTILINE)
_JSX = re.compile(r"</?(?:[A-Za-z][\w.:-]*)?(?:\s(?:\{[^{}]*\}|\"[^\"]*\"|'[^']*'|[^<>{}\"'])*)?/?>|\{[^{}]*\}")


def first_heading(text: str, *, mdx: bool = False) -> str:
    """Return the page's heading as plain text, empty if it has none.

    The first heading of the highest level there is, `<h1>` in HTML included; those in quotes and lists only if there is
    no other.
    """
    source = _without_modules(text) if mdx else text
    environment: dict[str, object] = {}
    tokens = _blocks(mdx).parse(source, environment)
    found = sorted(_headings(tokens), key=lambda each: each[:2])
    for _, _, token in found:
        if token.type == "html_block":
            title = first_h1(token.content)
        else:
            shown = _spans(mdx).parseInline(_ATTRIBUTES.sub("", token.content), environment)[0]
            title = _plain(shown.children or [], _JSX if mdx else None)
        if title := clean_title(title):
            return title
    return ""


@cache
def _spans(mdx: bool) -> MarkdownIt:
    parser = MarkdownIt("commonmark").enable("table")
    return parser.disable(["html_block", "html_inline", "code", "autolink"]) if mdx else parser


@cache
def _blocks(mdx: bool) -> MarkdownIt:
    # What is inside of lines is parsed for the heading alone.
    parser = MarkdownIt("commonmark").enable("table").disable("inline")
    return parser.disable(["html_block", "code"]) if mdx else parser


def _headings(tokens: Sequence[Token]) -> Iterator[tuple[bool, int, Token]]:
    for before, token in pairwise(tokens):
        if before.type == "heading_open":
            yield before.level > 0, int(before.tag[1]), token
    yield from ((t.level > 0, 1, t) for t in tokens if t.type == "html_block" and "<h1" in t.content.lower())


def _plain(tokens: Sequence[Token], hidden: re.Pattern[str] | None = None) -> str:
    """Text without its marks. What `hidden` matches goes, but not from code."""
    parts = [""]
    for token in tokens:
        match token.type:
            case "text" | "text_special":
                parts[-1] += token.content
            case "softbreak" | "hardbreak":
                parts[-1] += " "
            case "image":
                parts[-1] += _plain(token.children or [])
            case "html_inline" if token.content.lower().startswith("<br"):
                parts[-1] += " "
            case "code_inline":
                parts += [token.content, ""]
    if hidden is not None:
        # Code is every other part.
        parts[::2] = [hidden.sub("", part) for part in parts[::2]]
    return "".join(parts)


def _without_modules(text: str) -> str:
    """Take out what MDX does not show: imports, exports and comments, but for those that are code to read."""
    parts, start = [], 0
    for fence in _MDX_FENCE.finditer(text):
        parts += [_hide(text[start : fence.start()]), fence[0]]
        start = fence.end()
    return "".join([*parts, _hide(text[start:])])


def _hide(text: str) -> str:
    return _MDX_MODULE.sub("", _MDX_COMMENT.sub("", text))
