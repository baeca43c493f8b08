"""The first step of an erasure: each row of an item becomes a stub, which remembers the version and nothing else.

What would break it, and what stands against it:

- A push lands after the opening and before the stub: its row has the erasure's epoch, and stays.
- A row is written between the reading and the stub: the stub is on condition of the rev; the row is read again.
- A crash in between: stubs have the erasure's epoch, so a repeat passes over them.
- An import goes on with lines that it has read: its checkpoint is moved first, so its next write is refused.
- A row that has expired and lies there still: it is made a stub, too.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from knowledge.erasures.model import Erasure
from knowledge.erasures.stores import ErasureStores
from knowledge.errors import ImportNotFoundError, StagingConflictError
from knowledge.ids import is_id
from knowledge.imports.model import ImportState
from knowledge.imports.transitions import ImportMovedError
from knowledge.limits import TOMBSTONE_KEPT_MS
from knowledge.ports import Clock, NewId
from knowledge.sources.model import Source
from knowledge.staging.model import ItemState
from knowledge.staging.rows import JournalEntry, StagedRow
from knowledge.staging.rules import next_rev
from knowledge.staging.store import ROWS_PER_TRANSACTION, RowChangedError, RowWrite
from knowledge.storage.clients import backoff

_TRIES = 8
# Rows are read even if they have expired.
_ANY_TIME = 0


@dataclass(frozen=True, slots=True)
class Stubber:
    """Makes rows stubs."""

    stores: ErasureStores
    clock: Clock
    new_id: NewId

    def stub_rows(self, erasure: Erasure, source: Source, ids: Sequence[str]) -> int:
        """Make the rows of some items stubs; tells how many there were. Raises StagingConflictError."""
        self._stop_import(source)
        chunks = [ids[start : start + ROWS_PER_TRANSACTION] for start in range(0, len(ids), ROWS_PER_TRANSACTION)]
        return sum(self._stub_chunk(erasure, chunk) for chunk in chunks)

    def _stop_import(self, source: Source) -> None:
        """Let an import that stages lines find that it was moved, and read again what it may stage."""
        if not is_id("imp", source.open_snapshot_id or ""):
            return
        for attempt in range(_TRIES):
            try:
                job = self.stores.imports.get_import(source.source_id, source.open_snapshot_id or "")
            except ImportNotFoundError:
                return
            if job.state is not ImportState.STAGING:
                return
            try:
                self.stores.imports.note_progress(job, job, self.clock())
            except ImportMovedError:
                # It staged something in between, by what it knew before: it is stopped behind that.
                backoff(attempt)
            else:
                return
        raise StagingConflictError

    def _stub_chunk(self, erasure: Erasure, ids: Sequence[str]) -> int:
        for attempt in range(_TRIES):
            rows = self.stores.items.read_rows(erasure.source_id, ids, _ANY_TIME)
            doomed = [row for row in rows.values() if row.erasures < erasure.epoch and not row.is_mark]
            if not doomed:
                return 0
            hashes = [(row.external_item_id, row.content_hash) for row in doomed]
            self.stores.ledger.note_hashes(erasure, self.new_id("att"), hashes)
            now = self.clock()
            writes = [RowWrite(_stub(row, erasure, now), row.rev) for row in doomed]
            active = sum(row.state is ItemState.ACTIVE for row in doomed)
            # No run has to look at a stub, so it names none; it tells that there are fewer items.
            journal = JournalEntry(self.new_id("jrn"), now, (), net=-active) if active else None
            try:
                self.stores.items.write_rows(erasure.source_id, writes, journal)
            except RowChangedError:
                backoff(attempt)
            else:
                return len(doomed)
        raise StagingConflictError


def _stub(row: StagedRow, erasure: Erasure, now: int) -> StagedRow:
    return StagedRow(
        external_item_id=row.external_item_id,
        rev=next_rev(row, now),
        state=ItemState.TOMBSTONED,
        title="",
        content_hash="",
        content_bytes=0,
        fields=b"",
        member=None,
        head=None,
        content_key=None,
        source_version=row.source_version,
        epoch=row.epoch,
        created_at=row.created_at,
        updated_at=now,
        expires_at=(now + TOMBSTONE_KEPT_MS) // 1000,
        erasures=erasure.epoch,
    )
