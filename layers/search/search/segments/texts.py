"""The text part of a segment: what was indexed, a line of JSON for each document, compressed. Pure."""

from __future__ import annotations

import gzip
import json
import zlib
from collections.abc import Iterable
from typing import Any

from search.errors import DamagedSegmentError
from search.segments.model import SegmentDocument
from search.text.model import Effort, Heading, Text

# A tenth larger than at level 9, in an eighth of the time: a run waits for it.
_LEVEL = 3


def encode_texts(documents: Iterable[SegmentDocument]) -> bytes:
    """Write documents in their order; the same documents give the same bytes."""
    lines = [json.dumps(_row(each), ensure_ascii=False, separators=(",", ":")) + "\n" for each in documents]
    return gzip.compress("".join(lines).encode("utf-8", "surrogatepass"), _LEVEL, mtime=0)


def decode_texts(data: bytes | memoryview) -> list[SegmentDocument]:
    """Read documents. Raises DamagedSegmentError."""
    try:
        text = gzip.decompress(data).decode("utf-8", "surrogatepass")
        return [_document(json.loads(line)) for line in text.split("\n")[:-1]]
    except (OSError, EOFError, zlib.error, ValueError, TypeError, LookupError) as error:
        raise DamagedSegmentError from error


def _row(document: SegmentDocument) -> list[Any]:
    title, text, headings, effort = document.text
    return [
        document.item_id,
        document.content_hash,
        title,
        text,
        headings,
        int(effort),
        document.language,
        document.tags,
        document.metadata,
    ]


def _document(row: list[Any]) -> SegmentDocument:
    item_id, content_hash, title, text, headings, effort, language, tags, metadata = row
    return SegmentDocument(
        item_id,
        content_hash,
        Text(title, text, tuple(Heading(*each) for each in headings), Effort(effort)),
        language,
        tuple(tags),
        metadata,
    )
