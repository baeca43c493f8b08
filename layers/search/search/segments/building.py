"""Building a segment of documents, in the engine's files and in the bytes that are kept."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from search.engine import analysis as rules
from search.engine import schema
from search.engine.files import write_files
from search.errors import DamagedSegmentError, InvalidDocumentError, OtherFormatError
from search.filters import item_terms, source_term
from search.languages.choice import analysis_of
from search.limits import SEGMENT_TEXT_BYTES
from search.segments.layout import Head, encode_segment, pack_files
from search.segments.model import Header, SegmentDocument, SegmentRef, Settings, format_of
from search.segments.policy import tier_of
from search.segments.prefixes import Prefixes, prefix_of
from search.segments.texts import encode_texts


class Built(NamedTuple):
    """A segment: how a list names it, and its bytes."""

    ref: SegmentRef
    data: bytes


def build_segments(
    documents: Iterable[SegmentDocument],
    killed: Iterable[bytes],
    settings: Settings,
    *,
    tier: int = 0,
    folder: Path | None = None,
) -> Iterator[Built]:
    """Build the segments of one part of a run, oldest first; there is one unless its texts are large.

    `killed` are prefixes of the items that are no more, or that other documents in here take the place of.

    Raises InvalidDocumentError when two documents are of one item, and EngineFailedError.
    """
    killed = set(killed)
    for some in cut(documents, SEGMENT_TEXT_BYTES):
        yield build_segment(some, killed, settings, tier=tier, folder=folder)
        killed = set()
    if killed:
        yield build_segment((), killed, settings, tier=tier, folder=folder)


def text_bytes(document: SegmentDocument) -> int:
    """Return what the texts of a document take in memory, in bytes; a character counts as two."""
    return 2 * (len(document.text.title) + len(document.text.text))


def cut(documents: Iterable[SegmentDocument], most_bytes: int) -> Iterator[list[SegmentDocument]]:
    """Put documents together while their texts have fewer bytes than so many."""
    some: list[SegmentDocument] = []
    size = 0
    for each in documents:
        some.append(each)
        size += text_bytes(each)
        if size >= most_bytes:
            yield some
            some, size = [], 0
    if some:
        yield some


def build_segment(
    documents: Sequence[SegmentDocument],
    killed: Iterable[bytes],
    settings: Settings,
    *,
    tier: int = 0,
    folder: Path | None = None,
) -> Built:
    """Build one segment, of a higher tier than `tier` if it is large.

    Raises InvalidDocumentError when two documents are of one item, and EngineFailedError.
    """
    added = [prefix_of(each.item_id) for each in documents]
    if len(set(added)) < len(added):
        raise InvalidDocumentError
    indexed = [_indexed(each, settings) for each in documents]
    engine = write_files(indexed, folder)
    own, gone = Prefixes.of(added), Prefixes.of(set(killed) - set(added))
    packed, texts = pack_files(engine.files), encode_texts(documents)
    header = Header(
        engine=schema.NAME,
        analysis=rules.VERSION,
        settings=settings,
        segment_id=engine.segment_id,
        documents=len(documents),
        tier=tier_of(len(documents), tier),
        degraded=sum(each.text.is_degraded() for each in documents),
        analyses=dict(sorted(Counter(each.analysis for each in indexed).items())),
        files={suffix: len(data) for suffix, data in engine.files.items()},
        index_length=len(packed),
        index_digest=_digest(packed),
        added=len(own),
        killed=len(gone),
        ids_digest=_digest(own.data, gone.data),
        text_length=len(texts),
        text_digest=_digest(texts),
    )
    return Built(*encode_segment(header, packed, b"".join((own.data, gone.data)), texts))


def current_format() -> str:
    """Return the format of the segments that this code builds; it searches no others."""
    return format_of(schema.NAME, rules.VERSION)


def require_current(head: Head, source_id: str) -> None:
    """Raises OtherFormatError unless this code builds such segments, DamagedSegmentError for one of another source."""
    if head.ref.format != current_format():
        raise OtherFormatError
    if head.header.settings.source_id != source_id:
        raise DamagedSegmentError


def _indexed(document: SegmentDocument, settings: Settings) -> schema.Indexed:
    title, text = document.text.title, document.text.text
    terms = item_terms(document.tags, document.language, document.metadata)
    return schema.Indexed(
        item_id=document.item_id,
        content_hash=document.content_hash,
        analysis=analysis_of(document.language, settings.default_language, title, text),
        title=title,
        text=text,
        terms=[source_term(settings.source_id), *terms],
    )


def _digest(*parts: bytes | memoryview) -> str:
    digest = hashlib.sha256()
    for part in parts:
        digest.update(part)
    return digest.hexdigest()
