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
- Part of the desired state is missing: a snapshot or import was open, or the epoch moved, at the start or the end.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from knowledge.errors import RunFailedError
from knowledge.index.trie import Tree
from knowledge.limits import RUN_KEPT_MS
from knowledge.model import Counts, ObjectRef
from knowledge.ports import Clock, NewId
from knowledge.runs.checkpoint import (
    Checkpoint,
    decode_checkpoint,
    decode_work,
    encode_checkpoint,
    encode_work,
    in_trie_order,
)
from knowledge.runs.diff import NOTHING, judge
from knowledge.runs.events import run_ready
from knowledge.runs.full_walk import Batch, FullWalk
from knowledge.runs.model import Discovery, Plan, PlanningProgress, Run, RunMode
from knowledge.runs.plan_writer import CHANGES_PER_PART, PlanWriter
from knowledge.runs.published_entries import PublishedEntries
from knowledge.runs.store import EpochMovedError, RunKey
from knowledge.runs.stores import RunStores
from knowledge.runs.turns import Turn
from knowledge.sources.model import Settle, Source
from knowledge.staging.rows import SLOTS, RunRow
from knowledge.storage.format import FORMAT, UnknownFormatError
from knowledge.storage.objects import ObjectGoneError
from knowledge.times import MS_PER_DAY

_ENTRY_IS_OLD_MS = 3_600_000
_ITEMS_AT_A_TIME = 1000
_OBJECTS_AT_A_TIME = 64


