"""Writers, runs, applies, restores and upkeep at once, taking turns at each AWS call in an order a seed decides."""

from __future__ import annotations

import random
import sys
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pytest
from knowledge.errors import (
    ItemNotFoundError,
    NotApplyEligibleError,
    RunNotFoundError,
    SnapshotClosedError,
    SnapshotNotFoundError,
)
from knowledge.index import trie
from knowledge.items.model import Removal
from knowledge.runs import full_walk, listing, parts, plan_parts
from knowledge.runs.model import RunMode
from knowledge.staging import writing as staging
from knowledge.staging.model import SnapshotState

from testing.faults import Call
from testing.lifecycle import draft
from tests.faults import settings
from tests.faults.striking import FAILURES
from tests.faults.traps_upkeep import compact, short_memory
from tests.support.actors import Stage, Temper, now_playing
from tests.support.faulty_world import FaultyWorld
from tests.support.history import History, Wish, Write
from tests.support.reviewing import Review, review

NewWorld = Callable[..., FaultyWorld]
NAMES = ("a", "b", "c", "d", "e")
TRIES = 6


def test_interleavings_keep_the_promises(new_world: NewWorld, capsys: pytest.CaptureFixture[str]) -> None:
    """Prints how many schedules and turns there were; a failure prints its seed and schedule."""
    turns = 0
    published = 0
    for seed in range(settings.SEED, settings.SEED + settings.INTERLEAVINGS):
        play = Play(seed, new_world)
        try:
            play.perform()
        except BaseException as error:
            schedule = "\n".join(play.stage.schedule)
            pytest.fail(
                f"{error!r}\n{schedule}\nreplay: FAULTS_SEED={seed} FAULTS_INTERLEAVINGS=1 ({play.stage.temper})"
            )
        turns += play.stage.at
        published += play.generations
    with capsys.disabled():
        sys.stdout.write(f"\n  {settings.INTERLEAVINGS} interleavings, {turns} turns, {published} generations ")


