"""What a publication still owes is done by whoever comes next, even where somebody else should have done it before."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from knowledge.generations.settling import Settler
from knowledge.staging.model import SnapshotState
from knowledge.upkeep import compaction

from testing.faults import Crash, Way
from testing.import_files import Importing, ndjson
from testing.lifecycle import draft


@contextmanager
def nobody_settling() -> Iterator[None]:
    """Every clean-up is cut short before it begins."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(Settler, "settle_plan", lambda *_: None)
        yield


def owe_a_tombstone(lifecycle: Any) -> str:
    """Publish a removal whose grace is over without its clean-up; return the generation before it."""
    lifecycle.push(a="one", b="two")
    before = lifecycle.publish().generation_id
    lifecycle.push("a")
    lifecycle.publish()
    lifecycle.clock.advance(days=8)
    lifecycle.push(late="five")
    with nobody_settling():
        lifecycle.publish()
    assert lifecycle.source.settle_run_id is not None
    assert lifecycle.check().rows["a"]["state"] == "removed"
    return str(before)


def test_apply_settles_what_its_planning_left(lean_lifecycle: Any) -> None:
    owe_a_tombstone(lean_lifecycle)
    lean_lifecycle.push(c="three")
    with nobody_settling():
        run = lean_lifecycle.run()
    lean_lifecycle.apply(run)
    assert lean_lifecycle.check(settled=True).rows["a"]["state"] == "tombstoned"


def test_restore_settles_first(lean_lifecycle: Any) -> None:
    before = owe_a_tombstone(lean_lifecycle)
    lean_lifecycle.roll_back(before)
    assert lean_lifecycle.source.settle_run_id is None
    assert lean_lifecycle.check().rows["a"]["state"] == "tombstoned"


def test_compaction_settles_first(lean_lifecycle: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compaction, "TINY_PACKS", 2)
    lean_lifecycle.push(d="four")
    lean_lifecycle.publish()
    owe_a_tombstone(lean_lifecycle)
    # Runs that wait to be applied hold a compaction up; these expire.
    lean_lifecycle.clock.advance(days=8)
    report = lean_lifecycle.knowledge.upkeep.go_on(lambda: True)
    assert (report.compacted, report.failed) == (1, 0)
    assert lean_lifecycle.check(settled=True).rows["a"]["state"] == "tombstoned"


def test_import_ends_a_snapshot_that_died_while_it_was_completing(importing: Importing) -> None:
    life = importing.life
    life.push(a="one")
    snapshots = life.knowledge.snapshots
    snapshot_id = snapshots.open_snapshot(life.source, snapshot_id=life.ids("snp")).snapshot_id
    snapshots.put_part(life.source, snapshot_id, 1, [draft("b", "two")])
    source = life.source
    # The flip to completing is the third call: two reads come before it.
    life.watch.arm(2, Way.DIE_AFTER)
    with pytest.raises(Crash):
        snapshots.complete_snapshot(source, snapshot_id)
    life.watch.disarm()
    assert snapshots.get_snapshot(life.source, snapshot_id).state is SnapshotState.COMPLETING
    life.clock.advance(days=2)
    job = importing.whole(ndjson({"c": "three"}))
    assert job.state == "completed"
    assert snapshots.get_snapshot(life.source, snapshot_id).state is SnapshotState.COMPLETED
    # What no part of the snapshot named went before the import began; it had never been published.
    assert set(life.served()) == {"b", "c"}
