"""Small segments and indexes of them, as tests build them."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from search.hits.serving import ServedIndex
from search.segments.building import Built, build_segment
from search.segments.layout import Head
from search.segments.merging import head_of
from search.segments.model import SegmentDocument, Settings
from search.segments.prefixes import prefix_of
from search.text.extraction import extract

SOURCE = "src_1"
SETTINGS = Settings(SOURCE, "en")


def document(
    item_id: str,
    text: str = "Some text.",
    title: str = "",
    language: str | None = None,
    tags: tuple[str, ...] = (),
    metadata: Mapping[str, Any] | None = None,
) -> SegmentDocument:
    """Make a document whose content hash follows from its text."""
    digest = hashlib.sha256(f"{title}\n{text}".encode()).hexdigest()
    return SegmentDocument(item_id, digest, extract(title, text, "text/plain"), language, tags, metadata or {})


def built(documents: Sequence[SegmentDocument], killed: Iterable[str] = (), settings: Settings = SETTINGS) -> Built:
    """Build a segment; `killed` are ids."""
    return build_segment(documents, map(prefix_of, killed), settings)


def head(documents: Sequence[SegmentDocument], killed: Iterable[str] = (), settings: Settings = SETTINGS) -> Head:
    """Build a segment, and read its head."""
    return head_of(built(documents, killed, settings))


def index_of(folder: Path, *segments: Head, source_id: str = SOURCE) -> ServedIndex:
    """Serve the segments of one source, oldest first."""
    return ServedIndex({source_id: list(segments)}, folder)