@dataclass(frozen=True, slots=True)
class Planner:
    """Plans runs. One call does one bounded part of the work, so that each fits into a function's time."""

    stores: RunStores
    help_settle: Settle
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
                state = self._begin(turn, run_id) if checkpoint is None else self._resume(checkpoint)
                return self._advance(state)
        except (ObjectGoneError, UnknownFormatError) as error:
            raise RunFailedError from error

    def _begin(self, turn: Turn, run_id: str) -> Checkpoint:
        source, now = turn.source, self.clock()
        tenant_id, source_id = source.tenant_id, source.source_id
        if source.settle_run_id is not None:
            self.help_settle(source)
        run = self.stores.runs.get_run(source_id, run_id)
        full = run.mode is RunMode.FULL or source.full_required
        if turn.noted is not None and (begun := self._take_up(turn.noted, source, run, full=full)) is not None:
            return begun
        journal = self.stores.journal.list_entries(source_id)
        work: dict[str, int] = {}
        for journal_entry in journal:
            for name, rev in journal_entry.revs:
                if rev > work.get(name, -1):
                    work[name] = rev
        tree = Tree() if source.manifest is None else self.stores.index.read_manifest(source.manifest).tree
        if not full:
            for name in PublishedEntries(self.stores.index, tree).due(now, source.grace_days * MS_PER_DAY):
                work.setdefault(name, 0)
        return Checkpoint(
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
            manifest=source.manifest,
            journal=tuple((entry.entry_id, entry.written_at) for entry in journal),
            work=in_trie_order(work),
            tree=tree,
        )

    def _take_up(self, noted: ObjectRef, source: Source, run: Run, *, full: bool) -> Checkpoint | None:
        """Go on where an earlier execution of the run ended, if all that it reads against is as it was."""
        try:
            state = self._resume(noted)
        except (ObjectGoneError, UnknownFormatError):
            return None
        began = (state.plan_version, state.full, state.manifest, state.settings_version, state.epoch)
        is_now = (run.plan_version, full, source.manifest, source.settings_version, source.epoch)
        return None if began != is_now or state.incomplete or source.awaits_more(self.clock()) else state

    def _resume(self, ref: ObjectRef) -> Checkpoint:
        state = decode_checkpoint(self.stores.objects.get(ref))
        tree = Tree() if state.manifest is None else self.stores.index.read_manifest(state.manifest).tree
        if not state.later:
            return replace(state, tree=tree)
        return replace(
            state, tree=tree, work=decode_work(self.stores.objects.get(state.later[0])), later=state.later[1:]
        )

    def _advance(self, state: Checkpoint) -> PlanningProgress:
        attempt = self.new_id("att")
        prefix = f"runs/{state.tenant_id}/{state.source_id}/{state.run_id}/{attempt}"
        writer = PlanWriter(self.stores.objects, prefix, len(state.parts), tally=dict(state.tally))
        unread = set(state.unread)
        state = (self._advance_full if state.full else self._advance_journal)(state, writer, unread)
        if state.finished:
            writer.close_part(self._covered(state, unread), even_if_empty=True)
        else:
            writer.close_part()
        state = replace(state, parts=(*state.parts, *writer.parts), tally=writer.tally, unread=frozenset(unread))
        if not state.finished:
            state = state if state.full else self._put_work(state, prefix)
            ref = self.stores.objects.put_once(f"{prefix}/checkpoint.json.gz", encode_checkpoint(state))
            return PlanningProgress(done=False, checkpoint=ref)
        return self._finish(state, attempt, prefix)

    def _put_work(self, state: Checkpoint, prefix: str) -> Checkpoint:
        """Write what is still to be looked at as pieces, one for each invocation to come."""

        def put(start: int) -> ObjectRef:
            piece = encode_work(state.work[start : start + CHANGES_PER_PART])
            return self.stores.objects.put_once(f"{prefix}/work-{start // CHANGES_PER_PART:04d}.json.gz", piece)

        pieces = self.stores.fanout.map(put, range(0, len(state.work), CHANGES_PER_PART))
        return replace(state, work=(), later=(*pieces, *state.later))

    def _advance_journal(self, state: Checkpoint, writer: PlanWriter, unread: set[str]) -> Checkpoint:
        """Diff the next slice of named items; they stand in trie order, so each leaf is read about once."""
        todo, rest = state.work[:CHANGES_PER_PART], state.work[CHANGES_PER_PART:]
        published = PublishedEntries(self.stores.index, state.tree)
        for start in range(0, len(todo), _ITEMS_AT_A_TIME):
            work = todo[start : start + _ITEMS_AT_A_TIME]
            names = [name for name, _ in work]
            rows = self.stores.items.read_for_run(state.source_id, names, state.now)
            self._compare(state, writer, unread, Batch(work, rows, published.among(names)))
        return replace(state, work=rest, finished=not rest and not state.later)

    def _advance_full(self, state: Checkpoint, writer: PlanWriter, unread: set[str]) -> Checkpoint:
        """Go through everything, step by step, until a part's worth of rows was read."""
        walk = FullWalk(self.stores, PublishedEntries(self.stores.index, state.tree), writer.prefix)
        seen = 0
        while state.position < len(SLOTS) and seen < CHANGES_PER_PART:
            step = walk.step(state)
            for batch in step.batches:
                self._compare(state, writer, unread, batch)
            state, seen = step.state, seen + step.rows
        return replace(state, finished=state.position == len(SLOTS))

    def _compare(self, state: Checkpoint, writer: PlanWriter, unread: set[str], batch: Batch) -> None:
        grace_ms, rows, entries = state.grace_days * MS_PER_DAY, batch.rows, batch.entries
        changed = []
        for name, rev in batch.work:
            row, entry = rows.get(name), entries.get(name)
            if rev and (row is None or row.rev < rev):
                unread.add(name)
            verdict = judge(row, entry, state.now, grace_ms)
            if verdict is not NOTHING:
                changed.append((name, verdict, row, entry))
        for start in range(0, len(changed), _OBJECTS_AT_A_TIME):
            few = changed[start : start + _OBJECTS_AT_A_TIME]
            large = [row for _, verdict, row, _ in few if row is not None and row.member is None and verdict.brings]
            fetched = self._fetch(large) if large else {}
            for name, verdict, row, entry in few:
                member = (row and row.member) or fetched.get(name) if verdict.brings else None
                writer.add(name, verdict, row, entry, member)

    def _fetch(self, rows: Sequence[RunRow]) -> dict[str, bytes]:
        """The members of rows that are objects of their own."""
        members = self.stores.fanout.map(lambda row: self.stores.objects.read_object(row.content_key or ""), rows)
        return {row.external_item_id: member for row, member in zip(rows, members, strict=True)}

    def _finish(self, state: Checkpoint, attempt: str, prefix: str) -> PlanningProgress:
        plan = Plan(
            version=state.plan_version + 1,
            attempt=attempt,
            base_generation_id=state.base_generation_id,
            settings_version=state.settings_version,
            format=FORMAT,
            parts=state.parts,
            counts=Counts.of(state.tally, state.tree.entries),
            drops=state.tally.get("drop", 0),
            discovery=Discovery.INCOMPLETE if state.incomplete else Discovery.COMPLETE,
            planned_at=state.now,
            expires_at=state.now + RUN_KEPT_MS,
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
            for entry_id, written_at in state.journal
            if entry_id not in torn or state.now - written_at > _ENTRY_IS_OLD_MS
        )
