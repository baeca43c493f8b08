"""The clean-up after a publication: marking dropped rows and forgetting the journal entries that it covers.

It may be done at any time and any number of times. The source names the run until it is done, and no further
generation is published before that, so a crash in the middle leaves work for others and loses none. Who publishes waits
for it; a run helps with it for a moment and plans whatever is left: what is not marked yet it finds not served, and
what is not forgotten yet it reads again and finds as published.

What a lost file of the plan leaves undone is found by others, too: the journal still names what was changed, so the
next run looks at it again, and a full run drops what stays marked as removed. So a loss is logged, and holds nobody up.

A large publication has more to clean up than one call of a function can do, so the source notes how far it has come.
What would break it, and what stands against it:

- A call dies behind a mark and before the note: the marks are made again. Each is on condition of the row's rev and
  state, so a repeat changes nothing, not even how long the row is remembered.
- A note that is ahead of its marks: it is written when all marks of its step have been answered.
- Two calls side by side: a note only moves forward, and both make marks that are right whoever comes first.
- A note that arrives after the end, or after the next publication: it is on condition that the run is still owed, and
  the end forgets the notes with the run.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TypeVar

from knowledge.errors import ServiceUnavailableError, SettlingUnfinishedError
from knowledge.generations.model import Generation
from knowledge.generations.stores import GenerationStores
from knowledge.limits import TOMBSTONE_KEPT_MS
from knowledge.model import ChangeKind
from knowledge.ports import Clock
from knowledge.runs.change_file import DROP, ChangeLine
from knowledge.runs.model import Plan, RunState
from knowledge.sources.model import NOTHING_SETTLED, Settled, Source
from knowledge.storage.format import ObjectGoneError, UnknownFormatError

_log = logging.getLogger(__name__)

# Well within every function that settles; the shortest is the API's, which restores.
BUDGET_MS = 15_000
# What a run gives to it, which needs nothing of it.
HELP_MS = 5_000
# A note costs one write, a mark one, and a deletion of 25 entries takes one call.
_STEPS_A_NOTE = 500
# Reading a part of 25 000 changes takes as long as some marks, even if there is nothing in it to mark.
_STEPS_A_PART = 50
_DROPPED = (ChangeKind.TOMBSTONED, DROP)
T = TypeVar("T")
Piece = tuple[Settled, int, Callable[[], None]]


@dataclass(frozen=True, slots=True)
class Settler:
    """Settles the last publication of a source."""

    stores: GenerationStores
    clock: Clock

    def settle(self, source: Source, budget_ms: int | None = None) -> None:
        """Do what is left to do after the publication that `source.settle_run_id` names.

        Raises SettlingUnfinishedError when that takes over 15 s, or the budget; the next call goes on where this one
        ended.
        """
        self._settle(source, budget_ms)

    def help_settle(self, source: Source) -> Collection[str] | None:
        """Do some of what is left to do, for 5 s; whoever calls this does not need it done.

        Returns the journal entries that the publication covers if some may be left, None if nobody can tell which.
        """
        try:
            return () if self._settle(source, HELP_MS) else None
        except ServiceUnavailableError:
            return self._find_covered(source)

    def _settle(self, source: Source, budget_ms: int | None) -> bool:
        """Settle; False when the plan could not be read."""
        if source.settle_run_id is None:
            return True
        run = self.stores.runs.get_run(source.source_id, source.settle_run_id)
        if run.state is not RunState.PUBLISHED or run.plan is None or run.generation_id is None:
            return False
        generation = self.stores.generations.get_generation(run.source_id, run.generation_id)
        return self.settle_plan(generation, run.run_id, run.plan, source.settled, budget_ms)

    def _find_covered(self, source: Source) -> Collection[str] | None:
        try:
            run = self.stores.runs.get_run(source.source_id, source.settle_run_id or "")
            if run.plan is None:
                return None
            last = self.stores.plan_parts.parts_of(run.plan)[-1]
            return frozenset(self.stores.changes.read_part(last, ()).covered)
        except (ServiceUnavailableError, ObjectGoneError, UnknownFormatError):
            return None

    def settle_plan(
        self,
        generation: Generation,
        run_id: str,
        plan: Plan,
        settled: Settled = NOTHING_SETTLED,
        budget_ms: int | None = None,
    ) -> bool:
        """Do what is left to do after the publication of a run's plan, from where it has come to on.

        A plan that can't be read any more is done with: see above; False then. Raises SettlingUnfinishedError.
        """
        tenant_id, source_id = generation.tenant_id, generation.source_id
        until, here, since = self.clock() + (BUDGET_MS if budget_ms is None else budget_ms), settled, 0
        lost = False
        try:
            for after, steps, work in self._pieces(source_id, plan, generation.published_at, settled):
                if since >= _STEPS_A_NOTE:
                    self.stores.sources.note_settled(tenant_id, source_id, run_id, here)
                    since = 0
                    if self.clock() > until:
                        raise SettlingUnfinishedError
                work()
                here, since = after, since + steps
        except (ObjectGoneError, UnknownFormatError):
            ids = {"tenant_id": tenant_id, "source_id": source_id, "run_id": run_id}
            _log.exception("settling_without_plan", extra=ids)
            lost = True
        self.stores.sources.mark_settled(tenant_id, source_id, run_id, lost=lost)
        return not lost

    def _pieces(self, source_id: str, plan: Plan, published_at: int, settled: Settled) -> Iterator[Piece]:
        """What is left to do, in the order in which it is done, each piece with the place behind it and its steps."""
        # Rows are marked first: while the journal still names them, a crash leaves them to be found again.
        dropping = plan.counts.tombstoned + plan.drops > 0
        parts = self.stores.plan_parts.parts_of(plan)
        last = len(parts) - 1
        for number in range(min(settled.part, last) if dropping else last, last + 1):
            marking = dropping and number >= settled.part
            part = self.stores.changes.read_part(parts[number], _DROPPED if marking else ())
            dropped = part.changes
            for start, lines in _cut(dropped, settled.steps if number == settled.part else 0):
                work = partial(self._mark, source_id, lines, published_at)
                yield Settled(number, start + len(lines)), len(lines), work
            if number < last:
                yield Settled(number + 1), _STEPS_A_PART, _read_through
        for start, covered in _cut(part.covered, settled.steps if settled.part > last else 0):
            work = partial(self.stores.journal.forget_entries, source_id, covered)
            yield Settled(last + 1, start + len(covered)), len(covered), work

    def _mark(self, source_id: str, lines: Sequence[ChangeLine], published_at: int) -> None:
        expires_at = (published_at + TOMBSTONE_KEPT_MS) // 1000

        def mark(line: ChangeLine) -> None:
            if line.rev is not None:
                self.stores.items.mark_tombstoned(source_id, line.external_item_id, line.rev, published_at, expires_at)

        self.stores.fanout.map(mark, lines)


def _read_through() -> None:
    """Do nothing: what a part had to be read for is done."""


def _cut(steps: Sequence[T], begin: int) -> Iterator[tuple[int, Sequence[T]]]:
    for start in range(begin, len(steps), _STEPS_A_NOTE):
        yield start, steps[start : start + _STEPS_A_NOTE]
