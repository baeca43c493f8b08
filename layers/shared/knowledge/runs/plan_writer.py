"""Writes the packs and change files of one planning attempt, as the changes come."""

from __future__ import annotations

from dataclasses import dataclass, field

from knowledge.index.packs import PACK_BYTES, PackWriter
from knowledge.index.trie import Entry
from knowledge.model import ChangeKind, ObjectRef
from knowledge.runs.change_file import DROP, ChangeRow, ServedRow, WasRow, encode_part
from knowledge.runs.diff import Verdict
from knowledge.runs.model import PlanPart
from knowledge.staging.rows import RunRow
from knowledge.storage.objects import ObjectStore

CHANGES_PER_PART = 25_000


@dataclass(slots=True)
class PlanWriter:
    """Collects changes and writes them out in parts under `prefix`, an attempt's own folder.

    `next_number` is the number of the next part; an attempt that carries on another's work starts where that ended.
    """

    objects: ObjectStore
    prefix: str
    next_number: int
    parts: list[PlanPart] = field(default_factory=list)
    tally: dict[str, int] = field(default_factory=dict)
    _rows: list[ChangeRow] = field(default_factory=list)
    _packs: list[ObjectRef] = field(default_factory=list)
    _older: dict[str, int] = field(default_factory=dict)
    _pack: PackWriter = field(init=False)

    def __post_init__(self) -> None:
        self._pack = PackWriter(self.objects, self.prefix)

    def add(
        self, external_item_id: str, verdict: Verdict, row: RunRow | None, entry: Entry | None, member: bytes | None
    ) -> None:
        """Take one verdict up. `member` is the row's content, for an added or updated item."""
        # `value` is looked up by a function.
        kind: str = DROP if verdict.kind is None else verdict.kind._value_
        title = row.title if row else entry.title if entry else ""
        served: ServedRow | None = None
        was: WasRow | None = None
        if entry is not None:
            _, content_hash, published_title, pack, offset, length, content_bytes, _ = entry
            was = (content_hash, self._older.setdefault(pack, len(self._older)), offset, length)
        if member is not None and row is not None:
            writer, size = self._pack, len(member)
            # The open pack is the next in the part's list.
            served = (row.content_hash, len(self._packs), writer.size, size, row.content_bytes, None)
            # What `writer.add` does, without a call for every item.
            writer.members.append(member)
            writer.size += size
            if writer.size >= PACK_BYTES:
                self._close_pack()
        elif entry is not None:
            title = published_title
            if verdict.kind is not ChangeKind.TOMBSTONED:
                served = (content_hash, None, offset, length, content_bytes, verdict.removed_at)
        self._rows.append((external_item_id, kind, None if row is None else row.rev, title, served, was))
        self.tally[kind] = self.tally.get(kind, 0) + 1
        if len(self._rows) >= CHANGES_PER_PART:
            self.close_part()

    def close_part(self, covered: tuple[str, ...] = (), *, even_if_empty: bool = False) -> None:
        """Write what was collected as a part; the last one names the journal entries that the plan covers."""
        if not self._rows and not even_if_empty:
            return
        self._close_pack()
        key = f"{self.prefix}/changes-{self.next_number:04d}.ndjson.gz"
        data = encode_part(self.next_number, self._packs, list(self._older), covered, self._rows)
        ref = self.objects.put_once(key, data, "application/gzip")
        self.parts.append(PlanPart(self.next_number, len(self._rows), ref))
        self.next_number += 1
        self._rows, self._packs, self._older = [], [], {}

    def _close_pack(self) -> None:
        ref = self._pack.close()
        if ref is not None:
            self._packs.append(ref)
