"""What an item consists of. Each field stands here, and nowhere else in the code.

Validation, the stored document and with it the content hash, the views and the answers are all made from this. A new
field is one line of `ItemDetails` here, and a property of `ItemInput`, `Item` and `GenerationItem` in openapi.yaml;
tests name the schema in which it is missing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Annotated, Any, Literal

from knowledge.items.field_rules import (
    EXTERNAL_ITEM_ID_PATTERN,
    LANGUAGE_PATTERN,
    URL_PATTERN,
    AtMost,
    Rule,
    check_external_item_id,
    check_language,
    check_metadata,
    check_url,
    text_bytes,
    title_text,
)
from knowledge.limits import (
    CONTENT_BYTES,
    EXTERNAL_ITEM_ID_BYTES,
    LANGUAGE_CHARACTERS,
    TAG_CHARACTERS,
    TAGS,
    TITLE_CHARACTERS,
    URL_BYTES,
)

ExternalItemId = Annotated[
    str,
    Rule(
        check_external_item_id,
        {"minLength": 1, "maxLength": EXTERNAL_ITEM_ID_BYTES, "pattern": EXTERNAL_ITEM_ID_PATTERN},
    ),
]
Title = Annotated[str, title_text(TITLE_CHARACTERS)]
Content = Annotated[str, text_bytes(1, CONTENT_BYTES)]
ContentType = Literal["text/plain", "text/markdown", "text/html"]
Url = Annotated[str, Rule(check_url, {"format": "uri", "maxLength": URL_BYTES, "pattern": URL_PATTERN})]
Language = Annotated[str, Rule(check_language, {"maxLength": LANGUAGE_CHARACTERS, "pattern": LANGUAGE_PATTERN})]
Tag = Annotated[str, title_text(TAG_CHARACTERS)]
Metadata = Annotated[dict[str, Any], Rule(check_metadata)]


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemDetails:
    """The fields of an item beside its id, its title and its content.

    A field that is empty (None, no entries) is one that was not sent, and is no part of the stored document.
    """

    content_type: ContentType = "text/plain"
    url: Url | None = None
    language: Language | None = None
    tags: Annotated[tuple[Tag, ...], AtMost(TAGS)] = ()
    metadata: Metadata | None = None


def json_name(name: str) -> str:
    """The name of a field in JSON: `content_type` is `contentType`."""
    first, *others = name.split("_")
    return first + "".join(map(str.capitalize, others))


DETAILS = {each.name: json_name(each.name) for each in fields(ItemDetails)}
"""The name of each detail in Python, and in JSON."""


def details_document(details: ItemDetails) -> dict[str, Any]:
    """Write the details that are there, as the stored document has them."""
    return {name: value for name, value in details_answer(details).items() if value not in (None, [], {})}


def details_answer(details: ItemDetails) -> dict[str, Any]:
    """Write every detail, as answers show them: null or an empty list where there is none."""
    values = {name: getattr(details, attribute) for attribute, name in DETAILS.items()}
    return {name: list(value) if isinstance(value, tuple) else value for name, value in values.items()}


def details_in(document: Mapping[str, Any]) -> ItemDetails:
    """Read the details of a stored document."""
    return ItemDetails(**sent_values({attribute: document.get(name) for attribute, name in DETAILS.items()}))


def sent_values(values: Mapping[str, Any]) -> dict[str, Any]:
    """Keep the values of attributes that were sent; the others take their defaults."""
    given = {name: value for name, value in values.items() if value is not None}
    return {name: tuple(value) if isinstance(value, list) else value for name, value in given.items()}
