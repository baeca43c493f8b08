"""Two writers and a publisher of one source, taking turns at each AWS call, held against the model's rules.

For each item some order of its writes must explain every answer and what is staged in the end; the next generation
then serves that. WRITERS_SEED (default 1) is the first seed, WRITERS_SEEDS (default 8) is how many are played.
"""

from __future__ import annotations

import itertools
import os
import random
from collections.abc import Callable, Sequence
from functools import partial

import pytest
from knowledge.errors import (
    ItemNotFoundError,
    KnowledgeError,
    NotApplyEligibleError,
    SnapshotClosedError,
    SnapshotIncompleteError,
    SnapshotOpenError,
    StagingConflictError,
    StaleVersionError,
    TransientApplyError,
)
from knowledge.items.model import ItemDraft, Removal
from knowledge.staging.expected_parts import ExpectedParts
from knowledge.staging.model import SnapshotState, StagedItem

from tests.support.actors import Stage, Temper
from tests.support.faulty_world import FaultyWorld
from tests.support.staging_model_items import (
    NOTHING,
    Item,
    RefusedError,
    Writing,
    plain,
    pushed,
    removed,
    restored,
    swept,
)
from tests.support.staging_order import Did, Step, explained, seen

SEED = int(os.environ.get("WRITERS_SEED", "1"))
SEEDS = int(os.environ.get("WRITERS_SEEDS", "8"))
ROUNDS = 3
NAMES = ("a", "caf\u00e9", "cafe\u0301", "\U0001f600")
MANY = "".join(chr(0x4E00 + number * 7919 % 20_000) for number in range(9_000))
NewWorld = Callable[..., FaultyWorld]


def test_two_writers_lose_and_resurrect_nothing(new_world: NewWorld) -> None:
    for seed in range(SEED, SEED + SEEDS):
        try:
            play(seed, new_world)
        except Exception as error:
            error.add_note(f"Replay it alone: WRITERS_SEED={seed} WRITERS_SEEDS=1")
            raise


def play(seed: int, new_world: NewWorld) -> None:
    """Some rounds of concurrent use; between them the clock jumps."""
    dice = random.Random(seed)
    world = new_world(grace_days=dice.choice((0, 7)))
    for _ in range(ROUNDS):
        Round(world, dice).perform()
        world.clock.advance(days=dice.choice((0, 0.5, 8, 31)))


