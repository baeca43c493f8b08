"""What the fields of an item may hold, as checks and as what JSON Schema can say of them. Pure.

Each check returns the value or raises ValueError with what is wanted. A `Rule` carries a check into the pydantic models
that name it in an annotation, and needs no pydantic itself: tasks that validate nothing load this, too.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache, partial
from typing import Any, get_args
from urllib.parse import urlsplit

from knowledge.items.json_text import levels_over
from knowledge.limits import (
    EXTERNAL_ITEM_ID_BYTES,
    LANGUAGE_CHARACTERS,
    METADATA_BYTES,
    METADATA_LEVELS,
    URL_BYTES,
)

# Unicode's category Cc, whole: C0, DELETE and C1.
_CONTROLS = r"\x00-\x1F\x7F-\x9F"
# And what could make a line look like another one: line breaks, and marks, embeddings and isolates of direction
# (https://www.unicode.org/reports/tr9/#Explicit_Directional_Formatting_Codes).
_NO_NAME_CHARACTERS = rf"{_CONTROLS}\u061C\u200E\u200F\u2028-\u202E\u2066-\u2069"
LINE_PATTERN = rf"^[^{_NO_NAME_CHARACTERS}]*$"
# What shows nothing: white space, and what Unicode lets a reader ignore (DerivedCoreProperties.txt, Default_Ignorable;
# zero-width marks and those of direction are among it), fillers, and the empty pattern of Braille.
_BLANK = (
    r"\x20\xA0\xAD\u034F\u061C\u115F\u1160\u1680\u17B4\u17B5\u180B-\u180F\u2000-\u200F\u2028-\u202F\u205F-\u206F"
    r"\u2800\u3000\u3164\uFE00-\uFE0F\uFEFF\uFFA0\uFFF0-\uFFF8"
)
VISIBLE_PATTERN = rf"[^{_CONTROLS}{_BLANK}]"
NAME_PATTERN = rf"^[^{_NO_NAME_CHARACTERS}]*[^{_CONTROLS}{_BLANK}][^{_NO_NAME_CHARACTERS}]*$"
# The same with those beyond U+FFFF, which not every engine of patterns can name.
_SEEN = rf"[^{_CONTROLS}{_BLANK}\U0001BCA0-\U0001BCA3\U0001D173-\U0001D17A\U000E0000-\U000E0FFF]"
# Quotes are written as their codes: not every engine lets them be escaped, and Markdown shows the patterns.
_NO_URL_CHARACTERS = rf"{_CONTROLS}\x20<>\x22\\^\x60{{|}}"
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


@dataclass(frozen=True, slots=True, eq=False)
class Rule:
    """A check of a value, and what JSON Schema can say of it (`tells`): the contract is held to that.

    Goes into an annotation, `Annotated[str, Rule(...)]`; a pydantic model that has it checks by it.
    """

    check: Callable[[Any], Any]
    tells: Mapping[str, Any] = field(default_factory=dict)

    def __get_pydantic_core_schema__(self, source: Any, handler: Callable[[Any], Any]) -> Any:
        """Check after the type; see https://docs.pydantic.dev/latest/concepts/types/#customizing-validation."""
        from pydantic_core import core_schema

        return core_schema.no_info_after_validator_function(self.check, handler(source))

    def __get_pydantic_json_schema__(self, schema: Any, handler: Callable[[Any], Any]) -> Any:
        """Tell the rule beside the type."""
        return {**handler(schema), **self.tells}


@dataclass(frozen=True, slots=True)
class AtMost:
    """A bound on the entries of a tuple, which is sent as a list."""

    entries: int

    def __get_pydantic_core_schema__(self, source: Any, handler: Any) -> Any:
        """Take a list of what the tuple holds."""
        from pydantic_core import core_schema

        return core_schema.list_schema(handler.generate_schema(get_args(source)[0]), max_length=self.entries)


