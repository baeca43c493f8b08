"""An item of the path and the bytes of a file. Pure."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from knowledge_client.folder.converting import Conversion
from knowledge_client.folder.decoding import decode_text
from knowledge_client.folder.fields import language_of, tags_of
from knowledge_client.folder.front_matter import Value, split_front_matter
from knowledge_client.folder.holding_back import check_held_back
from knowledge_client.folder.html_pages import PageFacts, first_heading_of, read_page
from knowledge_client.folder.kinds import CONTENT_TYPES, KINDS, Kind, suffix_of
from knowledge_client.folder.markdown import first_heading
from knowledge_client.folder.model import Item, NotReadableError
from knowledge_client.folder.restructured_text import first_section
from knowledge_client.folder.settings import Settings
from knowledge_client.folder.titles import clean_title, is_blank, title_of_name, written_title
from knowledge_client.folder.urls import check_base_url, url_of

CONTENT_BYTES = 1_048_576
_TAG = re.compile(r"<[^>]*>")
ID_BYTES = 512
# The largest file that can hold a content: four bytes a character, front matter, and a mark.
FILE_BYTES = 4 * CONTENT_BYTES + 65_536 * 4 + 64


@dataclass(frozen=True, slots=True)
class Read:
    """An item, and what was left out of it."""

    item: Item
    content_bytes: int
    notices: tuple[str, ...]


def check_id(external_item_id: str) -> None:
    """Look whether a path can be an externalItemId. Raises NotReadableError when it can't."""
    try:
        length = len(external_item_id.encode())
    except UnicodeEncodeError:
        raise NotReadableError("has a name that is not UTF-8") from None
    if length > ID_BYTES:
        raise NotReadableError(f"has a path of more than {ID_BYTES} bytes")
    if any(unicodedata.category(character) == "Cc" for character in external_item_id):
        raise NotReadableError("has a name with control characters")


def read_document(
    external_item_id: str, raw: bytes, settings: Settings, now: datetime, encoding: str | None = None
) -> Read:
    """Make an item. The content is the file without byte order mark and front matter, exactly.

    Raises NotReadableError when it can't be an item, HeldBackError when its author says that it shall not be one yet.
    """
    check_id(external_item_id)
    kind = KINDS[suffix_of(external_item_id)]
    text = decode_text(raw, is_html=kind == "html", override=encoding)
    fields, content = ({}, text) if kind == "rst" else split_front_matter(text)
    check_held_back(external_item_id, fields, now, ZoneInfo(settings.zone))
    if is_blank(content):
        raise NotReadableError("is empty")
    facts = read_page(content) if kind == "html" else PageFacts()
    title = _title(external_item_id, kind, fields, facts, content)
    return _made(external_item_id, content, title, fields, facts, settings)


def read_conversion(external_item_id: str, found: Conversion, settings: Settings, now: datetime) -> Read:
    """Make an item of what was read of a PDF or a Word document. The content is its text.

    Raises NotReadableError when it can't be an item, HeldBackError when its name says that its day has not come.
    """
    check_id(external_item_id)
    kind = KINDS[suffix_of(external_item_id)]
    check_held_back(external_item_id, {}, now, ZoneInfo(settings.zone))
    heading = first_heading_of(found.text) if kind == "docx" else clean_title(found.heading)
    if is_blank(_TAG.sub("", found.text) if kind == "docx" else found.text):
        raise NotReadableError("is empty")
    title = written_title(found.title) or heading or title_of_name(external_item_id)
    facts = PageFacts(keywords=found.keywords, language=found.language)
    read = _made(external_item_id, found.text, title, {}, facts, settings)
    return Read(read.item, read.content_bytes, (*found.notices, *read.notices))


def _made(
    path: str, content: str, title: str, fields: Mapping[str, Value], facts: PageFacts, settings: Settings
) -> Read:
    content_bytes = len(content.encode())
    if content_bytes > CONTENT_BYTES:
        raise NotReadableError("is larger than 1 MiB")
    content_type = CONTENT_TYPES[KINDS[suffix_of(path)]]
    item: Item = {"externalItemId": path, "title": title, "content": content, "contentType": content_type}
    optional, notices = _optional(path, fields, facts, settings)
    return Read(item | optional, content_bytes, tuple(notices))


def _title(path: str, kind: Kind, fields: Mapping[str, Value], facts: PageFacts, content: str) -> str:
    said = fields.get("title")
    title = clean_title(said) if isinstance(said, str) else ""
    if title:
        return title
    match kind:
        case "html":
            title = facts.title
        case "markdown" | "mdx":
            title = first_heading(content, mdx=kind == "mdx")
        case "rst":
            title = first_section(content)
    return title or title_of_name(path)


def _optional(path: str, fields: Mapping[str, Value], facts: PageFacts, settings: Settings) -> tuple[Item, list[str]]:
    tags, notices = tags_of(fields, facts.keywords)
    language, more = language_of(fields, facts.language, settings.language)
    notices += more
    base_url = None if settings.base_url is None else check_base_url(settings.base_url)
    try:
        url = url_of(path, fields, facts.url, base_url, settings.slugs)
    except ValueError as error:
        url = None
        notices.append(f"its url is left out: {error}")
    found = {"url": url, "language": language, "tags": tags}
    return {name: value for name, value in found.items() if value}, notices