class Round:
    """One round: `writes` holds what each item's writers did."""

    def __init__(self, world: FaultyWorld, dice: random.Random) -> None:
        self.world = world
        self.dice = dice
        self.moments = itertools.count(1)
        self.stage = Stage(dice, world.clock, Temper(dice.choice((0, 0.5, 0.8)), 0, 0))
        self.writes: dict[str, list[Did]] = {name: [] for name in NAMES}

    def perform(self) -> None:
        before = {name: _item(view) for name, view in self._staged().items()} | self._marks()
        for name, does in (("writer-1", self._write), ("writer-2", self._write), ("publisher", self._publish)):
            self.stage.enter(name, partial(does, random.Random(self.dice.random())))
        self.world.watch.gate = self.stage.gate
        self.stage.play()
        self.world.watch.gate = lambda _: self.world.clock.advance(ms=1)
        open_snapshot_id = self.world.source.open_snapshot_id
        if open_snapshot_id is not None:
            self.world.knowledge.snapshots.abort_snapshot(self.world.source, open_snapshot_id)
        after = {name: seen(_item(view)) for name, view in self._staged().items()}
        after |= {name: seen(mark) for name, mark in self._marks().items()}
        for name, writes in self.writes.items():
            end = after.get(name)
            if not explained(before.get(name), writes, end):
                told = "\n".join(f"{did.started}..{did.ended} {did.label} -> {did.result}" for did in writes)
                turns = "\n".join(self.stage.schedule)
                message = f"{name!r} from {before.get(name)} to {end} is not explained by\n{told}\n\n{turns}"
                raise AssertionError(message)
        self.world.finish()

    def _staged(self) -> dict[str, StagedItem]:
        page = self.world.knowledge.staging.list_items(
            self.world.source, state=None, prefix=None, limit=50, position=None, include_content=True
        )
        return {view.external_item_id: view for view in page.items}

    def _marks(self) -> dict[str, Item]:
        """What no client sees: the versions of removals that came before their items, until they are forgotten."""
        now, stored = self.world.clock(), self.world.reader.read().rows
        rows = {name: row for name, row in stored.items() if not row["hash"] and row["expiresAt"] * 1000 > now}
        return {name: Item(NOTHING, "absent", row["sourceVersion"], 0) for name, row in rows.items()}

    # What a writer does

    def _write(self, dice: random.Random) -> None:
        actions = (
            *(self._push_one, self._push_batch, self._push_batch, self._remove, self._restore),
            *(self._snapshot_in_parts, self._replace_all),
        )
        for _ in range(dice.randint(2, 5)):
            dice.choice(actions)(dice)

    def _draft(self, name: str, dice: random.Random) -> ItemDraft:
        content = dice.choice(("one", "two", MANY))
        return ItemDraft(name, "Title", content, source_version=dice.choice((None, None, 1, 2, 3)))

    def _begin(self, name: str, label: str, step: Step) -> Did:
        did = Did(label, step, next(self.moments))
        self.writes[name].append(did)
        return did

    def _end(self, did: Did, result: str | None, *, certain: bool = True) -> None:
        did.ended, did.result, did.certain = next(self.moments), result, certain

    def _begin_push(self, item: ItemDraft, at: Writing) -> Did:
        label = f"push {item.content[:3]} v{item.source_version} ({at.snapshot})"
        return self._begin(item.external_item_id, label, lambda staged: pushed(staged, item, at))

    def _begin_removal(self, removal: Removal, at: Writing) -> Did:
        version = removal.source_version
        return self._begin(
            removal.external_item_id, f"remove v{version} ({at.snapshot})", lambda staged: removed(staged, version, at)
        )

    def _push_one(self, dice: random.Random) -> None:
        source, item = self.world.source, self._draft(dice.choice(NAMES), dice)
        did = self._begin_push(item, Writing(0, 0, source.open_snapshot_id))
        try:
            _, result = self.world.knowledge.staging.push_item(source, item)
        except StaleVersionError:
            self._end(did, "stale")
        except StagingConflictError:
            self._end(did, None, certain=False)
        else:
            self._end(did, str(result))

    def _push_batch(self, dice: random.Random) -> None:
        source = self.world.source
        names = dice.sample(NAMES, dice.randint(2, len(NAMES)))
        items = [self._draft(name, dice) for name in names[:-1]]
        removals = [Removal(names[-1], dice.choice((None, 1, 3)))]
        at = Writing(0, 0, source.open_snapshot_id)
        dids = [self._begin_push(item, at) for item in items]
        dids += [self._begin_removal(removal, at) for removal in removals]
        try:
            results = self.world.knowledge.staging.push_items(source, items, removals)
        except StagingConflictError:
            for did in dids:
                self._end(did, None, certain=False)
        else:
            for did, result in zip(dids, results, strict=True):
                self._end(did, str(result.result))

    def _remove(self, dice: random.Random) -> None:
        source, removal = self.world.source, Removal(dice.choice(NAMES), dice.choice((None, None, 2)))
        did = self._begin_removal(removal, Writing(0, 0, source.open_snapshot_id))
        try:
            self.world.knowledge.staging.remove_item(source, removal.external_item_id, removal.source_version)
        except StaleVersionError:
            self._end(did, "stale")
        except ItemNotFoundError:
            self._end(did, "unchanged")
        except StagingConflictError:
            self._end(did, None, certain=False)
        else:
            self._end(did, "removed")

    def _restore(self, dice: random.Random) -> None:
        source, name = self.world.source, dice.choice(NAMES)
        at = Writing(0, 0, source.open_snapshot_id)

        def step(staged: Item | None) -> tuple[Item | None, str]:
            try:
                return restored(staged, at)[0], "active"
            except RefusedError:
                return staged, "missing"

        did = self._begin(name, "restore", step)
        try:
            view = self.world.knowledge.staging.restore_item(source, name)
        except ItemNotFoundError:
            self._end(did, "missing")
        except StagingConflictError:
            self._end(did, None, certain=False)
        else:
            self._end(did, str(view.state))

    # Snapshots

    def _snapshot_in_parts(self, dice: random.Random) -> None:
        snapshots, snapshot_id = self.world.knowledge.snapshots, self.world.ids("snp")
        try:
            snapshots.open_snapshot(self.world.source, snapshot_id=snapshot_id)
        except SnapshotOpenError:
            return
        named: dict[int, list[str]] = {}
        for number in dice.choices((1, 2), k=dice.randint(1, 3)):
            items = [self._draft(name, dice) for name in dice.sample(NAMES, 2)]
            dids = self._begin_part(items)
            snapshots.put_part(self.world.source, snapshot_id, number, items)
            for did in dids:
                self._end(did, None)
            named[number] = [item.external_item_id for item in items]
            if dice.random() < 0.3:
                self._push_batch(dice)
        if dice.random() < 0.2:
            return
        sweeps = self._begin_sweep(snapshot_id, {name for names in named.values() for name in names})
        if 1 not in named:
            with pytest.raises(SnapshotIncompleteError):
                snapshots.complete_snapshot(self.world.source, snapshot_id)
        expected = ExpectedParts(allow_gaps=True)
        snapshot = snapshots.complete_snapshot(self.world.source, snapshot_id, expected=expected)
        assert snapshot.state is SnapshotState.COMPLETED
        for did in sweeps:
            self._end(did, None)

    def _replace_all(self, dice: random.Random) -> None:
        items = [self._draft(name, dice) for name in dice.sample(NAMES, 2)]
        snapshot_id = self.world.ids("snp")
        dids = self._begin_part(items)
        sweeps = self._begin_sweep(snapshot_id, {item.external_item_id for item in items})
        done = True
        try:
            self.world.knowledge.snapshots.replace_all(self.world.source, items, snapshot_id=snapshot_id)
        except SnapshotOpenError:
            done = False
        except (SnapshotClosedError, StagingConflictError) as error:
            raise AssertionError from error
        if not done:
            self.writes = {
                name: [did for did in writes if did not in (*dids, *sweeps)] for name, writes in self.writes.items()
            }
        for did in (*dids, *sweeps):
            self._end(did, None)

    def _begin_part(self, items: Sequence[ItemDraft]) -> list[Did]:
        return [self._begin_push(item, Writing(0, 0, None)) for item in items]

    def _begin_sweep(self, snapshot_id: str, named: set[str]) -> list[Did]:
        at = Writing(0, 0, None)
        return [
            self._begin(name, f"sweep {snapshot_id}", lambda staged: (swept(staged, snapshot_id, at), ""))
            for name in NAMES
            if name not in named
        ]

    # Runs and applies

    def _publish(self, dice: random.Random) -> None:
        for _ in range(dice.randint(1, 3)):
            run = self.world.run(dice.choice(("incremental", "full")))
            buries = [self._begin(name, "bury", _bury) for name in NAMES]
            try:
                self.world.apply(run)
            except (TransientApplyError, NotApplyEligibleError):
                pass
            except KnowledgeError as error:
                raise AssertionError from error
            for did in buries:
                self._end(did, None, certain=False)


def _bury(staged: Item | None) -> tuple[Item | None, str]:
    """A publication marks what it dropped; that must never hit what is staged."""
    if staged is None or staged.state != "removed":
        return staged, ""
    return staged._replace(state="tombstoned"), ""


def _item(view: StagedItem) -> Item:
    draft = ItemDraft(view.external_item_id, view.title, view.content or "", content_type=view.details.content_type)
    return Item(plain(draft), str(view.state), view.source_version, 0)
