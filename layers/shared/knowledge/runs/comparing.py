"""Comparing a batch of items: each row with its entry, and what comes of it into the plan."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from knowledge.runs.checkpoint import Checkpoint
from knowledge.runs.diff import NOTHING, judge
from knowledge.runs.full_walk import Batch
from knowledge.runs.plan_writer import PlanWriter
from knowledge.runs.stores import RunStores
from knowledge.staging.rows import RunRow
from knowledge.times import MS_PER_DAY

_OBJECTS_AT_A_TIME = 64


@dataclass(frozen=True, slots=True)
class BatchComparison:
    """Compares batches at the time of a planning; `unread` takes the items whose row is older than the journal says."""

    stores: RunStores
    state: Checkpoint
    writer: PlanWriter
    unread: set[str]

    def compare_batch(self, batch: Batch) -> None:
        """Judge each item, and put the changes into the plan and its index."""
        grace_ms, rows, entries = self.state.grace_days * MS_PER_DAY, batch.rows, batch.entries
        changed = []
        for name, rev in batch.work:
            # A function called for every item takes longer than a look-up.
            row = rows[name] if name in rows else None  # noqa: SIM401
            entry = entries[name] if name in entries else None  # noqa: SIM401
            if rev and (row is None or row.rev < rev):
                self.unread.add(name)
            verdict = judge(row, entry, self.state.now, grace_ms)
            if verdict is not NOTHING:
                changed.append((name, verdict, row, entry))
        for start in range(0, len(changed), _OBJECTS_AT_A_TIME):
            few = changed[start : start + _OBJECTS_AT_A_TIME]
            large = [row for _, verdict, row, _ in few if row is not None and row.member is None and verdict.brings]
            fetched = self._fetch(large) if large else {}
            for name, verdict, row, entry in few:
                member = (row and row.member) or fetched.get(name) if verdict.brings else None
                self.writer.add(name, verdict, row, entry, member)
        self.writer.put_changes()

    def _fetch(self, rows: Sequence[RunRow]) -> dict[str, bytes]:
        """The members of rows that are objects of their own."""
        members = self.stores.fanout.map(lambda row: self.stores.objects.read_object(row.content_key or ""), rows)
        return {row.external_item_id: member for row, member in zip(rows, members, strict=True)}
