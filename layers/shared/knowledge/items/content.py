"""Items as bytes: the canonical form, its hash, and the gzip member that rows and packs share.

A member is one gzip stream of the canonical JSON and a line feed. It is made once, when an item is staged, and copied
as it is from row to pack, so `zcat` of a pack is NDJSON and a content can be checked against its hash anywhere.
"""

from __future__ import annotations

import gzip
import hashlib
import json
import zlib
from dataclasses import dataclass
from typing import Any

from knowledge.items.fields import details_document
from knowledge.items.fingerprints import fingerprint_fields
from knowledge.items.model import ItemDraft
from knowledge.limits import ANSWER_BYTES, INLINE_MEMBER_BYTES
from knowledge.storage.format import canonical_json
from knowledge.times import day_of

_LEVEL = 6


@dataclass(frozen=True, slots=True)
class EncodedItem:
    """An item ready to be stored.

    `member` holds the whole item; `head` is None while the member fits in a row, else the member without `content`.
    `content_bytes` is the size of the content in UTF-8; `fields` has a fingerprint of each field.
    """

    external_item_id: str
    title: str
    content_hash: str
    content_bytes: int
    fields: bytes
    member: bytes
    head: bytes | None


def encode_item(draft: ItemDraft) -> EncodedItem:
    """Encode a validated item. `sourceVersion` orders writes and is no part of the content."""
    document = _document(draft)
    canonical = canonical_json(document)
    member = _compress(canonical)
    fields = fingerprint_fields(document)
    head = None
    if len(member) > INLINE_MEMBER_BYTES or len(canonical) > ANSWER_BYTES:
        del document["content"]
        head = _compress(canonical_json(document))
    return EncodedItem(
        external_item_id=draft.external_item_id,
        title=draft.title,
        content_hash=hashlib.sha256(canonical).hexdigest(),
        content_bytes=len(draft.content.encode()),
        fields=fields,
        member=member,
        head=head,
    )


def content_key(tenant_id: str, source_id: str, content_hash: str, now: int, erasures: int = 0) -> str:
    """The key of a content that is an object by itself. It names the day, by which it is collected.

    After an erasure it names the erasure epoch too, so that nobody comes to name an object that is to be erased.
    """
    return f"content/{tenant_id}/{source_id}/{day_of(now)}{f'-{erasures}' if erasures else ''}/{content_hash}"


def erasures_in(key: str) -> int:
    """The erasure epoch that the key of a content names."""
    _, _, _, day, _ = key.split("/")
    return int(day[len("2026-11-28-") :] or 0)


def decode_member(member: bytes) -> dict[str, Any]:
    """Read the item that a member holds."""
    document: dict[str, Any] = json.loads(gzip.decompress(member))
    return document


def decode_verified(member: bytes, content_hash: str) -> dict[str, Any]:
    """Read a member. Raises ValueError when it is not the content of that hash."""
    try:
        canonical = gzip.decompress(member)
    except (OSError, EOFError, zlib.error) as error:
        message = "the member is no gzip stream"
        raise ValueError(message) from error
    if hashlib.sha256(canonical.removesuffix(b"\n")).hexdigest() != content_hash:
        message = "the member does not match its content hash"
        raise ValueError(message)
    document: dict[str, Any] = json.loads(canonical)
    return document


def _document(draft: ItemDraft) -> dict[str, Any]:
    return {
        "content": draft.content,
        "externalItemId": draft.external_item_id,
        "title": draft.title,
        **details_document(draft),
    }


def _compress(canonical: bytes) -> bytes:
    # A fixed time keeps the bytes a function of the content alone.
    return gzip.compress(canonical + b"\n", _LEVEL, mtime=0)
