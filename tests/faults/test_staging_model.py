"""One source under random use, held against a plain dictionary after every step.

| variable | default | meaning |
|---|---|---|
| MODEL_STEPS | 2000 | how many steps to take at least |
| MODEL_SEED | 1 | the seed of the first batch of histories; a failure names the seed of its own batch |
| MODEL_SHRINK | 1 | 0 to fail at once, without looking for a shorter history |
"""

from __future__ import annotations

import itertools
import os
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis import strategies as st
from hypothesis.internal.conjecture.providers import AVAILABLE_PROVIDERS, HypothesisProvider
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule, run_state_machine_as_test
from knowledge.errors import KnowledgeError
from knowledge.model import ChangeKind, ItemDraft, Removal
from tests.support.faults import Faults
from tests.support.invariants import Reader, check_history, root_hash
from tests.support.lifecycle import Lifecycle, settings_of
from tests.support.staging_model import Model, ModelRun, ModelSnapshot
from tests.support.staging_model_items import RefusedError, content_hash
from tests.support.wire import MemoryBucket

STEPS = int(os.environ.get("MODEL_STEPS", "2000"))
SEED = int(os.environ.get("MODEL_SEED", "1"))
PHASES = (Phase.generate, Phase.shrink) if os.environ.get("MODEL_SHRINK", "1") == "1" else (Phase.generate,)
HISTORIES, STEPS_PER_HISTORY = 20, 100
# Under a name of its own the ordinary provider makes each history afresh. Otherwise half of so few histories would be
# variations on the simplest one and on each other.
AVAILABLE_PROVIDERS["afresh"] = HypothesisProvider

HOUR, DAY = 3_600_000, 86_400_000

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


