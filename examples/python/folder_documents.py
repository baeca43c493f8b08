"""Reads a folder of .md, .html and .txt files as items: title, url, tags, language, and the content byte for byte."""

from __future__ import annotations

import html.parser
import os
import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

CONTENT_TYPES = {".md": "text/markdown", ".html": "text/html", ".htm": "text/html", ".txt": "text/plain"}
MAX_CONTENT_BYTES = 1_048_576
MAX_ID_BYTES = 512

Item = dict[str, Any]


@dataclass(frozen=True)
class Folder:
    """What was read: the items to push, and a line for each file that is left out."""

    items: list[Item]
    skipped: list[str]


def read_folder(folder: Path) -> Folder:
    """Read every document under a folder; hidden files and other suffixes are passed over."""
    items, skipped = [], []
    for path in sorted(_documents(folder)):
        name = path.relative_to(folder).as_posix()
        try:
            items.append(read_document(name, path.read_bytes()))
        except (OSError, ValueError) as error:
            skipped.append(f"{name}: {error}")
    return Folder(items, skipped)


def _documents(folder: Path) -> Iterator[Path]:
    for directory, subdirectories, files in os.walk(folder):
        subdirectories[:] = [name for name in subdirectories if not name.startswith(".")]
        for name in files:
            path = Path(directory) / name
            if path.suffix.lower() in CONTENT_TYPES and not name.startswith(".") and path.is_file():
                yield path


def read_document(name: str, raw: bytes) -> Item:
    """Turn a file into an item; ValueError says why it can't be one."""
    if len(raw) > MAX_CONTENT_BYTES:
        raise ValueError("is larger than 1 MiB")
    if b"\0" in raw:
        raise ValueError("is binary")
    try:
        text = raw.decode("utf-8")
        name_bytes = name.encode("utf-8")
    except UnicodeDecodeError:
        raise ValueError("is not UTF-8") from None
    except UnicodeEncodeError:
        raise ValueError("has a name that is not UTF-8") from None
    if len(name_bytes) > MAX_ID_BYTES or any(unicodedata.category(character) == "Cc" for character in name):
        raise ValueError("has a name that can't be an externalItemId")
    facts, content = split_front_matter(text)
    if not content.strip():
        raise ValueError("is empty")
    content_type = CONTENT_TYPES[Path(name).suffix.lower()]
    if content_type == "text/html":
        facts = {**html_facts(content), **facts}
    elif content_type == "text/markdown":
        facts.setdefault("title", first_heading(content))
    item: Item = {
        "externalItemId": name,
        "title": _title(facts.get("title")) or _title(Path(name).stem) or name[:500],
        "content": content,
        "contentType": content_type,
    }
    return item | _optional(facts)


def split_front_matter(text: str) -> tuple[dict[str, Any], str]:
    """Take the block between two lines of `---` off the top of a text, if it is a list of `key: value` lines."""
    lines = text.removeprefix("\ufeff").splitlines(keepends=True)
    if not lines or lines[0].rstrip() != "---":
        return {}, text
    facts: dict[str, Any] = {}
    key = ""
    for number, line in enumerate(lines[1:], start=1):
        if line.rstrip() == "---":
            return (facts, "".join(lines[number + 1 :])) if facts else ({}, text)
        pair = re.match(r"([A-Za-z][\w-]*):\s*(.*)$", line.rstrip())
        entry = re.match(r"\s*-\s+(.*)$", line.rstrip())
        if pair:
            key = pair.group(1).lower()
            facts[key] = _value(pair.group(2))
        elif entry and key:
            facts[key] = [*(facts[key] if isinstance(facts[key], list) else []), _unquoted(entry.group(1))]
        elif line.strip() and not line.startswith(("#", " ", "\t")):
            break
    return {}, text


def _value(text: str) -> str | list[str]:
    if text.startswith("[") and text.endswith("]"):
        return [_unquoted(part) for part in text[1:-1].split(",")]
    return _unquoted(text)


def _unquoted(text: str) -> str:
    text = text.strip()
    return text[1:-1] if len(text) > 1 and text[0] == text[-1] and text[0] in "'\"" else text


def first_heading(text: str) -> str | None:
    """Return the first `# heading` of a Markdown text that is not inside a code block."""
    fenced = False
    for line in text.splitlines():
        if line.lstrip().startswith(("```", "~~~")):
            fenced = not fenced
        elif not fenced and (found := re.match(r"#{1,6}\s+(.+?)\s*#*$", line)):
            return found.group(1)
    return None


class _Head(html.parser.HTMLParser):
    """Collects what the head of an HTML page says about it."""

    def __init__(self) -> None:
        super().__init__()
        self.facts: dict[str, Any] = {}
        self._in: str | None = None

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attributes}
        if tag == "html" and given.get("lang"):
            self.facts["language"] = given["lang"]
        elif tag == "link" and given.get("rel", "").lower() == "canonical":
            self.facts["url"] = given.get("href", "")
        elif tag == "meta" and given.get("name", "").lower() == "keywords":
            self.facts["tags"] = given.get("content", "")
        elif tag in {"title", "h1"}:
            self._in = tag

    def handle_endtag(self, tag: str) -> None:
        if tag == self._in:
            self._in = None

    def handle_data(self, data: str) -> None:
        if self._in:
            self.facts[self._in] = self.facts.get(self._in, "") + data


def html_facts(text: str) -> dict[str, Any]:
    """Return title, url, tags and language of an HTML page, as far as it gives them."""
    head = _Head()
    head.feed(text)
    heading = head.facts.pop("h1", None)
    if not _title(head.facts.get("title")):
        head.facts["title"] = heading
    return head.facts


def _title(value: Any) -> str:
    text = " ".join(str(value or "").removeprefix("\ufeff").split())
    return "".join(character for character in text if character.isprintable())[:500]


def _optional(facts: dict[str, Any]) -> Item:
    """Keep the optional facts that the API would take; a wrong one is no reason to leave a document out."""
    given: Item = {}
    url = str(facts.get("url") or "")
    if re.fullmatch(r"https?://[^\s/?#:@]+(?::\d+)?(?:[/?#][^\s<>\"\\^`{|}]*)?", url) and len(url) <= 2048:
        given["url"] = url
    tags = facts.get("tags") or []
    listed = tags if isinstance(tags, list) else tags.split(",")
    kept = dict.fromkeys(tag.strip() for tag in listed if 0 < len(tag.strip()) <= 64)
    if kept:
        given["tags"] = list(kept)[:50]
    language = str(facts.get("language") or facts.get("lang") or "")
    if re.fullmatch(r"[A-Za-z]{2,3}(-[A-Z][a-z]{3})?(-([A-Z]{2}|\d{3}))?", language):
        given["language"] = language
    return given
