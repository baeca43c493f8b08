"""The text of a PDF, page after page. Run by its path in a process of its own (see converter.py). Pure."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Mapping
from io import BytesIO
from typing import Any

from pypdf import PdfReader
from pypdf.errors import LimitReachedError

_MOST_PAGES = 5_000
_MOST_HEADING = 200
# Latin ligatures, which nobody types who searches.
_LIGATURES = {0xFB00: "ff", 0xFB01: "fi", 0xFB02: "fl", 0xFB03: "ffi", 0xFB04: "ffl", 0xFB05: "st", 0xFB06: "st"}
# What the library puts for glyphs that have no name but a number.
_NUMBERED_GLYPHS = re.compile(r"(?:/[A-Za-z]{0,5}\d+){2,}")


def convert(raw: bytes, most_bytes: int) -> dict[str, Any]:
    """Return `text`, `title`, `heading`, `keywords`, `language` and `notices`, or `error` alone.

    There may be `most_bytes` of text. Whatever the library raises means that it is broken.
    """
    try:
        return _convert(PdfReader(BytesIO(raw)), most_bytes)
    except LimitReachedError:
        return {"error": "unpacks to more than is read of a file"}


def _convert(reader: PdfReader, most_bytes: int) -> dict[str, Any]:
    if reader.is_encrypted:
        return {"error": "is encrypted: save it without a password"}
    count = len(reader.pages)
    if count > _MOST_PAGES:
        return {"error": f"has more than {_MOST_PAGES} pages"}
    texts, heading = _read(reader, most_bytes)
    if sum(len(text.encode()) for text in texts) > most_bytes:
        return {"error": "holds more than 1 MiB of text"}
    empty = texts.count("")
    if empty == len(texts):
        return {"error": "has no text, but pictures of it at most: let a text recognition add it"}
    text = "\n\n".join(filter(None, texts)) + "\n"
    if _is_garbled(text):
        return {"error": "has text in fonts that don't say what letters they show: let a text recognition read it"}
    return {
        "text": text,
        "title": _property(reader, "/Title"),
        "heading": heading,
        "keywords": _property(reader, "/Keywords").replace(";", ","),
        "language": _language(reader),
        "notices": [f"{empty} of its {count} pages have no text"] if empty else [],
    }


def _read(reader: PdfReader, most_bytes: int) -> tuple[list[str], str]:
    """Read the text of the pages until it is too much, and the heading of the first that has any."""
    texts: list[str] = []
    heading = ""
    left = most_bytes
    for page in reader.pages:
        if any(texts):
            text = _clean(page.extract_text())
        else:
            lines = _Lines()
            text = _clean(page.extract_text(visitor_text=lines.add))
            heading = _clean(lines.heading()) if text else ""
        texts.append(text)
        left -= len(text.encode())
        if left < 0:
            break
    return texts, heading


class _Lines:
    """Pieces of a page's text with the size of their letters."""

    def __init__(self) -> None:
        self._pieces: list[tuple[str, float]] = []

    def add(
        self, text: str, at: list[float], matrix: list[float], _font: Mapping[str, Any] | None, size: float
    ) -> None:
        """Take the next piece; two matrices say how much larger it is shown than its font."""
        scale = math.hypot(matrix[2], matrix[3]) * math.hypot(at[2], at[3])
        self._pieces.append((text, round(abs(size) * scale, 1)))

    def heading(self) -> str:
        """Return the first text in the largest letters, if most of the page has smaller ones."""
        sizes: Counter[float] = Counter()
        for text, size in self._pieces:
            sizes[size] += sum(map(str.isalpha, text))
        largest = max((size for size, letters in sizes.items() if letters > 2), default=0.0)
        if not largest or largest < sizes.most_common(1)[0][0] * 1.15:
            return ""
        found = ""
        for text, size in self._pieces:
            if math.isclose(size, largest, rel_tol=0.02):
                found += text
            elif text.strip() and sum(map(str.isalpha, found)) > 2:
                break
            elif text.strip():
                found = ""
            else:
                found += text
        return found if len(found) <= _MOST_HEADING else ""


def _clean(text: str) -> str:
    """Text without what can't be written or seen: controls, halves of characters, spaces at the ends of lines."""
    text = text.translate(_LIGATURES).replace("\r\n", "\n").replace("\r", "\n").replace("\f", "\n")
    kept = "".join(c for c in text if c in "\n\t" or not (ord(c) < 32 or 127 <= ord(c) < 160))
    kept = kept.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return "\n".join(line.rstrip() for line in kept.split("\n")).strip("\n")


def _is_garbled(text: str) -> bool:
    """Whether a tenth is no text: for private use, not to be shown, or the number of a glyph."""
    odd = sum(0xE000 <= ord(c) < 0xF900 or ord(c) in {0xFFFD, 0xFFFF} or ord(c) >= 0xF0000 for c in text)
    odd += sum(map(len, _NUMBERED_GLYPHS.findall(text)))
    return odd * 10 > sum(not c.isspace() for c in text)


def _property(reader: PdfReader, name: str) -> str:
    try:
        value: Any = reader.metadata and reader.metadata.get(name)
        value = value and value.get_object()
    except Exception:
        # Broken properties make no broken text.
        return ""
    return _clean(str(value)) if isinstance(value, str) else ""


def _language(reader: PdfReader) -> str:
    try:
        value: Any = reader.root_object.get("/Lang")
        value = value and value.get_object()
    except Exception:
        return ""
    return str(value) if isinstance(value, str) else ""