class SourceMachine(RuleBasedStateMachine):
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

    @property
    def now(self) -> int:
        return self.life.clock.now

    def both(self, product: Callable[[], Any], model: Callable[[], Any]) -> tuple[Any, Any] | None:
        """Do it on both sides; None when both refuse it alike."""
        refused, done, expected = None, None, None
        try:
            expected = model()
        except RefusedError as error:
            refused = str(error)
        try:
            done = product()
        except KnowledgeError as error:
            assert type(error).__name__ == refused
            return None
        assert refused is None, f"{refused} was expected"
        return done, expected

    # Writes

    @rule(draft=drafts)
    def push_one(self, draft: ItemDraft) -> None:
        staging = self.life.knowledge.staging
        outcome = self.both(lambda: staging.push_one(self.life.source, draft), lambda: self._push_one(draft))
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
            lambda: self.life.knowledge.staging.push(self.life.source, items, [Removal(*removal) for removal in gone]),
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
        if item is not None:
            self.push_one(replace(item.draft, source_version=version))

    # Snapshots

    @rule(really=st.sampled_from((True, False)))
    def open_snapshot(self, really: bool) -> None:
        if not really:
            return
        snapshot_id = self.life.ids("snp")
        outcome = self.both(
            lambda: self.life.knowledge.snapshots.open(self.life.source, snapshot_id=snapshot_id),
            lambda: self.model.open(snapshot_id, self.now),
        )
        if outcome is not None:
            self.snapshots.append(outcome[1])

    @precondition(lambda self: self.snapshots)
    @rule(number=st.integers(1, 3), items=batches, pick=st.sampled_from((0, 0, 0, 1)))
    def put_part(self, number: int, items: list[ItemDraft], pick: int) -> None:
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

    @precondition(lambda self: self.model.standing)
    @rule(number=st.integers(1, 3), chosen=st.sets(names))
    def put_part_as_staged(self, number: int, chosen: set[str]) -> None:
        staged = [self.model.items[name].draft for name in sorted(chosen) if name in self.model.items]
        self.put_part(number, staged, 0)

    @precondition(lambda self: self.snapshots)
    @rule(pick=st.sampled_from((0, 0, 0, 1)), allow_empty=st.sampled_from((False, False, True)))
    def complete_snapshot(self, pick: int, allow_empty: bool) -> None:
        snapshot = self._snapshot(pick)
        self.both(
            lambda: self.life.knowledge.snapshots.complete(
                self.life.source, snapshot.snapshot_id, allow_empty=allow_empty
            ),
            lambda: self.model.complete(snapshot, self.now, allow_empty=allow_empty),
        )
        self._compare_snapshot(snapshot)

    @precondition(lambda self: self.snapshots)
    @rule(pick=st.sampled_from((0, 0, 1)), really=st.booleans())
    def abort_snapshot(self, pick: int, really: bool) -> None:
        snapshot = self._snapshot(pick)
        if really:
            self.both(
                lambda: self.life.knowledge.snapshots.abort(self.life.source, snapshot.snapshot_id),
                lambda: self.model.abort(snapshot),
            )
        self._compare_snapshot(snapshot)

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
            self._compare_snapshot(outcome[1])

    def _replace_all(self, snapshot_id: str, items: list[ItemDraft], allow_empty: bool) -> ModelSnapshot:
        if not items and not allow_empty:
            raise RefusedError("EmptySnapshotError")
        snapshot = self.model.open(snapshot_id, self.now)
        self.model.put_part(snapshot, 1, items, self.now)
        self.model.complete(snapshot, self.now, allow_empty=allow_empty)
        return snapshot

    def _snapshot(self, pick: int) -> ModelSnapshot:
        return self.snapshots[-1 - pick % len(self.snapshots)]

    def _compare_snapshot(self, snapshot: ModelSnapshot) -> None:
        view = self.life.knowledge.snapshots.get(self.life.source, snapshot.snapshot_id)
        found = (view.parts, view.items, {name: getattr(view.counts, name) for name in snapshot.counts})
        expected = (len(snapshot.parts), sum(len(part) for part, _ in snapshot.parts.values()), snapshot.counts)
        assert found == expected
        assert str(view.state) == snapshot.state_at(self.now)

    # Time and settings

    @rule(jump=jumps)
    def wait(self, jump: int) -> None:
        self.life.clock.advance(ms=jump)

    @rule(days=graces)
    def set_grace(self, days: int) -> None:
        sources, source = self.life.knowledge.sources, self.life.source
        self.both(
            lambda: sources.update(source.tenant_id, source.source_id, grace_days=days),
            lambda: self.model.set_grace(days),
        )

    @rule(really=st.sampled_from((True, False, False, False)))
    def archive(self, really: bool) -> None:
        if really:
            self.life.knowledge.sources.archive(self.life.tenant_id, self.life.source_id)
            self.model.active = False

    @precondition(lambda self: not self.model.active)
    @rule(_=st.none())
    def unarchive(self, _: None) -> None:
        self.life.knowledge.sources.restore(self.life.tenant_id, self.life.source_id)
        self.model.active = True

    # Runs and applies

    @rule(mode=st.sampled_from(("incremental", "incremental", "full")))
    def plan(self, mode: str) -> None:
        outcome = self.both(lambda: self.life.run(mode), lambda: self.model.plan(self.now))
        if outcome is not None:
            run, planned = outcome
            self.runs.append((run.run_id, planned))
            self._compare_run(run.run_id, planned)

    @rule()
    def publish(self) -> None:
        self.plan("incremental")
        if self.model.active:
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
        run_id, planned = self.runs[-1 - pick % len(self.runs)]
        self._apply(run_id, planned)
        self._apply(run_id, planned)

    @precondition(lambda self: self.runs)
    @rule(pick=picks)
    def apply(self, pick: int) -> None:
        self._apply(*self.runs[-1 - pick % len(self.runs)])

    def _apply(self, run_id: str, planned: ModelRun) -> None:
        before = planned.version
        outcome = self.both(lambda: self.life.apply(run_id), lambda: self.model.apply(planned, self.now))
        if outcome is not None:
            applied, number = outcome
            assert self.numbers.setdefault(applied.generation_id, number) == number
            self._compare_generation()
            self._compare_staging()
        elif planned.version > before:
            self._compare_run(run_id, planned)

    def _compare_run(self, run_id: str, planned: ModelRun) -> None:
        run = self.life.knowledge.runs.get(self.life.source, run_id)
        assert run.plan is not None
        assert run.plan_version == planned.version
        assert str(run.plan.discovery) == ("incomplete" if planned.incomplete else "complete")
        assert {name: getattr(run.plan.counts, name) for name in planned.counts} == planned.counts
        assert run.plan.drops == len(planned.drops)
        found = {change.external_item_id: change for change in self.life.changes(run)}
        assert {name: str(change.kind) for name, change in found.items()} == {
            name: kind for name, (kind, _) in planned.changes.items()
        }
        base = self.model.generations[planned.base]
        for name, (_, after) in planned.changes.items():
            entry = after or base[name]
            assert found[name].content_hash == content_hash(entry.draft)
            assert found[name].removed_at == (after and after.removed_at)
            if found[name].kind is ChangeKind.UPDATED:
                assert set(found[name].fields) == _differences(entry.draft, base[name].draft)

    def _compare_generation(self) -> None:
        current, served = self.life.current, self.model.served
        assert self.numbers[current.generation_id] == current.sequence == self.model.generation
        found = {
            item.external_item_id: (
                ItemDraft(
                    item.external_item_id,
                    item.title,
                    item.content or "",
                    item.content_type or "",
                    item.url,
                    item.language,
                    item.tags,
                    item.metadata,
                ),
                item.removed_at,
            )
            for item in self.life.generation_items()
        }
        assert found == {name: tuple(entry) for name, entry in served.items()}
        assert current.root_hash == root_hash({name: content_hash(entry.draft) for name, entry in served.items()})
        assert current.counts.total == len(served)

    @invariant()
    def look_sometimes(self) -> None:
        if hasattr(self, "life") and type(self).steps % 5 == 0:
            self._compare_staging()

    def _compare_staging(self) -> None:
        model, due_after = self.model, self.model.grace_days * DAY
        expected = []
        for name in sorted(model.items, key=str.encode):
            item = model.item(name, self.now)
            if item is not None:
                due = None if item.state != "removed" else (item.removed_at or 0) + due_after
                expected.append(
                    (name, item.state, content_hash(item.draft), item.version, item.removed_at, due, item.tombstoned_at)
                )
        found, position = [], None
        while True:
            page = self.life.knowledge.staging.list(
                self.life.source, state=None, prefix=None, limit=5, position=position, include_content=False
            )
            found += [
                (
                    item.external_item_id,
                    str(item.state),
                    item.content_hash,
                    item.source_version,
                    item.removed_at,
                    item.tombstone_due_at,
                    item.tombstoned_at,
                )
                for item in page.items
            ]
            position = page.next_position
            if position is None:
                break
        assert found == expected

    def teardown(self) -> None:
        if hasattr(self, "life"):
            self._compare_staging()
            check_history(self.reader, self.reader.read())


