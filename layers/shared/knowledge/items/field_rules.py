"""What the fields of an item may hold. Each check returns the value or raises ValueError with what is wanted."""

from __future__ import annotations

import json
import re
from typing import Any
from urllib.parse import urlsplit

EXTERNAL_ITEM_ID_BYTES = 512
URL_BYTES = 2_048
METADATA_BYTES = 16_384

# Unicode's category Cc, whole: C0, DELETE and C1.
_CONTROLS = r"\x00-\x1F\x7F-\x9F"
_CONTROL = re.compile(f"[{_CONTROLS}]")
# Quotes are written as their codes: not every engine lets them be escaped, and Markdown shows the patterns.
_NO_URL_CHARACTERS = rf"{_CONTROLS}\x20<>\x22\\^\x60{{|}}"
_NOT_IN_URL = re.compile(f"[{_NO_URL_CHARACTERS}]")
# What JSON Schema can say of a field whose check says more; the contract is held to these.
# Neither `.` nor `..`, without a lookahead, which not every engine of patterns knows.
EXTERNAL_ITEM_ID_PATTERN = rf"^(\.{{0,2}}[^.{_CONTROLS}]|\.{{3}})[^{_CONTROLS}]*$"
URL_PATTERN = rf"^[Hh][Tt][Tt][Pp][Ss]?://[^/?#{_NO_URL_CHARACTERS}][^{_NO_URL_CHARACTERS}]*$"
# Well-formed by RFC 5646 section 2.1; whether each subtag is registered is not checked.
LANGUAGE_PATTERN = (
    "^(([A-Za-z]{2,3}(-[A-Za-z]{3}){0,3}|[A-Za-z]{4,8})"
    "(-[A-Za-z]{4})?"
    "(-([A-Za-z]{2}|[0-9]{3}))?"
    "(-([A-Za-z0-9]{5,8}|[0-9][A-Za-z0-9]{3}))*"
    "(-[0-9A-WY-Za-wyz](-[A-Za-z0-9]{2,8})+)*"
    "(-[Xx](-[A-Za-z0-9]{1,8})+)?"
    "|[Xx](-[A-Za-z0-9]{1,8})+)$"
)
_LANGUAGE = re.compile(LANGUAGE_PATTERN)
LANGUAGE_CHARACTERS = 35


def check_text(value: str) -> bytes:
    """Return a text in UTF-8, which a lone surrogate cannot be written in."""
    try:
        return value.encode()
    except UnicodeEncodeError:
        raise ValueError("must be valid Unicode; it holds a lone surrogate") from None


def check_external_item_id(value: str) -> str:
    """Check the id that a client gives an item: it must also survive as one segment of a path."""
    if not 1 <= len(check_text(value)) <= EXTERNAL_ITEM_ID_BYTES:
        raise ValueError(f"must have 1 to {EXTERNAL_ITEM_ID_BYTES} bytes of UTF-8")
    if _CONTROL.search(value):
        raise ValueError("must not hold control characters")
    if value in {".", ".."}:
        raise ValueError("must not be `.` or `..`, which cannot be named in a path")
    return value


def check_url(value: str) -> str:
    """Check a link to the original: absolute, http or https."""
    if len(check_text(value)) > URL_BYTES:
        raise ValueError(f"must have at most {URL_BYTES} bytes of UTF-8")
    try:
        parts = urlsplit(value)
        sound = parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
    except ValueError:
        sound = False
    if not sound or _NOT_IN_URL.search(value):
        raise ValueError("must be an absolute http or https URL")
    return value


def check_language(value: str) -> str:
    """Check a language tag against the shape of BCP 47."""
    if len(value) > LANGUAGE_CHARACTERS or not _LANGUAGE.fullmatch(value):
        raise ValueError("must be a BCP 47 language tag, such as `en` or `pt-BR`")
    return value


def check_metadata(value: dict[str, Any]) -> dict[str, Any]:
    """Check a JSON object's size in its canonical form."""
    try:
        canonical = json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()
    except UnicodeEncodeError:
        raise ValueError("must be valid Unicode; it holds a lone surrogate") from None
    if len(canonical) > METADATA_BYTES:
        raise ValueError(f"must have at most {METADATA_BYTES} bytes as canonical JSON")
    return value
