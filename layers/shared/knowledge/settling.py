"""The clean-up after a publication: marking dropped rows and forgetting the journal entries that it covers.

It may be done at any time and any number of times. The source names the run until it is done, and no further
generation is published before that, so a crash in the middle leaves work for the next run or apply and loses none.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from knowledge.change_file import DROP, ChangeLine, decode_part
from knowledge.generation_store import GenerationStore
from knowledge.item_store import ItemStore
from knowledge.model import MS_PER_DAY, ChangeKind, Run, RunState, Source
from knowledge.object_store import ObjectStore
from knowledge.run_store import RunStore
from knowledge.source_store import SourceStore

TOMBSTONE_LIFE_MS = 30 * MS_PER_DAY


@dataclass(frozen=True, slots=True)
class Settler:
    """Settles the last publication of a source."""

    sources: SourceStore
    runs: RunStore
    generations: GenerationStore
    items: ItemStore
    objects: ObjectStore

    def settle(self, source: Source) -> None:
        """Do what is left to do after the publication that `source.settle_run_id` names."""
        if source.settle_run_id is not None:
            self.settle_run(self.runs.get(source.source_id, source.settle_run_id))

    def settle_run(self, run: Run) -> None:
        """Do what is left to do after this run's publication."""
        if run.state is RunState.PUBLISHED and run.plan is not None and run.generation_id is not None:
            plan = run.plan
            drops = plan.counts.tombstoned + plan.drops
            # Rows are marked first: while the journal still names them, a crash leaves them to be found again.
            if drops:
                published_at = self.generations.get(run.source_id, run.generation_id).published_at
                for part in plan.parts:
                    self._mark(run, decode_part(self.objects.get(part.object)).lines, published_at)
            last = decode_part(self.objects.get(plan.parts[-1].object))
            self.items.forget_journal(run.source_id, last.covered)
        self.sources.mark_settled(run.tenant_id, run.source_id, run.run_id)

    def _mark(self, run: Run, lines: Sequence[ChangeLine], published_at: int) -> None:
        expires_at = (published_at + TOMBSTONE_LIFE_MS) // 1000

        def mark(line: ChangeLine) -> None:
            if line.rev is not None:
                self.items.mark_tombstoned(run.source_id, line.external_item_id, line.rev, published_at, expires_at)

        dropped = (ChangeKind.TOMBSTONED, DROP)
        self.items.fanout.map(mark, [line for line in lines if line.kind in dropped])
