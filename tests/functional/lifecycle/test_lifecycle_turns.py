"""Runs of a source take turns at being planned, counted in the machine that walks the real definition."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from knowledge import errors
from knowledge.model import ObjectRef
from knowledge.runs import parts
from knowledge.runs.model import Run, RunMode, RunState
from knowledge.runs.turns import TURN_MS

from testing.faults import Way, before_first
from testing.import_files import Importing, ndjson
from testing.inline_machine import InlineMachine
from testing.lifecycle import Lifecycle

# What the definition gives a planning: the first try, and five more.
TRIES = 6


@pytest.fixture(autouse=True)
def _small_parts(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Plannings of more than two changes take several invocations, between which others come in."""
    monkeypatch.setattr(parts, "CHANGES_PER_PART", 2)
    return


class HalfPlanned:
    """A run whose planning stands between its first part and its second."""

    def __init__(self, life: Any) -> None:
        self.life = life
        self.run_id = life.ids("run")
        self.run = life.knowledge.stores.runs.create_run(_new_run(life, self.run_id))
        self.checkpoint: ObjectRef | None = None
        self.carry_on()

    def carry_on(self) -> bool:
        """Do the next part; True when that was the last."""
        progress = self.life.knowledge.planner.plan_run(
            self.life.tenant_id, self.life.source_id, self.run_id, self.checkpoint
        )
        self.checkpoint = progress.checkpoint
        return bool(progress.done)

    def end(self) -> Run:
        """Do all that is left, and return the run."""
        while not self.carry_on():
            pass
        found: Run = self.life.knowledge.runs.get_run(self.life.source, self.run_id)
        return found


def _new_run(life: Any, run_id: str) -> Run:
    now = life.clock()
    return Run(
        life.tenant_id, life.source_id, run_id, RunMode.INCREMENTAL, RunState.PLANNING, 0, None, None, None,
        now + 360_000, now, now,
    )  # fmt: skip


def _waiting(life: Any, pause: Callable[[], None] = lambda: None) -> Lifecycle:
    """Another process at work on the source, whose machine waits as the definition says."""
    rival = Lifecycle(
        life.settings,
        life.clients,
        clock=life.clock,
        ids=life.ids,
        machine=lambda knowledge: InlineMachine(knowledge, retries=100, pause=pause),
    )
    rival.source_id = life.source_id
    return rival


def _tries(life: Lifecycle) -> int:
    machine: Any = life.knowledge.machine
    return int(machine.tries["DiffRunFunction"])


def test_second_run_waits_its_turn_and_holds_what_was_pushed_since_the_first_began(lifecycle: Any) -> None:
    lifecycle.push(a="one", b="one", c="one")
    first = HalfPlanned(lifecycle)
    lifecycle.push(d="pushed since")
    ended: list[Run] = []

    def pause() -> None:
        if not ended:
            ended.append(first.end())

    rival = _waiting(lifecycle, pause)
    second = rival.run()

    assert sorted(lifecycle.kinds(ended[0])) == ["a", "b", "c"]
    assert sorted(lifecycle.kinds(second)) == ["a", "b", "c", "d"], "it joined the first"
    # Refused once, then a part for each two changes.
    assert _tries(rival) == 1 + 2
    lifecycle.apply(second)
    lifecycle.check(settled=True)


def test_run_whose_turn_does_not_come_is_refused_and_leaves_nothing(lifecycle: Any) -> None:
    lifecycle.push(a="one", b="one", c="one")
    first = HalfPlanned(lifecycle)
    rival = _waiting(lifecycle)
    lifecycle.watch.calls.clear()
    with pytest.raises(errors.RunInProgressError):
        rival.run()

    assert _tries(rival) == TRIES
    # It costs its source no more than one call a try: nothing of the staging set was read.
    called = [call.operation for call in lifecycle.watch.calls]
    assert called.count("update_item") == TRIES
    assert "query" not in called
    assert "batch_get_item" not in called
    assert [
        run.run_id for run in lifecycle.knowledge.runs.list_runs(lifecycle.source, limit=9, position=None).items
    ] == [first.run_id]
    lifecycle.apply(first.end())
    lifecycle.check(settled=True)


def test_of_twenty_runs_at_once_one_is_planned_at_a_time(lifecycle: Any) -> None:
    lifecycle.push(a="one", b="one", c="one")
    refused = []

    def meddle() -> None:
        for _ in range(20):
            with pytest.raises(errors.RunInProgressError):
                _waiting(lifecycle).run()
            refused.append(1)

    before_first(lifecycle.watch, "transact_write_items", meddle, matching="planExpiresAt")
    lifecycle.watch.calls.clear()
    lifecycle.run()
    journal_reads = [
        call for call in lifecycle.watch.calls if call.operation == "query" and "journal" in str(call.request)
    ]
    assert (len(refused), len(journal_reads)) == (20, 1)


