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
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")
_NOT_IN_URL = re.compile(r"[\x00-\x20\x7f-\x9f<>\"\\^`{|}]")
# Well-formed by RFC 5646 section 2.1; whether each subtag is registered is not checked.
_LANGUAGE = re.compile(
    r"(?:[a-z]{2,3}(?:-[a-z]{3}){0,3}|[a-z]{4,8})"
    r"(?:-[a-z]{4})?"
    r"(?:-(?:[a-z]{2}|[0-9]{3}))?"
    r"(?:-(?:[a-z0-9]{5,8}|[0-9][a-z0-9]{3}))*"
    r"(?:-[0-9a-wyz](?:-[a-z0-9]{2,8})+)*"
    r"(?:-x(?:-[a-z0-9]{1,8})+)?"
    r"|x(?:-[a-z0-9]{1,8})+",
    re.IGNORECASE | re.ASCII,
)
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