def _differences(one: ItemDraft, other: ItemDraft) -> set[str]:
    fields = {"title": "title", "content": "content", "url": "url", "language": "language"}
    fields |= {"tags": "tags", "metadata": "metadata", "content_type": "contentType"}
    return {shown for name, shown in fields.items() if getattr(one, name) != getattr(other, name)}


@pytest.mark.timeout(0)
def test_staging_runs_and_generations_agree_with_the_model(
    fault_tables: Any, fault_dynamodb: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    def new_lifecycle(**options: Any) -> Lifecycle:
        clients = Faults().clients(fault_dynamodb, MemoryBucket())
        return Lifecycle(settings_of(fault_tables), clients, **options)

    SourceMachine.new_lifecycle = staticmethod(new_lifecycle)  # type: ignore[assignment]
    SourceMachine.steps = 0
    for batch in itertools.count(SEED):
        if STEPS > 2000:
            with capsys.disabled():
                print(f"MODEL_SEED={batch}: {SourceMachine.steps} steps so far", flush=True)
        try:
            run_state_machine_as_test(
                seed(batch)(SourceMachine),
                settings=settings(
                    max_examples=HISTORIES,
                    stateful_step_count=STEPS_PER_HISTORY,
                    deadline=None,
                    database=None,
                    backend="afresh",
                    phases=PHASES,
                    suppress_health_check=list(HealthCheck),
                    print_blob=False,
                ),
            )
        except Exception as error:
            error.add_note(f"Replay it alone: MODEL_SEED={batch} MODEL_STEPS=1")
            raise
        if SourceMachine.steps >= STEPS:
            return
