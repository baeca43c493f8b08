"""What an HTML page says of itself, by a parser that reads as browsers do. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass

from selectolax.lexbor import LexborHTMLParser, LexborNode

from knowledge_client.folder.titles import clean_title

# A title in these names a picture, a formula, or what is not on the page.
_NOT_OF_THE_PAGE = frozenset({"svg", "math", "template", "noscript"})
_TEMPLATE = re.compile(r"\{\{.*?\}\}|\{%.*?%\}", re.DOTALL)
_NOT_SHOWN = "script, style, template"


@dataclass(frozen=True, slots=True)
class PageFacts:
    """Title, address, keywords and language of a page, each empty if it does not say."""

    title: str = ""
    url: str = ""
    keywords: str = ""
    language: str = ""


def read_page(text: str) -> PageFacts:
    """Read a page's facts; its first heading is the title if it has no other."""
    tree = LexborHTMLParser(text)
    titles = [_written(node.text()) for node in tree.css("title") if _is_of_page(node)]
    root = tree.css_first("html")
    return PageFacts(
        title=next(filter(None, titles), "") or _h1(tree),
        url=next((href for node in tree.css("link") if _is_canonical(node) and (href := _attribute(node, "href"))), ""),
        keywords=next(
            (
                _attribute(node, "content")
                for node in tree.css("meta")
                if _attribute(node, "name").lower() == "keywords"
            ),
            "",
        ),
        language=_attribute(root, "lang") if root is not None else "",
    )


def first_h1(fragment: str) -> str:
    """Return the text of the first `<h1>` that has one, of HTML inside another text."""
    return _h1(LexborHTMLParser(fragment)) if "<h1" in fragment.lower() else ""


def first_heading_of(text: str) -> str:
    """Return the first heading of the highest level that has one, empty if there is none."""
    tree = LexborHTMLParser(text)
    return next(filter(None, (_heading(tree, f"h{level}") for level in range(1, 7))), "")


def _h1(tree: LexborHTMLParser) -> str:
    return _heading(tree, "h1")


def _heading(tree: LexborHTMLParser, name: str) -> str:
    for node in tree.css(name):
        if _is_of_page(node):
            for hidden in node.css(_NOT_SHOWN):
                hidden.decompose()
            for line_break in node.css("br"):
                line_break.replace_with(" ")
            alternatives = " ".join(_attribute(image, "alt") for image in node.css("img"))
            if title := _written(node.text()) or _written(alternatives):
                return title
    return ""


def _written(text: str) -> str:
    """A title that somebody wrote, empty for what a template would put there."""
    return "" if _TEMPLATE.search(text) else clean_title(text)


def _is_of_page(node: LexborNode) -> bool:
    parent = node.parent
    while parent is not None:
        if parent.tag in _NOT_OF_THE_PAGE:
            return False
        parent = parent.parent
    return True


def _is_canonical(node: LexborNode) -> bool:
    return "canonical" in _attribute(node, "rel").lower().split() and _is_of_page(node)


def _attribute(node: LexborNode, name: str) -> str:
    return (node.attributes.get(name) or "").strip()
