"""Imports beside runs, snapshots, applies and each other; executions that die."""

from __future__ import annotations

from dataclasses import replace

import pytest
from knowledge.errors import SnapshotOpenError
from knowledge.limits import IMPORT_SILENT_MS
from knowledge.sources.model import RemovalGuard

from testing.import_files import Importing, many, ndjson
from testing.lifecycle import draft


def test_runs_are_incomplete_while_an_import_stages(importing: Importing) -> None:
    importing.deliver(importing.upload(importing.create(), ndjson(many(3))))
    importing.life.import_machine.run_until("IsStaged")
    run = importing.life.run()
    assert run.plan.discovery == "incomplete"
    importing.run()
    assert importing.life.served() == many(3)


def test_snapshot_cannot_be_opened_while_an_import_stages(importing: Importing) -> None:
    life = importing.life
    importing.deliver(importing.upload(importing.create(), ndjson(many(3))))
    life.import_machine.run_until("IsStaged")
    with pytest.raises(SnapshotOpenError, match="import"):
        life.knowledge.snapshots.open_snapshot(life.source, snapshot_id=life.ids("snp"))
    importing.run()
    assert life.knowledge.snapshots.open_snapshot(life.source, snapshot_id=life.ids("snp")).state == "open"


def test_import_waits_for_an_open_snapshot(importing: Importing) -> None:
    life = importing.life
    snapshot = life.knowledge.snapshots.open_snapshot(life.source, snapshot_id=life.ids("snp"))
    job = importing.create()
    importing.deliver(importing.upload(job, ndjson(many(3))))
    life.import_machine.run_until("WaitForTurn")
    assert importing.get(job).state == "queued"
    life.knowledge.snapshots.abort_snapshot(life.source, snapshot.snapshot_id)
    importing.run()
    assert importing.get(job).state == "completed"


def test_removal_guard_stops_the_apply_and_leaves_the_run(importing: Importing) -> None:
    life = importing.life
    life.knowledge.sources.update_source(
        life.tenant_id, life.source_id, grace_days=0, removal_guard=RemovalGuard(max_items=1)
    )
    life.push_many(many(5))
    life.publish()
    job = importing.whole(ndjson({"item-000000": "text 0"}), "snapshot")
    assert (job.state, job.last_error.code) == ("failed", "removal_guard")
    life.apply(job.run_id, approve_removals=4)
    assert set(life.served()) == {"item-000000"}


def test_publication_by_another_makes_the_import_plan_again(importing: Importing) -> None:
    life = importing.life
    life.push(a="one")
    other = life.run()
    importing.deliver(importing.upload(importing.create(), ndjson({"b": "two"})))
    life.import_machine.run_until("FollowApplying")
    life.apply(other)
    importing.run()
    (execution,) = life.import_machine.executions.values()
    assert "PlanAgain" in execution.path
    assert life.served() == {"a": "one", "b": "two"}


def test_imports_of_a_source_take_turns_in_the_order_of_their_files(importing: Importing) -> None:
    life = importing.life
    jobs = [importing.create("snapshot") for _ in range(3)]
    for number, job in enumerate(jobs):
        importing.deliver(importing.upload(job, ndjson({f"only-{number}": "text", "shared": f"by {number}"})))
        life.clock.advance(ms=1)
    # Two that wait show it, and none stages before the one ahead of it has ended.
    life.import_machine.run_until("IsPlanned")
    assert [importing.get(job).state for job in jobs] == ["planning", "queued", "queued"]
    importing.run()
    ends = [importing.get(job) for job in jobs]
    assert [job.state for job in ends] == ["completed"] * 3
    assert ends[0].ended_at <= ends[1].started_at
    assert ends[1].ended_at <= ends[2].started_at
    assert life.knowledge.staging.get_item(life.source, "shared").content == "by 2"
    assert life.source.import_id is None


def test_next_import_goes_on_when_the_one_before_it_fails(importing: Importing) -> None:
    first, second = importing.create("snapshot"), importing.create()
    importing.deliver(importing.upload(first, b""))
    importing.deliver(importing.upload(second, ndjson({"a": "one"})))
    importing.run()
    assert [importing.get(job).state for job in (first, second)] == ["failed", "completed"]


