"""Writes what one planning attempt brings, as the changes come: packs, segments, files of changes, and the index."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from knowledge.index.building import IndexBuilder
from knowledge.index.entries import Entry
from knowledge.index.manifest import BuiltIndex
from knowledge.index.names import ObjectKind
from knowledge.index.packs import PACK_BYTES, PackWriter, read_documents
from knowledge.items.content import decode_member
from knowledge.items.fingerprints import differing_documents, differing_fields
from knowledge.model import ChangeKind, ObjectRef
from knowledge.runs import parts
from knowledge.runs.change_file import DROP, ChangeRow, encode_part
from knowledge.runs.diff import Verdict
from knowledge.runs.model import PlanPart
from knowledge.segments.writing import SegmentWriter
from knowledge.staging.rows import RunRow
from knowledge.storage.objects import ObjectStore

_make = tuple.__new__


@dataclass(slots=True)
class PlanWriter:
    """Collects changes and writes them out in parts under `prefix`, an attempt's own folder.

    The packs and `segments` of what they bring are named by the `index`. `next_number` is the number of the next part;
    an attempt that carries on another's work starts where that ended.
    """

    objects: ObjectStore
    prefix: str
    run_id: str
    attempt_id: str
    index: IndexBuilder
    segments: SegmentWriter
    next_number: int
    parts: list[PlanPart] = field(default_factory=list)
    tally: Counter[str] = field(default_factory=Counter)
    _lines: list[ChangeRow] = field(default_factory=list)
    _changes: dict[str, Entry | None] = field(default_factory=dict)
    _pack: PackWriter = field(init=False)
    _number: int = field(init=False)
    _is_searched: bool = field(init=False)

    def __post_init__(self) -> None:
        self._pack = PackWriter(self.objects, self.index, ObjectKind.RUN_PACK, self.run_id, self.attempt_id)
        self._number = self._pack.number
        self._is_searched = self.index.segments.rows is not None

    def add(
        self, external_item_id: str, verdict: Verdict, row: RunRow | None, entry: Entry | None, member: bytes | None
    ) -> None:
        """Take one verdict up. `member` is the row's content, for an added or updated item.

        Raises ObjectGoneError when a published content that must be compared can't be read.
        """
        # `value` is looked up by a function.
        kind: str = DROP if verdict.kind is None else verdict.kind._value_
        title = row.title if row else entry.title if entry else ""
        content_hash = removed_at = None
        before = None if entry is None else entry.content_hash
        fields = 0
        if member is not None and row is not None:
            pack, size, content_hash = self._pack, len(member), row.content_hash
            served = (
                external_item_id, content_hash, title, self._number, pack.size, size, row.content_bytes,
                None, row.fields,
            )  # fmt: skip
            self._changes[external_item_id] = _make(Entry, served)
            if self._is_searched:
                self.segments.add_member(external_item_id, content_hash, member)
            # What `pack.add` does, without a call for every item.
            pack.members.append(member)
            pack.size += size
            if pack.size >= PACK_BYTES:
                self._close_pack()
            if entry is not None:
                fields = differing_fields(entry.fields, row.fields) or self._compared(entry, member)
        elif entry is not None:
            title = entry.title
            if verdict.kind is ChangeKind.TOMBSTONED:
                self._changes[external_item_id] = None
                self.segments.kill(external_item_id)
            else:
                content_hash, removed_at = before, verdict.removed_at
                self._changes[external_item_id] = entry._replace(removed_at=removed_at)
        rev = None if row is None else row.rev
        self._lines.append((external_item_id, kind, rev, title, content_hash, before, removed_at, fields))
        self.tally[kind] += 1
        if len(self._lines) >= parts.CHANGES_PER_PART:
            self.close_part()

    def put_changes(self) -> None:
        """Put what was added since the last call into the index."""
        changes, self._changes = self._changes, {}
        self.index.update(changes)

    def close_part(self, covered: tuple[str, ...] = (), *, even_if_empty: bool = False) -> None:
        """Write what was collected as a part; the last one names the journal entries that the plan covers."""
        if not self._lines and not even_if_empty:
            return
        key = f"{self.prefix}/changes-{self.next_number:04d}.ndjson.gz"
        part = encode_part(self.next_number, covered, self._lines)
        ref: ObjectRef = self.objects.put_once(key, part.data, "application/gzip", digest=part.digest)
        self.parts.append(PlanPart(self.next_number, len(self._lines), ref, part.directory_bytes))
        self.next_number += 1
        self._lines = []

    def close_index(self) -> BuiltIndex | None:
        """Write the last pack, the segments and the index object; None when the index is as it was."""
        self.put_changes()
        self._close_pack()
        self.segments.close(self.index.entries)
        return self.index.finish()

    def _close_pack(self) -> None:
        self._pack.close()
        self._number = self._pack.number

    def _compared(self, entry: Entry, member: bytes) -> int:
        """Compare contents whose hashes differ and whose fingerprints do not."""
        if self.index.base is None:
            return 0
        (before,) = read_documents(self.index.base, [entry])
        return differing_documents(before, decode_member(member))