def test_turn_of_a_planner_that_died_runs_out(lifecycle: Any) -> None:
    lifecycle.push(a="one", b="one", c="one")
    HalfPlanned(lifecycle)
    lifecycle.clock.advance(ms=TURN_MS - 1)
    with pytest.raises(errors.RunInProgressError):
        lifecycle.run()
    lifecycle.clock.advance(seconds=1)
    assert lifecycle.publish()
    lifecycle.check(settled=True)


def test_every_part_keeps_the_turn(lifecycle: Any) -> None:
    lifecycle.push(a="one", b="one", c="one", d="one", e="one")
    first = HalfPlanned(lifecycle)
    lifecycle.clock.advance(ms=TURN_MS - 1)
    assert not first.carry_on()
    lifecycle.clock.advance(ms=TURN_MS - 1)
    with pytest.raises(errors.RunInProgressError):
        lifecycle.run()
    assert first.end().plan is not None


def test_part_that_comes_late_waits_for_its_turn_and_goes_on(lifecycle: Any) -> None:
    lifecycle.push(a="one", b="one", c="one")
    late = HalfPlanned(lifecycle)
    lifecycle.clock.advance(ms=TURN_MS)
    other = HalfPlanned(lifecycle)
    with pytest.raises(errors.RunInProgressError):
        late.carry_on()
    other.end()
    assert sorted(lifecycle.kinds(late.end())) == ["a", "b", "c"]


@pytest.mark.parametrize("incomplete", [False, True])
def test_planner_that_outlives_its_turn_stores_no_plan(lifecycle: Any, incomplete: bool) -> None:
    lifecycle.push(a="one", b="one", c="one")
    if incomplete:
        lifecycle.knowledge.snapshots.open_snapshot(lifecycle.source, snapshot_id=lifecycle.ids("snp"))
    others: list[HalfPlanned] = []

    def meddle() -> None:
        lifecycle.clock.advance(ms=TURN_MS)
        others.append(HalfPlanned(lifecycle))

    before_first(lifecycle.watch, "transact_write_items", meddle, matching="planExpiresAt")
    with pytest.raises(errors.RunInProgressError):
        lifecycle.run()
    assert others[0].end().state is RunState.READY, "the other's turn was taken from it"


def test_planning_that_fails_gives_its_turn_up(lifecycle: Any) -> None:
    lifecycle.push(a="one")

    lifecycle.watch.gate = lambda call: Way.THROTTLED if call.operation == "batch_get_item" else None
    with pytest.raises(errors.KnowledgeError):
        lifecycle.run()
    lifecycle.watch.gate = None
    assert lifecycle.publish()
    lifecycle.check(settled=True)


def test_retry_of_the_run_that_has_the_turn_goes_on_at_once(lifecycle: Any) -> None:
    lifecycle.push(a="one", b="one", c="one")
    crashed = HalfPlanned(lifecycle)
    run = lifecycle.run(run_id=crashed.run_id)
    assert (run.state, run.plan.counts.added) == (RunState.READY, 3)


def test_planning_again_of_a_run_that_was_planned_meanwhile_gives_its_turn_up(lifecycle: Any) -> None:
    lifecycle.push(a="one", b="one", c="one")
    first = HalfPlanned(lifecycle)
    lifecycle.run(run_id=first.run_id)
    assert first.carry_on()
    assert lifecycle.publish()


def test_stale_apply_that_can_not_be_planned_again_now_says_that_it_is_stale(lifecycle: Any) -> None:
    lifecycle.push(a="one")
    stale = lifecycle.run()
    lifecycle.push(b="two")
    lifecycle.publish()
    lifecycle.push(c="three", d="three", e="three")
    first = HalfPlanned(lifecycle)
    with pytest.raises(errors.StaleBaseError):
        _waiting(lifecycle).apply(stale)
    assert lifecycle.knowledge.runs.get_run(lifecycle.source, stale.run_id).last_error is None
    first.end()
    with pytest.raises(errors.StaleBaseError):
        lifecycle.apply(stale)
    lifecycle.apply(stale)
    lifecycle.check(settled=True)


def test_import_waits_for_its_turn(importing: Importing) -> None:
    life = importing.life
    life.push(a="one", b="one", c="one")
    first = HalfPlanned(life)
    job = importing.create()
    importing.deliver(importing.upload(job, ndjson({"d": "two"})))
    for _ in range(2):
        life.import_machine.run_until("WaitForOthers")
    first.end()
    importing.run()
    assert importing.get(job).state == "completed"
    assert sorted(life.served()) == ["a", "b", "c", "d"]
    life.check(settled=True)