@pytest.mark.parametrize("died_at", ["IsStaged", "FollowApplying", "PublishGeneration"])
def test_next_import_goes_on_when_the_one_before_it_is_gone(importing: Importing, died_at: str) -> None:
    life = importing.life
    first, second = importing.create(), importing.create()
    importing.deliver(importing.upload(first, ndjson({"a": "one"})))
    life.import_machine.run_until(died_at)
    life.import_machine.abort_all()
    importing.deliver(importing.upload(second, ndjson({"b": "two"})))
    importing.run()
    ends = [importing.get(job) for job in (first, second)]
    assert [job.state for job in ends] == ["failed", "completed"]
    assert ends[1].started_at >= ends[0].alive_until
    assert life.source.import_id is None
    assert life.source.open_snapshot_id is None
    assert "b" in life.served()


def test_dead_import_gives_way_to_a_snapshot(importing: Importing) -> None:
    life = importing.life
    job = importing.create()
    event = importing.upload(job, ndjson({"a": "one"}))
    importing.deliver(event)
    life.import_machine.run_until("IsStaged")
    life.import_machine.abort_all()
    life.clock.advance(ms=IMPORT_SILENT_MS + 1)
    assert life.run().plan.discovery == "complete"
    life.knowledge.snapshots.replace_all(life.source, [draft("b", "two")], snapshot_id=life.ids("snp"))
    # It lost its turn, so it ends when it comes back.
    importing.deliver(event)
    importing.run()
    assert "lost its turn" in importing.get(job).last_error.message
    assert life.source.import_id is None


def test_execution_that_ended_early_is_followed_by_another(importing: Importing) -> None:
    life = importing.life
    job = importing.create()
    importing.deliver(importing.upload(job, ndjson({"a": "one"})))
    life.import_machine.run_until("IsStaged")
    (ended,) = life.import_machine.abort_all()
    importing.deliver(ended)
    importing.deliver(ended)
    importing.run()
    assert importing.get(job).state == "completed"
    assert list(life.import_machine.executions) == [f"{job.import_id}-1", f"{job.import_id}-2"]


def test_import_that_keeps_breaking_off_is_given_up(importing: Importing) -> None:
    life = importing.life
    job = importing.create()
    importing.deliver(importing.upload(job, ndjson({"a": "one"})))
    for _ in range(5):
        life.import_machine.run_until("IsStaged")
        (ended,) = life.import_machine.abort_all()
        importing.deliver(ended)
    assert (importing.get(job).state, importing.get(job).attempt) == ("failed", 5)
    assert not life.import_machine.running


def test_execution_that_was_followed_does_nothing_more(importing: Importing) -> None:
    life = importing.life
    job = importing.create()
    importing.deliver(importing.upload(job, ndjson(many(5))))
    life.import_machine.run_until("IsStaged")
    (first,) = life.import_machine.running
    importing.deliver(first.ended_event)
    importing.run()
    assert first.path[-1] == "Done"
    assert "DiffRun" not in first.path
    assert importing.get(job).counts == replace(importing.get(job).counts, created=5)


def test_turn_goes_to_the_file_that_came_first_whoever_asks_first(importing: Importing) -> None:
    life, machine = importing.life, importing.life.import_machine
    jobs = [importing.create() for _ in range(3)]
    for number, job in enumerate(jobs):
        importing.deliver(importing.upload(job, ndjson({"shared": f"by {number}"})))
        life.clock.advance(ms=1)
    machine.run_until("CompleteImport")
    # The second one looks again late, long after the third.
    machine.executions[f"{jobs[1].import_id}-1"].wakes_at = life.clock.now + 300_000
    machine.executions[f"{jobs[2].import_id}-1"].wakes_at = life.clock.now
    importing.run()
    ends = [importing.get(job) for job in jobs]
    assert ends[0].ended_at <= ends[1].started_at
    assert ends[1].ended_at <= ends[2].started_at


def test_turn_is_kept_though_a_file_comes_by_an_earlier_clock(importing: Importing) -> None:
    life = importing.life
    first, second = importing.create(), importing.create()
    importing.deliver(importing.upload(first, ndjson({"a": "one"})))
    life.import_machine.run_until("IsPlanned")
    life.clock.advance(seconds=-60)
    importing.deliver(importing.upload(second, ndjson({"b": "two"})))
    life.import_machine.run_until("WaitForTurn")
    assert importing.get(second).state == "queued"
    importing.run()
    assert [importing.get(job).state for job in (first, second)] == ["completed", "completed"]
