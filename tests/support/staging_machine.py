"""Random use of one source, as a state machine of hypothesis: everything is done to the product and to the model."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from knowledge.items.model import ItemDraft, Removal
from knowledge.staging.expected_parts import ExpectedParts

from testing.lifecycle import Lifecycle
from tests.support.invariants import Reader, check_history
from tests.support.staging_comparison import SideBySide
from tests.support.staging_model import DAY, Model, ModelRun, ModelSnapshot
from tests.support.staging_model_items import RefusedError

HOUR = 3_600_000
# Ids that a careless key, sort, path or normalisation would merge, cut or misplace.
NAMES = (
    "a",
    "a/b%2F c",
    "caf\u00e9",
    "cafe\u0301",
    "\uff5e after the astral ones in UTF-16",
    "\U0001f469\u200d\U0001f469\u200d\U0001f467",
    "\U0001f600" * 128,
    "#journal",
    "..",
    "A",
    " a ",
    "\ufb01",
)
LARGE = "".join(chr(0x4E00 + number * 7919 % 20_000) for number in range(9_000))
CONTENTS: tuple[dict[str, Any], ...] = (
    {"title": "One", "content": "one"},
    {"title": "One", "content": "two"},
    {"title": "Titled", "content": "one", "tags": ("x",), "metadata": {"k": [1, None, "\u00e9"]}, "language": "de"},
    {"title": "Large", "content": LARGE, "url": "https://example.com/\u00e9"},
)

names = st.sampled_from(NAMES)
versions = st.sampled_from((None, None, 1, 2, 3))
drafts = st.builds(
    lambda name, content, version: ItemDraft(name, **content, source_version=version),
    names,
    st.sampled_from(CONTENTS),
    versions,
)
batches = st.lists(drafts, max_size=8, unique_by=lambda draft: draft.external_item_id)
removals = st.lists(st.tuples(names, versions), max_size=4, unique_by=lambda removal: removal[0])
short_jumps = [1, 1, 1, HOUR, HOUR, HOUR, 23 * HOUR, DAY - 1, DAY, DAY + 1, 3 * DAY, 7 * DAY, 8 * DAY]
jumps = st.sampled_from([*short_jumps, 29 * DAY, 30 * DAY - 1, 30 * DAY, 40 * DAY])
graces = st.sampled_from((0, 1, 7, 30, 365))
picks = st.integers(0, 11)


class SourceMachine(SideBySide, RuleBasedStateMachine):
    """Does everything twice, once to the product and once to the model, and compares."""

    new_lifecycle: Callable[..., Lifecycle]
    steps = 0

    @initialize(grace_days=graces)
    def begin(self, grace_days: int) -> None:
        self.life = self.new_lifecycle(grace_days=grace_days)
        self.reader = Reader(self.life)
        self.model = Model(grace_days)
        self.runs: list[tuple[str, ModelRun]] = []
        self.snapshots: list[ModelSnapshot] = []
        self.numbers: dict[str, int] = {}

    @invariant()
    def count(self) -> None:
        type(self).steps += 1

    # Writes

    @rule(draft=drafts)
    def push_one(self, draft: ItemDraft) -> None:
        staging = self.life.knowledge.staging
        outcome = self.both(lambda: staging.push_item(self.life.source, draft), lambda: self._push_one(draft))
        if outcome is not None:
            (view, result), expected = outcome
            assert result == expected
            assert (view.external_item_id, view.content, view.title) == (
                draft.external_item_id,
                draft.content,
                draft.title,
            )

    def _push_one(self, draft: ItemDraft) -> str:
        (result,) = self.model.push([draft], self.now)
        if result == "stale":
            raise RefusedError("StaleVersionError")
        return result

    @rule(items=batches, gone=removals)
    def push_batch(self, items: list[ItemDraft], gone: list[tuple[str, int | None]]) -> None:
        taken = {draft.external_item_id for draft in items}
        gone = [removal for removal in gone if removal[0] not in taken]
        outcome = self.both(
            lambda: self.life.knowledge.staging.push_items(
                self.life.source, items, [Removal(*removal) for removal in gone]
            ),
            lambda: self.model.push(items, self.now) + self.model.remove(gone, self.now),
        )
        if outcome is not None:
            results, expected = outcome
            assert [result.external_item_id for result in results] == [
                *(draft.external_item_id for draft in items),
                *(name for name, _ in gone),
            ]
            assert [str(result.result) for result in results] == expected

    @rule(name=names, version=versions)
    def remove(self, name: str, version: int | None) -> None:
        self.both(lambda: self.life.remove(name, version), lambda: self._remove(name, version))

    def _remove(self, name: str, version: int | None) -> None:
        (result,) = self.model.remove([(name, version)], self.now)
        refusals = {"stale": "StaleVersionError", "unchanged": "ItemNotFoundError"}
        if result in refusals:
            raise RefusedError(refusals[result])

    @rule(name=names)
    def restore(self, name: str) -> None:
        self.both(lambda: self.life.restore(name), lambda: self.model.restore(name, self.now))

    @rule(name=names, version=versions)
    def push_as_staged(self, name: str, version: int | None) -> None:
        item = self.model.items.get(name)
        if item is not None and item.state != "absent":
            self.push_one(replace(item.draft, source_version=version))

    # Snapshots

    @rule(really=st.sampled_from((True, False)))
    def open_snapshot(self, really: bool) -> None:
        if not really:
            return
        snapshot_id = self.life.ids("snp")
        outcome = self.both(
            lambda: self.life.knowledge.snapshots.open_snapshot(self.life.source, snapshot_id=snapshot_id),
            lambda: self.model.open(snapshot_id, self.now),
        )
        if outcome is not None:
            self.snapshots.append(outcome[1])

    @rule(number=st.integers(1, 3), items=batches, pick=st.sampled_from((0, 0, 0, 1)))
    def put_part(self, number: int, items: list[ItemDraft], pick: int) -> None:
        if not self.snapshots or (pick == 0 and self.model.standing is None):
            self.open_snapshot(True)
        if not self.snapshots:
            return
        snapshot = self._snapshot(pick)
        outcome = self.both(
            lambda: self.life.knowledge.snapshots.put_part(self.life.source, snapshot.snapshot_id, number, items),
            lambda: self.model.put_part(snapshot, number, items, self.now),
        )
        if outcome is not None:
            receipt, results = outcome
            assert {name: getattr(receipt.counts, name) for name in snapshot.counts} == {
                name: results[name] for name in snapshot.counts
            }

    @rule(number=st.integers(1, 3), chosen=st.sets(names))
    def put_part_as_staged(self, number: int, chosen: set[str]) -> None:
        items = self.model.items
        there = [name for name in sorted(chosen) if name in items and items[name].state != "absent"]
        self.put_part(number, [items[name].draft for name in there], 0)

    @precondition(lambda self: self.snapshots)
    @rule(
        pick=st.sampled_from((0, 0, 0, 1)),
        allow_empty=st.sampled_from((False, False, True)),
        allow_gaps=st.sampled_from((True, True, False)),
    )
    def complete_snapshot(self, pick: int, allow_empty: bool, allow_gaps: bool = False) -> None:
        snapshot = self._snapshot(pick)
        self.both(
            lambda: self.life.knowledge.snapshots.complete_snapshot(
                self.life.source,
                snapshot.snapshot_id,
                allow_empty=allow_empty,
                expected=ExpectedParts(allow_gaps=allow_gaps),
            ),
            lambda: self.model.complete(snapshot, self.now, allow_empty=allow_empty, allow_gaps=allow_gaps),
        )
        self.compare_snapshot(snapshot)

    @precondition(lambda self: self.snapshots)
    @rule(pick=st.sampled_from((0, 0, 1)), really=st.sampled_from((True, False, False)))
    def abort_snapshot(self, pick: int, really: bool) -> None:
        snapshot = self._snapshot(pick)
        if really:
            self.both(
                lambda: self.life.knowledge.snapshots.abort_snapshot(self.life.source, snapshot.snapshot_id),
                lambda: self.model.abort(snapshot),
            )
        self.compare_snapshot(snapshot)

    @rule(items=batches, allow_empty=st.booleans())
    def replace_all(self, items: list[ItemDraft], allow_empty: bool) -> None:
        snapshot_id = self.life.ids("snp")
        outcome = self.both(
            lambda: self.life.knowledge.snapshots.replace_all(
                self.life.source, items, snapshot_id=snapshot_id, allow_empty=allow_empty
            ),
            lambda: self._replace_all(snapshot_id, items, allow_empty),
        )
        if outcome is not None:
            self.compare_snapshot(outcome[1])

    def _replace_all(self, snapshot_id: str, items: list[ItemDraft], allow_empty: bool) -> ModelSnapshot:
        if not items and not allow_empty:
            raise RefusedError("EmptySnapshotError")
        snapshot = self.model.open(snapshot_id, self.now)
        self.model.put_part(snapshot, 1, items, self.now)
        self.model.complete(snapshot, self.now, allow_empty=allow_empty)
        return snapshot

    def _snapshot(self, pick: int) -> ModelSnapshot:
        return self.snapshots[-1 - pick % len(self.snapshots)]

    # Time and settings

    @rule(jump=jumps)
    def wait(self, jump: int) -> None:
        self.life.clock.advance(ms=jump)

    @rule(days=graces)
    def set_grace(self, days: int) -> None:
        sources, source = self.life.knowledge.sources, self.life.source
        self.both(
            lambda: sources.update_source(source.tenant_id, source.source_id, grace_days=days),
            lambda: self.model.set_grace(days),
        )

    @rule(draft=drafts, name=names, allow_empty=st.booleans())
    def archive_for_a_moment(self, draft: ItemDraft, name: str, allow_empty: bool) -> None:
        sources = self.life.knowledge.sources
        sources.archive_source(self.life.tenant_id, self.life.source_id)
        self.model.active = False
        self.push_one(draft)
        self.remove(name, None)
        self.restore(name)
        self.set_grace(30)
        self.plan("full")
        self.replace_all([draft], allow_empty)
        if self.snapshots:
            self.put_part(1, [draft], 0)
            self.complete_snapshot(0, allow_empty)
        if self.runs:
            self.apply(0)
        sources.restore_source(self.life.tenant_id, self.life.source_id)
        self.model.active = True

    # Runs and applies

    @rule(mode=st.sampled_from(("incremental", "incremental", "full")))
    def plan(self, mode: str) -> None:
        outcome = self.both(lambda: self.life.run(mode), lambda: self.model.plan(self.now))
        if outcome is not None:
            run, planned = outcome
            self.runs.append((run.run_id, planned))
            self.compare_run(run.run_id, planned)

    @rule()
    def publish(self) -> None:
        self.plan("incremental")
        self._apply(*self.runs[-1])

    @rule(items=batches, gone=removals)
    def push_and_publish(self, items: list[ItemDraft], gone: list[tuple[str, int | None]]) -> None:
        self.push_batch(items, gone)
        self.publish()

    @rule(jump=jumps)
    def wait_and_publish(self, jump: int) -> None:
        self.wait(jump)
        self.publish()

    @precondition(lambda self: self.model.served)
    @rule(pick=picks, version=versions)
    def remove_what_is_served(self, pick: int, version: int | None) -> None:
        served = sorted(self.model.served)
        self.remove(served[pick % len(served)], version)

    @precondition(lambda self: self.runs)
    @rule(pick=picks)
    def apply_until_published(self, pick: int) -> None:
        run_id, planned = self._run(pick)
        self._apply(run_id, planned)
        self._apply(run_id, planned)

    def _run(self, pick: int) -> tuple[str, ModelRun]:
        """One of the latest runs; as a rule one that can still be applied."""
        open_ones = [run for run in self.runs if run[1].published is None and not run[1].incomplete]
        chosen = open_ones if open_ones and pick else self.runs
        return chosen[-1 - pick % len(chosen)]

    @precondition(lambda self: self.runs)
    @rule(pick=picks)
    def apply(self, pick: int) -> None:
        self._apply(*self._run(pick))

    def _apply(self, run_id: str, planned: ModelRun) -> None:
        before = planned.version
        outcome = self.both(lambda: self.life.apply(run_id), lambda: self.model.apply(planned, self.now))
        if outcome is not None:
            applied, number = outcome
            assert self.numbers.setdefault(applied.generation_id, number) == number
            self.compare_generation()
            self.compare_staging(200)
        elif planned.version > before:
            self.compare_run(run_id, planned)

    @invariant()
    def look_sometimes(self) -> None:
        if hasattr(self, "life") and type(self).steps % 5 == 0:
            self.compare_staging(5)

    def teardown(self) -> None:
        if hasattr(self, "life"):
            self.compare_staging(4)
            check_history(self.reader, self.reader.read())
