"""A source under random operations, one in the midst of another, with crashes, held against a dictionary of the rules.

The dictionary holds what each id was last told to be, what each generation served when it was first seen, and which
texts must be gone once an erasure is completed. Everything follows from the seed.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError
from knowledge import errors
from knowledge.erasures.model import ErasureState
from knowledge.erasures.store import ErasureMovedError
from knowledge.storage.format import ObjectGoneError

from testing.faults import Call, Crash, Way
from testing.lifecycle import draft
from tests.support.erasing import erase, places_with
from tests.support.faulty_world import FaultyWorld
from tests.support.item_histories import expected_history, history_of

IDS = ("a", "b", "c", "d", "e")
# What an operation may end with that was struck, or that another got in the way of.
ENDS = (Crash, errors.KnowledgeError, BotoCoreError, ClientError, ErasureMovedError)
_OPERATIONS = (
    *("push",) * 6, *("push_again",) * 2, *("remove",) * 2, *("publish",) * 5, *("run",) * 2, *("apply",) * 2,
    *("restore",) * 2, *("keep",) * 2, *("erase",) * 3, *("go_on",) * 9, *("pass_time",) * 4,
)  # fmt: skip


@dataclass
class Doomed:
    """An erasure that was asked for: its items, and the texts that must be gone when it is completed."""

    ids: tuple[str, ...]
    texts: set[str]
    completed: bool = False


@dataclass
class ErasureModel:
    """One play; `log` tells what was done, for whoever looks into a failure."""

    world: FaultyWorld
    dice: random.Random
    crashes: float
    meddling: float
    told: dict[str, str | None] = field(default_factory=dict)
    # Every text that was ever pushed of an id, and those of which a push is under way or was acknowledged since.
    texts: dict[str, set[str]] = field(default_factory=lambda: {name: set() for name in IDS})
    erasures: dict[str, Doomed] = field(default_factory=dict)
    seen: dict[str, dict[str, str]] = field(default_factory=dict)
    ready: list[str] = field(default_factory=list)
    log: list[str] = field(default_factory=list)
    _numbers: int = 0
    _depth: int = 0
    _busy: set[str] = field(default_factory=set)

    def play(self, steps: int) -> None:
        """Play so many operations, then see everything through, and hold it against the dictionary."""
        tick = self.world.watch.gate

        def gate(call: Call) -> Way | None:
            if tick is not None:
                tick(call)
            if self._depth == 1 and self.dice.random() < self.meddling:
                self._do(self.dice.choice(_OPERATIONS))
            if self.dice.random() < self.crashes:
                return self.dice.choice((Way.DIE_BEFORE, Way.DIE_AFTER, Way.ANSWER_LOST))
            return None

        self.world.watch.gate = gate
        for step in range(steps):
            self._do(self.dice.choice(_OPERATIONS))
            self._undisturbed(self.check)
            if step % 15 == 0:
                self._undisturbed(lambda: self._check_histories(self.dice.sample(IDS, 2)))
        self._undisturbed(self._end)

    def check(self) -> None:
        """Every generation serves what it served, but for what was erased; what is completed is gone."""
        self.world.reader.forget()
        kept = self.world.knowledge.stores.generations.list_kept(self.world.source_id)
        stored = self.world.check()
        epochs = {each.generation_id: each.erasures for each in kept}
        for generation in kept:
            served = {name: each.content for name, each in stored.served[generation.generation_id].items()}
            before = self.seen.setdefault(generation.generation_id, served)
            gone = before.keys() - served.keys()
            assert served == {name: text for name, text in before.items() if name not in gone}, "an item changed"
            for name in gone:
                assert any(
                    name in self.erasures[each.erasure_id].ids and epochs[generation.generation_id] < each.epoch
                    for each in self._all()
                ), f"{generation.generation_id} serves {name} no more"
        for erasure in self._all():
            doomed = self.erasures[erasure.erasure_id]
            if erasure.cleared_at is not None:
                left = {text for text in stored.current_contents if text in doomed.texts}
                assert not left, f"{erasure.erasure_id} is cleared, and {left} is served"
            if erasure.state is ErasureState.COMPLETED and not doomed.completed:
                doomed.completed = True
                texts = {form for text in doomed.texts for form in (text, f"Title of {text}")}
                assert places_with(self.world, texts) == [], f"{erasure.erasure_id} is completed"

    def _check_histories(self, names: Sequence[str]) -> None:
        for name in names:
            assert history_of(self.world, name, self.dice.choice((1, 3, 100))) == expected_history(self.world, name)

    def _all(self) -> list[Any]:
        return self.world.knowledge.stores.erasures.list_erasures(self.world.source_id, limit=99, position=None).items

    def _end(self) -> None:
        self.log.append("end")
        self.world.clock.advance(seconds=200)
        for _ in range(200):
            erasure = next((each for each in self._all() if each.state is not ErasureState.COMPLETED), None)
            if erasure is None:
                break
            if erasure.waits_until is not None:
                self.world.clock.advance(seconds=max(0, (erasure.waits_until - self.world.clock()) // 1000 + 1))
            self.world.knowledge.erasures.eraser.advance(erasure, lambda: True)
            self._learn_rows(self.erasures[erasure.erasure_id].ids)
        else:
            raise AssertionError("an erasure does not end")
        self.check()
        self._check_histories(IDS)
        stored = self.world.finish()
        served = {name: each.content for name, each in stored.current.items() if name in IDS}
        told = {name: text for name, text in self.told.items() if text is not None}
        assert served == told, f"served is {served}, told was {told}"
        self.check()

    def _undisturbed(self, work: Callable[[], None]) -> None:
        gate, self.world.watch.gate = self.world.watch.gate, None
        try:
            work()
        finally:
            self.world.watch.gate = gate

    def _do(self, name: str) -> None:
        if name == "pass_time" and self._depth:
            # Whoever is at work has not that long.
            return
        self._depth += 1
        self.log.append("  " * self._depth + name)
        try:
            with suppress(*ENDS):
                getattr(self, f"_{name}")()
        finally:
            self._depth -= 1

    def _write(self, name: str, request: Callable[[], object], told: str | None) -> None:
        """A write of one item; what became of it when it was struck, or erased meanwhile, the row tells."""
        if name in self._busy:
            return
        # Read first, for the reading may be struck, too.
        source = self.world.source
        self._busy.add(name)
        try:
            request()
        except ENDS as error:
            self.log.append(f"    {name}: {error!r}"[:100])
        finally:
            self._busy.discard(name)
            self._undisturbed(lambda: self._learn(name, told, source.erasure_epoch))

    def _learn(self, name: str, told: str | None, epoch: int) -> None:
        rows = self.world.knowledge.stores.items.read_rows(self.world.source_id, [name], 0)
        row = rows.get(name)
        staged = None
        if row is not None and row.state == "active":
            staged = str(self.world.knowledge.staging.get_item(self.world.source, name).content)
        assert staged in {told, self.told.get(name), None}, f"{name} is {staged}, and nobody said so"
        self.told[name] = staged
        if told is not None:
            for erasure_id, doomed in self.erasures.items():
                stored = next((each for each in self._all() if each.erasure_id == erasure_id), None)
                # Pushed again, or at the same time: either is right.
                if name in doomed.ids and (stored is None or stored.epoch >= epoch):
                    doomed.texts.discard(told)

    def _push(self) -> None:
        name = self.dice.choice(IDS)
        self._numbers += 1
        size = self.dice.choice((1, 1, 1, 900))
        text = f"text-{self._numbers}-end " + random.Random(self._numbers).randbytes(12 * size).hex()
        self._push_text(name, text)

    def _push_again(self) -> None:
        name = self.dice.choice(IDS)
        if self.texts[name]:
            self._push_text(name, self.dice.choice(sorted(self.texts[name])))

    def _push_text(self, name: str, text: str) -> None:
        if name in self._busy:
            return
        self.texts[name].add(text)
        for doomed in self.erasures.values():
            # From now on it may be there again.
            doomed.texts.discard(text)
        item = draft(name, text, title=f"Title of {text.split(maxsplit=1)[0]}")
        self._write(name, lambda: self.world.knowledge.staging.push_item(self.world.source, item), text)

    def _remove(self) -> None:
        name = self.dice.choice(IDS)
        self._write(name, lambda: self.world.remove_if_there(name), None)

    def _run(self) -> None:
        run_id = self.world.ids("run")
        self.ready.append(run_id)
        self.world.run(self.dice.choice(("incremental", "incremental", "full")), run_id)

    def _apply(self) -> None:
        if self.ready:
            self.world.apply(self.dice.choice(self.ready[-4:]))

    def _publish(self) -> None:
        self._run()
        self.world.apply(self.ready[-1])

    def _restore(self) -> None:
        kept = self.world.knowledge.stores.generations.list_kept(self.world.source_id)
        if kept:
            self.world.roll_back(self.dice.choice(kept).generation_id)

    def _keep(self) -> None:
        upkeep = self.world.knowledge.upkeep
        upkeep.collector.collect_garbage(self.world.source)
        upkeep.compactor.compact_source(self.world.source)

    def _erase(self) -> None:
        ids = tuple(self.dice.sample(IDS, self.dice.choice((1, 1, 2, 3))))
        erasure_id = self.world.ids("era")
        # What is being pushed meanwhile may come before or after.
        texts = {text for name in ids for text in self.texts[name] if name not in self._busy}
        self.erasures[erasure_id] = Doomed(ids, texts)
        try:
            erase(self.world, *ids, erasure_id=erasure_id)
        finally:
            self._undisturbed(lambda: self._learn_erased(erasure_id))

    def _learn_erased(self, erasure_id: str) -> None:
        if all(each.erasure_id != erasure_id for each in self._all()):
            del self.erasures[erasure_id]
            return
        self._learn_rows(self.erasures[erasure_id].ids)

    def _learn_rows(self, ids: tuple[str, ...]) -> None:
        for name in ids:
            if name not in self._busy:
                self._learn(name, None, 0)

    def _go_on(self) -> None:
        erasure = next((each for each in self._all() if each.state is not ErasureState.COMPLETED), None)
        if erasure is None:
            return
        try:
            with suppress(ObjectGoneError):
                self.world.knowledge.erasures.eraser.advance(erasure, lambda: self.dice.random() < 0.7)
        finally:
            self._undisturbed(lambda: self._learn_rows(self.erasures[erasure.erasure_id].ids))

    def _pass_time(self) -> None:
        self.world.clock.advance(seconds=self.dice.choice((5, 20, 70, 200, 1000, 1000, 90_000, 200_000)))
