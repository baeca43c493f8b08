"""Writing the segments of one part of a run, beside its packs: what it brings, and what it kills.

    items of the part -> documents -> a segment; with the last seven of the list, if those are of one tier -> the list

What would break it, and what stands against it:

- An item stands in two documents of one state: what is brought kills older documents by being added, and a part has
  each item once.
- A segment that is to be merged is missing or damaged: the part's own is put behind it as it is, and the compaction
  builds all anew (see `rebuilding`).
- A crash: nothing names what was written; another attempt writes under names of its own.
- A source grows past what search can serve: its states have no segments from then on, and publishing goes on.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from search.errors import SearchError
from search.limits import SEGMENT_TEXT_BYTES
from search.segments.building import Built, build_segments, text_bytes
from search.segments.merging import Part, as_part, merge_parts, read_part
from search.segments.model import SegmentDocument, Settings
from search.segments.policy import merged_tier, replaced
from search.segments.prefixes import prefix_of

from knowledge.index.building import IndexBuilder
from knowledge.index.names import ObjectKind, name_of
from knowledge.index.segment_rows import NamedSegment
from knowledge.items.content import decode_member
from knowledge.limits import MERGED_DOCUMENTS, SEARCHED_BYTES, SEARCHED_ITEMS
from knowledge.segments.documents import DocumentMaker
from knowledge.segments.rows import named, ref_of
from knowledge.storage.clients import Fanout
from knowledge.storage.format import ObjectGoneError
from knowledge.storage.objects import ObjectStore

_log = logging.getLogger(__name__)


@dataclass(slots=True)
class SegmentWriter:
    """Collects what one part of a run brings and kills, and puts the segments of it into the `index` that is built."""

    objects: ObjectStore
    fanout: Fanout
    index: IndexBuilder
    kind: ObjectKind
    owner_id: str
    attempt_id: str
    default_language: str | None = None
    maker: DocumentMaker = field(default_factory=DocumentMaker)
    _documents: list[SegmentDocument] = field(default_factory=list)
    _killed: set[bytes] = field(default_factory=set)
    _size: int = 0
    _written: int = 0

    @property
    def settings(self) -> Settings:
        """What the segments are built with."""
        return Settings(self.index.source_id, self.default_language)

    def add_member(self, item_id: str, content_hash: str, member: bytes) -> None:
        """Take up an item that is served from now on, or with another content; `member` is its packed form."""
        self.add_item(item_id, content_hash, decode_member(member))

    def add_item(self, item_id: str, content_hash: str, item: Mapping[str, Any]) -> None:
        """Take up an item in its stored form."""
        document = self.maker.make_document(item_id, content_hash, item)
        self._documents.append(document)
        self._size += text_bytes(document)
        if self._size >= SEGMENT_TEXT_BYTES:
            self._put(self._build(self._take()), 0)

    def kill(self, item_id: str) -> None:
        """Take up an item that is served no more."""
        self._killed.add(prefix_of(item_id))

    def close_killed(self) -> None:
        """Write what was killed as a segment of its own: nobody has to wait for others to be merged."""
        if self.index.segments.rows and self._killed:
            self._put(self._build(()), 0)

    def close(self, entries: int) -> None:
        """Write what was collected; the state then serves so many items."""
        rows = self.index.segments.rows
        if rows is None:
            return
        documents = self._take()
        if not rows:
            self._killed.clear()
        if documents or self._killed:
            self._close_with(documents, rows)
        is_too_large = sum(row.head for row in self.index.segments.rows or ()) > SEARCHED_BYTES
        if entries > SEARCHED_ITEMS or is_too_large:
            self.index.drop_segments()

    def _close_with(self, documents: Sequence[SegmentDocument], rows: Sequence[NamedSegment]) -> None:
        count = 0 if self._written else replaced(rows, len(documents))
        neighbours = rows[len(rows) - count :]
        if count and sum(row.documents for row in neighbours) + len(documents) <= MERGED_DOCUMENTS:
            parts = self._read(neighbours)
            if parts is not None:
                built = merge_parts(
                    [*parts, as_part(documents, self._killed)],
                    self.settings,
                    begins_at_oldest=count == len(rows),
                    tier=merged_tier(neighbours, len(documents)),
                )
                self._put(built, count)
                return
        self._put(self._build(documents), 0)

    def _take(self) -> list[SegmentDocument]:
        documents, self._documents, self._size = self._documents, [], 0
        return documents

    def _build(self, documents: Sequence[SegmentDocument]) -> Iterable[Built]:
        killed, self._killed = self._killed, set()
        return build_segments(documents, killed, self.settings)

    def _read(self, rows: Sequence[NamedSegment]) -> list[Part] | None:
        """Read segments that are to be merged; None when one is not what it should be."""

        def read(row: NamedSegment) -> Part:
            key = row.name.key(self.index.tenant_id, self.index.source_id)
            return read_part(ref_of(row), self.objects.read_object(key))

        try:
            return self.fanout.map(read, rows)
        except (SearchError, ObjectGoneError):
            ids = {"tenant_id": self.index.tenant_id, "source_id": self.index.source_id}
            _log.exception("segment_unreadable", extra=ids)
            return None

    def _put(self, built: Iterable[Built], count: int) -> None:
        rows = []
        for ref, data in built:
            name = name_of(self.kind, self.owner_id, self.attempt_id, self._written)
            self.objects.put_once(
                name.key(self.index.tenant_id, self.index.source_id),
                data,
                "application/octet-stream",
                digest=ref.digest,
            )
            self._written += 1
            rows.append(named(name, ref))
        self.index.put_segments(count, rows)
