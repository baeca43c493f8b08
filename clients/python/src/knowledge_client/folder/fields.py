"""The optional fields of an item, as far as a page says them and the API takes them. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping

from knowledge_client.folder.front_matter import Value
from knowledge_client.folder.titles import clean_title, is_blank

TAGS = 50
TAG_CHARACTERS = 64
LANGUAGE_CHARACTERS = 35
# Well-formed by RFC 5646 section 2.1, as the API has it.
_LANGUAGE = re.compile(
    r"(?:(?:[A-Za-z]{2,3}(?:-[A-Za-z]{3}){0,3}|[A-Za-z]{4,8})"
    r"(?:-[A-Za-z]{4})?"
    r"(?:-(?:[A-Za-z]{2}|[0-9]{3}))?"
    r"(?:-(?:[A-Za-z0-9]{5,8}|[0-9][A-Za-z0-9]{3}))*"
    r"(?:-[0-9A-WY-Za-wyz](?:-[A-Za-z0-9]{2,8})+)*"
    r"(?:-[Xx](?:-[A-Za-z0-9]{1,8})+)?"
    r"|[Xx](?:-[A-Za-z0-9]{1,8})+)"
)


def check_language(value: str) -> str:
    """Check a language tag by the rule of the API. Raises ValueError with what is wanted."""
    if len(value) > LANGUAGE_CHARACTERS or not _LANGUAGE.fullmatch(value):
        raise ValueError("must be a BCP 47 language tag, such as `en` or `pt-BR`")
    return value


def tags_of(fields: Mapping[str, Value], keywords: str) -> tuple[list[str], list[str]]:
    """Return a page's tags, and a notice of each that is left out."""
    value = fields.get("tags", keywords)
    listed = value if isinstance(value, list) else value.split(",") if isinstance(value, str) else []
    tags: dict[str, None] = {}
    notices = []
    for each in listed:
        tag = clean_title(each) if isinstance(each, str) else ""
        if len(tag) > TAG_CHARACTERS:
            notices.append(f"the tag {tag[:20]!r}... is left out: it has more than {TAG_CHARACTERS} characters")
        elif not is_blank(tag):
            tags[tag] = None
    if len(tags) > TAGS:
        notices.append(f"{len(tags) - TAGS} tags are left out: an item has at most {TAGS}")
    return list(tags)[:TAGS], notices


def language_of(fields: Mapping[str, Value], page_language: str, otherwise: str | None) -> tuple[str | None, list[str]]:
    """Return a page's language, and a notice if the one it names is left out."""
    said = next((v for n in ("language", "lang") if isinstance(v := fields.get(n), str) and v.strip()), page_language)
    if not said:
        return otherwise, []
    # As programs write locales: pt_BR.
    tag = said.strip().replace("_", "-")
    try:
        return check_language(tag), []
    except ValueError as error:
        return otherwise, [f"the language {said[:40]!r} is left out: it {error}"]