class Play:
    """One interleaving."""

    def __init__(self, seed: int, new_world: NewWorld) -> None:
        self.dice = random.Random(seed)
        self.bounds = self.dice.choice(((32, 25_000, 99), (2, 3, 2), (2, 25_000, 99), (32, 2, 1)))
        self.world = new_world(
            leaf_entries=self.bounds[0], grace_days=self.dice.choice((0, 7)), task_retries=self.dice.choice((0, 1))
        )
        self.stage = Stage(self.dice, self.world.clock, Temper.drawn(self.dice))
        self.history = History()
        self.run_ids = [self.world.ids("run") for _ in range(4)]
        self.snapshot_id = self.world.ids("snp")
        self.older: list[str] = []
        self.leases: dict[int, str] = {}
        self.generations = 0

    def perform(self) -> None:
        """Set the stage, play, and hold the end against the promises."""
        with pytest.MonkeyPatch.context() as patched:
            leaf_entries, changes_per_part, rows = self.bounds
            patched.setattr(trie, "LEAF_ENTRIES", leaf_entries)
            patched.setattr(parts, "CHANGES_PER_PART", changes_per_part)
            patched.setattr(plan_parts, "PARTS_IN_PLAN", min(changes_per_part - 1, plan_parts.PARTS_IN_PLAN))
            for module in (listing, full_walk):
                patched.setattr(module, "REGIONS", tuple("0123456789abcdef"))
            patched.setattr(full_walk, "ROWS_AT_ONCE", min(changes_per_part - 1, full_walk.ROWS_AT_ONCE))
            patched.setattr(full_walk, "IDS_A_PIECE", min(changes_per_part - 1, full_walk.IDS_A_PIECE))
            patched.setattr(staging, "ROWS_PER_TRANSACTION", rows)
            with short_memory():
                self._prepare()
                self.stage.play()
                self._hold_to_account()

    def _prepare(self) -> None:
        for name in self.dice.sample(NAMES, 3):
            self._wish(self._push_one, [(name, Wish.PUSH, f"{name} from the start")])
        if self.dice.random() < 0.8:
            self._run(self.run_ids[3], RunMode.INCREMENTAL)
            self.world.apply(self.run_ids[3])
        if self.dice.random() < 0.3:
            self._wish(self._remove, [("a", Wish.REMOVE, None)])
            self.world.clock.advance(days=8)
        aged = self.dice.random() < 0.25
        if aged:
            self._age()
        self.world.watch.gate = self.stage.gate
        self.world.watch.after = self._observe
        for number in (1, 2):
            self.stage.enter(f"writer-{number}", self._writer(f"writer-{number}", random.Random(self.dice.random())))
            self.stage.enter(f"runner-{number}", self._runner(number, random.Random(self.dice.random())))
        self.stage.enter("applier", self._applier(random.Random(self.dice.random())))
        if self.dice.random() < 0.2:
            self.stage.enter("reviewer", self._reviewer(random.Random(self.dice.random())))
        if self.dice.random() < 0.3:
            self.stage.enter("owner", self._owner(random.Random(self.dice.random())))
        if self.dice.random() < 0.25:
            self.stage.enter("snapshotter", self._snapshotter(random.Random(self.dice.random())))

        if aged:
            self.stage.enter("keeper", self._keeper())
        if self.older and self.dice.random() < 0.5:
            self.stage.enter("restorer", self._restorer(random.Random(self.dice.random())))

    def _age(self) -> None:
        """Leave generations that may be retired, and a run that has yet to be applied or is about to expire."""
        for number in range(3):
            self._wish(self._push_one, [(NAMES[number], Wish.PUSH, f"{NAMES[number]} from long ago")])
            self.older.append(self.world.publish_patiently().generation_id)
        self._wish(self._push_one, [("e", Wish.PUSH, "e from long ago")])
        self._run(self.run_ids[1], RunMode.INCREMENTAL)
        self.world.clock.advance(days=self.dice.choice((2, 7)), seconds=-60)

    def _hold_to_account(self) -> None:
        self.world.watch.after = None
        self.world.watch.gate = None
        self.world.knowledge.sources.restore_source(self.world.tenant_id, self.world.source_id)
        self._end_snapshot()
        self.world.reader.forget()
        stored = self.world.finish()
        self.history.check(stored)
        self.generations = len(stored.generations)

    def _observe(self, call: Call, answer: Any) -> None:
        """Who publishes must be the one that the newest lease was given to."""
        values = call.request.get("ExpressionAttributeValues", {})
        if "ADD leaseToken" in call.request.get("UpdateExpression", ""):
            self.leases[int(answer["Attributes"]["leaseToken"]["N"])] = now_playing()
        for action in call.request.get("TransactItems", ()) if call.operation == "transact_write_items" else ():
            values = action.get("Update", {}).get("ExpressionAttributeValues", {})
            if ":manifest" in values:
                token = int(values[":token"]["N"])
                assert (token, now_playing()) == max(self.leases.items()), "a holder that lost its lease published"

    def _writer(self, name: str, dice: random.Random) -> Callable[[], None]:
        def write() -> None:
            for number in range(4):
                item = dice.choice(NAMES)
                others = [other for other in NAMES if other != item]
                content = f"{item} from {name} at {number}"
                match dice.choice(("push", "push", "batch", "batch", "remove", "restore")):
                    case "push":
                        self._wish(self._push_one, [(item, Wish.PUSH, content)])
                    case "batch":
                        second, gone = dice.sample(others, 2)
                        wishes = [(item, Wish.PUSH, content), (second, Wish.PUSH, f"{second} {content}")]
                        self._wish(self._batch, [*wishes, (gone, Wish.REMOVE, None)])
                    case "remove":
                        self._wish(self._remove, [(item, Wish.REMOVE, None)])
                    case "restore":
                        self._wish(self._restore, [(item, Wish.RESTORE, None)])

        return write

    def _runner(self, number: int, dice: random.Random) -> Callable[[], None]:
        def run() -> None:
            run_id = self.run_ids[number]
            mode = RunMode.FULL if dice.random() < 0.25 else RunMode.INCREMENTAL
            if self._patiently(lambda: self._run(run_id, mode)):
                self._patiently(lambda: self.world.apply(run_id))

        return run

    def _applier(self, dice: random.Random) -> Callable[[], None]:
        def apply() -> None:
            for run_id in dice.sample(self.run_ids[1:3], 2):
                self._patiently(lambda run_id=run_id: self.world.apply(run_id))

        return apply

    def _reviewer(self, dice: random.Random) -> Callable[[], None]:
        """Read a run, and apply just that: what is published is what was read."""

        def read_and_apply() -> None:
            run_id = dice.choice(self.run_ids[1:3])
            published: list[tuple[Review, str]] = []

            def request() -> None:
                seen = review(self.world, run_id)
                published.append((seen, self.world.apply(run_id, plan_version=seen.plan_version).generation_id))

            if self._patiently(request):
                seen, generation_id = published[-1]
                # Its reads may be struck, too.
                assert self._patiently(lambda: seen.check(self.world, generation_id))

        return read_and_apply

    def _restorer(self, dice: random.Random) -> Callable[[], None]:
        def restore() -> None:
            new_id = self.world.ids("gen")
            older = dice.choice(self.older)
            self._patiently(lambda: self.world.roll_back(older, new_id))

        return restore

    def _keeper(self) -> Callable[[], None]:
        def keep() -> None:
            for _ in range(2):
                self._patiently(lambda: compact(self.world))

        return keep

    def _owner(self, dice: random.Random) -> Callable[[], None]:
        def own() -> None:
            sources, whose = self.world.knowledge.sources, (self.world.tenant_id, self.world.source_id)
            for _ in range(2):
                if dice.random() < 0.5:
                    self._patiently(lambda: sources.update_source(*whose, grace_days=dice.choice((0, 7))))
                else:
                    self._patiently(lambda: sources.archive_source(*whose))
                    self._patiently(lambda: sources.restore_source(*whose))

        return own

    def _snapshotter(self, dice: random.Random) -> Callable[[], None]:
        """Make the set exactly what it names; what it does not name may go, at any time from now on."""

        def take() -> None:
            named = dice.sample(NAMES, 2)
            others = [name for name in NAMES if name not in named]
            self.history.writes.extend(Write(name, Wish.REMOVE, None, self.world.clock.now) for name in others)
            wishes = [(name, Wish.PUSH, f"{name} from the snapshot") for name in named]
            self._wish(self._in_parts if dice.random() < 0.5 else self._at_once, wishes, resumes=True)

        return take

    def _at_once(self, wishes: list[Any]) -> bool:
        items = [draft(name, content) for name, _, content in wishes]
        self.world.knowledge.snapshots.replace_all(self.world.source, items, snapshot_id=self.snapshot_id)
        return True

    def _in_parts(self, wishes: list[Any]) -> bool:
        snapshots = self.world.knowledge.snapshots
        if snapshots.open_snapshot(self.world.source, snapshot_id=self.snapshot_id).state is SnapshotState.OPEN:
            for number, (name, _, content) in enumerate(wishes, start=1):
                snapshots.put_part(self.world.source, self.snapshot_id, number, [draft(name, content)])
        snapshots.complete_snapshot(self.world.source, self.snapshot_id)
        return True

    def _end_snapshot(self) -> None:
        """End what a client gave up on, so that the last run sees everything."""
        snapshots = self.world.knowledge.snapshots
        with suppress(SnapshotNotFoundError):
            try:
                snapshots.abort_snapshot(self.world.source, self.snapshot_id)
            except SnapshotClosedError:
                snapshots.complete_snapshot(self.world.source, self.snapshot_id)

    def _patiently(self, request: Callable[[], object]) -> bool:
        """Send a request until it succeeds, as a client does; give up in the end."""
        for _ in range(TRIES):
            try:
                request()
            except NotApplyEligibleError:
                return False
            except (RunNotFoundError, ItemNotFoundError):
                self.stage.wait("waits")
            except FAILURES:
                self.world.clock.advance(seconds=3)
                self.stage.wait("waits")
            else:
                return True
        return False

    def _run(self, run_id: str, mode: RunMode) -> None:
        self.history.runs.setdefault(run_id, self.world.clock.now)
        self.world.knowledge.runs.create_run(self.world.source, mode, run_id=run_id)

    def _wish(
        self, request: Callable[[list[Any]], bool], wishes: list[tuple[str, Wish, str | None]], *, resumes: bool = False
    ) -> None:
        """Send a write until it is acknowledged. Each try may have had its effect, and the last one has.

        A request that `resumes` where its last try ended took effect at any time since its first try.
        """
        first = self.world.clock.now
        for _ in range(TRIES):
            writes = [Write(*wish, started=first if resumes else self.world.clock.now) for wish in wishes]
            self.history.writes.extend(writes)
            try:
                done = request(wishes)
            except FAILURES:
                self.stage.wait("waits")
                continue
            if done:
                for write in writes:
                    write.ended = self.world.clock.now
            return

    def _push_one(self, wishes: list[Any]) -> bool:
        ((name, _, content),) = wishes
        self.world.knowledge.staging.push_item(self.world.source, draft(name, content))
        return True

    def _batch(self, wishes: list[Any]) -> bool:
        items = [draft(name, content) for name, wish, content in wishes if wish is Wish.PUSH]
        removals = [Removal(name) for name, wish, _ in wishes if wish is Wish.REMOVE]
        self.world.knowledge.staging.push_items(self.world.source, items, removals)
        return True

    def _remove(self, wishes: list[Any]) -> bool:
        try:
            self.world.remove(wishes[0][0])
        except ItemNotFoundError:
            return False
        return True

    def _restore(self, wishes: list[Any]) -> bool:
        try:
            self.world.restore(wishes[0][0])
        except ItemNotFoundError:
            return False
        return True
