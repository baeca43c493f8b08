"""The clean-up after a publication: marking dropped rows and forgetting the journal entries that it covers.

It may be done at any time and any number of times. The source names the run until it is done, and no further
generation is published before that, so a crash in the middle leaves work for the next run or apply and loses none.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from knowledge.generations.stores import GenerationStores
from knowledge.limits import TOMBSTONE_KEPT_MS
from knowledge.model import ChangeKind
from knowledge.runs.change_file import DROP, ChangeLine, decode_part
from knowledge.runs.model import Plan, RunState
from knowledge.sources.model import Source


@dataclass(frozen=True, slots=True)
class Settler:
    """Settles the last publication of a source."""

    stores: GenerationStores

    def settle(self, source: Source) -> None:
        """Do what is left to do after the publication that `source.settle_run_id` names."""
        if source.settle_run_id is None:
            return
        run = self.stores.runs.get_run(source.source_id, source.settle_run_id)
        if run.state is RunState.PUBLISHED and run.plan is not None and run.generation_id is not None:
            published_at = self.stores.generations.get_generation(run.source_id, run.generation_id).published_at
            self.settle_plan(source.tenant_id, source.source_id, run.run_id, run.plan, published_at)

    def settle_plan(self, tenant_id: str, source_id: str, run_id: str, plan: Plan, published_at: int) -> None:
        """Do what is left to do after the publication of a run's plan."""
        *before, last = plan.parts
        dropping = plan.counts.tombstoned + plan.drops > 0
        # Rows are marked first: while the journal still names them, a crash leaves them to be found again.
        for part in before if dropping else ():
            self._mark(source_id, decode_part(self.stores.objects.get(part.object)).lines, published_at)
        last_part = decode_part(self.stores.objects.get(last.object))
        if dropping:
            self._mark(source_id, last_part.lines, published_at)
        self.stores.journal.forget_entries(source_id, last_part.covered)
        self.stores.sources.mark_settled(tenant_id, source_id, run_id)

    def _mark(self, source_id: str, lines: Sequence[ChangeLine], published_at: int) -> None:
        expires_at = (published_at + TOMBSTONE_KEPT_MS) // 1000

        def mark(line: ChangeLine) -> None:
            if line.rev is not None:
                self.stores.items.mark_tombstoned(source_id, line.external_item_id, line.rev, published_at, expires_at)

        dropped = (ChangeKind.TOMBSTONED, DROP)
        self.stores.fanout.map(mark, [line for line in lines if line.kind in dropped])
