"""Planning a run: a diff of what the journal names (or of everything) against the base generation.

What would break it, and what stands against it:

- A journal entry is seen before the rows of its transaction: an entry is covered only if every row it names was read
  at that rev or later, or the entry is over an hour old.
- A write lands while the run reads: its own entry was not listed, so it stays for the next run.
- Two plannings of one run at once: each writes under its own attempts, and the row takes the one that ends first.
- A crash in the middle: nothing names what was written behind the last checkpoint, and the next call goes on from it.
- Runs that many requests start of one source at once: they take turns (see `turns`).
- The last publication is not settled: what is not marked yet is not served either, and what is not forgotten yet is
  found as it is published. So a run helps, and waits for nothing (see `generations.settling`).
- An erasure is opened while a run is planned: its plan is refused, and it begins anew. None begins while the source
  still serves what is to be erased (see `erasures`).
- Part of the desired state is missing: a snapshot or import was open, or the epoch moved, at the start or the end.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import islice

from knowledge.errors import RunDiscardedError, RunFailedError, RunInProgressError
from knowledge.index.building import IndexBuilder
from knowledge.index.names import ObjectKind, name_of
from knowledge.index.store import PublishedIndex
from knowledge.limits import RUN_KEPT_MS
from knowledge.model import Counts, ObjectRef
from knowledge.ports import Clock, NewId
from knowledge.runs import parts
from knowledge.runs.checkpoint import Checkpoint, decode_checkpoint, encode_checkpoint
from knowledge.runs.comparing import BatchComparison
from knowledge.runs.events import run_ready
from knowledge.runs.full_walk import Batch, FullWalk
from knowledge.runs.model import Discovery, Plan, PlanningProgress, Run, RunMode, RunState
from knowledge.runs.parts import (
    WorkItem,
    cut_into_parts,
    decode_work,
    encode_work,
    end_of_part,
    in_trie_order,
)
from knowledge.runs.plan_writer import PlanWriter
from knowledge.runs.published_entries import due_items
from knowledge.runs.store import EpochMovedError, RunKey
from knowledge.runs.stores import RunStores
from knowledge.runs.turns import Turn
from knowledge.segments.writing import SegmentWriter
from knowledge.sources.model import HelpSettle, Source
from knowledge.staging.item_count import count_rows, list_entries, sum_covered
from knowledge.staging.rows import SLOTS, JournalEntry
from knowledge.storage.format import FORMAT, ObjectGoneError, UnknownFormatError
from knowledge.times import MS_PER_DAY

_ERASURE_OPENS = "Content of this source is being taken back. Start this run again shortly."
_ENTRY_IS_OLD_MS = 3_600_000
_ITEMS_AT_A_TIME = 1000
_WRITERS_TOLD = 100
# What is to be done, and the index that it is done on; None while nothing is published.
Begun = tuple[Checkpoint, PublishedIndex | None]


@dataclass(frozen=True, slots=True)
class Planner:
    """Plans runs. One call does one bounded part of the work, so that each fits into a function's time."""

    stores: RunStores
    help_settle: HelpSettle
    clock: Clock
    new_id: NewId

    def plan_run(
        self, tenant_id: str, source_id: str, run_id: str, checkpoint: ObjectRef | None = None
    ) -> PlanningProgress:
        """Plan a run, or carry its planning on, when it is its turn.

        Raises RunInProgressError while it is another run's, RunFailedError when the base can't be read.
        """
        try:
            turns = self.stores.planning_turns
            with turns.take_turn(tenant_id, source_id, run_id, self.clock(), checkpoint) as turn:
                if turn.source.erasure_opening:
                    raise RunInProgressError(_ERASURE_OPENS)
                begun = self._begin(turn, run_id) if checkpoint is None else self._carry_on(turn, run_id, checkpoint)
                return self._advance(*begun)
        except (ObjectGoneError, UnknownFormatError) as error:
            raise RunFailedError from error

    def _begin(self, turn: Turn, run_id: str) -> Begun:
        source, now = turn.source, self.clock()
        tenant_id, source_id = source.tenant_id, source.source_id
        left = self.help_settle(source) if source.settle_run_id is not None else ()
        run = self.stores.runs.get_run(source_id, run_id)
        if run.state is RunState.DISCARDED:
            raise RunDiscardedError
        full = run.mode is RunMode.FULL or source.full_required
        if turn.noted is not None and (begun := self._take_up(turn.noted, source, run, full=full)) is not None:
            return begun
        journal = self.stores.journal.list_entries(source_id)
        work: dict[str, int] = {}
        for journal_entry in journal:
            for name, rev in journal_entry.revs:
                if name not in work or rev > work[name]:
                    work[name] = rev
        base = None if source.manifest is None else self.stores.index.open_index(source.manifest)
        if base is not None and not full:
            for name in due_items(base.trie, now, source.grace_days * MS_PER_DAY):
                work.setdefault(name, 0)
        state = Checkpoint(
            tenant_id=tenant_id,
            source_id=source_id,
            run_id=run_id,
            plan_version=run.plan_version,
            full=full,
            now=now,
            grace_days=source.grace_days,
            settings_version=source.settings_version,
            epoch=source.epoch,
            incomplete=source.awaits_more(now),
            base_generation_id=source.generation_id,
            base=source.manifest,
            base_entries=0 if base is None else base.manifest.entries,
            journal=list_entries(journal, left or ()),
            writers=_writers(journal),
            work=in_trie_order(work),
            erasures=source.erasure_epoch,
            default_language=source.default_language,
            covered_items=None if left is None else source.covered_items,
            counted=0 if full else None,
        )
        return state, base

    def _take_up(self, noted: ObjectRef, source: Source, run: Run, *, full: bool) -> Begun | None:
        """Go on where an earlier execution of the run ended, if all that it reads against is as it was."""
        try:
            state, index = self._resume(decode_checkpoint(self.stores.objects.get(noted)))
        except (ObjectGoneError, UnknownFormatError):
            return None
        began = (state.plan_version, state.full, state.base, state.settings_version, state.epoch, state.erasures)
        is_now = (
            *(run.plan_version, full, source.manifest, source.settings_version, source.epoch, source.erasure_epoch),
        )
        if began != is_now or state.incomplete or source.awaits_more(self.clock()):
            return None
        return state, index

    def _carry_on(self, turn: Turn, run_id: str, ref: ObjectRef) -> Begun:
        """Go on where the last part ended; from the start if something was erased, for that may be gone."""
        state = decode_checkpoint(self.stores.objects.get(ref))
        if state.erasures != turn.source.erasure_epoch:
            return self._begin(turn._replace(noted=None), run_id)
        return self._resume(state)

    def _resume(self, state: Checkpoint) -> Begun:
        done = state.base if state.built is None else state.built.manifest
        index = None if done is None else self.stores.index.open_index(done)
        if not state.later:
            return state, index
        work = decode_work(self.stores.objects.get(state.later[0]))
        return replace(state, work=work, later=state.later[1:]), index

    def _advance(self, state: Checkpoint, index: PublishedIndex | None) -> PlanningProgress:
        attempt = self.new_id("att")
        prefix = f"runs/{state.tenant_id}/{state.source_id}/{state.run_id}/{attempt}"
        own = name_of(ObjectKind.RUN_INDEX, state.run_id, attempt, 0)
        objects = self.stores.objects.marked(state.erasures)
        builder = IndexBuilder(objects, state.tenant_id, state.source_id, own, index, state.base)
        segments = SegmentWriter(
            objects, self.stores.fanout, builder, ObjectKind.RUN_SEGMENT, state.run_id, attempt, state.default_language
        )
        writer = PlanWriter(
            objects, prefix, state.run_id, attempt, builder, segments, len(state.parts), tally=Counter(state.tally)
        )
        unread = set(state.unread)
        comparison = BatchComparison(self.stores, state, writer, unread)
        state = (self._advance_full if state.full else self._advance_journal)(state, writer, comparison)
        if state.finished:
            covered = self._covered(state, unread)
            items = sum_covered(state.covered_items, state.counted, state.journal, covered)
            state = replace(state, covered_items=items)
            writer.close_part(covered, even_if_empty=True)
        else:
            writer.close_part()
        built = writer.close_index() or (None if index is None else index.built)
        state = replace(
            state, parts=(*state.parts, *writer.parts), tally=dict(writer.tally), unread=frozenset(unread), built=built
        )
        if not state.finished:
            state = state if state.full else self._put_work(state, prefix)
            ref = self.stores.objects.put_once(f"{prefix}/checkpoint.json.gz", encode_checkpoint(state))
            return PlanningProgress(done=False, checkpoint=ref)
        return self._finish(state, prefix)

    def _put_work(self, state: Checkpoint, prefix: str) -> Checkpoint:
        """Write what is still to be looked at as pieces, one for each invocation to come."""

        def put(piece: tuple[int, Sequence[WorkItem]]) -> ObjectRef:
            number, work = piece
            return self.stores.objects.put_once(f"{prefix}/work-{number:04d}.json.gz", encode_work(work))

        pieces = self.stores.fanout.map(put, enumerate(cut_into_parts(state.work)))
        return replace(state, work=(), later=(*pieces, *state.later))

    def _advance_journal(self, state: Checkpoint, writer: PlanWriter, comparison: BatchComparison) -> Checkpoint:
        """Diff the next slice of named items; they stand in trie order, so each leaf is read about once."""
        end = end_of_part(state.work)
        todo, rest = state.work[:end], state.work[end:]
        for start in range(0, len(todo), _ITEMS_AT_A_TIME):
            work = todo[start : start + _ITEMS_AT_A_TIME]
            names = [name for name, _ in work]
            rows = self.stores.items.read_for_run(state.source_id, names, state.now)
            comparison.compare_batch(Batch(work, rows, writer.index.find(names)))
        return replace(state, work=rest, finished=not rest and not state.later)

    def _advance_full(self, state: Checkpoint, writer: PlanWriter, comparison: BatchComparison) -> Checkpoint:
        """Go through everything, step by step, until a part's worth of rows was read."""
        walk = FullWalk(self.stores, writer.index.trie, writer.prefix)
        seen = 0
        while state.position < len(SLOTS) and seen < parts.CHANGES_PER_PART:
            step = walk.step(state)
            counted = state.counted
            for batch in step.batches:
                comparison.compare_batch(batch)
                counted = count_rows(counted, batch.rows.values(), state.now)
            state, seen = replace(step.state, counted=counted), seen + step.rows
        return replace(state, finished=state.position == len(SLOTS))

    def _finish(self, state: Checkpoint, prefix: str) -> PlanningProgress:
        if state.built is None:
            raise AssertionError
        plan = Plan(
            version=state.plan_version + 1,
            base_generation_id=state.base_generation_id,
            base_digest=None if state.base is None else state.base.digest,
            index=state.built,
            settings_version=state.settings_version,
            format=FORMAT,
            parts=state.parts,
            counts=Counts.of(state.tally, state.base_entries),
            drops=state.tally.get("drop", 0),
            discovery=Discovery.INCOMPLETE if state.incomplete else Discovery.COMPLETE,
            planned_at=state.now,
            expires_at=state.now + RUN_KEPT_MS,
            writers=state.writers,
            erasures=state.erasures,
            covered_items=state.covered_items,
        )
        plan = self.stores.plan_parts.put_aside(plan, prefix)
        run = RunKey(state.tenant_id, state.source_id, state.run_id)
        now = self.clock()
        event_id = self.new_id("evt")
        try:
            epoch = None if state.incomplete else state.epoch
            stored = self.stores.runs.set_plan(run, plan, run_ready(event_id, *run, plan, now), now, epoch=epoch)
        except EpochMovedError:
            plan = replace(plan, discovery=Discovery.INCOMPLETE)
            stored = self.stores.runs.set_plan(run, plan, run_ready(event_id, *run, plan, now), now)
        if stored:
            return PlanningProgress(done=True, plan=plan, stored_at=now)
        # Another planning of this run ended first: its plan stands, and this one's objects are nobody's.
        self.stores.planning_turns.end_turn(*run)
        return PlanningProgress(done=True)

    def _covered(self, state: Checkpoint, unread: set[str]) -> tuple[str, ...]:
        """The journal entries that this plan stands for, so that its publication may forget them."""
        torn: set[str] = set()
        if unread:
            torn = {
                entry.entry_id
                for entry in self.stores.journal.list_entries(state.source_id)
                if any(name in unread for name, _ in entry.revs)
            }
        return tuple(
            entry_id
            for entry_id, written_at, _ in state.journal
            if entry_id not in torn or state.now - written_at > _ENTRY_IS_OLD_MS
        )


def _writers(journal: Sequence[JournalEntry]) -> tuple[str, ...]:
    """Whose keys wrote what is covered, in the order of their first writes."""
    named = dict.fromkeys(entry.key_id for entry in journal if entry.key_id is not None)
    return tuple(islice(named, _WRITERS_TOLD))
