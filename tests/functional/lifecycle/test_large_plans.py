"""Plans of more parts than a row or a machine's state can name."""

from __future__ import annotations

import json
from dataclasses import asdict
from types import SimpleNamespace
from typing import Any

import pytest
from knowledge.errors import InvalidPositionError
from knowledge.ports import Action
from knowledge.runs import parts, plan_parts, plan_writer

from testing.faults import before_first
from testing.lifecycle import Lifecycle


def small_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    """Bring the size of a part down to one change."""
    monkeypatch.setattr(parts, "CHANGES_PER_PART", 1)


def test_plan_of_very_many_parts_fits_into_its_row_and_the_machines_state(
    lean_lifecycle: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    items = 2_000  # A row of DynamoDB holds the names of 1 700 parts.
    # Many parts of one invocation.
    monkeypatch.setattr(plan_writer, "parts", SimpleNamespace(CHANGES_PER_PART=1))
    lean_lifecycle.push_many({f"item-{number:04d}": "text" for number in range(items)})
    run = lean_lifecycle.run()
    assert run.plan.counts.added == items
    assert lean_lifecycle.knowledge.stores.runs.get_run(lean_lifecycle.source_id, run.run_id) == run
    assert len(json.dumps(asdict(run))) < 4_000
    assert len(lean_lifecycle.knowledge.stores.plan_parts.parts_of(run.plan)) >= items


def test_plan_whose_parts_are_listed_aside_is_reviewed_applied_and_settled(
    lean_lifecycle: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    small_parts(monkeypatch)
    names = [f"item-{number:02d}" for number in range(60)]
    lean_lifecycle.push_many(dict.fromkeys(names, "text"))
    lean_lifecycle.publish()
    lean_lifecycle.push(*names[:55], **{names[59]: "new"})
    lean_lifecycle.publish()
    lean_lifecycle.clock.advance(days=8)
    run = lean_lifecycle.run()
    assert (run.plan.parts, run.plan.counts.tombstoned) == ((), 55)
    assert lean_lifecycle.kinds(run) == dict.fromkeys(names[:55], "tombstoned")
    machine = lean_lifecycle.knowledge.machine
    state = machine.run_action(Action.APPLY, lean_lifecycle.tenant_id, lean_lifecycle.source_id, run.run_id)
    assert len(json.dumps(state)) < 4_000
    stored = lean_lifecycle.check(settled=True)
    assert {stored.rows[name]["state"] for name in names[:55]} == {"tombstoned"}
    assert lean_lifecycle.source.settle_run_id is None


def test_list_of_parts_that_is_gone_ends_the_review_and_holds_no_apply_up(
    lean_lifecycle: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    small_parts(monkeypatch)
    monkeypatch.setattr(plan_parts, "PARTS_IN_PLAN", 2)
    lean_lifecycle.push(a="1", b="2", c="3")
    run = lean_lifecycle.run()
    del lean_lifecycle.bucket.objects[run.plan.part_list.key]
    with pytest.raises(InvalidPositionError):
        lean_lifecycle.changes(run)
    lean_lifecycle.apply(run)
    assert lean_lifecycle.served() == {"a": "1", "b": "2", "c": "3"}
    assert lean_lifecycle.source.settle_run_id is None


def test_two_plannings_that_list_their_parts_aside_keep_their_own(
    lean_lifecycle: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    small_parts(monkeypatch)
    monkeypatch.setattr(plan_parts, "PARTS_IN_PLAN", 1)
    lean_lifecycle.push(a="1", b="2")
    run_id, rivals = lean_lifecycle.ids("run"), []
    rival = Lifecycle(
        lean_lifecycle.settings, lean_lifecycle.clients, clock=lean_lifecycle.clock, ids=lean_lifecycle.ids
    )
    rival.source_id = lean_lifecycle.source_id

    def meddle() -> None:
        """Between the other's list and its row."""
        rivals.append(rival.run(run_id=run_id))

    before_first(lean_lifecycle.watch, "transact_write_items", meddle, matching="planExpiresAt")
    run = lean_lifecycle.run(run_id=run_id)
    assert [run.plan] == [each.plan for each in rivals]
    lists = [key for key in lean_lifecycle.bucket.objects if key.endswith("/parts.json.gz") and run_id in key]
    assert len(lists) == 2
    lean_lifecycle.apply(run)
    assert lean_lifecycle.served() == {"a": "1", "b": "2"}
    lean_lifecycle.check(settled=True)