def plain_text(minimum: int, maximum: int) -> Rule:
    """Make the rule for a text of so many characters that UTF-8 can carry."""
    return Rule(partial(_check_length, minimum, maximum), {"minLength": minimum, "maxLength": maximum})


def title_text(maximum: int) -> Rule:
    """Make the rule for a text that people find something by: something of it must be seen."""
    return Rule(partial(_check_title, maximum), {"minLength": 1, "maxLength": maximum, "pattern": VISIBLE_PATTERN})


def line_text(maximum: int) -> Rule:
    """Make the rule for a line that people read in lists: no control characters, and none that turn text around."""
    return Rule(partial(_check_line, 0, maximum), {"minLength": 0, "maxLength": maximum, "pattern": LINE_PATTERN})


def name_text(maximum: int) -> Rule:
    """Make the rule for a name: a line of which something is seen."""
    return Rule(partial(_check_name, maximum), {"minLength": 1, "maxLength": maximum, "pattern": NAME_PATTERN})


def text_bytes(minimum: int, maximum: int) -> Rule:
    """Make the rule for a text of so many bytes of UTF-8. JSON Schema counts characters: it says less."""
    return Rule(partial(_check_bytes, minimum, maximum), {"minLength": minimum, "maxLength": maximum})


def _check_length(minimum: int, maximum: int, value: str) -> str:
    check_text(value)
    if not minimum <= len(value) <= maximum:
        raise ValueError(f"must have {minimum} to {maximum} characters")
    return value


def _check_title(maximum: int, value: str) -> str:
    return _check_seen(_check_length(1, maximum, value))


def _check_line(minimum: int, maximum: int, value: str) -> str:
    _check_length(minimum, maximum, value)
    if not _compiled(LINE_PATTERN).fullmatch(value):
        raise ValueError("must not hold control characters, line breaks, or marks that change the direction of text")
    return value


def _check_name(maximum: int, value: str) -> str:
    return _check_seen(_check_line(1, maximum, value))


def _check_seen(value: str) -> str:
    if not _compiled(_SEEN).search(value):
        raise ValueError("must not be blank: nothing of it can be seen")
    return value


def _check_bytes(minimum: int, maximum: int, value: str) -> str:
    if not minimum <= len(check_text(value)) <= maximum:
        raise ValueError(f"must have {minimum} to {maximum} bytes of UTF-8")
    return value


# Compiled when a value is first checked: most functions load these rules and check nothing.
@cache
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern)


def check_text(value: str) -> bytes:
    """Return a text in UTF-8, which a lone surrogate cannot be written in."""
    try:
        return value.encode()
    except UnicodeEncodeError:
        raise ValueError("must be valid Unicode; it holds a lone surrogate") from None


def check_external_item_id(value: str) -> str:
    """Check the id that a client gives an item: it must also survive as one segment of a path."""
    _check_bytes(1, EXTERNAL_ITEM_ID_BYTES, value)
    if _compiled(f"[{_CONTROLS}]").search(value):
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
    if not sound or _compiled(f"[{_NO_URL_CHARACTERS}]").search(value):
        raise ValueError("must be an absolute http or https URL")
    return value


def check_language(value: str) -> str:
    """Check a language tag against the shape of BCP 47."""
    if len(value) > LANGUAGE_CHARACTERS or not _compiled(LANGUAGE_PATTERN).fullmatch(value):
        raise ValueError("must be a BCP 47 language tag, such as `en` or `pt-BR`")
    return value


def check_metadata(value: dict[str, Any]) -> dict[str, Any]:
    """Check how deep a JSON object is, itself the first level, and its size in its canonical form."""
    if levels_over(value, METADATA_LEVELS):
        raise ValueError(f"must be nested at most {METADATA_LEVELS} levels deep")
    try:
        canonical = json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()
    except UnicodeEncodeError:
        raise ValueError("must be valid Unicode; it holds a lone surrogate") from None
    if len(canonical) > METADATA_BYTES:
        raise ValueError(f"must have at most {METADATA_BYTES} bytes as canonical JSON")
    return value
