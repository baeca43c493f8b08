"""Segments as lists name them, and as `search` knows them. Pure."""

from __future__ import annotations

from search.segments.model import SegmentRef

from knowledge.index.names import ObjectName
from knowledge.index.segment_rows import NamedSegment


def named(name: ObjectName, ref: SegmentRef) -> NamedSegment:
    """Name a segment that was built."""
    return NamedSegment(name, ref.digest, ref.format, ref.language, ref.size, ref.head, ref.documents, ref.tier)


def ref_of(row: NamedSegment) -> SegmentRef:
    """What `search` checks a segment against."""
    return SegmentRef(row.digest, row.bytes, row.head, row.documents, row.tier, row.format, row.language)
